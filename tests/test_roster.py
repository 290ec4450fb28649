"""The roster: subscribers and topics as they were put, found by any spelling, paged by id."""

import datetime as dt

import pytest

from subscribers.addresses import AddressRefused
from subscribers.preferences import Frequency, Length, SubscriberStatus
from subscribers.roster import Joining, NotAdded, Roster, UnknownTopic
from subscribers.subscriber import UnknownSubscriber
from subscribers.suppressions import Cause, Kind
from subscribers.topics import load_topics

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)


def test_a_new_database_holds_the_shipped_topics_in_their_order(roster: Roster) -> None:
    assert roster.topics() == load_topics()


def test_a_subscriber_reads_back_with_topics_in_the_order_of_the_topics(roster: Roster) -> None:
    first, second = (topic.slug for topic in load_topics()[:2])
    roster.put_subscriber(Joining("Ada@Example.org", (second, first), "Ada", Length.SHORT), NOW)
    (ada,) = roster.subscribers()
    assert (ada.address, ada.name, ada.preferences.length, ada.topics) == (
        "Ada@example.org",
        "Ada",
        Length.SHORT,
        (first, second),
    )


def test_two_spellings_of_an_address_are_one_subscriber(roster: Roster) -> None:
    slug = load_topics()[0].slug
    first, is_new = roster.put_subscriber(Joining("ada@example.org", (slug,)), NOW)
    again, is_new_again = roster.put_subscriber(Joining(" ADA@EXAMPLE.ORG ", (slug,)), NOW)
    assert (first.id, is_new, is_new_again) == (again.id, True, False)
    assert roster.count() == 1


def test_an_international_domain_is_kept_as_servers_take_it(roster: Roster) -> None:
    roster.put_subscriber(Joining("ada@bücher.example", (load_topics()[0].slug,)), NOW)
    assert roster.subscribers()[0].address == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "address", ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@example.org\nBcc: x@y.z"]
)
def test_what_is_no_address_is_refused_in_words(roster: Roster, address: str) -> None:
    with pytest.raises(AddressRefused, match="is not an e-mail address"):
        roster.put_subscriber(Joining(address, (load_topics()[0].slug,)), NOW)


def test_an_unknown_topic_is_refused_and_nothing_is_written(roster: Roster) -> None:
    with pytest.raises(UnknownTopic, match="no topic 'no-such'"):
        roster.put_subscriber(Joining("ada@example.org", ("no-such",)), NOW)
    assert roster.count() == 0


def test_removing_a_topic_ends_every_follow_of_it(roster: Roster) -> None:
    kept, gone = (topic.slug for topic in load_topics()[:2])
    roster.put_subscriber(Joining("ada@example.org", (kept, gone)), NOW)
    assert roster.remove_topic(gone, NOW) == 1
    assert roster.subscribers()[0].topics == (kept,)


def test_a_changed_topic_keeps_its_place(roster: Roster) -> None:
    second = roster.topics()[1]
    roster.put_topic(second)
    assert roster.topics()[1] == second


def test_the_roster_pages_by_id(roster: Roster) -> None:
    slug = load_topics()[0].slug
    ids = [roster.put_subscriber(Joining(f"r{n}@example.org", (slug,)), NOW)[0].id for n in range(5)]
    first = roster.subscribers(limit=3)
    assert [one.id for one in first] == ids[:3]
    assert [one.id for one in roster.subscribers(after=first[-1].id, limit=3)] == ids[3:]


@pytest.mark.parametrize("search", ["LOVE", "ada@", "Lovelace", "100%"])
def test_the_roster_is_searched_by_address_and_name(roster: Roster, search: str) -> None:
    slug = load_topics()[0].slug
    roster.put_subscriber(Joining("ada@example.org", (slug,), "Ada 100% Lovelace"), NOW)
    roster.put_subscriber(Joining("bo_@example.org", (slug,), "Bo"), NOW)
    assert [one.address for one in roster.subscribers(search=search)] == ["ada@example.org"]


def test_a_subscriber_is_found_by_any_spelling_of_the_address(roster: Roster) -> None:
    ada, _ = roster.put_subscriber(Joining("ada@example.org", (load_topics()[0].slug,)), NOW)
    assert roster.find(" ADA@Example.org") == ada == roster.by_reference(ada.reference)
    with pytest.raises(UnknownSubscriber, match="is not on the roster"):
        roster.find("bo@example.org")


def test_only_active_subscribers_count_as_followers(roster: Roster) -> None:
    slug = load_topics()[0].slug
    for name, standing in (
        ("ada", SubscriberStatus.ACTIVE),
        ("bo", SubscriberStatus.UNCONFIRMED),
        ("cy", SubscriberStatus.LEFT),
    ):
        roster.put_subscriber(Joining(f"{name}@example.org", (slug,), standing=standing), NOW)
    assert roster.followers() == {slug: 1}


@pytest.mark.parametrize("target", ["Ada@Example.org", "example.org", "@EXAMPLE.org"])
def test_a_suppressed_address_is_not_added_until_it_is_allowed_again(roster: Roster, target: str) -> None:
    roster.suppressions.add(target, Cause.BOUNCED, NOW, "550")
    joining = Joining("ada@example.org", (load_topics()[0].slug,))
    with pytest.raises(NotAdded, match="is suppressed, not added: bounced"):
        roster.put_subscriber(joining, NOW)
    assert roster.suppressions.remove(target)
    assert not roster.suppressions.remove(target)
    assert roster.put_subscriber(joining, NOW)[1]


def test_the_first_cause_of_a_suppression_stays(roster: Roster) -> None:
    for cause in (Cause.COMPLAINED, Cause.OPERATOR):
        roster.suppressions.add("ada@example.org", cause, NOW)
    (kept,) = roster.suppressions.all()
    assert (kept.kind, kept.value, kept.cause) == (Kind.ADDRESS, "ada@example.org", Cause.COMPLAINED)


def test_the_domain_of_a_suppression_is_exactly_that_domain(roster: Roster) -> None:
    roster.suppressions.add("example.org", Cause.OPERATOR, NOW)
    assert roster.put_subscriber(Joining("ada@mail.example.org", (load_topics()[0].slug,)), NOW)[1]


def test_whoever_left_is_not_added_by_others(roster: Roster) -> None:
    joining = Joining("ada@example.org", (load_topics()[0].slug,), standing=SubscriberStatus.LEFT)
    roster.put_subscriber(joining, NOW)
    with pytest.raises(NotAdded, match="only they can come back"):
        roster.put_subscriber(joining, NOW)


def test_what_is_not_given_stays_as_it_is(roster: Roster) -> None:
    chosen = Joining(
        "ada@example.org", (load_topics()[0].slug,), "Ada", Length.SHORT, frequency=Frequency.MONTHLY,
        paused_until=dt.date(2026, 9, 1), time_zone="Asia/Tokyo", hour=6,
    )  # fmt: skip
    before, _ = roster.put_subscriber(chosen, NOW)
    after, is_new = roster.put_subscriber(Joining("ada@example.org", name="Ada L."), NOW)
    assert (is_new, after.name, after.preferences) == (False, "Ada L.", before.preferences)
    assert [one.change for one in roster.history(after.id)] == ["joined", "has another name"]


def test_somebody_new_needs_a_topic(roster: Roster) -> None:
    with pytest.raises(NotAdded, match="choose at least one topic"):
        roster.put_subscriber(Joining("ada@example.org"), NOW)


def test_topics_are_added_to_those_followed_or_take_their_place(roster: Roster) -> None:
    first, second = (topic.slug for topic in load_topics()[:2])
    roster.put_subscriber(Joining("ada@example.org", (first,)), NOW)
    added, _ = roster.put_subscriber(Joining("ada@example.org", (second,), adds_topics=True), NOW)
    replaced, _ = roster.put_subscriber(Joining("ada@example.org", (second,)), NOW)
    assert (added.topics, replaced.topics) == ((first, second), (second,))
