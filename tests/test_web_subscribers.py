"""Joining, choosing, leaving and deletion on the pages, as a reader does them."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from subscribers.addresses import read_address
from subscribers.links import Purpose
from subscribers.preferences import Frequency, Length, Preferences, SubscriberStatus
from subscribers.subscriber import Subscriber, UnknownSubscriber
from subscribers.suppressions import Cause
from tests import builders
from tests.readers import ADDRESS, BASE, Answer, Place, Reader, body_of, open_place, path_in

NEW, SOMEBODY = "new.reader@example.org", "somebody.else@example.org"
SAVE, ONE_CLICK = "Save", {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated)


@pytest.fixture
def reader(place: Place) -> Reader:
    return place.reader()


def join(place: Place, reader: Reader, email: str = NEW, **changes: object) -> Answer:
    page = reader.get("/")
    place.clock.forward(seconds=20)
    return reader.press(page, "Send me", email=email, **{"topics": ["exoplanets"], **changes})


def path(place: Place, purpose: Purpose, subscriber: Subscriber, about: str = "") -> str:
    return subscriber.link(place.links, purpose, place.clock.now, about).removeprefix(BASE)


# -- join ------------------------------------------------------------------------------------------------


def test_joining_takes_a_letter_a_button_and_ends_in_a_welcome(place: Place, reader: Reader) -> None:
    assert join(place, reader).heading == "Check your inbox"
    page = reader.get(path_in(place.letter("Please confirm"), "confirm"))
    assert place.service.roster.count() == 0
    assert reader.press(page, "Yes").heading == "You are in"
    again = reader.get(path_in(place.letter("Please confirm"), "confirm"))
    assert "is already confirmed" in again.text
    assert "on its way" not in again.text
    assert place.service.roster.find(NEW).standing is SubscriberStatus.ACTIVE
    welcome = body_of(place.letter("Welcome"), "html")
    assert builders.theme("Warning crews earlier", ()).heading in welcome


def wanted_by(place: Place, email: str) -> Preferences:
    """What was asked for an address that is still to be confirmed."""
    request = place.service.roster.newest_request(read_address(email))
    assert request
    return request.preferences


def test_the_length_is_chosen_or_fits_the_topics(place: Place, reader: Reader) -> None:
    cases: tuple[tuple[dict[str, Any], Length], ...] = (
        ({"topics": ["exoplanets"]}, Length.FULL),
        ({"topics": ["exoplanets", "llm-agents"]}, Length.SHORT),
        ({"topics": ["exoplanets", "llm-agents"], "length": "full"}, Length.FULL),
        ({"topics": ["exoplanets"], "length": "minute"}, Length.MINUTE),
    )
    for number, (choices, length) in enumerate(cases):
        visitor, email = place.reader(f"203.0.113.{number}"), f"reader{number}@example.org"
        assert join(place, visitor, email, **choices).heading == "Check your inbox"
        assert wanted_by(place, email).length is length
    asked = reader.client.post(
        "/api/subscriptions", json={"email": "api@example.org", "topics": ["exoplanets"]}
    )
    assert asked.status_code == 202
    assert wanted_by(place, "api@example.org").length is Length.FULL


def test_confirming_again_says_so_and_sends_nothing(place: Place, reader: Reader) -> None:
    join(place, reader)
    confirm = path_in(place.letter("Please confirm"), "confirm")
    page = reader.get(confirm)
    reader.press(page, "Yes")
    letters = len(place.letters())
    assert reader.press(page, "Yes").heading == "You are in"
    assert len(place.letters()) == letters


def test_a_stranger_with_a_forwarded_email_brings_nobody_back_who_left(place: Place, reader: Reader) -> None:
    ada = place.subscriber()
    leave, manage = path(place, Purpose.LEAVE, ada, "2026-W22"), path(place, Purpose.MANAGE, ada)
    left = place.app.app.state.pages_context.subscriptions.leave(ada.id, place.clock.now, "a page").subscriber
    for days in (0, 3, 40, 400):
        place.clock.forward(days=days)
        join(place, reader, ADDRESS, topics=["quantum-computing"])
        page = reader.get(leave)
        assert "Undo" not in page.text
        assert "Undo" not in reader.post(leave, ONE_CLICK).text
        reader.get(manage)
        place.app.app.state.pages_context.subscriptions.prune(place.clock.now)
    assert replace(place.again(ada), version=left.version) == left


def test_who_left_comes_back_from_the_mailbox_with_what_they_chose_now(place: Place, reader: Reader) -> None:
    ada = place.subscriber()
    place.app.app.state.pages_context.subscriptions.leave(ada.id, place.clock.now, "a page")
    join(place, reader, ADDRESS, topics=["quantum-computing"])
    page = reader.get(path_in(place.letter("Please confirm"), "confirm"))
    assert "Quantum" in page.text
    assert reader.press(page, "Yes").heading == "You are in"
    back = place.again(ada)
    assert (back.standing, back.topics, back.left_at) == (
        SubscriberStatus.ACTIVE,
        ("quantum-computing",),
        None,
    )


def test_of_two_joins_the_link_that_is_pressed_applies_its_own_choices(place: Place, reader: Reader) -> None:
    join(place, reader, NEW, topics=["exoplanets"])
    join(place, reader, NEW, topics=["quantum-computing", "llm-agents"])
    mine, _ = (path_in(letter, "confirm") for letter in place.letters())
    reader.press(reader.get(mine), "Yes")
    assert place.service.roster.find(NEW).topics == ("exoplanets",)
    assert place.service.roster.count() == 1


def test_a_link_asked_for_before_confirming_is_a_confirmation_once_more(place: Place, reader: Reader) -> None:
    join(place, reader)
    reader.press(reader.get("/links"), "Send", email=NEW)
    first, again = place.letters()
    assert first["subject"] == again["subject"]
    reader.press(reader.get(path_in(again, "confirm")), "Yes")
    assert place.service.roster.find(NEW).standing is SubscriberStatus.ACTIVE


def anonymous(answer: Answer, address: str) -> tuple[int, str]:
    """An answer without the address that was typed, and without the token of its form."""
    text = answer.text.replace(f"{address[0]}…", "…").replace(address, "")
    domain = address.rpartition("@")[2]
    return answer.status, re.sub('name="form" value="[^"]*"', "", text).replace(domain, "")


def test_the_answer_is_the_same_for_every_address(place: Place, reader: Reader) -> None:
    expected = anonymous(join(place, reader, SOMEBODY), SOMEBODY)
    place.subscriber()
    place.service.roster.suppressions.add("blocked@example.net", Cause.OPERATOR, place.clock.now)
    for address in (NEW, ADDRESS, "blocked@example.net"):
        answer = join(place, reader, address)
        assert anonymous(answer, address) == expected, address
        again = reader.press(answer, "Send it again")
        assert anonymous(again, address) == expected, address


def test_somebody_known_is_told_so_by_letter_and_keeps_what_they_chose(place: Place, reader: Reader) -> None:
    known = place.subscriber()
    join(place, reader, ADDRESS, topics=["quantum-computing"])
    assert place.again(known) == known
    assert place.letter("You already get")["to"] == ADDRESS


def test_a_suppressed_address_gets_no_letter(place: Place, reader: Reader) -> None:
    place.service.roster.suppressions.add(NEW, Cause.OPERATOR, place.clock.now)
    join(place, reader)
    assert place.letters() == []


WRONG: tuple[tuple[dict[str, object], str], ...] = (
    ({"email": "nobody"}, "is not an e-mail address"),
    ({"email": ""}, "Please enter your e-mail address"),
    ({"topics": None}, "Please choose at least one topic."),
    ({"topics": ["no-such-topic"]}, "There is no topic"),
    ({"topics": ["<b>"]}, "There is no topic"),
)


def test_what_is_wrong_is_said_and_what_was_typed_stays(place: Place, reader: Reader) -> None:
    for changes, words in WRONG:
        answer = join(place, reader, **changes)  # type: ignore[arg-type]
        assert answer.status == 422, changes
        assert words in answer.notice, changes
        if "email" not in changes:
            assert f'value="{NEW}"' in answer.text, changes
    assert place.letters() == []


def test_a_form_that_comes_too_soon_or_too_late_says_which(place: Place, reader: Reader) -> None:
    for seconds, words in ((0, "faster than anyone can type"), (90_000, "more than a day")):
        page = reader.get("/join")
        place.clock.forward(seconds=seconds)
        answer = reader.press(page, "Send me", email=NEW, topics=["exoplanets"])
        assert words in answer.notice
    assert place.letters() == []


def test_a_topic_says_of_which_days_it_has_papers_and_offers_to_read_what_there_is(reader: Reader) -> None:
    text = " ".join(reader.get("/join").text.split())
    assert "in the newest issue, 18–22 May 2026." in text
    assert "the briefs on Exoplanets" in text
    assert "the briefs on Quantum" not in text


def test_the_main_button_of_the_leave_page_is_what_its_link_is_about(place: Place, reader: Reader) -> None:
    ada = place.subscriber()
    general = reader.get(path(place, Purpose.LEAVE, ada)).text
    of_topic = reader.get(path(place, Purpose.LEAVE, ada, "exoplanets")).text
    for text, mains in ((general, "Unsubscribe from everything"), (of_topic, "Unsubscribe from this topic")):
        assert lxml.html.fromstring(text).xpath("//form/button[@class='']/text()") == [mains]


def test_a_robot_that_fills_in_the_hidden_field_is_told_nothing(place: Place, reader: Reader) -> None:
    assert join(place, reader, website="https://spam.example").heading == "Check your inbox"
    assert place.letters() == []
    with pytest.raises(UnknownSubscriber):
        place.service.roster.find(NEW)


def test_who_is_faster_than_people_presses_again(place: Place, reader: Reader) -> None:
    page = reader.get("/")
    again = reader.press(page, "Send me", email=NEW, topics=["exoplanets"])
    assert "press the button again" in again.notice
    place.clock.forward(seconds=5)
    assert reader.press(again, "Send me").heading == "Check your inbox"


def test_an_address_is_written_to_so_often_and_no_more(place: Place) -> None:
    answers = [join(place, place.reader(f"198.51.{n}.1"), NEW).status for n in range(5)]
    assert answers == [200, 200, 200, 429, 429]
    assert len(place.letters()) == 3


def test_a_network_may_ask_so_often_and_no_more(place: Place, reader: Reader) -> None:
    statuses = [join(place, reader, f"reader{n}@example.org") for n in range(40)]
    limited = [answer for answer in statuses if answer.status == 429]
    assert limited
    assert int(limited[0].headers["retry-after"]) > 0


def test_nothing_that_a_visitor_typed_is_in_a_letter(place: Place, reader: Reader) -> None:
    join(place, reader, NEW, name="Buy at evil.example", website="")
    assert "evil" not in place.letters()[-1].as_string()


def test_the_api_takes_the_same_path(place: Place, reader: Reader) -> None:
    answer = reader.post("/api/subscriptions", json={"email": NEW, "topics": ["exoplanets"]})
    assert answer.status == 202
    assert place.letter("Please confirm")["to"] == NEW
    known = reader.post(
        "/api/subscriptions", json={"email": place.subscriber().address, "topics": ["exoplanets"]}
    )
    assert (known.status, known.text) == (answer.status, answer.text)


def test_the_api_says_what_is_wrong(reader: Reader) -> None:
    no_topic, unknown = {"email": "x", "topics": []}, {"email": NEW, "topics": ["nope"]}
    wrong: tuple[object, ...] = ({}, no_topic, unknown, {"email": 1, "topics": "x"}, [])
    for sent in wrong:
        answer = reader.post("/api/subscriptions", json=sent)
        assert answer.status == 422, sent
        assert json.loads(answer.text)["problems"], sent


# -- manage ----------------------------------------------------------------------------------------------


def manage(place: Place, reader: Reader) -> Answer:
    return reader.get(path(place, Purpose.MANAGE, place.subscriber()))


def test_every_choice_is_saved_and_said_in_words(place: Place, reader: Reader) -> None:
    saved = reader.press(
        manage(place, reader), SAVE, topics=["exoplanets", "llm-agents"], length="short", frequency="monthly",
        time_zone="Asia/Tokyo", hour="6", paused_until="2026-07-01",
    )  # fmt: skip
    for words in ("Now follows LLM Agents", "No longer follows Robot Learning", "short edition", "monthly",
                  "06:00, time zone Asia/Tokyo", "Paused until 1 July 2026"):  # fmt: skip
        assert words in saved.notice
    chosen = place.service.roster.find(ADDRESS).preferences
    assert set(chosen.topics) == {"exoplanets", "llm-agents"}
    assert (chosen.length, chosen.frequency, chosen.hour) == (Length.SHORT, Frequency.MONTHLY, 6)


def test_every_change_is_in_the_history(place: Place, reader: Reader) -> None:
    reader.press(manage(place, reader), SAVE, length="short")
    changes = place.service.roster.history(place.service.roster.find(ADDRESS).id)
    assert (changes[-1].change, changes[-1].source) == ("gets the short edition", "manage page")


def test_a_stale_page_keeps_what_was_changed_elsewhere(place: Place, reader: Reader) -> None:
    page = manage(place, reader)
    reader.press(page, SAVE, topics=["robot-learning", "exoplanets", "llm-agents"])
    stale = reader.press(page, SAVE, topics=["robot-learning"])
    assert "were kept" in stale.notice
    assert set(place.service.roster.find(ADDRESS).topics) == {"robot-learning", "llm-agents"}


def test_a_stale_page_that_contradicts_a_change_is_refused(place: Place, reader: Reader) -> None:
    page = manage(place, reader)
    reader.press(page, SAVE, hour="6")
    refused = reader.press(page, SAVE, hour="7")
    assert refused.status == 409
    assert "the hour was changed elsewhere" in refused.notice
    assert place.service.roster.find(ADDRESS).preferences.hour == 6


IMPOSSIBLE: list[dict[str, object]] = [
    {"topics": None}, {"hour": "25"}, {"hour": "x"}, {"time_zone": "Mars/Base"}, {"paused_until": "soon"},
    {"length": "huge"},
]  # fmt: skip


def test_what_can_not_be_chosen_is_not_saved(place: Place, reader: Reader) -> None:
    page = manage(place, reader)
    before = place.service.roster.find(ADDRESS)
    for changes in IMPOSSIBLE:
        assert reader.press(page, SAVE, **changes).status == 422, changes
        assert place.service.roster.find(ADDRESS) == before, changes


def test_nothing_is_saved_without_the_token_of_the_page(place: Place, reader: Reader) -> None:
    page = manage(place, reader)
    before = place.dump()
    for label in (SAVE, "Send a link to the new address", "Replace all links", "Send a link to delete"):
        for form in (None, "", "forged", "e30.x"):
            answer = reader.press(page, label, form=form, length="short", email=NEW)
            assert answer.status == 409, (label, form)
        assert place.dump() == before, label
    assert place.letters() == []


def test_a_page_that_was_open_for_two_days_saves_nothing(place: Place, reader: Reader) -> None:
    page = manage(place, reader)
    place.clock.forward(days=2)
    assert "open for too long" in reader.press(page, SAVE, length="short").notice


def test_the_token_of_one_subscriber_is_no_other_ones(place: Place, reader: Reader) -> None:
    page = manage(place, reader)
    other = place.subscriber("other@example.org")
    _, sent = page.button(SAVE)
    before = place.again(other)
    answer = reader.post(path(place, Purpose.MANAGE, other), {**sent, "length": "short"})
    assert answer.status == 409
    assert place.again(other) == before


def test_the_page_says_why_an_e_mail_came(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    place.deliver()
    page = reader.get(path_in(place.letters()[-1], "manage"))
    assert "because you follow Robot Learning and Exoplanets" in page.text
    assert subscriber.address not in page.text  # whoever got a forwarded e-mail need not learn it


def test_an_address_changes_when_its_owner_says_so_and_the_old_one_is_told(
    place: Place, reader: Reader
) -> None:
    subscriber = place.subscriber()
    page = reader.get(path(place, Purpose.MANAGE, subscriber))
    reader.press(page, "Send a link to the new address", email=NEW)
    assert place.again(subscriber).address == ADDRESS
    assert place.letter("Change of address")["to"] == ADDRESS
    there = reader.get(path_in(place.letter("Please confirm your new"), "change-address"))
    assert place.again(subscriber).address == ADDRESS
    assert reader.press(there, "Use this address").heading == "Your address was changed"
    assert place.again(subscriber).address == NEW
    assert place.letter("Your address was changed")["to"] == ADDRESS
    assert reader.get(page.path).status == 410
    assert reader.get(path_in(place.letter("Your link"), "manage")).status == 200


@pytest.mark.parametrize("label", ["Send a link to my data", "Send a link to delete"])
def test_whoever_took_another_address_waits_a_week_for_the_data(
    place: Place, reader: Reader, label: str
) -> None:
    page = reader.get(path(place, Purpose.MANAGE, place.subscriber()))
    reader.press(page, "Send a link to the new address", email=NEW)
    reader.press(reader.get(path_in(place.letter("Please confirm your new"), "change-address")), "Use this")
    manage = path_in(place.letter("Your link"), "manage")
    letters = len(place.letters())
    refused = reader.press(reader.get(manage), label)
    assert (refused.status, "less than a week ago" in refused.notice) == (409, True)
    assert len(place.letters()) == letters
    place.clock.forward(days=7)
    assert reader.press(reader.get(manage), label).status == 200
    assert place.letters()[-1]["to"] == NEW


def test_an_address_that_is_somebody_elses_is_not_taken(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    other = place.subscriber("other@example.org")
    page = reader.get(path(place, Purpose.MANAGE, subscriber))
    reader.press(page, "Send a link to the new address", email=other.address)
    there = reader.get(path_in(place.letter("Please confirm your new"), "change-address"))
    assert reader.press(there, "Use this address").status == 409
    assert place.again(subscriber).address == ADDRESS


def test_new_links_make_the_old_ones_useless_but_those_to_leave(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    old = path(place, Purpose.MANAGE, subscriber)
    leave = path(place, Purpose.LEAVE, subscriber)
    reader.press(reader.get(old), "Replace all links")
    assert reader.get(old).status == 410
    assert reader.get(leave).status == 200
    assert reader.get(path_in(place.letter("Your link"), "manage")).status == 200


# -- leave -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [{"data": ONE_CLICK}, {"files": {"List-Unsubscribe": (None, "One-Click")}}])
def test_one_click_leaves_at_once_and_again_does_nothing(place: Place, sent: dict[str, object]) -> None:
    subscriber = place.subscriber()
    client = place.reader().client
    leave = path(place, Purpose.LEAVE, subscriber, builders.WINDOW.label)
    for _ in range(2):
        answer = client.post(leave, follow_redirects=False, **sent)  # type: ignore[arg-type]
        assert answer.status_code == 200
        assert "location" not in answer.headers
        assert "set-cookie" not in answer.headers
    assert place.again(subscriber).standing is SubscriberStatus.LEFT
    assert [one.change for one in place.service.roster.history(subscriber.id)].count("left") == 1


def test_the_link_in_the_header_of_an_e_mail_is_the_one(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    place.deliver()
    header = str(place.letters()[-1]["list-unsubscribe"])
    assert reader.post(header.strip("<>").removeprefix(BASE), ONE_CLICK).status == 200
    assert place.again(subscriber).standing is SubscriberStatus.LEFT


def test_the_page_leaves_one_topic_or_everything(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    leave = path(place, Purpose.LEAVE, subscriber)
    one = reader.press(reader.get(leave), "Unsubscribe from this topic", topic="exoplanets")
    assert one.heading == "You no longer follow Exoplanets"
    assert place.again(subscriber).topics == ("robot-learning",)
    everything = reader.press(reader.get(leave), "Unsubscribe from everything")
    assert everything.heading == "You have unsubscribed"
    assert place.again(subscriber).standing is SubscriberStatus.LEFT


def test_leaving_can_be_undone_for_a_day(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    leave = path(place, Purpose.LEAVE, subscriber)
    left = reader.press(reader.get(leave), "Unsubscribe from everything")
    assert reader.press(left, "Undo").heading == "Welcome back"
    assert place.again(subscriber).standing is SubscriberStatus.ACTIVE
    reader.press(reader.get(leave), "Unsubscribe from everything")
    place.clock.forward(days=2)
    assert "Undo" not in reader.get(leave).text


def test_a_button_of_the_leave_page_needs_its_token(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    page = reader.get(path(place, Purpose.LEAVE, subscriber))
    reader.press(page, "Unsubscribe from everything", form="forged")
    assert place.again(subscriber).standing is SubscriberStatus.ACTIVE


# -- data ------------------------------------------------------------------------------------------------


def own_link(place: Place, reader: Reader, label: str, subject: str, purpose: str) -> str:
    page = reader.get(path(place, Purpose.MANAGE, place.service.roster.find(ADDRESS)))
    reader.press(page, label)
    return path_in(place.letter(subject), purpose)


def test_an_export_holds_all_that_is_kept_and_works_once(place: Place, reader: Reader) -> None:
    place.subscriber()
    place.deliver()
    link = own_link(place, reader, "Send a link to my data", "Your data", "export")
    page = reader.get(link)
    kept = json.loads(reader.press(page, "Download").text)
    assert kept["address"] == ADDRESS
    assert kept["history"]
    assert kept["deliveries"][0]["issue"] == builders.WINDOW.label
    assert reader.press(page, "Download").status == 410


def test_an_export_says_why_mail_is_kept_back_and_what_the_provider_reported(
    place: Place, reader: Reader
) -> None:
    place.subscriber()
    place.deliver()
    with place.service.engine.begin() as connection:
        said = "UPDATE deliveries SET fact = 'bounced', fact_at = '2026-05-26', reason = '550 no such user'"
        connection.exec_driver_sql(said)
    place.service.roster.suppressions.add(ADDRESS, Cause.BOUNCED, place.clock.now, "550, by hand")
    link = own_link(place, reader, "Send a link to my data", "Your data", "export")
    kept = json.loads(reader.press(reader.get(link), "Download").text)
    assert [(one["cause"], one["note"]) for one in kept["suppressions"]] == [("bounced", "550, by hand")]
    delivery = kept["deliveries"][0]
    assert (delivery["reason"], delivery["provider_event"]) == ("550 no such user", "bounced")
    assert delivery["provider_event_at"].startswith("2026-05-26")


def test_deleting_leaves_nothing_but_a_hash(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    link = own_link(place, reader, "Send a link to delete", "Delete", "delete")
    assert reader.press(reader.get(link), "Delete everything").heading == "Everything about you was deleted"
    assert ADDRESS not in str(place.dump())
    assert place.service.roster.by_reference(subscriber.reference) is None
    assert place.service.roster.suppressions.count_deleted() == 1


def test_links_to_a_deleted_subscriber_answer_kindly(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    links = {purpose: path(place, purpose, subscriber) for purpose in Purpose}
    reader.press(reader.get(links[Purpose.DELETE]), "Delete everything")
    for purpose, link in links.items():
        answer = reader.get(link)
        assert answer.status == (200 if purpose is Purpose.LEAVE else 410)
        assert "deleted" in answer.text
    assert reader.post(links[Purpose.LEAVE], ONE_CLICK).status == 200


def test_links_to_ones_data_are_good_for_an_hour(place: Place, reader: Reader) -> None:
    place.subscriber()
    link = own_link(place, reader, "Send a link to delete", "Delete", "delete")
    place.clock.forward(minutes=61)
    assert reader.get(link).status == 410


def test_whoever_has_no_link_gets_one_by_e_mail(place: Place, reader: Reader) -> None:
    place.subscriber()
    answers = [reader.post("/links", {"email": address}) for address in (ADDRESS, "unknown@example.org")]
    assert anonymous(answers[0], ADDRESS) == anonymous(answers[1], "unknown@example.org")
    assert [str(one["to"]) for one in place.letters()] == [ADDRESS]
    assert reader.get(path_in(place.letter("Your link"), "manage")).status == 200


def test_a_form_without_a_topic_is_told_in_a_sentence(place: Place, reader: Reader) -> None:
    page = reader.get(path(place, Purpose.MANAGE, place.subscriber()))
    assert "Choose at least one topic, or leave" in reader.press(page, SAVE, topics=None).notice
