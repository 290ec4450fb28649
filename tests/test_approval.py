"""A person's word is never overruled, whatever they do while the schedule checks, approves and plans."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.delivery import Halt
from service.editing import WriteNote
from service.papers import Fetched
from service.schedule import Action, Approve, Plan, Rules, due
from service.store import Built, IssueClosed, Store
from subscribers.database import writer
from tests import builders
from tests.newsrooms import TOPICS

NOW = builders.GENERATED_AT
LABEL = builders.WINDOW.label
TOPIC = TOPICS[0]
BY = "ann@example.org"
TABLES = ("edits", "originals", "briefs", "reviews", "builds", "deliveries", "sightings", "issues")
REAL = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


class Never:
    """A calendar with no moment: what is built here is built by hand."""

    def next(self, moment: dt.datetime) -> None:
        del moment


AUTO = Rules(Never(), auto=True)


@dataclass
class Week:
    """One issue, and what people said of it so far."""

    store: Store
    pending: list[Action] = field(default_factory=list)  # decided by the schedule, and not done yet
    is_theirs: bool = False  # a person edited it or kept it back
    edits: int = 1
    word: str | None = None  # the content that a person approved since

    @property
    def hash(self) -> str:
        return self.store.status(LABEL).content_hash

    def build(self, heading: str = "", *, over_edits: bool = False) -> None:
        made = replace(builders.brief(), topic_slug=TOPIC, topic_name=f"Robot Learning{heading}")
        self.store.begin_build(builders.WINDOW, NOW, NOW)
        with suppress(IssueClosed):
            self.store.save_issue(builders.WINDOW, [Built(made, ())], NOW, over_edits=over_edits)
        self.store.end_build(LABEL, {})

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """What a person does; nothing where the issue is on its way already."""
        with suppress(IssueClosed):
            yield
            self.is_theirs, self.word = True, None

    def edit(self) -> None:
        with self.by_hand():
            note = WriteNote(TOPIC, f"Read paper {self.edits} first.")
            self.store.edit_issue(LABEL, note, BY, NOW)
            self.edits += 1

    def undo(self) -> None:
        with self.by_hand():
            self.store.undo_edits(LABEL, NOW)

    def hold(self) -> None:
        with self.by_hand():
            self.store.withdraw(LABEL)

    def approve(self) -> None:
        self.word = self.store.approve(LABEL, NOW).content_hash

    def look(self) -> None:
        """The schedule decides, and begins to check; other things happen before it is through."""
        self.pending += [
            one for one in due(self.store.agenda(NOW), NOW, AUTO) if isinstance(one, Approve | Plan)
        ]

    def act(self) -> None:
        """The schedule does what it decided earlier."""
        decided, self.pending = self.pending, []
        for action in decided:
            if isinstance(action, Approve):
                self.store.approve_untouched(LABEL, action.content_hash, NOW)
            else:
                halted = self.store.status(LABEL).halt
                planned = self.store.plan(LABEL, NOW, local_hours=True, unless_halted=True)
                assert not (planned and halted), "planned what a person stopped"
        self.is_never_overruled()

    def is_never_overruled(self) -> None:
        status = self.store.status(LABEL)
        if self.is_theirs and (status.approved or status.planned):
            assert self.word == status.content_hash


STEPS = {
    "build": Week.build,
    "build anew": lambda week: week.build(", anew"),
    "build over edits": lambda week: week.build(over_edits=True),
    "edit": Week.edit,
    "undo": Week.undo,
    "hold": Week.hold,
    "pause": lambda week: week.store.set_halt(LABEL, Halt.PAUSED, NOW),
    "resume": lambda week: week.store.set_halt(LABEL, None, NOW),
    "release": lambda week: week.store.release(LABEL, NOW),
    "ask": lambda week: week.store.note_asked(LABEL, week.hash, NOW),
    "approve": Week.approve,
    "look": Week.look,
    "act": Week.act,
}
INTERLEAVINGS = st.lists(st.sampled_from(sorted(STEPS)), max_size=14)


def new_week(engine: sa.Engine) -> Week:
    with writer(engine).begin() as connection:
        for name in TABLES:
            connection.execute(sa.text(f"DELETE FROM {name}"))  # noqa: S608 - our own names
        topics = sa.text("DELETE FROM topics WHERE slug <> :kept")
        connection.execute(topics, {"kept": TOPIC})
    store = Store(engine)
    fetched = Fetched(TOPIC, builders.WINDOW, tuple(builders.papers().values()), NOW)
    store.store_fetched(replace(builders.topic(), slug=TOPIC), fetched, "test")
    week = Week(store)
    week.build()
    return week


def interleaved(engine: sa.Engine, names: list[str]) -> Week:
    week = new_week(engine)
    for name in names:
        STEPS[name](week)
        week.is_never_overruled()
    return week


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(REAL, max_examples=50)
@given(INTERLEAVINGS)
def test_no_interleaving_ends_with_the_schedule_overruling_a_person(
    engine: sa.Engine, names: list[str]
) -> None:
    interleaved(engine, names)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@settings(REAL, max_examples=8)
@given(INTERLEAVINGS)
def test_no_interleaving_on_postgresql_overrules_a_person_either(engine: sa.Engine, names: list[str]) -> None:
    interleaved(engine, names)


def test_an_issue_that_nobody_touched_is_approved_and_planned(engine: sa.Engine) -> None:
    week = interleaved(engine, ["look", "act", "look", "act"])
    assert week.store.status(LABEL).planned


@pytest.mark.parametrize(
    "names",
    [
        ["edit"],
        ["look", "edit"],
        ["look", "hold"],
        ["look", "edit", "undo"],
        ["look", "act", "edit", "undo"],
        ["hold", "build over edits"],
        ["look", "ask"],
        ["look", "pause"],
        ["look", "act", "look", "pause"],
        ["look", "act", "look", "hold"],
    ],
    ids=" then ".join,
)
def test_the_schedule_neither_approves_nor_plans_after(engine: sa.Engine, names: list[str]) -> None:
    week = interleaved(engine, [*names, "act", "look", "act", "look", "act"])
    assert not week.store.status(LABEL).planned


def test_an_edit_that_an_older_version_wrote_counts_as_one(engine: sa.Engine) -> None:
    week = interleaved(engine, ["edit"])
    with writer(engine).begin() as connection:
        connection.execute(sa.text("UPDATE issues SET by_hand = false"))
    week.look()
    assert week.pending == []
    assert not week.store.approve_untouched(LABEL, week.hash, NOW)


def test_what_a_person_approved_after_an_edit_is_planned(engine: sa.Engine) -> None:
    week = interleaved(engine, ["edit", "approve", "look", "act"])
    assert week.store.status(LABEL).planned
