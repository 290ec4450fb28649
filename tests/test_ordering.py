"""A reader's own order: a word on a paper counts by a POST alone, can be taken back, and is forgotten."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from service.store import IssueRow
from subscribers.database import table
from subscribers.links import Links, Purpose
from subscribers.responses import MOST, Choice, Kind, Seed
from subscribers.subscriber import Subscriber
from tests import builders
from tests.readers import BASE, Answer, Place, Reader, body_of, open_place

PAPER = builders.paper(0)
KEPT, OWN = "A robot that another reader knows", "A robot that one reader alone brought along"
FAR = "2199.00001"
BIBTEX = "@misc{a, title={Tides of warm {Neptunes}}, eprint={2301.00001}}\n@misc{b, title={Of tides alone}}"


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    made = open_place(tmp_path, migrated)
    made.service.store.keep_papers(list(builders.papers().values()))
    return made


@pytest.fixture
def reader(place: Place) -> Reader:
    return place.reader()


def own(place: Place, subscriber: Subscriber, paper_id: str = "") -> str:
    token = place.links.token(Purpose.RESPOND, subscriber.subject(Purpose.RESPOND), place.clock.now)
    return f"/respond/{token}" + (f"/{paper_id}" if paper_id else "")


def kinds(place: Place, subscriber: Subscriber) -> dict[str, Kind]:
    return place.service.responses.marks(subscriber.id).kinds


def test_a_thousand_gets_change_nothing(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    before = place.dump()
    for path in (own(place, subscriber), own(place, subscriber, PAPER.id)) * 500:
        assert reader.get(path).status == 200
    assert place.dump() == before


def test_the_page_of_an_issue_leads_to_the_form_of_each_paper_that_it_tells_of(
    place: Place, reader: Reader
) -> None:
    subscriber = place.subscriber()
    path = f"{own(place, subscriber)}/issues/{builders.WINDOW.label}"
    place.deliver()
    for kind in ("html", "plain"):
        assert path.removeprefix(own(place, subscriber)) in body_of(place.letters()[0], kind)
    page = reader.get(path)
    assert page.status == 200
    assert own(place, subscriber, PAPER.id) in page.text
    place.service.responses.mark(subscriber.id, PAPER.id, Kind.LESS, place.clock.now)
    assert ">less<" in reader.get(path).text
    assert reader.get(f"{own(place, subscriber)}/issues/1999-W01").status == 404
    for approved, status in ((None, 404), (table(IssueRow).c.content_hash, 200)):
        with place.service.engine.execution_options(writes=True).begin() as connection:
            connection.execute(sa.update(table(IssueRow)).values(approved_hash=approved))
        assert reader.get(path).status == status
    place.service.subscriptions.leave(subscriber.id, place.clock.now, "test")
    assert reader.get(path).status == 404


def test_each_button_counts_by_its_post_and_the_last_word_stays(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    page = reader.get(own(place, subscriber, PAPER.id))
    for label, kind in (
        ("More like this", Kind.MORE), ("Less like this", Kind.LESS), ("Not my field", Kind.FIELD),
    ):  # fmt: skip
        page = reader.press(page, label)
        assert page.status == 200
        assert kinds(place, subscriber) == {PAPER.id: kind}
    page = reader.press(page, "Save")
    assert place.service.responses.marks(subscriber.id).saved == (PAPER.id,)
    page = reader.press(page, "Remove from saved")
    reader.press(page, "Take it back")
    marks = place.service.responses.marks(subscriber.id)
    assert (marks.responses, marks.saved) == ((), ())


def test_forged_foreign_and_replayed_links_and_forms_are_refused(place: Place, reader: Reader) -> None:
    mine, other = place.subscriber(), place.subscriber("other@example.org")
    first, second = builders.paper(0).id, builders.paper(1).id
    path = own(place, mine, first)
    page = reader.get(path)
    _, form = page.button("More like this")
    manage = place.links.token(Purpose.MANAGE, mine.subject(Purpose.MANAGE), place.clock.now)
    foreign = Links(BASE, ["f" * 40]).token(Purpose.RESPOND, mine.subject(Purpose.RESPOND), place.clock.now)
    before = place.dump()
    for wrong in (manage, foreign, path.split("/")[2][:-1]):
        assert reader.post(f"/respond/{wrong}/{first}", form).status == 410
    # another reader's form behind my link, my form behind theirs, and one for another paper
    assert reader.post(own(place, other, first), form).status == 409
    assert reader.post(own(place, mine, second), form).status == 409
    assert reader.post(path, {"what": "more"}).status == 409
    assert reader.get(own(place, mine, FAR)).status == 404
    assert place.dump() == before
    place.service.subscriptions.revoke_links(mine.id, place.clock.now, "test")
    assert reader.post(path, form).status == 410
    assert reader.get(path).status == 410
    assert kinds(place, mine) == {}


def test_what_was_learnt_is_said_in_words_and_each_part_can_be_taken_back(
    place: Place, reader: Reader
) -> None:
    subscriber = place.subscriber()
    assert "Nothing was learnt" in reader.get(own(place, subscriber)).text
    place.service.responses.mark(subscriber.id, PAPER.id, Kind.MORE, place.clock.now)
    page = reader.get(own(place, subscriber))
    assert "What speaks for a paper" in page.text
    term = place.service.library.learnt(place.service.responses.marks(subscriber.id))[0].term
    page = reader.post(own(place, subscriber), {"form": _form(page), "what": f"remove {term}"})
    assert place.service.responses.marks(subscriber.id).terms == {term: Choice.REMOVED}
    learnt = place.service.library.learnt(place.service.responses.marks(subscriber.id))
    assert term not in [one.term for one in learnt]
    page = reader.press(page, "Let it count again")
    page = reader.press(page, "Mute", term="  Credit   ASSIGNMENT ")
    assert place.service.responses.marks(subscriber.id).terms == {"credit assignment": Choice.MUTED}
    page = reader.press(page, "Pause my order")
    assert place.service.responses.marks(subscriber.id).is_paused
    page = reader.press(page, "Use my order again")
    page = reader.press(page, "Take back")
    assert kinds(place, subscriber) == {}
    place.service.responses.mark(subscriber.id, PAPER.id, Kind.LESS, place.clock.now)
    reader.press(reader.get(own(place, subscriber)), "Forget all of it")
    marks = place.service.responses.marks(subscriber.id)
    assert (marks.responses, dict(marks.terms), marks.is_paused) == ((), {}, False)


def test_seeds_come_from_ids_and_exports(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    page = reader.get(own(place, subscriber))
    page = reader.press(page, "Add these papers", seeds=f"arXiv:{PAPER.id}v2, {FAR}")
    page = reader.press(page, "Add these papers", seeds=BIBTEX)
    found = kinds(place, subscriber)
    assert set(found.values()) == {Kind.SEED}
    assert {PAPER.id, FAR, "2301.00001"} < set(found)
    assert len(found) == 4  # one by its title alone
    assert "Of tides alone" in page.text
    answer = reader.press(page, "Add these papers", seeds="nothing of the kind")
    assert answer.status == 422
    assert kinds(place, subscriber) == found


def test_what_one_reader_can_store_is_bounded(place: Place) -> None:
    subscriber = place.subscriber()
    seeds = [Seed(f"2301.{number:05}") for number in range(MOST + 5)]
    place.service.responses.plant(subscriber.id, seeds, place.clock.now)
    assert len(kinds(place, subscriber)) == MOST


def test_the_order_is_exported_and_gone_with_its_reader_from_every_table_and_log(
    place: Place, reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    kept, gone = place.subscriber(), place.subscriber("gone@example.org")
    responses, now = place.service.responses, place.clock.now
    for each, paper in ((kept, builders.paper(1).id), (gone, FAR)):
        responses.plant(each.id, [Seed(paper)], now)
        responses.save(each.id, paper, now)
        responses.choose(each.id, f"term of {each.id}", Choice.MUTED, now)
        responses.pause(each.id, now)
    for each, title in ((kept, KEPT), (gone, OWN)):
        responses.plant(each.id, [Seed("", title)], now)
    place.service.store.keep_papers(list(builders.papers().values()))
    place.service.store.put_forward(builders.WINDOW.label)
    assert {f"“{KEPT}”", f"“{OWN}”"} <= set(place.service.store.for_you_words(builders.WINDOW.label)["rows"])
    exported = place.service.subscriptions.export(gone.id, now, "test")["own_order"]
    assert json.loads(json.dumps(exported))["saved"] == [FAR]
    assert exported["terms"] == {f"term of {gone.id}": "muted"}
    place.service.subscriptions.forget(gone.id, now)
    for name, found in _rows(place.service.engine):
        assert FAR not in found, name
        assert OWN not in found, name
        assert f"term of {gone.id}" not in found, name
    with place.service.engine.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            if "subscriber_id" in table.columns:
                mine = sa.select(sa.func.count()).where(table.c.subscriber_id == gone.id)
                assert connection.scalar(mine) == 0, table.name
    assert f"“{KEPT}”" in place.service.store.for_you_words(builders.WINDOW.label)["rows"]
    assert builders.paper(1).id in kinds(place, kept)
    assert FAR not in caplog.text
    for file in place.service.settings.data_dir.rglob("*"):  # the database, its journal, and logs
        held = file.read_bytes() if file.is_file() else b""
        assert FAR.encode() not in held, file.name
        assert OWN.encode() not in held, file.name


def test_the_manage_page_leads_to_it(place: Place, reader: Reader) -> None:
    subscriber = place.subscriber()
    manage = place.links.token(Purpose.MANAGE, subscriber.subject(Purpose.MANAGE), place.clock.now)
    page = reader.get(f"/manage/{manage}")
    assert "Your own order" in page.text
    assert own(place, subscriber) in page.text


def _form(page: Answer) -> str:
    return page.button("Mute")[1]["form"][0]


def _rows(engine: sa.Engine) -> Iterator[tuple[str, str]]:
    with engine.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            yield table.name, repr(connection.execute(sa.select(table)).all())
