"""A newsroom over a real database: built issues, readers, and what delivering needs."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from service.delivery import Journal, Mailer, MessageIds, MessageMaker
from service.delivery.ledger import DeliveryContext
from service.emails import RenderedIssue, Renderer, Sender
from service.issues import Issue
from service.papers import Window
from service.store import Built, Store
from service.wiring import TEMPLATES
from subscribers.additions import Candidate, Result
from subscribers.addresses import read_address
from subscribers.links import Links
from subscribers.roster import COMMAND_LINE, Joining, Roster
from tests import builders
from tests.fakes import MemoryJournal

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)
WINDOW = Window.of_week("2026-W22")
SENDER = Sender("The Brief", "brief@example.org", "https://brief.example.org")
IDS = MessageIds.derived("2026-W22", "k" * 32, "example.org")
TOPICS = ("llm-post-train", "robot-learning")


def save_issue(
    store: Store, topics: Sequence[str] = TOPICS, *, approved: bool = True, label: str = WINDOW.label
) -> Issue:
    """An issue with a brief of invented papers for each topic; a topic saved before is built again."""
    made = builders.brief()
    briefs = [Built(replace(made, topic_slug=slug, topic_name=slug.title()), ()) for slug in topics]
    issue = store.save_issue(Window.of_week(label), briefs, NOW)
    if approved:
        store.approve(issue.label, NOW)
    return issue


def add_readers(roster: Roster, count: int, topics: Sequence[str] = TOPICS[:1]) -> list[str]:
    addresses = [f"reader{number}@example.org" for number in range(count)]
    join(roster, addresses, topics)
    return addresses


def join(
    roster: Roster, addresses: Sequence[str], topics: Sequence[str] = TOPICS[:1], now: dt.datetime = NOW
) -> None:
    """As `put_subscriber` for each, in one transaction."""
    chosen, consent = {"topics": tuple(topics)}, Joining("").consent
    with roster.adding(now, COMMAND_LINE) as add:
        added = add([Candidate(read_address(one), "", chosen, consent) for one in addresses])
    assert not {one.result for one in added} & {Result.REFUSED, Result.SUPPRESSED}


@lru_cache(maxsize=64)
def printed(issue: Issue) -> RenderedIssue:
    """Hundreds of tests deliver the same words: rendering them has tests of its own."""
    return Renderer(SENDER, TEMPLATES).render_issue(issue)


def maker(issue: Issue) -> MessageMaker:
    return MessageMaker(printed(issue), SENDER, Links(SENDER.base_url, ("k" * 32,)), IDS)


def delivery_context(
    store: Store, mailer: Mailer, *, now: dt.datetime = NOW, journal: Journal | None = None, **more: Any
) -> DeliveryContext:
    """`more` are other fields of PostRoom."""
    return DeliveryContext(
        store,
        mailer,
        journal or MemoryJournal(),
        "here:1:1",
        lambda worker: worker == "gone",
        **({"clock": lambda: now} | more),
    )


def rows(engine: sa.Engine) -> list[tuple[str, str, str | None]]:
    """Address, state and reason of every delivery, in the order of the roster."""
    query = sa.text(
        "SELECT s.address, d.state, d.reason "
        "FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id ORDER BY s.id"
    )
    with engine.connect() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(query)]
