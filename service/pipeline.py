"""READ FIRST: the path from arXiv to an inbox, in one screen.

build_issue    topics | fetch | select | write_brief, which reads the full texts of what it tells | save_issue
publish_issue  approved issue | plan | deliver: reconcile | claim | message | begin | send | settle
"""

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from service.briefs import Assignment, BriefWriter
from service.briefs.corrections import corrected
from service.briefs.grounding.places import claims
from service.briefs.writing import write_brief
from service.delivery import IssueStatus, MessageMaker
from service.delivery.ledger import Clock, DeliveryContext, Ledger, NotApproved, Progress, unwatched
from service.delivery.run import deliver
from service.issues import Issue
from service.papers import Fetched, Grader, Paper, PaperSource, Selection, SourceError, Window, select
from service.papers.text import NoTexts, OneBriefsTexts, TextReader
from service.store import Built, Store
from subscribers.topics import Topic

logger = logging.getLogger(__name__)

CORRECTED = 26  # earlier briefs of a topic whose papers are still corrected
REREAD = 12  # earlier briefs of a topic whose told papers are asked for again: a withdrawal may come late
PAST = dt.timedelta(weeks=26)  # of earlier briefs, to compare a week with: not all that ever was


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What building an issue needs from outside."""

    store: Store
    source: PaperSource
    writer: BriefWriter
    fallback: BriefWriter  # needs no language model
    clock: Clock
    grader: Grader | None = None  # None: papers are chosen by their words alone
    texts: Callable[[bool], TextReader] = lambda _: NoTexts()  # for one build; whether to ask for all anew
    reads_all: bool = False  # full texts of every paper, not of those alone that a brief tells


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build made, and which topics it could not."""

    issue: Issue | None
    selections: tuple[Selection, ...]
    failures: Mapping[str, str]  # topic slug to what went wrong and what to do

    def lacks(self, topics: Sequence[Topic]) -> tuple[str, ...]:
        """Slugs of these topics that the issue lacks or that this build failed on.

        Nothing when the issue is whole: only such an issue may be approved without a person's look at it.
        """
        held = {brief.topic_slug for brief in self.issue.briefs} if self.issue else set()
        return tuple(one.slug for one in topics if one.slug in self.failures or one.slug not in held)


def build_issue(  # noqa: PLR0913 - two builds differ in exactly these
    window: Window,
    topics: Sequence[Topic],
    context: BuildContext,
    *,
    fresh: bool = False,
    over_edits: bool = False,
    by_hand: bool = False,
    watch: Progress = unwatched,
) -> BuildReport:
    """Build a brief for each topic and save them as one issue; a topic that fails stops no other.

    `fresh` asks the source even where it was asked today. IssueClosed when the issue is being delivered,
    IssueEdited when editors changed it by hand, unless `over_edits`: then their edits are undone. Where an
    editor builds `by_hand`, only a person approves what is built.
    """
    context.store.require_open(window.label)
    context.store.refuse_edited(window.label, over_edits=over_edits)
    selections: list[Selection] = []
    failures: dict[str, str] = {}
    for done, topic in enumerate(topics):
        watch(f"Reading {topic.name}", done, 2 * len(topics))
        try:
            selections.append(select_papers(topic, window, context, fresh=fresh))
        except SourceError as error:
            failures[topic.slug] = str(error)
    texts = context.texts(fresh)
    built = []
    for done, selection in enumerate(selections):
        watch(f"Writing {selection.topic.name}", len(topics) + done, 2 * len(topics))
        try:
            built.append(_built(selection, window, context, texts))
        except ValueError as error:  # a defect in one topic's brief is no reason to lose the others'
            failures[selection.topic.slug] = f"{selection.topic.slug}: no brief could be written: {error}"
    watch("Saving", 2 * len(topics), 2 * len(topics))
    marks = {"over_edits": over_edits, "by_hand": by_hand}
    issue = context.store.save_issue(window, built, context.clock(), **marks) if built else None
    watch("Done", 2 * len(topics), 2 * len(topics))
    return BuildReport(issue, tuple(selections), failures)


def _built(selection: Selection, window: Window, context: BuildContext, texts: TextReader) -> Built:
    """The brief of one topic, with what became of papers that earlier briefs hold."""
    brief = write_brief(context.writer, context.fallback, assigned(selection, context, texts))
    looked_through = CORRECTED if selection.withdrawn or selection.revised else 1
    before = context.store.earlier_briefs(brief.topic_slug, window, looked_through, approved=False)
    return Built(corrected(brief, selection, before), selection.sightings)


def select_papers(topic: Topic, window: Window, context: BuildContext, *, fresh: bool = False) -> Selection:
    """The topic's papers for the window, given what earlier builds of the topic saw."""
    fetched = fetch_papers(topic, window.reading, context, fresh=fresh)
    return select_among(topic, window, fetched, context.store, context.grader)


def select_among(
    topic: Topic, window: Window, fetched: Fetched, store: Store, grader: Grader | None = None
) -> Selection:
    """The topic's papers among those that were fetched, given what earlier builds of the topic saw."""
    seen = store.sightings(topic.slug, [paper.id for paper in fetched.papers])
    earlier = store.briefed_since(topic.slug, window.first - PAST, but=window.label)
    began = store.began(topic.slug)
    chosen = select(
        topic, window, fetched.papers, seen=seen, began=began, before=earlier.values(), grader=grader
    )
    return replace(chosen, unreadable=fetched.unreadable, filled=fetched.filled)


def assigned(selection: Selection, context: BuildContext, texts: TextReader) -> Assignment:
    """What a writer gets; with `reads_all` every paper's text is read before, the best graded first."""
    texts = OneBriefsTexts(texts)
    if context.reads_all:
        texts.read([one.paper for one in sorted(selection.taken, key=lambda one: -(one.grade or 0))])
    earlier = context.store.earlier_briefs(selection.topic.slug, selection.window)
    return Assignment(selection, context.clock(), earlier, texts)


def fetch_papers(topic: Topic, window: Window, context: BuildContext, *, fresh: bool = False) -> Fetched:
    """What the source answers, asked once a day."""
    day = context.clock().astimezone(dt.UTC).date()
    stored = None if fresh else context.store.fetched(topic, window, context.source.name, day)
    if stored is not None:
        return stored
    try:
        fetched = context.source.fetch(topic, window)
    except SourceError:
        context.store.note_fetch(topic.slug, context.clock(), failed=True)
        raise
    fetched = replace(fetched, papers=(*fetched.papers, *told_before(topic, window, context)))
    context.store.store_fetched(topic, fetched, context.source.name)
    context.store.note_fetch(topic.slug, context.clock(), failed=False)
    return fetched


def told_before(topic: Topic, window: Window, context: BuildContext) -> tuple[Paper, ...]:
    """Papers that briefs before these days tell of and that were submitted before them, as they stand today.

    Nothing where the source does not answer: a correction can wait a week, the brief can't.
    """
    earlier = context.store.earlier_briefs(topic.slug, window, REREAD, approved=False)
    cited = (brief.entry(one) for brief in earlier for _, claim in claims(brief) for one in claim.paper_ids)
    listed = (entry for brief in earlier if not brief.themes for entry in brief.catalog)  # of a thin week
    ids = dict.fromkeys(entry.paper_id for entry in (*cited, *listed) if entry.submitted < window.first)
    try:
        return context.source.by_ids(list(ids)) if ids else ()
    except SourceError as error:
        logger.warning("topic %s: no look at papers of earlier briefs: %s", topic.slug, error)
        return ()


def publish_issue(
    label: str,
    maker: MessageMaker,
    context: DeliveryContext,
    *,
    watch: Progress = unwatched,
    local_hours: bool = False,
) -> IssueStatus:
    """Deliver an approved issue to its audience; run it again after a crash and nothing is sent twice.

    With `local_hours` those get it now whose hour has come, else everybody who waits, whatever their hour.
    NotApproved, or MailerUnusable when nothing can be sent; the ledger holds what was done until then.
    """
    if not plan_issue(label, context, local_hours=local_hours) and not local_hours:
        context.store.expedite(label, context.clock())
    deliver(label, maker, context, watch=watch)
    return context.store.audited(label)


def put_forward(store: Ledger, label: str) -> None:
    """Pick the papers that the issue puts forward for readers. Where that fails, the issue leaves without."""
    try:
        store.put_forward(label)
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody's issue waits for it
        logger.error("event=nothing_put_forward issue=%s error=%s", label, type(error).__name__)  # noqa: TRY400 - its words could hold what no log may


def plan_issue(label: str, context: DeliveryContext, *, local_hours: bool = False) -> bool:
    """Freeze the audience of an approved issue; False when it was frozen before."""
    if not context.store.status(label).approved:
        raise NotApproved(
            f"issue {label} is not approved as it stands; look at it, then: brief approve {label}"
        )
    put_forward(context.store, label)
    return context.store.plan(label, context.clock(), context.fan_out, local_hours=local_hours)
