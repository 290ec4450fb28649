"""Who gets an issue, and the reason of everybody who does not; rules and database say the same."""

import datetime as dt
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscribers.audience import Offer, Person, audience, in_words, judge
from subscribers.database import table, writer
from subscribers.preferences import Frequency, Length, Preferences, SubscriberStatus
from subscribers.suppressions import Cause, Kind
from subscribers.tables import FollowRow, SubscriberRow, SuppressionRow, TopicRow
from tests.cases import every

TODAY = dt.date(2026, 6, 2)
TOPICS = (
    "b-first",
    "a-second",
    "c-third",
    "d-third",
)  # in the order of topics; the last two share a position
OFFER = Offer(TOPICS[:2], closes_month=False, today=TODAY)
ADA = Person(SubscriberStatus.ACTIVE, Preferences(("b-first", "c-third")))
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def choosing(**choices: Any) -> Person:
    return replace(ADA, preferences=replace(ADA.preferences, **choices))


@every(
    ("person", "reason"),
    [
        (replace(ADA, standing=SubscriberStatus.LEFT), "has left"),
        (replace(ADA, standing=SubscriberStatus.UNCONFIRMED), "has not confirmed the address"),
        (replace(ADA, already_sent=True), "already sent"),
        (replace(ADA, address_suppressed=Cause.BOUNCED), "address suppressed: bounced"),
        (replace(ADA, domain_suppressed=Cause.OPERATOR), "domain suppressed: by the operator"),
        (choosing(paused_until=dt.date(2026, 6, 3)), "paused until 2026-06-03"),
        (choosing(paused_until=TODAY), None),
        (choosing(frequency=Frequency.MONTHLY), "monthly: gets the last issue of a month"),
        (choosing(topics=()), "follows no topic"),
        (choosing(topics=TOPICS[2:]), "nothing new in the topics followed"),
        (ADA, None),
    ],
)  # fmt: skip
def test_everybody_who_gets_nothing_has_a_reason(person: Person, reason: str | None) -> None:
    assert judge(person, OFFER)[1] == reason


def test_monthly_subscribers_get_the_last_issue_of_a_month() -> None:
    monthly = choosing(frequency=Frequency.MONTHLY)
    assert judge(monthly, replace(OFFER, closes_month=True)) == (("b-first",), None)


def test_the_reason_is_told_in_words_either_way() -> None:
    names = {"a": "AI Agents", "b": "Robot Learning"}
    assert in_words(("a", "b", "c"), None, names) == "follows AI Agents, Robot Learning and c"
    assert in_words(("a",), "has left", names) == "has left"


PEOPLE = st.lists(
    st.builds(
        Person,
        st.sampled_from((SubscriberStatus.ACTIVE, *SubscriberStatus)),
        st.builds(
            Preferences,
            st.sets(st.sampled_from(TOPICS)).map(lambda chosen: tuple(sorted(chosen, key=TOPICS.index))),
            st.sampled_from(Length),
            st.sampled_from(Frequency),
            paused_until=st.none() | st.sampled_from([TODAY + dt.timedelta(days=n) for n in (-1, 0, 1)]),
        ),
        st.none() | st.sampled_from(Cause),
        st.none() | st.sampled_from(Cause),
        st.booleans(),
    ),
    max_size=8,
)
OFFERS = st.builds(
    Offer,
    st.lists(st.sampled_from((*TOPICS, "not-a-topic")), unique=True).map(tuple),
    st.booleans(),
    st.just(TODAY),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE, OFFERS)
def test_the_database_and_the_rules_say_the_same_of_everybody(
    engine: sa.Engine, people: list[Person], offer: Offer
) -> None:
    with writer(engine).connect() as connection:
        put(connection, people)
        rows = connection.execute(audience(offer, SENT)).all()
        connection.rollback()
    said = {row.id: (row.topics, row.length, row.reason) for row in rows}
    assert said == {number: expected(person, offer) for number, person in enumerate(people, 1)}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE.filter(bool), OFFERS)
def test_the_answer_for_one_subscriber_is_that_of_the_whole(
    engine: sa.Engine, people: list[Person], offer: Offer
) -> None:
    with writer(engine).connect() as connection:
        put(connection, people)
        whole = connection.execute(audience(offer, SENT).order_by("id")).all()
        one_by_one = [connection.execute(audience(offer, SENT, row.id)).one() for row in whole]
        connection.rollback()
    assert one_by_one == whole


def expected(person: Person, offer: Offer) -> tuple[str, str, str | None]:
    topics, reason = judge(person, offer)
    return ",".join(topics), person.preferences.length, reason


SENT = sa.select(table(SubscriberRow).c.id).where(table(SubscriberRow).c.name == "was sent it")


def put(connection: sa.Connection, people: list[Person]) -> None:
    """The people, and the topics in an order that is not the alphabet's, for one transaction."""
    for row in (FollowRow, TopicRow, SubscriberRow, SuppressionRow):
        connection.execute(sa.delete(table(row)))
    order = ("b-first", "a-second", "c-third", "d-third")
    topics = [{"slug": slug, "position": min(place, 2), "definition": {}} for place, slug in enumerate(order)]
    connection.execute(sa.insert(table(TopicRow)), topics)
    for number, person in enumerate(people, 1):
        put_person(connection, number, person)


def put_person(connection: sa.Connection, number: int, person: Person) -> None:
    chosen, domain = person.preferences, f"d{number}.example"
    row = {
        "id": number, "reference": str(number), "address": f"x@{domain}", "address_key": f"x@{domain}",
        "domain": domain, "name": "was sent it" if person.already_sent else None, "standing": person.standing,
        "length": chosen.length, "frequency": chosen.frequency, "time_zone": "UTC", "hour": 8,
        "paused_until": chosen.paused_until, "consent": "", "joined_at": LONG_AGO,
        "link_generation": 0, "version": 0,
    }  # fmt: skip
    connection.execute(sa.insert(table(SubscriberRow)), row)
    for slug in reversed(chosen.topics):
        connection.execute(sa.insert(table(FollowRow)), {"subscriber_id": number, "topic_slug": slug})
    for kind, value, cause in (
        (Kind.ADDRESS, f"x@{domain}", person.address_suppressed),
        (Kind.DOMAIN, domain, person.domain_suppressed),
    ):
        if cause:
            values = {"kind": kind, "value": value, "cause": cause, "note": "", "at": LONG_AGO}
            connection.execute(sa.insert(table(SuppressionRow)), values)
