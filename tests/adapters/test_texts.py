"""Full texts from the local mirror and a scripted server: whole pages, or abstracts and a word on why."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.adapters.arxiv_papers import ArxivPapers, ArxivTexts, Pace
from service.adapters.arxiv_papers.answers import Answer, Unreachable
from service.briefs.extractive import ExtractiveWriter
from service.briefs.model import Brief
from service.briefs.writing import write_brief
from service.papers import Paper, SourceError
from service.papers.text import Bounds, FullText, KeptTexts, TextPage, read_page
from service.pipeline import BuildContext, assigned, build_issue, select_papers
from service.store import Store
from tests import test_extractive as gardens
from tests.adapters.mirror import Mirror, mirror, needs_mirror
from tests.builders import paper
from tests.cases import every
from tests.fakes import ScriptedPapers
from tests.known_texts import known
from tests.latexml import page, part

NOW = dt.datetime(2026, 6, 1, 6, tzinfo=dt.UTC)
BODY = page("TideNet", part("Limitations", "We saw no storms."))
PAPERS = [paper(number) for number in range(6)]
PLENTY = Bounds(80, 10)


def texts_of(url: str, **changes: Any) -> ArxivTexts:
    """A source that does not wait between requests."""
    asked: dict[str, Any] = {"pace": Pace(0, sleep=lambda _: None), "jitter": lambda: 0.0, "timeout": 5.0}
    return ArxivTexts(ArxivPapers("brief@example.org", url=url, now=lambda: NOW, **(asked | changes)), url)


def reader(source: Any, store: Any, bounds: Bounds = PLENTY, **changes: Any) -> KeptTexts:
    return KeptTexts(source, store, bounds, **({"now": lambda: NOW} | changes))


@contextmanager
def serving(folder: Path, *faults: str, count: int = len(PAPERS)) -> Iterator[Mirror]:
    """The mirror with the full texts of the first papers."""
    for one in PAPERS[:count]:
        (folder / f"{one.id}.html").write_bytes(BODY)
    data = folder / "none.jsonl"
    data.touch()
    with mirror(*faults, data=data, html=folder) as arxiv:
        yield arxiv


FAULTS = ("503", "429", "500", "rate", "truncated", "html", "reset", "empty", "hang", "stall")


@needs_mirror
def test_a_page_that_fails_costs_its_text_alone_and_three_in_a_row_end_the_asking(
    tmp_path: Path, store: Store
) -> None:
    for fault in FAULTS:
        with serving(tmp_path, f"{fault}@*") as arxiv:
            texts = reader(texts_of(arxiv.html, timeout=0.3 if fault in {"hang", "stall"} else 5.0), store)
            assert texts.read(PAPERS) == {}, fault
            said = texts.said(one.id for one in PAPERS)
            assert len(arxiv.requests()) == 6, fault  # two for each of three papers
        assert [PAPERS[0].id in said[0], PAPERS[5].id in said[1], len(said)] == [True, True, 2], fault


@needs_mirror
def test_what_was_answered_is_kept_by_version_and_a_rerun_asks_for_nothing(
    tmp_path: Path, store: Store
) -> None:
    gone = replace(PAPERS[5], comment="Withdrawn by the authors")
    wanted = [*PAPERS[:5], gone]
    with serving(tmp_path, "503@1,html@3", count=4) as arxiv:
        first = reader(texts_of(arxiv.html), store)
        assert set(first.read(wanted)) == {one.id for one in PAPERS[:4]}
        paths = [one["path"] for one in arxiv.requests()]
        assert paths[0] == f"/html/{PAPERS[0].id}v1"
        assert len(paths) == 7  # five papers, two of them asked twice, and none that was withdrawn
        assert first.said([one.id for one in wanted]) == (
            f"Read from the abstract alone, as arXiv has no HTML of it: {PAPERS[4].id}.",
            f"Read from the abstract alone, as it was withdrawn: {gone.id}.",
        )
        again = reader(texts_of(arxiv.html), store)
        assert again.read(wanted) == first.read(wanted)
        assert again.said([PAPERS[4].id]) == first.said([PAPERS[4].id])
        assert len(arxiv.requests()) == 7
        tomorrow = NOW + dt.timedelta(days=1)
        reader(texts_of(arxiv.html), store, now=lambda: tomorrow).read(wanted)
        reader(texts_of(arxiv.html), store).read([replace(PAPERS[0], version=2)])
        assert [one["path"] for one in arxiv.requests()[7:]] == [
            f"/html/{PAPERS[4].id}v1", f"/html/{PAPERS[0].id}v2",
        ]  # fmt: skip
    assert store.prune_texts(NOW) == 0
    assert store.prune_texts(NOW + dt.timedelta(seconds=1)) == 6
    assert store.kept_page(PAPERS[0].id, 1) is None


@dataclass
class Scripted:
    """A source and a store in one: it counts what it is asked, and each question takes a minute."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    kept: dict[tuple[str, int], TextPage] = field(default_factory=dict)
    fails: Sequence[int] = ()
    minutes: int = 0
    body: Callable[[Paper], bytes] = lambda _: BODY

    def ask(self, one: Paper, etag: str, patience: float) -> TextPage | None:
        self.asked.append((one.id, etag))
        self.minutes += 1
        if len(self.asked) in self.fails:
            raise SourceError("away")
        return None if etag else TextPage(one.id, one.version, "served", NOW, self.body(one), '"one"')

    def kept_page(self, paper_id: str, version: int) -> TextPage | None:
        return self.kept.get((paper_id, version))

    def keep_page(self, one: TextPage) -> None:
        self.kept[one.paper_id, one.version] = one


def test_one_build_asks_within_its_bounds_and_says_what_it_left() -> None:
    for bounds, words in ((Bounds(4, 99), "4 requests"), (Bounds(99, 4), "4 minutes")):
        script = Scripted()
        texts = reader(script, script, bounds, timer=lambda held=script: 60.0 * held.minutes)
        assert len(texts.read(PAPERS)) == len(script.asked) == 4
        assert words in texts.said([PAPERS[5].id])[0]
    script = Scripted(fails=(1, 2, 3, 4, 6, 7, 8, 9, 11, 12))
    assert len(reader(script, script).read(PAPERS)) == 2  # never three in a row
    script = Scripted(fails=(1, 2, 3))
    assert len(reader(script, script, Bounds(4, 99)).read(PAPERS)) == 1  # what is asked again counts, too


def test_whatever_a_page_or_its_row_brings_about_costs_its_text_alone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Scripted()
    reader(script, store).read(PAPERS[:2])
    with store._engine.begin() as connection:
        connection.execute(
            sa.text("update texts set body = :body where paper_id = :id"),
            {"body": b"no zlib", "id": PAPERS[0].id},
        )
    assert set(reader(script, store).read(PAPERS[:2])) == {one.id for one in PAPERS[:2]}
    assert len(script.asked) == 3

    def failing(_page: bytes, paper_id: str, version: int) -> FullText:
        if paper_id == PAPERS[0].id:
            raise OverflowError
        return read_page(BODY, paper_id, version)

    monkeypatch.setattr("service.papers.text.reading.read_page", failing)
    texts = reader(script, store)
    assert set(texts.read(PAPERS[:2])) == {PAPERS[1].id}
    assert texts.said([PAPERS[0].id]) == (
        f"Read from the abstract alone, as its page can't be read: {PAPERS[0].id}.",
    )


def test_a_fresh_build_asks_whether_a_page_is_the_same_still() -> None:
    script = Scripted()
    reader(script, script).read(PAPERS[:1])
    again = reader(script, script, fresh=True)
    assert set(again.read(PAPERS[:1])) == {PAPERS[0].id}
    assert script.asked == [(PAPERS[0].id, ""), (PAPERS[0].id, '"one"')]
    later = NOW + dt.timedelta(days=20)
    reader(script, script, fresh=True, now=lambda: later).read(PAPERS[:1])
    assert script.kept[PAPERS[0].id, 1].asked_at == later


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[Any]]]:
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers)
            self.send_response(status)
            self.send_header("ETag", '"one"')
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/html", seen
    finally:
        server.shutdown()
        server.server_close()


@every(
    ("status", "body", "state"),
    [
        (200, BODY, "served"),
        (304, b"", None),
        (404, b"<html>No HTML for this paper</html>", "not converted"),
        (404, b"<html>This paper has been Withdrawn</html>", "withdrawn"),
        (404, b"<html>No HTML. See our help on withdrawn papers.</html>", "not converted"),
        (410, b"", "withdrawn"),
    ],
)
def test_the_answer_says_whether_there_is_a_page(status: int, body: bytes, state: str | None) -> None:
    with answering(status, body) as (url, seen):
        found = texts_of(url).ask(PAPERS[0], '"one"', 60.0)
        assert (found.state if found else None) == state
        assert seen[0]["If-None-Match"] == '"one"'
        assert seen[0]["Accept"] == "text/html"
        assert "brief@example.org" in seen[0]["User-Agent"]
        assert found is None or found.etag == ('"one"' if status == 200 else "")


@dataclass
class Clocked:
    """Pages at arXiv's own address, answered by a script on a clock that only waits move."""

    answer: Callable[[], Answer]
    clock: float = 0.0
    asked: list[float] = field(default_factory=list)

    def get(self, _url: str, _headers: object = None) -> Answer:
        self.asked.append(self.clock)
        return self.answer()

    def wait(self, seconds: float) -> None:
        self.clock += seconds

    def read(self, monkeypatch: pytest.MonkeyPatch, bounds: Bounds = PLENTY) -> tuple[KeptTexts, ArxivPapers]:
        monkeypatch.setattr(ArxivPapers, "_caller", self)
        pace = Pace(3.0, clock=lambda: self.clock, sleep=self.wait)
        source = ArxivPapers("brief@example.org", now=lambda: NOW, pace=pace, jitter=lambda: 0.0)
        texts = reader(ArxivTexts(source), Scripted(), bounds, timer=lambda: self.clock)
        texts.read(PAPERS)
        return texts, source


def test_arxiv_is_asked_for_a_page_every_fifteen_seconds_and_no_more_once_it_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served = Clocked(lambda: Answer(200, {}, BODY))
    served.read(monkeypatch)
    assert served.asked == [15.0 * number for number in range(len(PAPERS))]
    refusing = Clocked(lambda: Answer(403, {}, b"Access denied"))
    texts, _ = refusing.read(monkeypatch)
    assert len(refusing.asked) == 1
    assert "refused" in texts.said([PAPERS[5].id])[0]


def test_a_pause_stays_within_the_minutes_and_holds_up_no_query(monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds in ("290", "3600"):
        limited = Clocked(partial(Answer, 429, {"Retry-After": seconds}, b""))
        _, source = limited.read(monkeypatch, Bounds(80, 10))
        assert limited.clock <= 600, seconds
        before = limited.clock
        with pytest.raises(SourceError):
            source.by_ids([PAPERS[0].id])
        assert limited.asked[-source.attempts if seconds == "290" else -1] == before

    def away() -> Answer:
        raise Unreachable("refused")

    gone = Clocked(away)
    gone.read(monkeypatch)
    assert len(gone.asked) == 1  # that nobody can be reached is found out once


def test_a_build_reads_the_texts_of_what_it_tells_and_a_rerun_asks_for_nothing(store: Store) -> None:
    held = [gardens.paper(number) for number in range(24)]
    script = Scripted(fails=(2, 3))
    pages = {one.id: known(number, one.title.partition(":")[0]).page for number, one in enumerate(held)}
    script.body = lambda one: pages[one.id]
    source, writer = ScriptedPapers({gardens.TOPIC.slug: held}, NOW), ExtractiveWriter()
    room = BuildContext(
        store, source, writer, writer, lambda: NOW, texts=lambda fresh: reader(script, store, fresh=fresh)
    )
    briefs = [_built(room) for _ in range(3)]
    told = len(briefs[0].told)
    assert [brief.metadata.full_texts for brief in briefs] == [told - 1, told, told]
    assert len(script.asked) == told + 2  # the one that failed twice is asked for once more, then nothing is
    note = f"Read from the abstract alone, as arXiv gave no page of it this time: {script.asked[1][0]}."
    assert [note in brief.metadata.notes for brief in briefs] == [True, False, False]
    assert briefs[1].to_json() == briefs[2].to_json()
    _built(replace(room, reads_all=True))
    assert {one for one, _ in script.asked} == set(pages)


def test_a_brief_is_the_same_whatever_other_topics_read(store: Store) -> None:
    held = [gardens.paper(number) for number in range(24)]
    script, writer = Scripted(), ExtractiveWriter()
    room = BuildContext(store, ScriptedPapers({gardens.TOPIC.slug: held}, NOW), writer, writer, lambda: NOW)
    selection = select_papers(gardens.TOPIC, gardens.WINDOW, room)
    alone, beside = reader(script, script), reader(script, script)
    first = write_brief(writer, writer, assigned(selection, room, alone))
    beside.read([one.paper for one in selection.taken if one.paper.id not in first.told])
    again = write_brief(writer, writer, assigned(selection, room, beside))
    assert 0 < again.metadata.full_texts == len(first.told)
    assert again.to_json() == first.to_json()


def _built(room: BuildContext) -> Brief:
    report = build_issue(gardens.WINDOW, [gardens.TOPIC], room)
    assert report.issue, report.failures
    return report.issue.briefs[0]
