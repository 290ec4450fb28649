"""ArxivPapers against the local mirror, a scripted server and real feeds: whole answers or loud errors."""

import datetime as dt
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import pytest
import requests
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError

from service.adapters.arxiv_papers import (
    ArxivPapers,
    Pace,
    matching,
    read_announcements,
    read_page,
    search_query,
    shared_pace,
)
from service.adapters.arxiv_papers.answers import Caller, PermanentError, TransientError, Unreachable
from service.papers import Paper, PaperSource, SourceError, Window
from subscribers.topics import Topic
from tests.adapters.mirror import PAPERS, SHARED, mirror, needs_mirror
from tests.cases import every

TOPIC = Topic(
    slug="preference-learning",
    name="Preference learning",
    description="How language models learn from what people prefer.",
    categories=("cs.CL", "cs.LG"),
    search_terms=("preference optimization", "reward model*"),
    ranking_terms=("preference", "reward"),
    excluded_terms=("survey",),
)
WINDOW = Window(dt.date(2026, 5, 11), dt.date(2026, 5, 29))
NOW = dt.datetime(2026, 6, 1, 6, tzinfo=dt.UTC)
FAULTS = ["503@1", "429@1", "500@1", "empty@1", "zero@1", "truncated@1", "html@1", "reset@1"]
TRIPLES = ["503@1,empty@2,truncated@3", "html@1,429@2,reset@3", "zero@1,500@2"]
FATAL = ["503@*", "429@*", "500@*", "empty@*", "zero@*", "truncated@*", "html@*", "reset@*"]


def invented(number: int, **changes: Any) -> dict[str, Any]:
    """One line of the mirror's data: an invented paper of the topic."""
    day = f"2026-05-{12 + number % 17:02}T09:{number % 60:02}:00Z"
    paper = {
        "id": f"2605.{number:05}",
        "version": 1,
        "title": f"Gentle preference optimization, part {number}",
        "abstract": "We train a small tutor.\n  It asks before it answers.",
        "authors": ["Ada Example", "Bo Sample"],
        "categories": ["cs.CL"],
        "primary": "cs.CL",
        "comment": None,
        "published": day,
        "updated": day,
        "announced": "2026-05-30T00:00:00Z",
    }
    return paper | changes


def write(path: Path, papers: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(paper) + "\n" for paper in papers), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty papers: twenty-four of the topic, six of its categories alone."""
    others = [invented(n, title=f"Cooking with graphs {n}") for n in range(25, 31)]
    return write(
        tmp_path_factory.mktemp("arxiv") / "papers.jsonl", [invented(n) for n in range(1, 25)] + others
    )


def source(url: str, **changes: Any) -> ArxivPapers:
    """A source that doesn't wait between requests."""
    settings: dict[str, Any] = {
        "pace": Pace(0, sleep=lambda seconds: None),
        "now": lambda: NOW,
        "jitter": lambda: 0.0,
    }
    return ArxivPapers("brief@example.org", url=url, **(settings | changes))


def ids(papers: tuple[Paper, ...]) -> list[str]:
    return [paper.id for paper in papers]


POOL = HTTPConnectionPool("127.0.0.1")
EXPECTED = sorted(f"2605.{number:05}" for number in range(1, 25))

# A server that answers as told.

Reply = tuple[int, dict[str, str], bytes] | Callable[[BaseHTTPRequestHandler], None]


def entry(
    paper_id: str, published: str = "2026-05-20T10:00:00Z", title: str = "A tutor", summary: str = "It asks."
) -> str:
    return (
        f"<entry><id>http://arxiv.org/abs/{paper_id}</id><title>{escape(title)}</title>"
        f"<updated>{published}</updated><published>{published}</published><summary>{summary}</summary>"
        '<category term="cs.CL"/><author><name>Ada Example</name></author></entry>'
    )


def test_what_is_no_name_and_no_category_is_left_out_and_entities_are_read() -> None:
    one = entry("2605.00001v1", title="Beds &amp; Borders", summary="Roses &amp;amp; thorns &amp;lt; 3.")
    one = one.replace("Beds &amp; Borders", "Beds &amp;amp; Borders")
    names = "".join(f"<author><name>{name}</name></author>" for name in ("CMS Collaboration", ":", "A. Lind"))
    classes = '<category term="math.AG"/><category term="14J28, 14N35"/><category term="68T07"/>'
    one = one.replace(
        "<author><name>Ada Example</name></author>", names + classes + '<category term="I.2.6"/>'
    )
    (paper,) = read_page(feed(one)).papers
    assert paper.authors == ("CMS Collaboration", "A. Lind")
    assert paper.categories == ("cs.CL", "math.AG")
    assert (paper.title, paper.abstract) == ("Beds & Borders", "Roses & thorns < 3.")


def feed(*entries: str, total: int | None = None, start: int = 0) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom">'
        f"<opensearch:totalResults>{len(entries) if total is None else total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{''.join(entries)}</feed>"
    ).encode()


def atom(*entries: str, total: int | None = None, start: int = 0) -> Reply:
    return 200, {}, feed(*entries, total=total, start=start)


@contextmanager
def scripted(*replies: Reply) -> Iterator[tuple[str, list[BaseHTTPRequestHandler]]]:
    """Answer the first request with the first reply and so on; the last one stays."""
    seen: list[BaseHTTPRequestHandler] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self)
            reply = replies[min(len(seen), len(replies)) - 1]
            if callable(reply):
                reply(self)
                return
            status, headers, body = reply
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/query", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# Whole answers, whatever goes wrong on the way.


@needs_mirror
def test_every_paper_of_the_topic_comes_once_with_its_metadata(sample: Path) -> None:
    with mirror(data=sample) as arxiv:
        fetched = source(arxiv.url).fetch(TOPIC, WINDOW)
        assert len(arxiv.requests()) == 1
    assert (fetched.topic, fetched.window, fetched.fetched_at) == ("preference-learning", WINDOW, NOW)
    assert sorted(ids(fetched.papers)) == EXPECTED
    paper = next(paper for paper in fetched.papers if paper.id == "2605.00003")
    assert paper.abstract == "We train a small tutor. It asks before it answers."
    assert paper.authors == ("Ada Example", "Bo Sample")
    assert (paper.version, paper.categories, paper.primary_category) == (1, ("cs.CL",), "cs.CL")
    assert paper.submitted == dt.datetime(2026, 5, 15, 9, 3, tzinfo=dt.UTC) == paper.updated


@needs_mirror
@pytest.mark.parametrize("faults", FAULTS + TRIPLES)
def test_faults_give_the_same_papers_as_a_healthy_source(sample: Path, faults: str) -> None:
    with mirror(*faults.split(","), data=sample) as arxiv:
        papers = source(arxiv.url).fetch(TOPIC, WINDOW).papers
        assert len(arxiv.requests()) == len(faults.split(",")) + 1
    assert sorted(ids(papers)) == EXPECTED


@needs_mirror
@pytest.mark.parametrize("faults", [*FAULTS, "503@2,zero@3", "truncated@3,zero@4"])
def test_faults_between_pages_lose_no_paper(sample: Path, faults: str) -> None:
    with mirror(*faults.replace("@1", "@2").split(","), data=sample) as arxiv:
        papers = source(arxiv.url, page_size=10).fetch(TOPIC, WINDOW).papers
    assert sorted(ids(papers)) == EXPECTED


@needs_mirror
@pytest.mark.parametrize("fault", FATAL)
def test_a_source_that_never_recovers_is_an_error_that_names_the_topic(sample: Path, fault: str) -> None:
    with mirror(fault, data=sample) as arxiv:
        with pytest.raises(
            SourceError, match=r"preference-learning, 2026-05-11 to 2026-05-29.*try again later"
        ):
            source(arxiv.url).fetch(TOPIC, WINDOW)
        assert 5 <= len(arxiv.requests()) <= 6


@needs_mirror
def test_a_hanging_request_ends_with_the_timeout_and_is_asked_again(sample: Path) -> None:
    with mirror("hang@1", data=sample) as arxiv:
        assert sorted(ids(source(arxiv.url, timeout=1.0).fetch(TOPIC, WINDOW).papers)) == EXPECTED


@needs_mirror
def test_pages_are_as_many_as_needed_and_ask_for_what_is_left(sample: Path) -> None:
    with mirror(data=sample) as arxiv:
        papers = source(arxiv.url, page_size=10).fetch(TOPIC, WINDOW).papers
        starts = [parse_qs(urlsplit(request["path"]).query)["start"] for request in arxiv.requests()]
    assert starts == [["0"], ["10"], ["20"]]
    assert sorted(ids(papers)) == EXPECTED


@pytest.mark.shared
@needs_mirror
def test_real_papers_come_in_full_over_several_pages() -> None:
    topic = Topic("language", "Language", "All of cs.CL.", ("cs.CL",), (), ())
    with mirror() as arxiv:
        papers = source(arxiv.url, page_size=400).fetch(topic, WINDOW).papers
    with gzip.open(PAPERS, "rt", encoding="utf-8") as lines:
        known = [json.loads(line) for line in lines]
    days = ("2026-05-11", "2026-05-30")
    assert set(ids(papers)) == {
        paper["id"]
        for paper in known
        if "cs.CL" in paper["categories"] and days[0] <= paper["published"] < days[1]
    }


@needs_mirror
def test_papers_that_are_not_announced_yet_come_when_they_are(tmp_path: Path) -> None:
    late = invented(2, announced="2026-06-02T00:00:00Z")
    data = write(tmp_path / "papers.jsonl", [invented(1), late])
    with mirror(data=data, visible_until="2026-06-01T00:00:00Z") as arxiv:
        assert ids(source(arxiv.url).fetch(TOPIC, WINDOW).papers) == ["2605.00001"]
    with mirror(data=data, visible_until="2026-06-03T00:00:00Z") as arxiv:
        assert ids(source(arxiv.url).fetch(TOPIC, WINDOW).papers) == ["2605.00001", "2605.00002"]


@needs_mirror
def test_the_first_and_the_last_minute_of_the_days_belong_to_them(tmp_path: Path) -> None:
    moments = ["2026-05-10T23:59:59Z", "2026-05-11T00:00:00Z", "2026-05-29T23:59:59Z", "2026-05-30T00:00:00Z"]
    data = write(tmp_path / "papers.jsonl", [invented(n, published=at) for n, at in enumerate(moments)])
    with mirror(data=data) as arxiv:
        assert ids(source(arxiv.url).fetch(TOPIC, WINDOW).papers) == ["2605.00001", "2605.00002"]


# Zero papers are a finding to verify.


@needs_mirror
def test_an_uncontradicted_zero_is_a_quiet_week(sample: Path) -> None:
    quiet = Topic("quiet", "Quiet", "Nothing.", ("cs.CL",), ("violin making",), ())
    with mirror(data=sample) as arxiv:
        assert source(arxiv.url).fetch(quiet, WINDOW).papers == ()
        queries = [
            parse_qs(urlsplit(request["path"]).query)["search_query"][0] for request in arxiv.requests()
        ]
    days = "submittedDate:[202605110000 TO 202605292359]"
    assert queries[2:] == [f"(cat:cs.CL) AND {days}"]


@needs_mirror
def test_an_empty_category_is_quiet_when_other_categories_have_papers(sample: Path) -> None:
    quiet = Topic("quiet", "Quiet", "Nothing.", ("math.GN",), ("violin making",), ())
    with mirror(data=sample) as arxiv:
        assert source(arxiv.url).fetch(quiet, WINDOW).papers == ()
        assert len(arxiv.requests()) == 5


@needs_mirror
def test_a_single_zero_for_all_of_arxiv_is_asked_again(sample: Path) -> None:
    quiet = Topic("quiet", "Quiet", "Nothing.", ("math.GN",), ("violin making",), ())
    with mirror("zero@5", data=sample) as arxiv:
        assert source(arxiv.url).fetch(quiet, WINDOW).papers == ()
        assert len(arxiv.requests()) == 6


@needs_mirror
def test_zeros_that_a_wider_query_belies_are_asked_again(sample: Path) -> None:
    with mirror("zero@1", "zero@2", "zero@3", data=sample) as arxiv:
        assert sorted(ids(source(arxiv.url).fetch(TOPIC, WINDOW).papers)) == EXPECTED


@needs_mirror
def test_zeros_that_stay_against_the_wider_query_are_an_error(sample: Path) -> None:
    with mirror("zero@1", "zero@2", "zero@4", data=sample) as arxiv:
        with pytest.raises(
            SourceError, match=r"zero papers three times, though 2605\.\d+ of the same days matches"
        ):
            source(arxiv.url).fetch(TOPIC, WINDOW)
        assert len(arxiv.requests()) == 4


@needs_mirror
def test_a_topic_without_terms_is_verified_by_the_days_alone(sample: Path) -> None:
    whole = Topic("topology", "Topology", "All of it.", ("math.GN",), (), ())
    with mirror(data=sample) as arxiv:
        assert source(arxiv.url).fetch(whole, WINDOW).papers == ()
        assert len(arxiv.requests()) == 3


@needs_mirror
def test_days_too_young_to_hold_papers_are_quiet_while_arxiv_answers_the_two_weeks_before(
    sample: Path,
) -> None:
    weekend = Window(dt.date(2026, 6, 6), dt.date(2026, 6, 7))
    with mirror(data=sample) as arxiv:
        assert source(arxiv.url).fetch(TOPIC, weekend).papers == ()


# Answers that look whole and are not.


def test_a_total_that_changes_between_pages_is_read_again() -> None:
    moved = [atom(entry("2605.00001v1"), total=2), atom(entry("2605.00003v1"), total=3, start=1)]
    steady = [atom(entry(f"2605.0000{n + 1}v1"), total=3, start=n) for n in range(3)]
    with scripted(*moved, *steady) as (url, _):
        papers = source(url, page_size=1).fetch(TOPIC, WINDOW).papers
    assert ids(papers) == ["2605.00001", "2605.00002", "2605.00003"]


def test_a_total_that_never_settles_is_an_error() -> None:
    pages = [atom(entry(f"2605.0000{n}v1"), total=2 + n % 2, start=n % 2) for n in range(20)]
    with (
        scripted(*pages) as (url, _),
        pytest.raises(SourceError, match=r"total changed from 2 to 3 between pages"),
    ):
        source(url, page_size=1).fetch(TOPIC, WINDOW)


def test_a_paper_twice_makes_the_reading_doubtful_and_it_is_read_again() -> None:
    doubled = [atom(entry("2605.00001v1"), total=2), atom(entry("2605.00001v2"), total=2, start=1)]
    whole = [atom(entry("2605.00001v2"), total=2), atom(entry("2605.00002v1"), total=2, start=1)]
    with scripted(*doubled, *whole) as (url, _):
        papers = source(url, page_size=1).fetch(TOPIC, WINDOW).papers
    assert [(paper.id, paper.version) for paper in papers] == [("2605.00001", 2), ("2605.00002", 1)]


def test_a_paper_that_arxiv_lists_twice_for_good_comes_once_in_its_newest_version() -> None:
    page = atom(entry("2605.00001v2"), entry("2605.00001v1"), entry("2605.00002v1"))
    with scripted(page) as (url, seen):
        papers = source(url).fetch(TOPIC, WINDOW).papers
        assert len(seen) == 2
    assert [(paper.id, paper.version) for paper in papers] == [("2605.00001", 2), ("2605.00002", 1)]


def test_a_malformed_entry_is_asked_for_again() -> None:
    broken = entry("2605.00001v1").replace("<published>2026", "<published>soon")
    with scripted(
        atom(broken, entry("2605.00002v1")), atom(entry("2605.00001v1"), entry("2605.00002v1"))
    ) as (url, _):
        assert ids(source(url).fetch(TOPIC, WINDOW).papers) == ["2605.00001", "2605.00002"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<published>2026", "<published>soon"),
        ("<published>2026", "<published>0001-01-01T00:00:00+09:00"),
        ("<published>2026-05-20T10:00:00Z</published>", ""),
        ("<updated>2026-05-20T10:00:00Z</updated>", ""),
        ("<title>A tutor", "<title> "),
        ("v1</id>", "v1/../x</id>"),
        ("v1</id>", "-nonsense</id>"),
    ],
)
def test_an_entry_that_stays_malformed_is_left_out_and_named(
    old: str, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = entry("2605.00001v1").replace(old, new)
    with scripted(atom(broken, entry("2605.00002v1"))) as (url, seen):
        fetched = source(url).fetch(TOPIC, WINDOW)
        assert len(seen) == 2  # asked once more, not five times
    assert ids(fetched.papers) == ["2605.00002"]
    assert len(fetched.unreadable) == 1
    assert "2605.00001" in fetched.unreadable[0]
    assert "topic preference-learning: left out, because it can't be read: 2605.00001" in caplog.text


def test_bytes_that_are_not_utf8_cost_their_entry_alone() -> None:
    body = feed(entry("2605.00001v1", title="A caf\u00e9"), entry("2605.00002v1", title="A t\u00e9a"))
    with scripted((200, {}, body.replace("caf\u00e9".encode(), b"caf\xe9"))) as (url, _):
        fetched = source(url).fetch(TOPIC, WINDOW)
    assert [paper.title for paper in fetched.papers] == ["A t\u00e9a"]
    assert fetched.unreadable == ("2605.00001v1 (bytes that are not UTF-8)",)


def test_an_entry_without_an_id_is_named_by_its_place() -> None:
    nameless = entry("2605.00002v1").replace("http://arxiv.org/abs/2605.00002v1", "")
    pages = [atom(entry("2605.00001v1"), total=2), atom(nameless, total=2, start=1)]
    with scripted(pages[0], pages[1]) as (url, _):
        fetched = source(url, page_size=1).fetch(TOPIC, WINDOW)
    assert fetched.unreadable == ("entry 2 (no arXiv id: '')",)


def test_the_one_paper_of_a_topic_that_cannot_be_read_is_no_quiet_week_and_no_error() -> None:
    with scripted(atom(entry("2605.00001v1", title=" "))) as (url, seen):
        fetched = source(url).fetch(TOPIC, WINDOW)
        assert len(seen) == 2
    assert (fetched.papers, fetched.unreadable) == ((), ("2605.00001v1 (no title)",))


def test_a_page_that_can_hardly_be_read_is_another_format_and_an_error() -> None:
    page = [entry(f"2605.0000{n}v1", title=" " if n else "A tutor") for n in range(5)]
    with scripted(atom(*page)) as (url, _), pytest.raises(SourceError, match=r"2605\.00001v1 \(no title\)"):
        source(url).fetch(TOPIC, WINDOW)


# A source that nobody can reach.


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_an_unreachable_source_is_named_with_what_to_check_and_found_once() -> None:
    waits: list[float] = []
    unreachable = source(
        f"http://127.0.0.1:{(port := free_port())}/api/query", pace=Pace(0, sleep=waits.append)
    )
    with pytest.raises(
        SourceError, match=rf"no connection to 127\.0\.0\.1:{port}: connection refused; check"
    ):
        unreachable.fetch(TOPIC, WINDOW)
    first = len(waits)
    assert first == 2  # three attempts
    with pytest.raises(SourceError, match=r"topic cooking, .*connection refused.*BRIEF_ARXIV_URL"):
        unreachable.fetch(replace(TOPIC, slug="cooking"), WINDOW)
    assert len(waits) == first


def test_an_outage_is_forgotten_after_two_minutes() -> None:
    clock = [NOW]
    with scripted(atom(entry("2605.00001v1"))) as (url, _):
        recovering = source(url, now=lambda: clock[0])
        recovering.outage.begin("no connection", NOW)
        with pytest.raises(SourceError, match="no connection"):
            recovering.fetch(TOPIC, WINDOW)
        clock[0] += dt.timedelta(minutes=2)
        assert ids(recovering.fetch(TOPIC, WINDOW).papers) == ["2605.00001"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            requests.ConnectionError(
                MaxRetryError(POOL, "/", NameResolutionError("a.invalid", POOL, socket.gaierror("unknown")))  # type: ignore[arg-type]
            ),
            "its name is not known",
        ),
        (requests.ConnectTimeout("slow"), "no connection in time"),
        (requests.exceptions.SSLError("certificate has expired"), "no secure connection: certificate"),
        (requests.exceptions.ProxyError("no"), "the proxy"),
    ],
)
def test_a_connection_that_never_came_about_is_told_apart(error: Exception, words: str) -> None:
    found = Caller("me", 1.0, 1.0).doubt(error)
    assert isinstance(found, Unreachable)
    assert words in str(found)


def test_a_page_with_entries_missing_is_an_error() -> None:
    short = atom(entry("2605.00001v1"), total=2)
    with scripted(short) as (url, _), pytest.raises(SourceError, match="1 entries where 2 of 2 were due"):
        source(url).fetch(TOPIC, WINDOW)


def test_a_page_from_another_place_is_an_error() -> None:
    page = atom(*(entry(f"2605.0000{n}v1") for n in range(2)), total=4)
    with scripted(page) as (url, _), pytest.raises(SourceError, match="a page from 0 where 2 was asked"):
        source(url, page_size=2).fetch(TOPIC, WINDOW)


def test_more_papers_than_arxiv_gives_are_an_error_that_says_what_to_narrow() -> None:
    many = atom(entry("2605.00001v1"), total=30001)
    with scripted(many) as (url, _), pytest.raises(SourceError, match=r"30001 papers match.*narrow"):
        source(url, page_size=1).fetch(TOPIC, WINDOW)


def test_papers_of_other_days_alone_are_an_error() -> None:
    page = atom(entry("2401.00001v1", published="2024-01-02T10:00:00Z"))
    with scripted(page) as (url, _), pytest.raises(SourceError, match="none of them from 2026-05-11"):
        source(url).fetch(TOPIC, WINDOW)


def test_a_paper_of_another_day_among_others_is_left_out() -> None:
    page = atom(entry("2605.00001v1"), entry("2401.00001v1", published="2024-01-02T10:00:00Z"))
    with scripted(page) as (url, _):
        assert ids(source(url).fetch(TOPIC, WINDOW).papers) == ["2605.00001"]


# Errors that stay, and errors that pass.


@pytest.mark.parametrize("status", [200, 400])
def test_an_error_feed_is_told_in_arxivs_words_and_not_repeated(status: int) -> None:
    error = "<entry><id>https://arxiv.org/api/errors#x</id><title>Error</title><summary>bad</summary></entry>"
    with scripted((status, {}, feed(error))) as (url, seen):
        with pytest.raises(SourceError, match="arXiv answers: bad"):
            source(url).fetch(TOPIC, WINDOW)
        assert len(seen) == 1


def test_a_paper_titled_error_is_a_paper() -> None:
    with scripted(atom(entry("2605.00001v1", title="Error"))) as (url, _):
        assert [paper.title for paper in source(url).fetch(TOPIC, WINDOW).papers] == ["Error"]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_client_error_is_not_repeated(status: int) -> None:
    with scripted((status, {}, b"go away")) as (url, seen):
        with pytest.raises(SourceError, match=rf"HTTP {status}; the answer begins 'go away'"):
            source(url).fetch(TOPIC, WINDOW)
        assert len(seen) == 1


def test_a_redirect_is_not_followed_but_named() -> None:
    moved = (301, {"Location": "https://example.org/new"}, b"")
    with (
        scripted(moved) as (url, _),
        pytest.raises(SourceError, match=r"HTTP 301 to 'https://example\.org/new'"),
    ):
        source(url).fetch(TOPIC, WINDOW)


def test_attempts_are_as_many_as_the_source_is_told() -> None:
    with scripted((503, {}, b"")) as (url, seen):
        with pytest.raises(SourceError, match="2 requests to arXiv failed"):
            source(url, attempts=2).fetch(TOPIC, WINDOW)
        assert len(seen) == 2


def drip_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    drip(handler, b" ")


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    drip(handler, b"x")


def drip(handler: BaseHTTPRequestHandler, byte: bytes) -> None:
    """Send a byte now and then, until the other side has had enough; two seconds at most."""
    handler.close_connection = False
    try:
        for _ in range(100):
            handler.wfile.write(byte)
            time.sleep(0.02)
    except ConnectionError:
        handler.close_connection = True


@pytest.mark.parametrize("slow", [drip_body, drip_headers])
def test_a_dripping_answer_ends_with_the_deadline(slow: Callable[[BaseHTTPRequestHandler], None]) -> None:
    with (
        scripted(slow) as (url, _),
        pytest.raises(SourceError, match=r"no complete answer within 0\.3 seconds"),
    ):
        source(url, deadline=0.3, attempts=1).fetch(TOPIC, WINDOW)


def test_the_connection_of_a_dripping_answer_is_closed() -> None:
    closed = threading.Event()

    def slow(handler: BaseHTTPRequestHandler) -> None:
        drip_body(handler)
        if handler.close_connection:
            closed.set()

    with scripted(slow, atom(entry("2605.00001v1"))) as (url, _):
        assert ids(source(url, deadline=1.0).fetch(TOPIC, WINDOW).papers) == ["2605.00001"]
        assert closed.wait(10)


def test_a_compressed_answer_is_read() -> None:
    body = gzip.compress(feed(entry("2605.00001v1")))
    with scripted((200, {"Content-Encoding": "gzip"}, body)) as (url, _):
        assert ids(source(url).fetch(TOPIC, WINDOW).papers) == ["2605.00001"]


def test_a_body_shorter_than_its_announced_length_is_asked_for_again() -> None:
    whole = feed(entry("2605.00001v1"))
    short = (200, {"Content-Length": str(len(whole) + 9), "Connection": "close"}, whole)
    with scripted(short, (200, {}, whole)) as (url, seen):
        assert ids(source(url).fetch(TOPIC, WINDOW).papers) == ["2605.00001"]
        assert len(seen) == 2


def test_a_source_is_known_by_its_address() -> None:
    papers: PaperSource = source("http://127.0.0.1:9/api/query")
    assert papers.name == "http://127.0.0.1:9/api/query"


# Politeness.


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def pace(self, interval: float = 3.0) -> Pace:
        return Pace(interval, self.clock, self.sleep)


def test_topics_and_sources_that_share_a_pace_ask_three_seconds_apart() -> None:
    clock = FakeTime()
    pace = clock.pace()
    with scripted(atom(entry("2605.00001v1"))) as (url, seen):
        source(url, pace=pace).fetch(TOPIC, WINDOW)
        source(url, pace=pace).fetch(TOPIC, WINDOW)
        source(url, pace=pace).fetch(TOPIC, WINDOW)
        assert len(seen) == 3
    assert clock.waits == [3.0, 3.0]


def test_threads_take_turns_one_at_a_time_and_three_seconds_apart() -> None:
    clock, turns, asking = FakeTime(), [], []
    pace = clock.pace()

    def ask() -> None:
        with pace.turn():
            asking.append(1)
            turns.append((clock.now, len(asking)))
            asking.pop()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert turns == [(3.0 * turn, 1) for turn in range(8)]


@every(
    ("header", "seconds"),
    [
        ("5", 5.0),
        ("0", 3.0),
        ("1", 3.0),
        ("Mon, 01 Jun 2026 06:00:40 GMT", 40.0),
        ("Mon, 01 Jun 2026 05:00:00 GMT", 3.0),
        ("soon", 3.0),
    ],
)
@every("status", [429, 503])
def test_retry_after_is_honoured_and_never_shortens_the_backoff(
    status: int, header: str, seconds: float
) -> None:
    clock = FakeTime()
    with scripted((status, {"Retry-After": header}, b""), atom(entry("2605.00001v1"))) as (url, _):
        source(url, pace=clock.pace(0.0)).fetch(TOPIC, WINDOW)
    assert clock.waits == [seconds]


def test_a_retry_after_beyond_the_cap_stops_every_topic_without_another_request() -> None:
    pace = FakeTime().pace()
    with scripted((503, {"Retry-After": "3600"}, b"")) as (url, seen):
        for _ in range(2):
            with pytest.raises(SourceError, match="try again after 2026-06-01 07:00 UTC"):
                source(url, pace=pace).fetch(TOPIC, WINDOW)
        assert len(seen) == 1


def test_backoff_doubles_with_jitter() -> None:
    clock, jitter = FakeTime(), iter([0.0, 1.0, 0.5, 0.0, 0.0])
    with scripted((500, {}, b"")) as (url, _), pytest.raises(SourceError):
        source(url, pace=clock.pace(), jitter=lambda: next(jitter)).fetch(TOPIC, WINDOW)
    assert clock.waits == [3.0, 9.0, 15.0, 24.0]


def test_a_mirror_on_this_machine_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with scripted(atom(entry("2605.00001v1"))) as (url, _):
        assert ids(source(url).fetch(TOPIC, WINDOW).papers) == ["2605.00001"]


def test_the_user_agent_names_the_service_and_a_contact() -> None:
    with scripted(atom(entry("2605.00001v1"))) as (url, seen):
        source(url).fetch(TOPIC, WINDOW)
        assert seen[0].headers["User-Agent"] == "arXiv-Education-Brief/0.1.0 (mailto:brief@example.org)"


@pytest.mark.parametrize(
    "url", ["https://export.arxiv.org/api/query", "http://192.0.2.7/api", "http://127.example.org/"]
)
def test_asking_faster_than_every_three_seconds_is_for_this_machine_alone(url: str) -> None:
    with pytest.raises(ValueError, match="3 seconds between requests"):
        ArxivPapers("brief@example.org", url=url, pace=Pace(2.9))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/api", "http://localhost:1/api", "http://[::1]:1/api"])
def test_a_mirror_on_this_machine_may_be_asked_faster(url: str) -> None:
    assert ArxivPapers("", url=url, pace=Pace(0)).user_agent == "arXiv-Education-Brief/0.1.0"


@pytest.mark.parametrize(
    "changes", [{"url": "file:///x"}, {"contact": "a\r\nX: y"}, {"page_size": 2001}, {"attempts": 0}]
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        ArxivPapers(**({"contact": "brief@example.org"} | changes))


def test_an_interval_under_three_seconds_is_refused_for_arxiv_itself() -> None:
    with pytest.raises(ValueError, match="3 seconds between requests"):
        ArxivPapers("brief@example.org", interval=1.0)
    assert ArxivPapers("", url="http://127.0.0.1:1/api", interval=0.0)._turns is shared_pace(0.0)


def test_sources_share_the_pace_of_the_process_unless_told_otherwise() -> None:
    first, second = ArxivPapers("a@example.org"), ArxivPapers("b@example.org")
    assert first._turns is second._turns is shared_pace(3.0)


# What is asked.


def test_the_query_puts_every_group_in_parentheses_and_leaves_exclusions_out() -> None:
    assert search_query(TOPIC, WINDOW) == (
        "(cat:cs.CL OR cat:cs.LG) AND "
        '(ti:"preference optimization" OR abs:"preference optimization" OR '
        "(ti:reward AND ti:model*) OR (abs:reward AND abs:model*)) AND "
        "submittedDate:[202605110000 TO 202605292359]"
    )


def test_a_hyphen_is_asked_as_written_and_joined_and_nothing_twice() -> None:
    topic = Topic("t", "T", "T.", (), ("fine-tuning", "finetuning", "re-rank*", "LoRA"), ())
    asked = search_query(topic, WINDOW).partition(" AND submittedDate")[0]
    assert asked == (
        '(ti:"fine-tuning" OR abs:"fine-tuning" OR ti:finetuning OR abs:finetuning OR '
        "(ti:re AND ti:rank*) OR (abs:re AND abs:rank*) OR ti:rerank* OR abs:rerank* OR ti:LoRA OR abs:LoRA)"
    )


@every("term", ['say "hi"', "f(x)", "[cat", "a*b", "*", "  ", "--", "a\\b", "a\nb", "{x}", "a OR b", "cat:x"])
def test_a_term_that_would_change_the_query_is_refused(term: str) -> None:
    topic = Topic("t", "T", "T.", ("cs.CL",), (term,), ())
    with pytest.raises(SourceError, match="topic t: a search term can't be asked"):
        search_query(topic, WINDOW)


@every("category", ["cs.CL OR cat:math.*", "CS.cl", "", "cs.", "cs.CL)"])
def test_a_category_that_arxiv_cannot_have_is_refused(category: str) -> None:
    topic = Topic("t", "T", "T.", (category,), ("tutor",), ())
    with pytest.raises(SourceError, match="no arXiv category"):
        search_query(topic, WINDOW)


@every("category", ["cs.CL", "astro-ph", "astro-ph.GA", "cond-mat.str-el", "q-bio.NC", "math.*", "hep-th"])
def test_categories_of_every_form_are_asked(category: str) -> None:
    topic = Topic("t", "T", "T.", (category,), (), ())
    assert search_query(topic, WINDOW).startswith(f"(cat:{category}) AND submittedDate:")


def test_a_topic_that_asks_for_everything_is_refused() -> None:
    with pytest.raises(SourceError, match="neither categories nor search terms"):
        search_query(Topic("t", "T", "T.", (), (), ()), WINDOW)


def test_a_query_too_long_for_a_url_is_refused() -> None:
    topic = Topic("t", "T", "T.", ("cs.CL",), tuple(f"a rather long phrase {n}" for n in range(200)), ())
    with pytest.raises(SourceError, match="fewer or shorter search terms"):
        source("http://127.0.0.1:9/api/query").fetch(topic, WINDOW)


@every(
    ("title", "abstract", "categories", "expected"),
    [
        ("Direct Preference-Optimization", "x", "cs.CL", True),
        ("x", "a preference\noptimization", "cs.LG", True),
        ("Rewarding models", "x", "cs.CL", False),
        ("Reward-modelling", "x", "cs.CL", True),
        ("A reward for every model", "x", "cs.CL", False),
        ("preference", "optimization", "cs.CL", False),
        ("Preference optimization", "x", "math.CO", False),
    ],
)
def test_papers_at_hand_are_judged_as_arxiv_would(
    title: str, abstract: str, categories: str, expected: bool
) -> None:
    day = dt.datetime(2026, 5, 20, tzinfo=dt.UTC)
    paper = Paper("2605.00001", 1, title, abstract, ("A",), (categories,), categories, day, day)
    assert matching(TOPIC, [paper]) == [paper] * expected


# Reading feeds.

ATOM = SHARED / "atom"
needs_feeds = pytest.mark.skipif(not ATOM.exists(), reason=f"no recorded feeds at {ATOM}")
READ = {  # first id, entries and total of each recorded feed
    "id_0000.0000_s0_m100_8b51d9633a68.xml": (None, 0, 0),
    "id_0808.05394_1707.08567_s0_m100_42e5aa0ec3af.xml": (("1707.08567", 1), 1, 1),
    "id_0808.05394_s0_m100_7b0c7d0a7cdd.xml": (None, 0, 0),
    "id_1605.08386_s0_m100_199195aa31ad.xml": (("1605.08386", 1), 1, 1),
    "id_1707.08567_s0_m100_6a1afebfc6a3.xml": (("1707.08567", 1), 1, 1),
    "id_2104.12255v1_s0_m100_6ae69987ffe1.xml": (("2104.12255", 1), 1, 1),
    "id_astro-ph_0601001_s0_m100_3150dca9dc76.xml": (("astro-ph/0601001", 1), 1, 1),
    "id_quant-ph_0201082v1_s0_m100_86989fe779ef.xml": (("quant-ph/0201082", 1), 1, 1),
}
QUERIES = sorted(path.name for path in ATOM.glob("q_testing_*.xml")) if ATOM.exists() else []


@pytest.mark.shared
@needs_feeds
@pytest.mark.parametrize("name", READ)
def test_recorded_papers_are_read(name: str) -> None:
    page = read_page((ATOM / name).read_bytes())
    first = (page.papers[0].id, page.papers[0].version) if page.papers else None
    assert (first, len(page.papers), page.total, page.unreadable) == (*READ[name], ())


@pytest.mark.shared
@needs_feeds
@pytest.mark.parametrize("name", QUERIES)
def test_recorded_pages_are_read_in_full(name: str) -> None:
    start, size = (int(part[1:]) for part in name.split("_")[2:4])
    page = read_page((ATOM / name).read_bytes())
    assert (page.total, page.start, len(page.papers), page.unreadable) == (214881, start, size, ())
    assert all(paper.title and paper.abstract and paper.authors and paper.categories for paper in page.papers)
    assert len({paper.id for paper in page.papers}) == size


@pytest.mark.shared
@needs_feeds
def test_every_recorded_feed_is_read_by_a_test() -> None:
    others = {"id_abc_s0_m100_b79c8dcf6bc3.xml", "rss_atom_cs.AI_2025-08-20.xml"}
    assert {path.name for path in ATOM.iterdir()} == {*READ, *QUERIES, *others}


@pytest.mark.shared
@needs_feeds
def test_an_old_paper_keeps_its_archive_comment_and_journal() -> None:
    (paper,) = read_page((ATOM / "id_astro-ph_0601001_s0_m100_3150dca9dc76.xml").read_bytes()).papers
    assert paper.url == "https://arxiv.org/abs/astro-ph/0601001"
    assert (paper.primary_category, paper.categories) == ("astro-ph", ("astro-ph",))
    assert paper.submitted == dt.datetime(2006, 1, 2, 14, 57, 58, tzinfo=dt.UTC)
    assert paper.comment is not None
    assert paper.comment.startswith("62 pages including 16 figures")
    assert (paper.journal_reference, paper.doi) == ("ActaAstron.56:1-50,2006", None)
    assert len(paper.authors) == 4
    assert not paper.abstract.startswith(" ")


@pytest.mark.shared
@needs_feeds
def test_a_recorded_error_is_refused_in_arxivs_words() -> None:
    with pytest.raises(PermanentError, match="incorrect id format for abc"):
        read_page((ATOM / "id_abc_s0_m100_b79c8dcf6bc3.xml").read_bytes())


@pytest.mark.shared
@needs_feeds
def test_recorded_announcements_are_read_without_their_preamble() -> None:
    found = read_announcements((ATOM / "rss_atom_cs.AI_2025-08-20.xml").read_bytes())
    assert [announcement.kind for announcement in found] == ["cross"] * 5 + ["new"] * 2
    assert [announcement.paper.id for announcement in found][:2] == ["2508.13426", "2508.13428"]
    assert all("Announce Type" not in announcement.paper.abstract for announcement in found)
    assert found[0].paper.authors == ("Chunhua Liu", "Kabir Manandhar Shrestha", "Sukai Huang")
    assert found[0].paper.submitted == dt.datetime(2025, 8, 20, 4, tzinfo=dt.UTC)


def test_an_announcement_of_an_old_paper_keeps_commas_inside_affiliations() -> None:
    creators = '<dc:creator xmlns:dc="http://purl.org/dc/elements/1.1/">A. One (X, Y), B. Two</dc:creator>'
    summary = "arXiv:hep-th/9901001v3 Announce Type: replace-cross \nAbstract: It asks."
    announced = entry("hep-th/9901001v3", summary=summary).replace("http://arxiv.org/abs/", "oai:arXiv.org:")
    body = feed(announced.replace("<author>", creators + "<author>"))
    (found,) = read_announcements(body)
    assert (found.paper.id, found.paper.version, found.kind) == ("hep-th/9901001", 3, "replace-cross")
    assert (found.paper.authors, found.paper.abstract) == (("A. One (X, Y)", "B. Two"), "It asks.")


def test_characters_that_xml_forbids_are_dropped_and_marks_of_direction_stay() -> None:
    summary = "a\x00b\x0bc&#0;d&#x1F;e&#xFFFE;f \u202eg\u202c &amp; {{h}} &lt;mj-raw>\uffff"
    (paper,) = read_page(feed(entry("2605.00001v1", summary=summary))).papers
    assert paper.abstract == "abcdef \u202eg\u202c & {{h}} <mj-raw>"


@every(
    ("body", "seen"),
    [
        (b"", "an empty answer"),
        (
            b"<html><body>Down for maintenance</body></html>",
            "HTML page instead of a feed: 'Down for maintenance'",
        ),
        (b"\n<!DOCTYPE html><p>Down", "HTML page"),
        (b"<rss/>", "<rss> instead of a feed"),
        (feed(entry("2605.00001v1"))[:-60], "cut short or not well-formed"),
        (feed(total=0).replace(b"totalResults", b"results"), "without opensearch:totalResults"),
        (b"Rate exceeded.", "not well-formed"),
        (
            b'<!DOCTYPE feed [<!ENTITY a "aaaa">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>',
            "document type",
        ),
        (
            b'<!DOCTYPE feed SYSTEM "file:///etc/passwd"><feed xmlns="http://www.w3.org/2005/Atom"/>',
            "document type",
        ),
        (b"\xff\xfe<feed/>", "not well-formed"),
    ],
)
def test_a_body_that_is_no_whole_feed_is_doubted_with_what_was_seen(body: bytes, seen: str) -> None:
    with pytest.raises(TransientError, match=seen):
        read_page(body)


def test_a_billion_laughs_are_doubted_not_expanded() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    body = (
        f'<!DOCTYPE feed [<!ENTITY l0 "ha">{levels}]><feed xmlns="http://www.w3.org/2005/Atom">&l11;</feed>'
    )
    with pytest.raises(TransientError):
        read_page(body.encode())
