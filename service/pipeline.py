"""READ FIRST: the path from arXiv to an inbox, in one screen.

build_issue    topics | fetch | select | write_brief | save_issue
publish_issue  approved issue | plan | reconcile | claim | message | send | settle
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from service.archive import Archive, Built, IssueStatus
from service.briefs import Assignment, BriefWriter
from service.briefs.desk import write_brief
from service.delivery import (
    Delivery,
    Mailer,
    Message,
    MessageMaker,
    MessageRefused,
    Outcome,
    State,
    reconciled,
)
from service.issues import Issue
from service.papers import Fetched, PaperSource, Selection, SourceError, Window, select
from subscribers.topics import Topic

Clock = Callable[[], dt.datetime]


class Progress(Protocol):
    """Told of each step, so that long work can be watched."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


def unwatched(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What building an issue needs from outside."""

    archive: Archive
    source: PaperSource
    writer: BriefWriter
    fallback: BriefWriter  # needs no language model
    clock: Clock


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build made, and which topics it could not."""

    issue: Issue | None
    selections: tuple[Selection, ...]
    failures: Mapping[str, str]  # topic slug to what went wrong and what to do


def build_issue(
    window: Window,
    topics: Sequence[Topic],
    room: Newsroom,
    *,
    fresh: bool = False,
    watch: Progress = unwatched,
) -> BuildReport:
    """Build a brief for each topic and save them as one issue; a topic that fails stops no other.

    `fresh` asks the source even where it was asked today. IssueClosed when the issue is being delivered.
    """
    selections: list[Selection] = []
    failures: dict[str, str] = {}
    for done, topic in enumerate(topics):
        watch(f"Reading {topic.name}", done, 2 * len(topics))
        try:
            selections.append(select_papers(topic, window, room, fresh=fresh))
        except SourceError as error:
            failures[topic.slug] = str(error)
    built = []
    for done, selection in enumerate(selections):
        watch(f"Writing {selection.topic.name}", len(topics) + done, 2 * len(topics))
        try:
            brief = write_brief(room.writer, room.fallback, Assignment(selection, room.clock()))
        except ValueError as error:  # a defect in one topic's brief is no reason to lose the others'
            failures[selection.topic.slug] = f"{selection.topic.slug}: no brief could be written: {error}"
            continue
        built.append(Built(brief, selection.sightings))
    issue = room.archive.save_issue(window, built, room.clock()) if built else None
    watch("Done", 2 * len(topics), 2 * len(topics))
    return BuildReport(issue, tuple(selections), failures)


def select_papers(topic: Topic, window: Window, room: Newsroom, *, fresh: bool = False) -> Selection:
    """The topic's papers for the window, given what earlier builds of the topic saw."""
    fetched = fetch_papers(topic, window.reading, room, fresh=fresh)
    seen = room.archive.sightings(topic.slug)
    earlier = room.archive.papers(
        one.paper_id for one in seen if one.taken and one.window_label != window.label
    )
    first_build = room.archive.is_first_build(topic.slug, window)
    return select(topic, window, fetched.papers, seen=seen, first_build=first_build, before=earlier.values())


def fetch_papers(topic: Topic, window: Window, room: Newsroom, *, fresh: bool = False) -> Fetched:
    """What the source answers, asked once a day."""
    day = room.clock().astimezone(dt.UTC).date()
    stored = None if fresh else room.archive.fetched(topic, window, room.source.name, day)
    if stored is not None:
        return stored
    fetched = room.source.fetch(topic, window)
    room.archive.store_fetched(topic, fetched, room.source.name)
    return fetched


@dataclass(frozen=True, slots=True)
class PostRoom:
    """What delivering an issue needs from outside."""

    archive: Archive
    mailer: Mailer
    worker: str  # this process, as claims name it
    is_gone: Callable[[str], bool]  # whether the worker of a claim is surely dead
    clock: Clock


class NotApproved(Exception):
    """An issue that nobody approved, or that changed since."""


LEASE = dt.timedelta(hours=1)  # a claim this old has lost its worker, wherever that ran
CLAIMS_AT_ONCE = 20  # bounds what one crash can leave uncertain


def publish_issue(
    label: str, maker: MessageMaker, room: PostRoom, *, watch: Progress = unwatched
) -> IssueStatus:
    """Deliver an approved issue to its audience; run it again after a crash and nothing is sent twice.

    NotApproved, or MailerUnusable when nothing can be sent; the ledger holds what was done until then.
    """
    if not room.archive.status(label).approved:
        raise NotApproved(
            f"issue {label} is not approved as it stands; look at it, then: brief approve {label}"
        )
    room.archive.plan(label, room.clock())
    reconcile(label, maker, room)
    counts = room.archive.counts(label)
    done, total = 0, counts.get(State.WAITING, 0) + counts.get(State.FAILED, 0)
    for settled in _send_all(label, maker, room):
        done += settled
        watch(f"Delivering {label}", done, total)
    return room.archive.status(label)


def reconcile(label: str, maker: MessageMaker, room: PostRoom) -> None:
    """Decide what became of claims whose worker is gone, by what the mailer knows."""
    for delivery, worker, claimed_at in room.archive.claims(label):
        if room.is_gone(worker) or room.clock() - claimed_at > LEASE:
            outcome = reconciled(room.mailer.was_sent(maker.message_id(delivery)))
            room.archive.settle([(delivery, outcome)], room.clock())


def _send_all(label: str, maker: MessageMaker, room: PostRoom) -> Iterator[int]:
    while claimed := room.archive.claim(label, room.worker, CLAIMS_AT_ONCE, room.clock()):
        outcomes = [(delivery, Outcome(State.WAITING)) for delivery in claimed]  # until the mailer has spoken
        try:
            for place, outcome in _send(claimed, maker, room):
                outcomes[place] = (claimed[place], outcome)
        finally:
            # also when the mailer turns out unusable: what it did accept is written down before the run stops
            room.archive.settle(outcomes, room.clock())
        yield len(claimed)


def _send(claimed: Sequence[Delivery], maker: MessageMaker, room: PostRoom) -> Iterator[tuple[int, Outcome]]:
    """The outcome of each delivery with its place, as soon as it is known."""
    messages: list[tuple[int, Message]] = []
    for place, delivery in enumerate(claimed):
        try:
            messages.append((place, maker.message(delivery, room.clock())))
        except MessageRefused as error:
            yield place, Outcome(State.REFUSED, str(error))
    for (place, _), outcome in zip(messages, room.mailer.send([one for _, one in messages]), strict=True):
        yield place, outcome
