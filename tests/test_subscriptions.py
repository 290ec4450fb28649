"""Subscriptions over time: joining, confirming, leaving, deletion, whatever the order."""

import datetime as dt
import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from subscribers.addresses import AddressRefused
from subscribers.join_requests import JoinRequest
from subscribers.joinings import Confirmation, Joined, JoinOutcome
from subscribers.links import Links, Purpose, Refusal, Refused
from subscribers.preferences import (
    Conflict,
    Frequency,
    Length,
    Preferences,
    PreferencesError,
    SubscriberStatus,
)
from subscribers.roster import Joining, NotAdded, Opened, Roster
from subscribers.subscriber import Subscriber, UnknownSubscriber
from subscribers.subscriptions import (
    AddressAsked,
    AddressChanged,
    AddressRefusal,
    Changed,
    Subscriptions,
)
from subscribers.suppressions import Cause

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
KEYS = ("k" * 32,)
LINKS = Links("https://brief.example.org", KEYS)
ONE, TWO = ("llm-post-train",), ("llm-post-train", "robot-learning")
PAGE = "a page"


@pytest.fixture
def subscriptions(engine: sa.Engine) -> Subscriptions:
    return Subscriptions(engine, KEYS)


@pytest.fixture
def ada(roster: Roster) -> Subscriber:
    """An active subscriber of two topics."""
    return roster.put_subscriber(Joining("ada@example.org", TWO, "Ada"), NOW)[0]


def asked_to_join(
    subscriptions: Subscriptions, address: str = "bo@example.org", topics: tuple[str, ...] = ONE
) -> JoinRequest:
    return subscriptions.join(address, Preferences(topics), NOW, PAGE)


def joined(subscriptions: Subscriptions, address: str = "bo@example.org") -> Subscriber:
    return subscriptions.accept(asked_to_join(subscriptions, address), NOW, "e-mail")[1]


def changes(roster: Roster, subscriber: Subscriber) -> list[str]:
    return [entry.change for entry in roster.history(subscriber.id)]


# -- joining -----------------------------------------------------------------------------------------------


def test_whoever_joins_is_nobody_before_confirming(subscriptions: Subscriptions, roster: Roster) -> None:
    request = asked_to_join(subscriptions)
    assert roster.count() == 0
    confirmation, bo = subscriptions.accept(request, NOW + DAY, "e-mail")
    assert confirmation is Confirmation.CONFIRMED
    assert (bo.standing, bo.joined_at, bo.confirmed_at, bo.consent) == (
        SubscriberStatus.ACTIVE, NOW, NOW + DAY, PAGE,
    )  # fmt: skip
    assert changes(roster, bo) == ["asked to join", "confirmed the address"]


def test_confirming_again_changes_nothing(subscriptions: Subscriptions, roster: Roster) -> None:
    request = asked_to_join(subscriptions)
    _, bo = subscriptions.accept(request, NOW, PAGE)
    assert subscriptions.accept(request, NOW + DAY, PAGE) == (Confirmation.ALREADY, bo)
    assert len(changes(roster, bo)) == 2


@pytest.mark.parametrize(
    ("pressed", "topics"), [((0,), ONE), ((1,), TWO), ((0, 1), TWO), ((1, 0), TWO)], ids=str
)
def test_of_two_requests_the_newest_that_was_confirmed_counts(
    subscriptions: Subscriptions, roster: Roster, pressed: tuple[int, ...], topics: tuple[str, ...]
) -> None:
    requests = [
        asked_to_join(subscriptions, address, chosen)
        for address, chosen in (("bo@example.org", ONE), ("BO@Example.org", TWO))
    ]
    for which in pressed:
        subscriptions.accept(requests[which], NOW, PAGE)
    assert (roster.count(), roster.find("bo@example.org").topics) == (1, topics)


def test_what_a_request_does_not_choose_stays_as_it_is(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    chosen = replace(ada.preferences, length=Length.SHORT, hour=6, time_zone="Asia/Tokyo")
    subscriptions.change(ada.id, ada.preferences, chosen, NOW, PAGE)
    subscriptions.leave(ada.id, NOW, PAGE)
    joined(subscriptions, "ada@example.org")
    assert roster.find("ada@example.org").preferences == replace(chosen, topics=ONE)


@pytest.mark.parametrize("standing", SubscriberStatus)
def test_a_request_that_nobody_confirmed_touches_no_row_that_is_known(
    subscriptions: Subscriptions, roster: Roster, standing: SubscriberStatus
) -> None:
    known, _ = roster.put_subscriber(Joining("ada@example.org", TWO, "Ada", standing=standing), NOW)
    request = asked_to_join(subscriptions, "ADA@example.org")
    expected = JoinOutcome.KNOWN if standing is SubscriberStatus.ACTIVE else JoinOutcome.CONFIRM
    assert subscriptions.leads_to(request).outcome is expected
    subscriptions.prune(NOW + 8 * DAY)
    assert roster.subscriber(known.id) == known
    assert changes(roster, known) == ["joined"]


@pytest.mark.parametrize("suppressed", ["bo@example.org", "example.org"])
def test_a_suppressed_address_is_not_written_to(
    subscriptions: Subscriptions, roster: Roster, suppressed: str
) -> None:
    roster.suppressions.add(suppressed, Cause.OPERATOR, NOW)
    assert subscriptions.leads_to(asked_to_join(subscriptions)) == Joined(JoinOutcome.SUPPRESSED, None)
    assert roster.count() == 0


def test_what_cannot_be_joined_with_is_refused(subscriptions: Subscriptions, roster: Roster) -> None:
    with pytest.raises(PreferencesError, match="at least one topic"):
        subscriptions.join("bo@example.org", Preferences(()), NOW, PAGE)
    with pytest.raises(AddressRefused):
        subscriptions.join("bo", Preferences(ONE), NOW, PAGE)
    assert roster.count() == 0


def test_whoever_left_comes_back_by_joining_and_not_by_an_old_confirmation(
    subscriptions: Subscriptions, ada: Subscriber
) -> None:
    old = subscriptions.join("ada@example.org", Preferences(ONE), NOW - DAY, PAGE)
    subscriptions.leave(ada.id, NOW, PAGE)
    assert subscriptions.accept(old, NOW, PAGE)[0] is Confirmation.LEFT
    confirmation, back = subscriptions.accept(asked_to_join(subscriptions, "ada@example.org"), NOW, PAGE)
    assert (confirmation, back.id, back.standing, back.left_at, back.topics) == (
        Confirmation.CONFIRMED, ada.id, SubscriberStatus.ACTIVE, None, ONE,
    )  # fmt: skip


def test_left_stays_left_through_strangers_who_join_the_prune_and_old_lists(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    left = subscriptions.leave(ada.id, NOW, PAGE).subscriber
    asked_to_join(subscriptions, "ada@example.org", TWO)
    for days in (1, 31, 400):
        subscriptions.prune(NOW + days * DAY)
        with pytest.raises(NotAdded, match="has left"):
            roster.put_subscriber(Joining("ada@example.org", ONE), NOW + days * DAY)
    assert roster.subscriber(ada.id) == left


def test_a_database_where_a_stranger_reopened_a_leaving_falls_back_to_left(
    subscriptions: Subscriptions, roster: Roster, engine: sa.Engine, ada: Subscriber
) -> None:
    subscriptions.leave(ada.id, NOW, PAGE)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE subscribers SET standing = 'unconfirmed'"))
    subscriptions.prune(NOW + 31 * DAY)
    assert roster.subscriber(ada.id).standing is SubscriberStatus.LEFT


def test_a_topic_that_is_gone_by_the_time_of_the_confirmation_stops_nobody(
    subscriptions: Subscriptions, roster: Roster
) -> None:
    request = asked_to_join(subscriptions, topics=TWO)
    roster.remove_topic("robot-learning", NOW)
    assert subscriptions.accept(request, NOW, PAGE)[1].topics == ONE


def test_what_nobody_confirms_is_deleted_after_a_month(
    subscriptions: Subscriptions, roster: Roster, engine: sa.Engine
) -> None:
    asked_to_join(subscriptions)
    roster.put_subscriber(Joining("never@example.org", ONE, standing=SubscriberStatus.UNCONFIRMED), NOW)
    assert subscriptions.prune(NOW + 29 * DAY) == 0
    assert subscriptions.prune(NOW + 31 * DAY) == 2
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM join_requests")) == 0
    assert roster.count() == 0


def test_an_address_that_nobody_confirmed_is_forgotten_after_a_day(
    subscriptions: Subscriptions, ada: Subscriber, engine: sa.Engine
) -> None:
    subscriptions.ask_address_change(ada.id, "new@example.org", NOW, PAGE)
    for later, left in ((DAY, 1), (DAY + dt.timedelta(seconds=1), 0)):
        assert subscriptions.prune(NOW + later) == 0
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM address_changes")) == left


# -- changing ----------------------------------------------------------------------------------------------


def test_a_change_is_saved_told_in_words_and_kept_in_the_history(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    wanted = Preferences(ONE, Length.MINUTE, Frequency.MONTHLY, "Europe/Berlin", 6, dt.date(2026, 7, 1))
    changed = subscriptions.change(ada.id, ada.preferences, wanted, NOW, "manage page")
    assert isinstance(changed, Changed)
    assert roster.subscriber(ada.id).preferences == wanted
    assert changed.changes == (
        "no longer follows robot-learning", "gets the minute edition", "gets it monthly",
        "gets it at 06:00, time zone Europe/Berlin", "paused until 2026-07-01",
    )  # fmt: skip
    assert changes(roster, ada)[1:] == list(changed.changes)
    assert changed.subscriber.version == ada.version + 1


def test_saving_what_was_shown_writes_nothing(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    changed = subscriptions.change(ada.id, ada.preferences, ada.preferences, NOW, PAGE)
    assert changed == Changed(ada, ())
    assert changes(roster, ada) == ["joined"]


def test_a_stale_page_is_merged_with_what_changed_since(
    subscriptions: Subscriptions, ada: Subscriber
) -> None:
    added = replace(ada.preferences, topics=(*TWO, "exoplanets"))
    subscriptions.change(ada.id, ada.preferences, added, NOW, "one page")
    stale = subscriptions.change(ada.id, ada.preferences, replace(ada.preferences, topics=ONE), NOW, "other")
    assert isinstance(stale, Changed)
    assert stale.merged
    assert set(stale.subscriber.topics) == {"llm-post-train", "exoplanets"}


def test_a_stale_page_that_contradicts_is_refused_with_the_field(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    for hour, expected in ((6, Changed), (9, Conflict)):
        wanted = replace(ada.preferences, hour=hour)
        assert isinstance(subscriptions.change(ada.id, ada.preferences, wanted, NOW, PAGE), expected)
    assert roster.subscriber(ada.id).preferences.hour == 6


def test_two_pages_together_cannot_leave_no_topic(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    shown = ada.preferences
    subscriptions.change(ada.id, shown, replace(shown, topics=ONE), NOW, PAGE)
    with pytest.raises(PreferencesError, match="at least one topic"):
        subscriptions.change(ada.id, shown, replace(shown, topics=TWO[1:]), NOW, PAGE)
    assert roster.subscriber(ada.id).topics == ONE


def test_a_topic_that_was_removed_since_the_page_was_shown_stops_no_change(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    roster.remove_topic("robot-learning", NOW)
    wanted = replace(ada.preferences, length=Length.SHORT)
    changed = subscriptions.change(ada.id, ada.preferences, wanted, NOW, PAGE)
    assert isinstance(changed, Changed)
    assert changed.subscriber.topics == ONE
    assert "no longer follows robot-learning: the topic was removed" in changes(roster, ada)


def test_a_pause_begins_and_ends(subscriptions: Subscriptions, ada: Subscriber) -> None:
    for until, words in ((dt.date(2026, 7, 1), "paused until 2026-07-01"), (None, "no longer paused")):
        paused = subscriptions.pause(ada.id, until, NOW, PAGE)
        assert isinstance(paused, Changed)
        assert paused.changes == (words,)
        assert paused.subscriber.preferences.paused_until == until


# -- leaving -----------------------------------------------------------------------------------------------


def test_leaving_one_topic_keeps_the_others_and_can_be_undone(
    subscriptions: Subscriptions, ada: Subscriber
) -> None:
    left = subscriptions.leave(ada.id, NOW, PAGE, "robot-learning")
    assert (left.everything, left.undo_about, left.subscriber.topics) == (False, "robot-learning", ONE)
    undone = subscriptions.undo_leave(ada.id, NOW, PAGE, left.undo_about)
    assert undone.subscriber.topics == TWO


def test_leaving_the_last_topic_is_leaving(subscriptions: Subscriptions, ada: Subscriber) -> None:
    subscriptions.leave(ada.id, NOW, PAGE, "robot-learning")
    left = subscriptions.leave(ada.id, NOW, PAGE, "llm-post-train")
    assert (left.everything, left.undo_about, left.subscriber.standing) == (True, "", SubscriberStatus.LEFT)


def test_leaving_twice_is_leaving_once(subscriptions: Subscriptions, roster: Roster, ada: Subscriber) -> None:
    first, again = (subscriptions.leave(ada.id, NOW + n * DAY, PAGE) for n in range(2))
    assert (first.changed, again.changed) == (True, False)
    assert again.subscriber.left_at == NOW
    assert changes(roster, ada) == ["joined", "left"]


def test_who_leaves_after_a_stranger_did_it_for_them_is_not_brought_back_by_that_strangers_undo(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    strangers = subscriptions.leave(ada.id, NOW, "a forwarded e-mail").subscriber
    subscriptions.leave(ada.id, NOW, "one click")
    refused = opened(roster, strangers, Purpose.UNDO_LEAVE)
    assert isinstance(refused, Refused)
    assert refused.why is Refusal.USED


def test_undoing_brings_back_everything_as_it_was(subscriptions: Subscriptions, ada: Subscriber) -> None:
    subscriptions.leave(ada.id, NOW, PAGE)
    back = subscriptions.undo_leave(ada.id, NOW, PAGE).subscriber
    assert replace(back, version=ada.version) == ada


def test_an_undo_makes_nobody_active_who_never_confirmed(
    subscriptions: Subscriptions, roster: Roster
) -> None:
    bo, _ = roster.put_subscriber(Joining("bo@example.org", ONE, standing=SubscriberStatus.UNCONFIRMED), NOW)
    subscriptions.leave(bo.id, NOW, PAGE)
    assert subscriptions.undo_leave(bo.id, NOW, PAGE).subscriber.standing is SubscriberStatus.UNCONFIRMED


# -- links -------------------------------------------------------------------------------------------------


def opened(roster: Roster, subscriber: Subscriber, purpose: Purpose, about: str = "") -> Opened | Refused:
    token = LINKS.token(purpose, subscriber.subject(purpose, about), NOW)
    return roster.open(LINKS, purpose, token, NOW)


def test_a_link_opens_its_subscriber(roster: Roster, ada: Subscriber) -> None:
    roster.put_subscriber(Joining("bo@example.org", ONE), NOW)
    for purpose in Purpose:
        assert opened(roster, ada, purpose, "2026-W22") == Opened(ada, "2026-W22"), purpose


def test_links_are_revoked_when_the_subscriber_asks(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    newer = subscriptions.revoke_links(ada.id, NOW, PAGE)
    for purpose in set(Purpose) - {Purpose.LEAVE}:
        refused = opened(roster, ada, purpose)
        assert isinstance(refused, Refused), purpose
        assert refused.why in {Refusal.REVOKED, Refusal.USED}, purpose
        assert isinstance(opened(roster, newer, purpose), Opened), purpose


def test_a_link_to_leave_works_for_as_long_as_its_email_lies_somewhere(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    subscriptions.revoke_links(ada.id, NOW, PAGE)
    assert isinstance(opened(roster, ada, Purpose.LEAVE), Opened)


def test_a_link_of_a_deleted_subscriber_says_so(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    subscriptions.forget(ada.id, NOW)
    for purpose in Purpose:
        refused = opened(roster, ada, purpose)
        assert isinstance(refused, Refused), purpose
        assert refused.why is Refusal.GONE, purpose


def test_an_export_and_an_undo_work_once(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    subscriptions.export(ada.id, NOW, PAGE)
    assert opened(roster, ada, Purpose.EXPORT) == Refused(Refusal.USED, ada.subject(Purpose.EXPORT))
    left = subscriptions.leave(ada.id, NOW, PAGE).subscriber
    assert isinstance(opened(roster, left, Purpose.UNDO_LEAVE), Opened)
    subscriptions.undo_leave(ada.id, NOW, PAGE)
    assert opened(roster, left, Purpose.UNDO_LEAVE) == Refused(Refusal.USED, left.subject(Purpose.UNDO_LEAVE))


def test_a_link_says_nothing_of_whom_it_is_for(ada: Subscriber) -> None:
    other = replace(ada, reference="x" * 16)
    urls = [one.link(LINKS, Purpose.MANAGE, NOW) for one in (ada, other)]
    assert not any(word in url for url in urls for word in ("ada", "example.org/1", f".{ada.id}."))
    assert len(ada.reference) == 16


# -- another address ---------------------------------------------------------------------------------------


def asked(subscriptions: Subscriptions, ada: Subscriber, address: str = "new@example.net") -> AddressAsked:
    answer = subscriptions.ask_address_change(ada.id, address, NOW, PAGE)
    assert isinstance(answer, AddressAsked)
    return answer


def test_a_new_address_is_taken_once_its_owner_confirms(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    code = asked(subscriptions, ada).code
    assert roster.subscriber(ada.id).address == "ada@example.org"
    changed = subscriptions.change_address(ada.id, code, NOW, PAGE)
    assert isinstance(changed, AddressChanged)
    assert (changed.subscriber.address, changed.old_address) == ("new@example.net", "ada@example.org")
    assert roster.find("new@example.net").id == ada.id
    assert subscriptions.change_address(ada.id, code, NOW, PAGE) is AddressRefusal.USED


def test_links_to_the_old_address_are_revoked(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    subscriptions.change_address(ada.id, asked(subscriptions, ada).code, NOW, PAGE)
    assert opened(roster, ada, Purpose.MANAGE) == Refused(Refusal.REVOKED, ada.subject(Purpose.MANAGE))


def test_only_the_newest_request_counts(subscriptions: Subscriptions, ada: Subscriber) -> None:
    first, second = (asked(subscriptions, ada, f"{word}@example.net") for word in ("first", "second"))
    assert subscriptions.change_address(ada.id, first.code, NOW, PAGE) is AddressRefusal.USED
    assert isinstance(subscriptions.change_address(ada.id, second.code, NOW, PAGE), AddressChanged)


def test_the_address_of_another_subscriber_is_asked_for_as_any_and_not_taken(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    roster.put_subscriber(Joining("bo@example.org", ONE), NOW)
    code = asked(subscriptions, ada, "bo@example.org").code
    assert subscriptions.change_address(ada.id, code, NOW, PAGE) is AddressRefusal.TAKEN
    assert roster.count() == 2


def test_an_address_that_somebody_only_joined_with_goes_to_who_confirms_it(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    roster.put_subscriber(Joining("bo@example.org", ONE, standing=SubscriberStatus.UNCONFIRMED), NOW)
    code = asked(subscriptions, ada, "bo@example.org").code
    assert isinstance(subscriptions.change_address(ada.id, code, NOW, PAGE), AddressChanged)
    assert roster.count() == 1


def test_no_email_goes_to_the_same_or_to_a_suppressed_address(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    roster.suppressions.add("example.net", Cause.OPERATOR, NOW)
    for address, refusal in (("ada@EXAMPLE.org", "same"), ("x@example.net", "suppressed")):
        assert subscriptions.ask_address_change(ada.id, address, NOW, PAGE) == refusal


def test_no_address_is_in_the_history(subscriptions: Subscriptions, roster: Roster, ada: Subscriber) -> None:
    subscriptions.change_address(ada.id, asked(subscriptions, ada).code, NOW, PAGE)
    subscriptions.export(ada.id, NOW, PAGE)
    subscriptions.leave(ada.id, NOW, PAGE)
    assert len(changes(roster, ada)) == 5
    assert not any("@" in change for change in changes(roster, ada))


# -- data --------------------------------------------------------------------------------------------------


def test_the_export_is_everything_as_json(subscriptions: Subscriptions, ada: Subscriber) -> None:
    asked(subscriptions, ada)
    data = json.loads(json.dumps(subscriptions.export(ada.id, NOW, PAGE)))
    assert (data["address"], data["name"], data["address_asked_for"]) == (
        "ada@example.org", "Ada", "new@example.net",
    )  # fmt: skip
    assert data["preferences"]["topics"] == list(TWO)
    assert [entry["change"] for entry in data["history"]] == [
        "joined", "asked for another address", "exported all data",
    ]  # fmt: skip


def test_nothing_of_a_deleted_subscriber_is_left_but_a_hash(
    subscriptions: Subscriptions, engine: sa.Engine, ada: Subscriber
) -> None:
    asked(subscriptions, ada)
    asked_to_join(subscriptions, "ada@example.org")
    subscriptions.forget(ada.id, NOW)
    with engine.connect() as connection:
        for table in ("subscribers", "follows", "history", "address_changes", "join_requests"):
            assert connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608 - our own names
        kept = connection.execute(sa.text("SELECT * FROM suppressions")).all()
    assert len(kept) == 1
    assert "example" not in str(kept)
    with pytest.raises(UnknownSubscriber):
        subscriptions.leave(ada.id, NOW, PAGE)


def test_a_deleted_subscriber_is_not_added_by_others_but_may_join_again(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    subscriptions.forget(ada.id, NOW)
    with pytest.raises(NotAdded, match="was deleted"):
        roster.put_subscriber(Joining("ada@example.org", ONE), NOW)
    back = joined(subscriptions, "ada@example.org")
    subscriptions.leave(back.id, NOW, PAGE)
    assert roster.suppressions.count_deleted() == 0


def test_a_deleted_subscriber_is_known_after_the_keys_rotated(
    subscriptions: Subscriptions, engine: sa.Engine, ada: Subscriber
) -> None:
    subscriptions.forget(ada.id, NOW)
    rotated = Roster(engine, (*KEYS, "new" * 11))
    with pytest.raises(NotAdded, match="was deleted"):
        rotated.put_subscriber(Joining("ADA@example.org", ONE), NOW)


def test_the_data_waits_a_week_after_every_change_of_address(
    subscriptions: Subscriptions, ada: Subscriber
) -> None:
    assert ada.waits_until(NOW) is None
    for days, address in ((0, "new@example.org"), (6, "newer@example.org")):
        asked = subscriptions.ask_address_change(ada.id, address, NOW + days * DAY, PAGE)
        assert isinstance(asked, AddressAsked)
        changed = subscriptions.change_address(ada.id, asked.code, NOW + days * DAY, PAGE)
        assert isinstance(changed, AddressChanged)
        ada = changed.subscriber
    assert ada.waits_until(NOW + 12 * DAY) == NOW + 13 * DAY
    assert ada.waits_until(NOW + 13 * DAY) is None
