"""What `brief build` says and does after a build."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from service import wiring
from service.cli import building
from service.papers import Window
from service.papers.text import TextPage
from service.pipeline import BuildReport
from service.settings import Settings
from service.store import Store
from service.wiring import Service
from service.wiring.building import build_context
from subscribers.roster import Roster
from tests import builders, newsrooms
from tests.adapters.openai_server import ModelServer
from tests.fakes import ScriptedPapers


@pytest.fixture
def service(engine: sa.Engine, tmp_path: Path) -> Service:
    """One that approves what it built, with two topics."""
    settings = Settings(_env_file=None, data_dir=tmp_path, publish="auto")
    roster = Roster(engine)
    for topic in roster.topics():
        if topic.slug not in newsrooms.TOPICS:
            roster.remove_topic(topic.slug, newsrooms.NOW)
    return Service(settings, engine, Store(engine), roster)


@pytest.mark.parametrize(
    ("built", "failures"),
    [
        (newsrooms.TOPICS[:1], {"robot-learning": "arXiv answers nothing"}),
        (newsrooms.TOPICS[:1], {}),
        (newsrooms.TOPICS, {"robot-learning": "an earlier brief is there"}),
    ],
)
def test_an_issue_that_lacks_a_topic_is_not_approved_by_itself(
    service: Service, capsys: pytest.CaptureFixture[str], built: tuple[str, ...], failures: dict[str, str]
) -> None:
    issue = newsrooms.save_issue(service.store, built, approved=False)
    assert not building._approve_whole(service, BuildReport(issue, (), failures))
    assert not service.store.status(issue.label).approved
    assert "is not approved by itself: it lacks robot-learning" in capsys.readouterr().err


def test_a_whole_issue_is_approved_by_itself_and_nobody_is_asked_to(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    issue = newsrooms.save_issue(service.store, approved=False)
    report = BuildReport(issue, (), {})
    approved = building._approve_whole(service, report)
    assert service.store.status(issue.label).approved
    building._print_report(report, approved=approved)
    said = capsys.readouterr().out
    assert "Approved by itself" in said
    assert "brief approve" not in said


def test_a_window_that_is_not_over_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    window = Window.of_week("2026-W22")
    for today, is_said in ((window.last, True), (window.last + dt.timedelta(days=1), False)):
        building._warn_of_open(window, today)
        assert ("2026-W22 is not over" in capsys.readouterr().err) is is_said


def test_a_dry_run_reckons_what_a_build_would_take_and_asks_nothing_of_the_model(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    topic, papers = builders.topic(), list(builders.papers().values())
    with ModelServer() as server:
        chosen = {"writer": "openai", "openai_base_url": server.url, "openai_prompt_price": 2.0}
        asking = replace(service, settings=service.settings.model_copy(update=chosen))
        source = ScriptedPapers({topic.slug: papers}, newsrooms.NOW)
        room = replace(wiring.build_context(asking), source=source)
        building._print_estimates(asking, builders.WINDOW, (topic,), room, as_json=True)
        assert server.requests == []
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["topic"], row["to_grade"]) == (topic.name, len(papers))
    assert 0 < row["papers"] <= len(papers)
    assert row["requests"] > 5
    assert row["cost"] == pytest.approx(row["prompt_tokens"] * 2 / 1_000_000)


def test_full_texts_are_read_of_arxiv_or_of_a_mirror_and_never_of_both() -> None:
    arxiv, mirrored = "https://export.arxiv.org/api/query", "http://mirror.lan:8000/api/query"
    for query, pages, belongs in (
        (arxiv, "https://arxiv.org/html", True),
        (mirrored, "http://mirror.lan:8000/html", True),
        (mirrored, "http://10.0.0.5/html", True),
        (arxiv, "http://127.0.0.1:8000/html", True),
        (mirrored, "https://arxiv.org/html", False),
        (arxiv, "https://notarxiv.org/html", False),
        (arxiv, "http://mirror.lan/html", False),
    ):
        held = Settings(_env_file=None, arxiv_url=query, arxiv_html_url=pages, arxiv_feed_url=pages)
        assert (held.has_full_texts, held.has_announcements) == (belongs, belongs), (query, pages)
    assert not Settings(_env_file=None, arxiv_url=mirrored, arxiv_feed_url="").has_announcements


def test_a_build_prunes_texts_that_were_kept_for_their_days(service: Service) -> None:
    store, days = service.store, service.settings.full_text_days
    for version, age in ((1, days + 1), (2, days - 1)):
        asked = dt.datetime.now(dt.UTC) - dt.timedelta(days=age)
        store.keep_page(TextPage("2605.00001", version, "not converted", asked))
    build_context(service).texts(False)
    kept = [store.kept_page("2605.00001", version) is not None for version in (1, 2)]
    assert kept == [False, True]
