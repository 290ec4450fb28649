"""For you: what is put forward for a reader, why, and that nobody else's e-mail has a trace of it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from service.emails.for_you import LIMIT
from service.papers import Paper
from service.readers import MOST, Block, Candidates, ReaderMarks, Space, order, pick, unpacked
from service.store import Store
from service.wiring import message_maker
from subscribers.links import Purpose
from subscribers.preferences import Length
from subscribers.responses import Responses, Seed
from subscribers.roster import Joining, Roster
from tests import builders
from tests.conftest import KEYS
from tests.readers import NOW, Place, body_of, open_place, publish

SUBJECTS = ("tidal heating of moons", "dust in young disks", "spots on active stars", "rings around giants")
SHARED = "exoplanets"
QUICK = settings(max_examples=40, deadline=None)


def invented(number: int) -> Paper:
    """A paper of one of the subjects, of the same subject as every fourth after it."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    return replace(
        builders.paper(0),
        id=f"2605.{20000 + number}",
        title=f"{subject.capitalize()} in survey {number}",
        abstract=f"We measure {subject} with instrument {number}. The {subject} change with age {number}.",
    )


PAPERS = [invented(number) for number in range(24)]
IDS = [paper.id for paper in PAPERS]
CANDIDATES = Candidates.of({SHARED: IDS}, Space.of(PAPERS))
marks = st.dictionaries(st.sampled_from(IDS), st.sampled_from(["more", "less", "field"]), max_size=20)


def picked(kinds: dict[str, str], most: int = MOST, **more: tuple[str, ...]) -> list[str]:
    (packed,) = pick(CANDIDATES, Block.of([ReaderMarks(1, (SHARED,), kinds, **more)]), most)
    return [IDS[one.paper] for one in unpacked(packed)]


def subject_of(paper_id: str) -> int:
    return IDS.index(paper_id) % len(SUBJECTS)


def test_who_said_nothing_keeps_the_order_that_all_share() -> None:
    assert picked({}, len(IDS)) == IDS


@QUICK
@given(marks)
def test_no_paper_comes_twice_and_none_that_was_spoken_of(kinds: dict[str, str]) -> None:
    found = picked(kinds, len(IDS))
    assert sorted(found) == sorted(set(IDS) - set(kinds))


@QUICK
@given(marks)
def test_readers_in_a_block_get_what_each_gets_alone(kinds: dict[str, str]) -> None:
    others = [ReaderMarks(2, (SHARED,), {}), ReaderMarks(3, (SHARED,), {IDS[3]: "more"})]
    together = pick(CANDIDATES, Block.of([others[0], ReaderMarks(1, (SHARED,), kinds), others[1]]))
    assert together[1] == pick(CANDIDATES, Block.of([ReaderMarks(1, (SHARED,), kinds)]))[0]


@QUICK
@given(st.sampled_from(IDS), marks)
def test_less_lowers_what_is_like_it_within_one_issue(paper: str, kinds: dict[str, str]) -> None:
    before = {one: kind for one, kind in kinds.items() if one != paper and kind == "more"}
    like = [one for one in IDS if subject_of(one) == subject_of(paper) and one not in {paper, *before}]
    first, then = picked(before, len(IDS)), picked({**before, paper: "less"}, len(IDS))
    first = [one for one in first if one != paper]
    assert sum(map(then.index, like)) >= sum(map(first.index, like))


def test_more_puts_its_subject_first_and_says_why() -> None:
    (packed,) = pick(CANDIDATES, Block.of([ReaderMarks(1, (SHARED,), {IDS[2]: "more", IDS[6]: "more"})]))
    found = unpacked(packed)
    assert len(found) == MOST
    assert {subject_of(IDS[one.paper]) for one in found[:4]} == {2}
    assert {IDS[one.near] for one in found[:4]} <= {IDS[2], IDS[6]}
    assert all(CANDIDATES.space.terms[one.term] in SUBJECTS[2] for one in found[:4])


def test_a_muted_term_and_a_removed_one_put_nothing_forward() -> None:
    liked = {IDS[2]: "more", IDS[6]: "more"}
    assert all(subject_of(one) != 2 for one in picked(liked, muted=("spot",)))
    assert {subject_of(one) for one in picked(liked)[:4]} == {2}
    terms = tuple(term for term in CANDIDATES.space.terms if "survey" not in term)
    assert picked(liked, removed=terms) != picked(liked)


@QUICK
@given(st.integers(8, 12), st.integers(8, 12))
def test_from_enough_marks_of_both_kinds_on_a_model_tells_them_apart(likes: int, dislikes: int) -> None:
    signs = np.array([1.0] * likes + [-1.0] * dislikes)
    block = np.kron(np.eye(2), np.ones((1, 1)))
    kind = np.array([0] * likes + [1] * dislikes)
    likeness = 0.5 * block[kind][:, kind] + 0.5 * np.eye(len(signs))
    assert order.is_enough(signs)
    assert np.all(np.sign(likeness @ order.weights(signs, likeness)) == signs)


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    made = open_place(tmp_path, migrated)
    made.service.store.keep_papers(list(builders.papers().values()))
    return made


def test_the_block_is_in_the_e_mail_of_who_said_something_and_no_trace_of_it_in_another(place: Place) -> None:
    mine, other = place.subscriber(), place.subscriber("other@example.org")
    paused = place.subscriber("paused@example.org")
    for one in (mine, paused):
        place.service.responses.plant(one.id, [Seed("", builders.paper(1).title)], place.clock.now)
    place.service.responses.pause(paused.id, place.clock.now)
    place.deliver()
    letters = {letter["To"].addresses[0].addr_spec: letter for letter in place.letters()}
    html, text = (body_of(letters[mine.address], kind) for kind in ("html", "plain"))
    link = place.links.token(
        Purpose.RESPOND, mine.subject(Purpose.RESPOND, builders.WINDOW.label), place.clock.now
    )
    for body in (html, text):
        assert "for you" in body.casefold()
        assert "which you marked" in " ".join(body.split())
        assert f"/respond/{link}/" in body
    for address in (other.address, paused.address):
        for kind in ("html", "plain"):
            body = body_of(letters[address], kind)
            assert "for you" not in body.casefold()
            assert "you marked" not in body
            assert "slot-" not in body
            assert "/respond/" in body


def test_papers_are_put_forward_on_both_databases(engine: sa.Engine) -> None:
    store, roster, label = Store(engine), Roster(engine, KEYS), builders.WINDOW.label
    store.keep_papers(list(builders.papers().values()))
    service = SimpleNamespace(roster=roster, store=store)
    publish(service, NOW)  # type: ignore[arg-type]  # what it needs of one
    for number in range(3):
        reader, _ = roster.put_subscriber(Joining(f"r{number}@example.org", ("robot-learning",)), NOW)
    Responses(engine).plant(reader.id, [Seed("", builders.paper(1).title)], NOW)
    assert store.put_forward(label, block=1) == 1
    assert store.put_forward(label) == 1
    assert unpacked(store.picks(label, reader.id))
    assert store.for_you_words(label)


def test_an_issue_leaves_for_which_nothing_could_be_put_forward(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> int:
        raise ValueError("no space")

    place.subscriber()
    monkeypatch.setattr(Store, "put_forward", fails)
    place.deliver()
    assert place.letters()


def test_a_block_is_bounded_and_respects_the_length(place: Place) -> None:
    subscriber = place.subscriber()
    place.service.responses.plant(subscriber.id, [Seed("", "Tides <&> planets " * 30)], place.clock.now)
    label = builders.WINDOW.label
    assert place.service.store.put_forward(label) == 1
    maker = message_maker(place.service, label)
    assert maker.for_you is not None
    packed = place.service.store.picks(label, subscriber.id)
    blocks = [maker.for_you().block(packed, length, "https://b.example/" + "r" * 182) for length in Length]
    for block in blocks:
        assert block is not None
        assert 0 < len(block.html.encode()) <= LIMIT
        assert "<&>" not in block.html
    sizes = {length: len(block.html) for length, block in zip(Length, blocks, strict=True) if block}
    assert sizes[Length.MINUTE] <= sizes[Length.SHORT] <= sizes[Length.FULL]
