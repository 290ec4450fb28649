"""What editors change for subscribers, one or many: readers see it, and nobody else is touched."""

import html
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.web.admin.bulk import packed, unpacked
from subscribers import bulk
from subscribers.directory import Directory
from subscribers.links import Purpose
from subscribers.preferences import Length, SubscriberStatus
from subscribers.subscriber import Subscriber
from subscribers.suppressions import Cause
from tests.newsdesk import ADMINS, signed_in
from tests.readers import BASE, NOW, Answer, Place, Reader, place_on

PEOPLE = "/admin/subscribers"
OTHER_EDITOR = "eve@example.org"


@pytest.fixture
def place(tmp_path: Path, database: str) -> Iterator[Place]:
    place = place_on(tmp_path, database, admins=f"{ADMINS}, {OTHER_EDITOR}")
    yield place
    place.service.engine.dispose()


@pytest.fixture
def ann(place: Place) -> Reader:
    return signed_in(place)


def acts(place: Place) -> list[tuple[str, str, str]]:
    found = [one.act for one in place.service.store.noted()]
    return [(one.action, one.subject, one.detail) for one in found if one.action != "signed in"]


def own_history(place: Place, subscriber: Subscriber) -> str:
    """What the reader reads of their own history."""
    path = place.links.url(Purpose.MANAGE, place.again(subscriber).subject(Purpose.MANAGE), place.clock.now)
    return html.unescape(place.reader().get(f"{path.removeprefix(BASE)}/history").text)


# -- one reader's choices ----------------------------------------------------------------------------------


def test_an_editor_changes_what_a_reader_gets_and_the_reader_sees_why(place: Place, ann: Reader) -> None:
    ada = place.subscriber()
    answer = ann.press(
        ann.get(f"{PEOPLE}/{ada.id}"),
        "Save",
        topics=["exoplanets", "llm-agents"],
        length="minute",
        hour="17",
        time_zone="Europe/Berlin",
        note="you asked me,  at lunch <b> (ada@example.org)",
    )
    assert answer.headers["location"] == f"{PEOPLE}/{ada.id}?said=choices-changed"
    now = place.again(ada).preferences
    assert set(now.topics) == {"exoplanets", "llm-agents"}
    assert (now.length, now.hour, now.time_zone) == (Length.MINUTE, 17, "Europe/Berlin")
    read = own_history(place, ada)
    for words in (
        "Now follows",
        "No longer follows Robot Learning",
        "Gets the minute edition",
        "time zone Europe/Berlin",
        "Note: you asked me, at lunch <b> [an address]",
        "admin pages",
    ):
        assert words in read
    ((action, subject, detail),) = acts(place)
    assert (action, subject) == ("changed choices", f"subscriber {ada.id}")
    assert "no longer follows robot-learning" in detail
    assert "@" not in detail


WRONG: tuple[tuple[dict[str, object], str], ...] = (
    ({"note": " "}, "Say why"),
    ({"topics": None}, "Choose at least one topic"),
    ({"topics": ["<b>"]}, "There is no topic"),
    ({"hour": "25"}, "is not an hour between 0 and 23"),
    ({"time_zone": "Moon/Crater"}, "There is no time zone"),
    ({"length": "endless"}, "is not one of"),
    ({"shown": "{"}, "The form was not whole"),
    ({"shown": "[" * 100_000}, "The form was not whole"),
    ({"shown": "7"}, "The form was not whole"),
)


def test_what_is_wrong_with_choices_is_said_and_nothing_is_saved(place: Place, ann: Reader) -> None:
    ada = place.subscriber()
    before = place.again(ada)
    for changes, words in WRONG:
        changed: dict[str, Any] = {"note": "asked", "hour": "9"} | changes
        answer = ann.press(ann.get(f"{PEOPLE}/{ada.id}"), "Save", **changed)
        assert answer.status == 422, changes
        assert words in html.unescape(answer.text), changes
    assert place.again(ada) == before
    assert acts(place) == []


def test_what_the_reader_changed_meanwhile_stays(place: Place, ann: Reader) -> None:
    ada, subscriptions = place.subscriber(), place.service.subscriptions
    page = ann.get(f"{PEOPLE}/{ada.id}")
    wanted = replace(ada.preferences, topics=("exoplanets",), length=Length.SHORT)
    subscriptions.change(ada.id, ada.preferences, wanted, NOW, "manage page")
    ann.press(page, "Save", hour="17", note="asked")
    now = place.again(ada).preferences
    assert (now.topics, now.length, now.hour) == (("exoplanets",), Length.SHORT, 17)
    conflict = ann.press(page, "Save", length="minute", note="asked")
    assert "The reader has changed how much each e-mail shows" in conflict.text
    assert place.again(ada).preferences.length is Length.SHORT


def test_who_has_left_is_not_changed_and_nothing_different_is_not_saved(place: Place, ann: Reader) -> None:
    ada = place.subscriber()
    page = ann.get(f"{PEOPLE}/{ada.id}")
    same = ann.press(page, "Save", note="asked")
    assert same.headers["location"] == f"{PEOPLE}/{ada.id}?said=unchanged"
    place.service.subscriptions.leave(ada.id, NOW, "a page")
    before = place.again(ada)
    assert "They have left." in ann.press(page, "Save", hour="17", note="asked").text
    assert place.again(ada) == before
    assert "Change these preferences" not in ann.get(f"{PEOPLE}/{ada.id}").text
    assert acts(place) == []


# -- many at once ------------------------------------------------------------------------------------------


def roster(place: Place) -> dict[str, Subscriber]:
    """Two of each kind: follow one, follow another, follow both, unconfirmed, left, suppressed."""
    made = {}
    for n in range(2):
        for name, topics, more in (
            ("one", ["exoplanets"], {}),
            ("another", ["llm-agents"], {}),
            ("both", ["exoplanets", "llm-agents"], {}),
            ("unconfirmed", ["exoplanets"], {"standing": SubscriberStatus.UNCONFIRMED}),
            ("left", ["exoplanets", "llm-agents"], {}),
            ("suppressed", ["exoplanets", "llm-agents"], {}),
        ):
            made[f"{name}{n}"] = place.subscriber(f"{name}{n}@example.org", topics, **more)
        place.service.subscriptions.leave(made[f"left{n}"].id, NOW, "a page")
        place.service.roster.suppressions.add(f"suppressed{n}@example.org", Cause.BOUNCED, NOW)
    return made


def dry_run(ann: Reader, query: str = "", **asked: str) -> Answer:
    return ann.press(ann.get(f"{PEOPLE}{query}"), "Try it out", **{"note": "a new plan"} | asked)


BUTTONS = ("Add the topic", "Remove the topic", "End the subscriptions", "Suppress the addresses")
CASES = (
    ("follow", "exoplanets", {"another"}, "Now follows Exoplanets"),
    ("unfollow", "llm-agents", {"another", "both", "suppressed"}, "No longer follows"),
    ("end", "", {"one", "another", "both", "unconfirmed", "suppressed"}, "Subscription ended by the editors"),
    ("suppress", "", {"one", "another", "both", "unconfirmed", "left"}, ""),
)  # fmt: skip


def test_a_dry_run_shows_whom_a_change_touches_and_its_button_touches_these_alone(
    place: Place, ann: Reader
) -> None:
    made = roster(place)
    directory = Directory(place.service.engine)
    for (action, topic, kinds, words), button in zip(CASES, BUTTONS, strict=True):
        before, states = place.dump(), {name: place.again(one) for name, one in made.items()}
        page = dry_run(
            ann, "?topic=exoplanets" if action == "unfollow" else "", action=action, **{"with": topic}
        )
        assert place.dump() == before, action  # a dry run writes nothing
        expected = {f"{kind}{n}" for kind in kinds for n in range(2)}
        assert f"This would change <b>{len(expected)}</b> subscribers" in page.text
        assert {name for name in made if f"{name}@example.org" in page.text} == expected, action
        done = ann.press(page, button)
        assert f"Done for {len(expected)} of the {len(expected)} subscribers" in done.text
        for name, was in states.items():
            now = place.again(was)
            held = directory.suppression(was.id) is Cause.OPERATOR
            assert (now != was or held) == (name in expected), (action, name)
            if name in expected and action == "end":
                assert now.standing is SubscriberStatus.LEFT
                place.service.subscriptions.undo_leave(was.id, NOW, "a page")
        if words:
            read = own_history(place, made[min(expected)])
            assert words in read, action
            assert "Note: a new plan" in read
        again = ann.press(page, button)  # pressed twice: nothing is left to change, or only who came back
        assert "Done for" in again.text
        for name in expected if action == "end" else ():
            place.service.subscriptions.undo_leave(made[name].id, NOW, "a page")
    details = [detail for action, _, detail in acts(place) if action == "changed many"]
    assert details[-1] == "2 of 2 subscribers: Add the topic Exoplanets; everybody; a new plan"
    assert "6 of 6 subscribers: Remove the topic LLM Agents; following Exoplanets; a new plan" in details


def test_who_comes_or_changes_after_the_dry_run_is_not_touched(place: Place, ann: Reader) -> None:
    made = {n: place.subscriber(f"r{n}@example.org", ["exoplanets"]) for n in range(4)}
    page = dry_run(ann, "?topic=exoplanets&state=active", action="follow", **{"with": "llm-agents"})
    place.service.subscriptions.leave(made[1].id, NOW, "a page")  # is selected no longer
    now = place.again(made[2])
    wanted = replace(now.preferences, topics=("llm-agents", "exoplanets"))
    place.service.subscriptions.change(now.id, now.preferences, wanted, NOW, "a page")  # follows it already
    late = place.subscriber("late@example.org", ["exoplanets"])
    untouched = {one.id: place.again(one) for one in (made[1], made[2], late)}
    done = ann.press(page, "Add the topic")
    assert "Done for 2 of the 4 subscribers" in done.text
    assert {one.id: place.again(one) for one in (made[1], made[2], late)} == untouched
    assert all("llm-agents" in place.again(made[n]).topics for n in (0, 3))


def test_only_the_dry_run_of_this_editor_and_hour_counts(place: Place, ann: Reader) -> None:
    one = place.subscriber()
    page = dry_run(ann, action="end")
    path, sent = page.button("End the subscriptions")
    draft, csrf = sent["draft"][0], sent["csrf"][0]
    eve = signed_in(place, OTHER_EDITOR)
    theirs = str(eve.get(PEOPLE).button("Sign out")[1]["csrf"][0])
    before = place.again(one)
    refused = [
        eve.post(path, {"csrf": theirs, "draft": draft}),
        ann.post(path, {"csrf": csrf, "draft": f"{draft[:-4]}AAAA"}),
        ann.post(path, {"csrf": csrf, "draft": ""}),
        ann.post(path, {"csrf": csrf, "ids": json.dumps([one.id]), "action": "end", "note": "x"}),
    ]
    place.clock.forward(minutes=61)
    refused.append(ann.post(path, {"csrf": csrf, "draft": draft}))
    assert [answer.status for answer in refused] == [422] * len(refused)
    assert place.again(one) == before
    assert [action for action, _, _ in acts(place)] == []


def test_what_can_not_be_done_to_many_is_said(
    place: Place, ann: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.subscriber()
    wrong = (
        ({"note": ""}, "Say why."),
        ({"action": "delete"}, "Choose what to do."),
        ({"action": "follow", "with": ""}, "Choose the topic."),
        ({"action": "unfollow", "with": "nothing-such"}, "Choose the topic."),
    )
    for asked, words in wrong:
        answer = dry_run(ann, **{"action": "end"} | asked)
        assert (answer.status, words in answer.text) == (422, True), asked
    monkeypatch.setattr(bulk, "MOST", 0)
    assert "at most 0 can be at once. Filter further." in dry_run(ann, action="end").text
    monkeypatch.undo()
    nobody = dry_run(ann, action="follow", **{"with": "exoplanets"})
    assert "This would change nobody." in nobody.text
    page = dry_run(ann, action="follow", **{"with": "llm-agents"})
    place.service.roster.end_topic("llm-agents", NOW)
    assert "The topic has ended since. Nothing was changed." in ann.press(page, "Add the topic").text


def test_a_search_stays_with_what_is_done_to_those_found_and_out_of_the_log(
    place: Place, ann: Reader
) -> None:
    found, other = place.subscriber("ada@example.org"), place.subscriber("bo@example.org")
    page = dry_run(ann, action="end", words="ada@exam")
    assert "matching “ada@exam”" in page.text
    ann.press(page, "End the subscriptions")
    assert place.again(found).standing is SubscriberStatus.LEFT
    assert place.again(other).standing is SubscriberStatus.ACTIVE
    ((_, _, detail),) = acts(place)
    assert "ada" not in detail


@given(some.sets(some.integers(1, 5_000)))
def test_ids_that_were_packed_come_back(ids: set[int]) -> None:
    assert unpacked(*packed(sorted(ids))) == tuple(sorted(ids))


def test_a_hundred_thousand_ids_fit_into_a_form() -> None:
    first, bits = packed(range(1_000, 101_000))
    assert first == 1_000
    assert len(bits) < 13_000
