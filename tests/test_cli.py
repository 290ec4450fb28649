import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from service import cli
from tests.adapters.mirror import mirror, needs_mirror


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Brief = Callable[..., Ran]


@pytest.fixture
def brief(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Brief:
    """Runs `brief …` in an empty folder, through the same door as the installed command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("BRIEF_SENDER_ADDRESS", "brief@example.org")

    def run(*arguments: str, **settings: str) -> Ran:
        for name, value in settings.items():
            monkeypatch.setenv(f"BRIEF_{name}", value)
        monkeypatch.setattr(sys, "argv", ["brief", *arguments])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        return Ran(code, *capsys.readouterr())

    return run


def test_the_demo_says_what_it_made_and_leaves_an_e_mail_for_each_reader(brief: Brief) -> None:
    ran = brief("demo")
    assert ran.code == 0, ran.err
    assert "Issue 2026-W23" in ran.out
    assert "accepted" in ran.out
    assert len(list(Path("var/demo/outbox").glob("*.eml"))) == 4
    assert brief("issues", "--json", DATA_DIR="var/demo").out.count('"2026-W') == 2


def test_the_demo_can_be_run_again(brief: Brief) -> None:
    brief("demo")
    first = {file.name for file in Path("var/demo/outbox").iterdir()}
    assert brief("demo").code == 0
    assert len(list(Path("var/demo/outbox").iterdir())) == len(first)


@pytest.mark.parametrize("form", ["html", "text", "json", "eml"])
def test_an_issue_is_shown_in_every_format(brief: Brief, form: str) -> None:
    brief("demo")
    ran = brief("show", "2026-W23", "--format", form, "--topic", "llm-post-train", DATA_DIR="var/demo")
    assert ran.code == 0, ran.err
    assert {"html": "<!DOCTYPE html>", "text": "KEY RESEARCH THEMES", "json": '"themes"', "eml": "List-Id:"}[
        form
    ] in ran.out


def test_an_issue_is_approved_by_hand_before_it_is_sent(brief: Brief) -> None:
    brief("demo")
    refused = brief("send", "2026-W22", DATA_DIR="var/demo")
    assert (refused.code, "brief approve 2026-W22" in refused.err) == (1, True)
    brief("approve", "2026-W22")
    assert "would get it" in brief("send", "2026-W22", "--dry-run").out
    sent = json.loads(brief("send", "2026-W22", "--json").out)
    assert sum(sent["deliveries"].values()) == 6


def test_topics_are_added_tried_edited_and_removed_from_files(brief: Brief) -> None:
    topic = json.loads(brief("topics", "show", "llm-post-train").out)
    Path("mine.json").write_text(json.dumps(topic | {"slug": "mine", "name": "Mine"}))
    assert brief("topics", "add", "mine.json").code == 0
    assert "is there already" in brief("topics", "add", "mine.json").err
    Path("change.toml").write_text('description = "Changed."')
    assert brief("topics", "edit", "mine", "change.toml").code == 0
    assert json.loads(brief("topics", "show", "mine").out)["description"] == "Changed."
    assert brief("topics", "remove", "mine", "--yes").code == 0
    assert brief("topics", "show", "mine").code == 1


def test_a_bad_query_is_refused_with_the_place_of_the_error(brief: Brief) -> None:
    topic = json.loads(brief("topics", "show", "llm-post-train").out)
    Path("bad.json").write_text(json.dumps(topic | {"slug": "bad", "search_terms": ["fine", 'open "quote']}))
    ran = brief("topics", "add", "bad.json")
    assert ran.code == 1
    assert "search_terms[1]" in ran.err


def test_subscribers_are_added_imported_and_listed(brief: Brief) -> None:
    assert brief("subscribers", "add", "ada@example.org", "--topic", "llm-post-train").code == 0
    Path("more.csv").write_text("address,topics\nbo@example.org,llm-agents\nnobody,llm-agents\n")
    imported = brief("subscribers", "import", "more.csv")
    assert (imported.code, "row 3: refused" in imported.out) == (1, True)
    found = json.loads(brief("subscribers", "list", "--json").out)
    assert [one["address"] for one in found] == ["ada@example.org", "bo@example.org"]


def test_a_subscriber_is_shown_with_choices_consent_and_history(brief: Brief) -> None:
    brief("subscribers", "add", "ada@example.org", "--topic", "llm-agents", "--consent", "paper form 7")
    brief("subscribers", "add", "ada@example.org", "--topic", "exoplanets", "--frequency", "monthly")
    shown = json.loads(brief("subscribers", "show", "ADA@example.org", "--json").out)
    assert (shown["consent"], shown["frequency"], shown["topics"]) == (
        "paper form 7",
        "monthly",
        ["exoplanets"],
    )
    assert [entry["change"] for entry in shown["history"]] == [
        "joined", "now follows exoplanets", "no longer follows llm-agents", "gets it monthly",
    ]  # fmt: skip
    assert "gets it monthly (command line)" in brief("subscribers", "show", "ada@example.org").out


def test_an_import_is_rehearsed_reported_and_exported(brief: Brief) -> None:
    Path("more.csv").write_text("address;topics;name\nbo@example.org;llm-agents;=1+1\nnobody;llm-agents;\n")
    rehearsed = brief("subscribers", "import", "more.csv", "--dry-run")
    assert "1 added, 0 updated, 1 refused, 0 suppressed (nothing was written)" in rehearsed.out
    ran = brief("subscribers", "import", "more.csv", "--report", "report.csv", "--json")
    assert [json.loads(line)["result"] for line in ran.out.splitlines()] == ["added", "refused"]
    assert Path("report.csv").read_text().splitlines()[:2] == ["row,result,why", "2,added,"]
    assert brief("subscribers", "export", "--out", "all.csv").code == 0
    assert Path("all.csv").read_text() == brief("subscribers", "export").out
    assert "bo@example.org,'=1+1,llm-agents," in brief("subscribers", "export").out


def test_a_suppressed_or_deleted_address_is_not_added(brief: Brief) -> None:
    brief("subscribers", "add", "ada@example.org", "--topic", "llm-agents")
    assert brief("subscribers", "forget", "ada@example.org", "--yes").code == 0
    add = ("subscribers", "add", "ada@example.org", "--topic", "llm-agents")
    assert "was deleted" in brief(*add).err
    brief("subscribers", "unsuppress", "ada@example.org")
    brief("subscribers", "suppress", "example.org", "--why", "they asked")
    assert "is not added: by the operator" in brief(*add).err
    assert "example.org: by the operator, they asked" in brief("subscribers", "suppressions").out
    brief("subscribers", "unsuppress", "example.org")
    assert brief(*add).code == 0


def test_the_audience_of_an_issue_is_told_with_reasons(brief: Brief) -> None:
    brief("demo")
    counts = json.loads(brief("audience", "2026-W22", "--json", DATA_DIR="var/demo").out)
    assert counts == {"gets it": 4, "has not confirmed the address": 1, "paused until 2999-12-31": 1}
    for address, words in (
        ("jorg.beispiel@example.com", "follows Robot Learning and Exoplanets"),
        ("paolo.esempio@example.com", "paused until 2999-12-31"),
    ):
        assert words in brief("audience", "2026-W22", "--subscriber", address).out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("audience", "2026-W01"), 1, "no issue '2026-W01'"),
        (("subscribers", "show", "bo@example.org"), 1, "bo@example.org is not on the roster"),
        (("subscribers", "unsuppress", "example.org"), 1, "example.org is not suppressed"),
        (("subscribers", "suppress", "no domain"), 1, "is not a domain"),
        (("subscribers", "import", "missing.csv"), 1, "missing.csv can't be imported"),
        (("show", "2026-W01"), 1, "no issue '2026-W01'"),
        (("build", "--week", "2026-W99"), 2, "no window"),
        (("build", "--from", "2026-05-29"), 2, "go together"),
        (("build", "--from", "2026-05-29", "--to", "2026-05-25"), 2, "can't end before"),
        (("build", "--topic", "nothing"), 1, "no topic 'nothing'"),
        (("topics", "add", "missing.json"), 1, "missing.json can't be read"),
        (("subscribers", "add", "nobody", "--topic", "llm-agents"), 1, "not an e-mail address"),
        (("no-such-command",), 2, "No such command"),
    ],
)
def test_an_error_is_one_clear_line_without_a_traceback(
    brief: Brief, arguments: tuple[str, ...], code: int, words: str
) -> None:
    ran = brief(*arguments)
    assert ran.code == code
    assert words in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"DATABASE_URL": "nonsense"}, "BRIEF_DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:////proc/no/such/place.db"}, "BRIEF_DATABASE_URL"),
        ({"MAILER": "pigeon"}, "BRIEF_MAILER"),
        ({"ARXIV_INTERVAL": "0"}, "every three seconds"),
        ({"ENVIRONMENT": "production", "SECRET_KEY": "weak"}, "at least 32 characters"),
    ],
)
def test_a_wrong_setting_is_named(brief: Brief, settings: dict[str, str], words: str) -> None:
    ran = brief("issues", **settings)
    assert ran.code != 0
    assert words in ran.err
    assert "weak" not in ran.err


def test_the_doctor_finds_a_source_that_does_not_answer(brief: Brief) -> None:
    ran = brief("doctor", "--json", ARXIV_URL="http://127.0.0.1:9/api/query")
    verdicts = {one["check"]: one["verdict"] for one in json.loads(ran.out)}
    assert ran.code == 1
    assert verdicts["arXiv"] == "wrong"
    assert verdicts["database"] == verdicts["templates"] == verdicts["mailer"] == "ok"


@needs_mirror
def test_two_weeks_build_from_real_papers_and_share_none(brief: Brief) -> None:
    papers = {}
    for week, visible_until in (("2026-W22", "2026-06-01T00:39:00Z"), ("2026-W23", "")):
        with mirror(visible_until=visible_until) as arxiv:
            ran = brief(
                "build", "--week", week, "--topic", "llm-post-train", ARXIV_URL=arxiv.url, ARXIV_INTERVAL="0"
            )
        assert ran.code == 0, ran.err
        (held,) = json.loads(brief("show", week, "--format", "json").out)
        assert held["themes"]
        assert held["notable"]
        papers[week] = {one["paper_id"]: one["late"] for one in held["catalog"]}
    assert len(papers["2026-W22"]) == len(papers["2026-W23"]) == 77
    assert not papers["2026-W22"].keys() & papers["2026-W23"].keys()
    assert any(papers["2026-W23"].values())


@needs_mirror
def test_a_source_that_answers_nothing_is_an_error_and_no_issue(brief: Brief) -> None:
    with mirror("zero@*") as arxiv:
        ran = brief(
            "build",
            "--week",
            "2026-W22",
            "--topic",
            "llm-post-train",
            ARXIV_URL=arxiv.url,
            ARXIV_INTERVAL="0",
        )
    assert ran.code == 1
    assert "llm-post-train" in ran.err
    assert json.loads(brief("issues", "--json").out) == []


def test_what_is_due_is_told_with_its_time(brief: Brief) -> None:
    ran = brief("due")
    assert ran.code == 0, ran.err
    assert re.search(r"now .* build issue \d{4}-W\d\d: 10 topics", ran.out)
    assert re.search(r"Tue \d{4}-\d\d-\d\d 03:00 .* build issue \d{4}-W\d\d", ran.out)
    values = json.loads(brief("due", "--json").out)
    assert {"CleanUp", "Build"} <= {one["action"] for one in values}


def test_a_calendar_that_cannot_be_read_is_told_in_one_line(brief: Brief) -> None:
    ran = brief("due", BUILD_CRON="every tuesday")
    assert (ran.code, "BRIEF_BUILD_CRON" in ran.err) == (1, True)


def test_an_issue_waits_for_the_hours_of_its_readers(brief: Brief) -> None:
    brief("demo")
    brief("approve", "2026-W22", DATA_DIR="var/demo")
    waits = brief("send", "2026-W22", "--at-local-hours")
    assert (waits.code, "wait for their hour" in waits.out) == (1, True)
    assert "0 late deliveries" in brief("deliveries", "release", "2026-W22").out
    assert brief("send", "2026-W22").code == 0
