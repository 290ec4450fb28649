import datetime as dt

import pytest

from subscribers.preferences import Length
from subscribers.roster import AddressRefused, Joining, Roster, UnknownTopic
from subscribers.topics import load_topics

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)


def test_a_new_database_holds_the_shipped_topics_in_their_order(roster: Roster) -> None:
    assert roster.topics() == load_topics()


def test_a_subscriber_reads_back_with_topics_in_the_order_of_the_topics(roster: Roster) -> None:
    first, second = (topic.slug for topic in load_topics()[:2])
    roster.put_subscriber(Joining("Ada@Example.org", (second, first), "Ada", Length.SHORT), NOW)
    (ada,) = roster.subscribers()
    assert (ada.address, ada.name, ada.length, ada.topics) == (
        "Ada@example.org",
        "Ada",
        Length.SHORT,
        (first, second),
    )


def test_two_spellings_of_an_address_are_one_subscriber(roster: Roster) -> None:
    slug = load_topics()[0].slug
    first, is_new = roster.put_subscriber(Joining("ada@example.org", (slug,)), NOW)
    again, is_new_again = roster.put_subscriber(Joining(" ADA@EXAMPLE.ORG ", (slug,)), NOW)
    assert (first, is_new, is_new_again) == (again, True, False)
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
    assert roster.remove_topic(gone) == 1
    assert roster.subscribers()[0].topics == (kept,)


def test_a_changed_topic_keeps_its_place(roster: Roster) -> None:
    second = roster.topics()[1]
    roster.put_topic(second)
    assert roster.topics()[1] == second


def test_the_roster_pages_by_id(roster: Roster) -> None:
    slug = load_topics()[0].slug
    ids = [roster.put_subscriber(Joining(f"r{n}@example.org", (slug,)), NOW)[0] for n in range(5)]
    first = roster.subscribers(limit=3)
    assert [one.id for one in first] == ids[:3]
    assert [one.id for one in roster.subscribers(after=first[-1].id, limit=3)] == ids[3:]
