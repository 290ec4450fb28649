import datetime as dt
import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from subscribers.addresses import AddressRefused
from subscribers.links import Links, Purpose, Refusal, Refused
from subscribers.preferences import Conflict, Frequency, Length, Preferences, PreferencesError, Standing
from subscribers.roster import Joining, NotAdded, Opened, Roster
from subscribers.subscriber import Subscriber, UnknownSubscriber
from subscribers.subscriptions import (
    AddressAsked,
    AddressChanged,
    AddressRefusal,
    Changed,
    Confirmation,
    JoinOutcome,
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


def joined(subscriptions: Subscriptions, address: str = "bo@example.org") -> Subscriber:
    subscriber = subscriptions.join(address, Preferences(ONE), NOW, PAGE).subscriber
    assert subscriber
    return subscriber


def changes(roster: Roster, subscriber: Subscriber) -> list[str]:
    return [entry.change for entry in roster.history(subscriber.id)]


# -- joining -----------------------------------------------------------------------------------------------


def test_whoever_joins_gets_nothing_before_confirming(subscriptions: Subscriptions, roster: Roster) -> None:
    bo = joined(subscriptions)
    assert (bo.standing, bo.confirmed_at, bo.consent) == (Standing.UNCONFIRMED, None, PAGE)
    confirmation, confirmed = subscriptions.confirm(bo.id, NOW + DAY, "e-mail")
    assert confirmation is Confirmation.CONFIRMED
    assert (confirmed.standing, confirmed.confirmed_at) == (Standing.ACTIVE, NOW + DAY)
    assert changes(roster, bo) == ["asked to join", "confirmed the address"]


def test_confirming_again_changes_nothing(subscriptions: Subscriptions, roster: Roster) -> None:
    bo = joined(subscriptions)
    subscriptions.confirm(bo.id, NOW, PAGE)
    assert subscriptions.confirm(bo.id, NOW + DAY, PAGE)[0] is Confirmation.ALREADY
    assert len(changes(roster, bo)) == 2


def test_joining_again_is_one_subscriber_with_the_newest_choice(subscriptions: Subscriptions) -> None:
    bo = joined(subscriptions)
    again = subscriptions.join("BO@Example.org", Preferences(TWO, Length.SHORT), NOW, PAGE)
    assert again.outcome is JoinOutcome.CONFIRM
    assert again.subscriber
    assert (again.subscriber.id, again.subscriber.topics) == (bo.id, TWO)


def test_joining_with_the_address_of_an_active_subscriber_changes_nothing(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    result = subscriptions.join("ADA@example.org", Preferences(ONE, Length.SHORT), NOW, PAGE)
    assert result.outcome is JoinOutcome.KNOWN
    assert roster.subscriber(ada.id) == ada


@pytest.mark.parametrize("suppressed", ["bo@example.org", "example.org"])
def test_a_suppressed_address_is_not_written_to(
    subscriptions: Subscriptions, roster: Roster, suppressed: str
) -> None:
    roster.suppressions.add(suppressed, Cause.OPERATOR, NOW)
    assert subscriptions.join("bo@example.org", Preferences(ONE), NOW, PAGE).outcome is JoinOutcome.SUPPRESSED
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
    subscriptions.leave(ada.id, NOW, PAGE)
    assert subscriptions.confirm(ada.id, NOW, PAGE)[0] is Confirmation.LEFT
    assert subscriptions.join("ada@example.org", Preferences(ONE), NOW, PAGE).outcome is JoinOutcome.CONFIRM
    confirmation, back = subscriptions.confirm(ada.id, NOW, PAGE)
    assert (confirmation, back.standing, back.left_at) == (Confirmation.CONFIRMED, Standing.ACTIVE, None)


def test_what_nobody_confirms_is_deleted_after_a_month(subscriptions: Subscriptions, roster: Roster) -> None:
    joined(subscriptions)
    assert subscriptions.prune(NOW + 29 * DAY) == 0
    assert subscriptions.prune(NOW + 31 * DAY) == 1
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
    assert (left.everything, left.undo_about, left.subscriber.standing) == (True, "", Standing.LEFT)


def test_leaving_twice_is_leaving_once(subscriptions: Subscriptions, roster: Roster, ada: Subscriber) -> None:
    first, again = (subscriptions.leave(ada.id, NOW + n * DAY, PAGE) for n in range(2))
    assert (first.changed, again.changed) == (True, False)
    assert again.subscriber.left_at == NOW
    assert changes(roster, ada) == ["joined", "left"]


def test_undoing_brings_back_everything_as_it_was(subscriptions: Subscriptions, ada: Subscriber) -> None:
    subscriptions.leave(ada.id, NOW, PAGE)
    back = subscriptions.undo_leave(ada.id, NOW, PAGE).subscriber
    assert replace(back, version=ada.version) == ada


def test_an_undo_makes_nobody_active_who_never_confirmed(subscriptions: Subscriptions) -> None:
    bo = joined(subscriptions)
    subscriptions.leave(bo.id, NOW, PAGE)
    assert subscriptions.undo_leave(bo.id, NOW, PAGE).subscriber.standing is Standing.UNCONFIRMED


# -- links -------------------------------------------------------------------------------------------------


def opened(roster: Roster, subscriber: Subscriber, purpose: Purpose, about: str = "") -> Opened | Refused:
    token = LINKS.token(purpose, subscriber.subject(purpose, about), NOW)
    return roster.open(LINKS, purpose, token, NOW)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_opens_its_subscriber(roster: Roster, ada: Subscriber, purpose: Purpose) -> None:
    roster.put_subscriber(Joining("bo@example.org", ONE), NOW)
    assert opened(roster, ada, purpose, "2026-W22") == Opened(ada, "2026-W22")


@pytest.mark.parametrize("purpose", sorted(set(Purpose) - {Purpose.LEAVE}))
def test_links_are_revoked_when_the_subscriber_asks(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber, purpose: Purpose
) -> None:
    newer = subscriptions.revoke_links(ada.id, NOW, PAGE)
    refused = opened(roster, ada, purpose)
    assert isinstance(refused, Refused)
    assert refused.why in {Refusal.REVOKED, Refusal.USED}
    assert isinstance(opened(roster, newer, purpose), Opened)


def test_a_link_to_leave_works_for_as_long_as_its_email_lies_somewhere(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber
) -> None:
    subscriptions.revoke_links(ada.id, NOW, PAGE)
    assert isinstance(opened(roster, ada, Purpose.LEAVE), Opened)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_of_a_deleted_subscriber_says_so(
    subscriptions: Subscriptions, roster: Roster, ada: Subscriber, purpose: Purpose
) -> None:
    subscriptions.forget(ada.id, NOW)
    refused = opened(roster, ada, purpose)
    assert isinstance(refused, Refused)
    assert refused.why is Refusal.GONE


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
    joined(subscriptions, "bo@example.org")
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
    subscriptions.forget(ada.id, NOW)
    with engine.connect() as connection:
        for table in ("subscribers", "follows", "history", "address_changes"):
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
    subscriptions.confirm(back.id, NOW, PAGE)
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
