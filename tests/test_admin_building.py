"""An issue is built, built again and rejected from the admin pages, and scheduled for a time."""

import datetime as dt
import threading
from pathlib import Path

import lxml.html
import pytest
import sqlalchemy as sa

from service.adapters import process
from service.briefs.extractive import ExtractiveWriter
from service.delivery import Halt
from service.editing import WriteNote
from service.operations.builds import Builds
from service.papers import Fetched, Paper, Window
from service.pipeline import BuildContext
from service.schedule import Hold, Plan, Rules, due, upcoming
from service.scheduler import Scheduler
from service.store import BUILD_LEASE, Built, IssueClosed, Stale, Store
from subscribers.topics import Topic
from tests import builders
from tests.fakes import ScriptedPapers
from tests.newsdesk import ADMINS, EDITOR, VIEWER, signed_in
from tests.readers import NOW, Answer, Place, Reader, open_place
from tests.test_admin_issue import ISSUE, LABEL, logged, press

BUILD = "/admin/build"
WEEK = Window.last_whole(NOW.date())
SLUGS = ("robot-learning", "exoplanets")
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    """An issue that nobody approved, and two readers."""
    made = open_place(tmp_path, migrated, "http://127.0.0.1:8000", admins=ADMINS)
    made.service.store.withdraw(LABEL)
    for name in ("one", "two"):
        made.subscriber(f"{name}@example.org")
    return made


@pytest.fixture
def ann(place: Place) -> Reader:
    return signed_in(place, EDITOR)


class Gate(ScriptedPapers):
    """A source that answers when it is told to."""

    def __init__(self, answers: dict[str, list[Paper] | str]) -> None:
        super().__init__(answers, NOW)
        self.asked_for, self.opened = threading.Event(), threading.Event()

    def fetch(self, topic: Topic, window: Window) -> Fetched:
        self.asked_for.set()
        assert self.opened.wait(60)
        return super().fetch(topic, window)


def builds(place: Place) -> Builds:
    return place.app.app.state.context.builds  # type: ignore[no-any-return]


def answering(place: Place, answers: dict[str, list[Paper] | str], *, gate: bool = False) -> Gate:
    """Let builds from the pages ask this source in arXiv's place; with a gate it waits to be opened."""
    source, writer = Gate(answers), ExtractiveWriter()
    if not gate:
        source.opened.set()
    room = BuildContext(place.service.store, source, writer, writer, place.clock)
    builds(place).build_context = lambda: room
    return source


def papers(count: int = 6) -> list[Paper]:
    moment = dt.datetime.combine(WEEK.first, dt.time(9), dt.UTC)
    return [builders.paper(number, submitted=moment, updated=moment) for number in range(count)]


def begin(place: Place, admin: Reader, **changes: object) -> Answer:
    return admin.press(admin.get(BUILD), "Build it", topic=[*SLUGS], **changes)


def text_of(answer: Answer) -> str:
    return " ".join(lxml.html.fromstring(answer.text).text_content().split())


# -- building ----------------------------------------------------------------------------------------------


def test_an_issue_is_built_and_says_how_far_it_is(place: Place, ann: Reader) -> None:
    source = answering(place, dict.fromkeys(SLUGS, papers()), gate=True)
    assert begin(place, ann).headers["location"] == f"{BUILD}?said=building"
    assert source.asked_for.wait(60)
    page = ann.get(BUILD)
    assert "being built" in text_of(page)
    assert "step 1 of 4" in text_of(page)
    assert "Look how far it is" in page.text
    assert "progress.js" in page.text
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    source.opened.set()
    builds(place).wait()
    page = ann.get(BUILD)
    assert "2 of 2 topics built" in text_of(page)
    assert "progress.js" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert set(place.service.store.issue(WEEK.label).for_topics(SLUGS).slugs) == set(SLUGS)
    assert not place.service.store.status(WEEK.label).approved
    draft = place.service.store.agenda(NOW).issue(WEEK.label)
    assert draft
    assert draft.by_hand  # whatever BRIEF_PUBLISH says, the schedule does not approve it
    assert [action for _, action, _, _ in logged(place)] == ["began a build", "built"]


def test_a_second_build_is_refused_while_one_goes_on(place: Place, ann: Reader) -> None:
    page = ann.get(BUILD)
    source = answering(place, dict.fromkeys(SLUGS, papers()), gate=True)
    begin(place, ann)
    answer = ann.press(page, "Build it", topic=[*SLUGS])
    assert (answer.status, "is being built now" in answer.notice) == (409, True)
    source.opened.set()
    builds(place).wait()
    assert begin(place, ann).status == 303
    builds(place).wait()


def test_what_the_schedule_builds_keeps_a_page_from_building(place: Place, ann: Reader) -> None:
    page = ann.get(BUILD)
    store, now = place.service.store, place.clock.now
    store.take(BUILD_LEASE, process.own_name(), now, now + HOUR)
    assert "The schedule is building an issue now" in ann.get(BUILD).text
    assert ann.press(page, "Build it", topic=[*SLUGS]).status == 409
    assert store.newest_run(now, process.is_gone) is None


def test_a_page_that_builds_keeps_the_schedule_from_building(place: Place, ann: Reader) -> None:
    source = answering(place, dict.fromkeys(SLUGS, papers()), gate=True)
    begin(place, ann)
    store, now = place.service.store, place.clock.now
    assert not store.take(BUILD_LEASE, process.own_name(), now, now + HOUR, process.is_gone)
    source.opened.set()
    builds(place).wait()
    assert store.take(BUILD_LEASE, process.own_name(), now, now + HOUR, process.is_gone)


def test_a_topic_that_can_not_be_built_is_told_with_its_reason_and_built_again(
    place: Place, ann: Reader
) -> None:
    source = answering(place, {SLUGS[0]: papers(), SLUGS[1]: "arXiv answered 503"})
    begin(place, ann)
    builds(place).wait()
    page = ann.get(BUILD)
    assert "1 of 2 topics built" in text_of(page)
    assert "Exoplanets: arXiv answered 503." in text_of(page)
    source.answers[SLUGS[1]] = papers()
    assert ann.press(page, "Build these topics again").status == 303
    builds(place).wait()
    assert "1 of 1 topics built" in text_of(ann.get(BUILD))
    assert set(place.service.store.status(WEEK.label).topics) == set(SLUGS)


def test_a_build_that_breaks_says_so_and_tells_no_word_that_nobody_foresaw(place: Place, ann: Reader) -> None:
    def broken() -> BuildContext:
        raise RuntimeError("secret-key-in-an-error")

    builds(place).build_context = broken
    begin(place, ann)
    builds(place).wait()
    page = ann.get(BUILD)
    assert "The build broke (RuntimeError) and nothing was saved" in text_of(page)
    assert "secret-key" not in page.text
    answering(place, dict.fromkeys(SLUGS, papers()))
    assert ann.press(page, "Build it again").status == 303
    builds(place).wait()


def test_a_build_whose_process_ended_is_told_as_broken_off(place: Place, ann: Reader) -> None:
    store, now = place.service.store, place.clock.now
    gone = "elsewhere:1:2.abc.4#build-1"
    store.take(BUILD_LEASE, gone, now, now + HOUR)
    store.begin_run(WEEK, SLUGS, EDITOR, gone, now)
    assert "being built" in ann.get(BUILD).text  # of another machine nobody here can say more
    place.clock.forward(minutes=61)
    page = ann.get(BUILD)
    assert "ended before the build did" in text_of(page)
    answering(place, dict.fromkeys(SLUGS, papers()))
    assert ann.press(page, "Build it again").status == 303
    builds(place).wait()


REFUSED: tuple[tuple[dict[str, object], str], ...] = (
    ({"topic": None}, "at least one topic"),
    ({"window": "tomorrow"}, "names no days"),
    ({"window": "2026-05-25/2026-05-29"}, "not over yet"),
    ({"window": "2026-01-05/2026-05-22"}, "40 days at most"),
    ({"window": "2026-05-22/2026-05-18"}, "names no days"),
)


def test_what_can_not_be_built_is_refused_in_words(place: Place, ann: Reader) -> None:
    for changes, words in REFUSED:
        answer = ann.press(ann.get(BUILD), "Build it", **{"topic": [*SLUGS], **changes})
        assert (answer.status, words in answer.notice) == (422, True), changes
    assert place.service.store.newest_run(place.clock.now, process.is_gone) is None


def test_edits_are_given_up_only_by_who_says_so(place: Place, ann: Reader) -> None:
    fetched = Fetched(SLUGS[0], builders.WINDOW, tuple(builders.papers().values()), place.clock.now)
    place.service.store.store_fetched(builders.topic(slug=SLUGS[0]), fetched, "test")
    place.service.store.edit_issue(LABEL, WriteNote(SLUGS[0], "Read it."), EDITOR, place.clock.now)
    answering(place, dict.fromkeys(SLUGS, papers()))
    assert "Say that the edits may go" in press(ann, "Build it again", topic=[*SLUGS]).notice
    assert "On its own page you can give the edits up" in begin(place, ann).notice
    assert (
        ann.press(ann.get(ISSUE), "Build it again", **{"topic": [*SLUGS], "over-edits": "yes"}).status == 303
    )
    builds(place).wait()
    assert place.service.store.edits(LABEL) == ()


def test_a_viewer_sees_a_build_and_begins_none(place: Place) -> None:
    bob = signed_in(place, VIEWER)
    page = bob.get(BUILD).text
    assert "it takes an editor" in page
    assert "<select" not in page


# -- rejecting ---------------------------------------------------------------------------------------------


def test_a_rejected_issue_is_not_asked_about_until_that_is_taken_back(place: Place, ann: Reader) -> None:
    assert press(ann, "Reject the issue", why="Two weak themes").status == 303
    store = place.service.store
    assert store.status(LABEL).standing == "rejected"
    assert logged(place)[-1][1:3] == ("rejected", f"issue {LABEL}")
    assert "Two weak themes" in logged(place)[-1][3]
    rules = Rules(Never(), admins=True)
    assert not [one for one in due(store.agenda(NOW), NOW, rules) if LABEL in str(one)]
    with pytest.raises(IssueClosed, match="was rejected"):
        store.approve(LABEL, NOW)
    assert "Approve" not in ann.get(ISSUE).text
    press(ann, "Take that back")
    assert store.status(LABEL).halt is None
    assert press(ann, "Approve").status == 303


def test_a_rejected_issue_that_is_built_again_waits_for_approval(store: Store) -> None:
    brief = builders.brief()
    store.save_issue(builders.WINDOW, [Built(brief, ())], NOW)
    store.reject(LABEL)
    assert store.status(LABEL).halt is Halt.REJECTED
    store.save_issue(builders.WINDOW, [Built(brief, ())], NOW)
    assert store.status(LABEL).halt is None


def test_an_issue_that_changed_since_is_neither_rejected_nor_scheduled(store: Store) -> None:
    store.save_issue(builders.WINDOW, [Built(builders.brief(), ())], NOW)
    with pytest.raises(Stale):
        store.reject(LABEL, "another")
    with pytest.raises(Stale):
        store.schedule(LABEL, NOW + HOUR, NOW, "another")
    assert store.status(LABEL).halt is None


# -- a time ------------------------------------------------------------------------------------------------


class Never:
    """A calendar on which nothing is built."""

    def next(self, moment: dt.datetime) -> dt.datetime | None:
        return None


def scheduled(admin: Reader, **changes: object) -> Answer:
    wanted = {"date": "2026-05-28", "hour": "09:30", "time_zone": "Europe/Berlin"}
    return admin.press(admin.get(ISSUE), "Schedule", **{**wanted, **changes})


def tick(place: Place, now: dt.datetime) -> None:
    Scheduler(place.service, Rules(Never()), clock=lambda: now).until_done()


def test_an_issue_goes_out_at_the_time_that_was_chosen_and_not_before(place: Place, ann: Reader) -> None:
    assert scheduled(ann).status == 303
    moment = dt.datetime(2026, 5, 28, 7, 30, tzinfo=dt.UTC)
    store = place.service.store
    assert store.status(LABEL).send_at == moment
    page = text_of(ann.get(ISSUE))
    assert "Thursday, 28 May 2026, 07:30 (UTC)" in page
    assert "2 readers get it from" in page
    assert (moment, Plan(LABEL)) in upcoming(store.agenda(NOW), NOW, Rules(Never()))
    tick(place, moment - dt.timedelta(seconds=1))
    assert not store.status(LABEL).planned
    tick(place, moment)
    assert store.status(LABEL).planned
    assert due_times(place) == ["2026-05-28 08:00"]  # the readers' own hour


def test_everybody_gets_it_at_the_time_where_that_was_chosen(place: Place, ann: Reader) -> None:
    place.subscriber("late@example.org", hour=23)
    scheduled(ann, **{"at-once": "yes"})
    moment = dt.datetime(2026, 5, 28, 7, 30, tzinfo=dt.UTC)
    tick(place, moment)
    assert due_times(place) == ["2026-05-28 07:30"]


def due_times(place: Place) -> list[str]:
    with place.service.engine.connect() as connection:
        found = connection.execute(sa.text("SELECT DISTINCT due_at FROM deliveries")).scalars().all()
    return [str(one)[:16] for one in found]


def test_a_time_that_is_called_off_sends_nothing(place: Place, ann: Reader) -> None:
    scheduled(ann)
    assert press(ann, "Call the time off").status == 303
    status = place.service.store.status(LABEL)
    assert (status.send_at, status.approved) == (None, False)
    tick(place, NOW + 72 * HOUR)
    assert not place.service.store.status(LABEL).planned


def test_a_time_stays_over_an_edit_and_needs_the_approval_again(place: Place, ann: Reader) -> None:
    scheduled(ann)
    press(ann, "Hold")
    moment = dt.datetime(2026, 5, 28, 7, 30, tzinfo=dt.UTC)
    tick(place, moment)
    assert not place.service.store.status(LABEL).planned
    assert "What Approve does: 2 readers get it from Thursday" in text_of(ann.get(ISSUE))


TIMES: tuple[tuple[dict[str, object], str], ...] = (
    ({"date": "soon"}, "Give a date"),
    ({"hour": "25:00"}, "Give a date"),
    ({"time_zone": "Mars/Olympus"}, "Choose a time zone"),
    ({"date": "2026-05-26", "hour": "09:00"}, "between 5 minutes and 60 days"),
    ({"date": "2026-09-01"}, "between 5 minutes and 60 days"),
)


def test_a_time_that_can_not_be_is_refused_beside_the_form(place: Place, ann: Reader) -> None:
    before = place.service.store.status(LABEL)
    for changes, words in TIMES:
        answer = scheduled(ann, **changes)
        problem = lxml.html.fromstring(answer.text).get_element_by_id("time-problem").text_content()
        assert (answer.status, words in problem) == (422, True), changes
        assert place.service.store.status(LABEL) == before


def test_a_time_that_nobody_came_for_is_held_after_a_week(store: Store) -> None:
    store.save_issue(builders.WINDOW, [Built(builders.brief(), ())], NOW)
    store.schedule(LABEL, NOW + HOUR, NOW, store.status(LABEL).content_hash)
    after = NOW + HOUR + dt.timedelta(days=8)
    (action,) = [one for one in due(store.agenda(after), after, Rules(Never())) if LABEL in str(one)]
    assert isinstance(action, Hold)
