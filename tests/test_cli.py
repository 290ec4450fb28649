"""The commands: what each does, says and refuses, and the demo that shows them all."""

import datetime as dt
import json
import os
import pwd
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from typer.main import get_command

from service import cli, samples
from service.briefs.extractive import ExtractiveWriter
from service.cli.terminal import operator
from service.papers import Window
from service.pipeline import BuildContext, build_issue
from service.settings import read_settings
from service.store import Store
from service.wiring import open_service
from subscribers.database import connect
from tests import builders
from tests.adapters.mirror import mirror, needs_mirror
from tests.fakes import ScriptedPapers

FEW = "ai-safety-security"  # a topic whose real weeks are smaller


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Brief = Callable[..., Ran]


@pytest.fixture
def brief(
    migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Brief:
    """Runs `brief …` where nothing is but a new database, through the same door as the installed command."""
    (tmp_path / "var").mkdir(0o700)
    shutil.copy(migrated, tmp_path / "var" / "brief.db")
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


@pytest.fixture
def after_demo(brief: Brief, demo: Path) -> Brief:
    """The same where `brief demo` was run before."""
    shutil.copytree(demo, "var/demo")
    return brief


def test_the_demo_says_what_it_made_and_leaves_an_e_mail_for_each_reader(
    after_demo: Brief, demo: Path
) -> None:
    said = (demo / "said.txt").read_text("utf-8")
    assert "Issue 2026-W23" in said
    assert "accepted" in said
    assert "BRIEF_BUILD_CRON=never BRIEF_ADMINS=editor@example.org brief serve" in said
    assert len(list(Path("var/demo/outbox").glob("*.eml"))) == 4
    assert after_demo("issues", "--json", DATA_DIR="var/demo").out.count('"2026-W') == 2


def test_every_brief_of_the_demo_is_whole_each_question_has_its_recorded_answer(demo: Path) -> None:
    """A question without its answer would be missing in the brief, without a word on the terminal."""
    store = Store(connect(f"sqlite:///{demo / 'brief.db'}"))
    for week in samples.WEEKS:
        for brief in store.issue(week).briefs:
            made = brief.metadata
            assert (made.writer, made.notes, made.unchecked) == ("openai", (), 0), (week, brief.topic_slug)
            assert len(brief.notable) >= 5
            assert brief.minute


def test_the_demo_can_be_run_again_in_production_too_and_says_which_settings_it_passes_over(
    after_demo: Brief,
) -> None:
    recipe = (Path(__file__).parents[1] / "Makefile").read_text("utf-8")
    assert "export BRIEF_DATA_DIR=var/demo BRIEF_BUILD_CRON=never BRIEF_ADMINS=" in recipe
    Path("Makefile").write_text(recipe, "utf-8")
    first = len(list(Path("var/demo/outbox").iterdir()))
    ran = after_demo(
        "demo", "--writer", "extractive", ENVIRONMENT="production", SECRET_KEY="k" * 32, DATA_DIR="var/mine",
        BASE_URL="https://brief.example.org", MAILER="smtp", SENDER_ADDRESS="brief@example.org",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    passed_over = "BRIEF_ENVIRONMENT, BRIEF_DATA_DIR, BRIEF_MAILER are set, and count for nothing here"
    assert ran.out.startswith(passed_over)
    assert "\n  make serve\n" in ran.out
    assert not Path("var/mine").exists()
    assert len(list(Path("var/demo/outbox").iterdir())) == first


def test_an_issue_is_shown_in_every_format(after_demo: Brief) -> None:
    forms = {"html": "<!DOCTYPE html>", "text": "KEY RESEARCH THEMES", "json": '"themes"', "eml": "List-Id:"}
    show = ("show", "2026-W23", "--topic", "llm-post-train", "--format")
    for form, held in forms.items():
        ran = after_demo(*show, form, DATA_DIR="var/demo")
        assert ran.code == 0, (form, ran.err)
        assert held in ran.out, form


def test_an_issue_that_is_not_there_is_told_with_the_place_that_was_looked_in(after_demo: Brief) -> None:
    ran = after_demo("show", "2026-W40", DATA_DIR="var/demo")
    assert ran.code == 2
    assert "there is no issue '2026-W40'" in ran.err
    assert ran.err.endswith("looked in var/demo\n")


def test_an_issue_is_approved_by_hand_before_it_is_sent(after_demo: Brief) -> None:
    Store(connect("sqlite:///var/demo/brief.db")).withdraw("2026-W22")
    refused = after_demo("send", "2026-W22", DATA_DIR="var/demo")
    assert (refused.code, "brief approve 2026-W22" in refused.err) == (1, True)
    after_demo("approve", "2026-W22")
    assert "would get it" in after_demo("send", "2026-W22", "--dry-run").out
    sent = json.loads(after_demo("send", "2026-W22", "--json").out)
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
    assert brief("topics", "show", "mine").code == 2


def test_topics_that_are_not_kept_end_and_go_on_with_their_followers(brief: Brief) -> None:
    brief("subscribers", "add", "ann@example.org", "--topic", "exoplanets")
    assert brief("topics", "keep", "llm-agents", "--yes").code == 0
    assert [one["slug"] for one in json.loads(brief("topics", "list", "--json").out)] == ["llm-agents"]
    assert json.loads(brief("subscribers", "show", "ann@example.org", "--json").out)["topics"] == []
    assert brief("topics", "keep", "exoplanet").code == 2
    said = brief("topics", "keep", "exoplanets", "llm-agents").out
    assert "exoplanets goes on; 1 subscribers follow it" in said
    assert json.loads(brief("subscribers", "show", "ann@example.org", "--json").out)["topics"] == [
        "exoplanets"
    ]


def test_a_starter_is_listed_and_added(brief: Brief) -> None:
    assert "battery-materials" in brief("topics", "starters", "cond-mat").out
    assert brief("topics", "starters", "alchemy").code == 2
    assert brief("topics", "add", "--starter", "battery-materials").code == 0
    assert json.loads(brief("topics", "show", "battery-materials").out)["name"] == "Battery Materials"


@pytest.mark.shared
@needs_mirror
def test_a_topic_is_proposed_written_and_added(brief: Brief, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.wiring.now", lambda: dt.datetime(2026, 6, 9, tzinfo=dt.UTC))
    words = ("topics", "propose", "Reinforcement learning for robots that grasp", "--weeks", "1")
    with mirror() as arxiv:
        ran = brief(*words, "--slug", "grasping", "--out", "t.toml", ARXIV_URL=arxiv.url, ARXIV_INTERVAL="0")
        assert (ran.code, "Last week it would have taken" in ran.out) == (0, True), ran.err
        first = json.loads(brief(*words, "--without", "robot*", "--with", "dexteruos hand", "--json").out)
        assert brief("topics", "propose").code == 2
    assert "did you mean" in first["terms"][0]["remark"]
    assert "robot*" not in first["topic"]["search_terms"]
    assert brief("topics", "add", "t.toml").code == 0
    assert json.loads(brief("topics", "show", "grasping").out)["slug"] == "grasping"


def test_a_bad_query_is_refused_with_the_place_of_the_error(brief: Brief) -> None:
    topic = json.loads(brief("topics", "show", "llm-post-train").out)
    Path("bad.json").write_text(json.dumps(topic | {"slug": "bad", "search_terms": ["fine", 'open "quote']}))
    ran = brief("topics", "add", "bad.json")
    assert ran.code == 2
    assert "search_terms[1]" in ran.err


def test_subscribers_are_added_imported_and_listed(brief: Brief) -> None:
    assert brief("subscribers", "add", "ada@example.org", "--topic", "llm-post-train").code == 0
    Path("more.csv").write_text("address,topics\nbo@example.org,llm-agents\nnobody,llm-agents\n")
    imported = brief("subscribers", "import", "more.csv", "--consent", "a list")
    assert (imported.code, "line 3 n…: refused" in imported.out) == (1, True)
    found = json.loads(brief("subscribers", "list", "--json").out)
    assert [one["address"] for one in found] == ["ada@example.org", "bo@example.org"]


def test_a_subscriber_is_shown_with_choices_consent_and_history(brief: Brief) -> None:
    brief("subscribers", "add", "ada@example.org", "--topic", "llm-agents", "--consent", "paper form 7")
    add = ("subscribers", "add", "ada@example.org", "--frequency", "monthly")
    brief(*add, "--topic", "exoplanets", "--replace")
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


def test_the_list_says_who_is_suppressed(brief: Brief) -> None:
    for address in ("ada@example.org", "bo@example.net", "cy@example.com"):
        brief("subscribers", "add", address, "--topic", "llm-agents")
    brief("subscribers", "suppress", "ada@example.org")
    brief("subscribers", "suppress", "example.net")
    found = json.loads(brief("subscribers", "list", "--json").out)
    assert [one["suppressed"] for one in found] == ["by the operator", "by the operator", None]
    assert brief("subscribers", "list").out.count("active, suppressed: by the operator") == 2


def test_a_known_subscriber_changes_only_in_what_is_given(brief: Brief) -> None:
    add = ("subscribers", "add", "ada@example.org")
    brief(*add, "--topic", "llm-agents", "--length", "short", "--frequency", "monthly", "--name", "Ada [L]")
    ran = brief(*add, "--topic", "exoplanets")
    assert ran.out == "Updated ada@example.org: llm-agents, exoplanets\n"
    shown = json.loads(brief("subscribers", "show", "ada@example.org", "--json").out)
    assert (shown["length"], shown["frequency"], shown["name"]) == ("short", "monthly", "Ada [L]")
    assert "Ada [L]" in brief("subscribers", "list").out


def test_hostile_text_goes_through_every_list_as_it_is(brief: Brief) -> None:
    name = "[/red] [bold]\\[x :boom:"
    topic = json.loads(brief("topics", "show", "exoplanets").out)
    Path("t.json").write_text(json.dumps(topic | {"slug": "t", "name": name, "description": name}))
    assert brief("topics", "add", "t.json").code == 0
    brief("subscribers", "add", "ada@example.org", "--topic", "t", "--name", name)
    brief("subscribers", "suppress", "example.com", "--why", name)
    for command in (("topics", "list"), ("subscribers", "list"), ("subscribers", "suppressions")):
        ran = brief(*command)
        assert (ran.code, name in ran.out) == (0, True), ran
    assert "'[/red]'" in brief("show", "[/red]").err


def test_an_import_is_rehearsed_reported_and_exported(brief: Brief) -> None:
    Path("more.csv").write_text("address;topics;name\nbo@example.org;llm-agents;=1+1\nnobody;llm-agents;\n")
    command = ("subscribers", "import", "more.csv", "--consent", "a list")
    rehearsed = brief(*command, "--dry-run")
    assert "1 added, 1 refused (nothing was written)" in rehearsed.out
    ran = brief(*command, "--report", "report.csv", "--json")
    assert [json.loads(line)["result"] for line in ran.out.splitlines()] == ["added", "refused"]
    assert Path("report.csv").read_text().splitlines()[:2] == [
        "line,address,result,why",
        "2,b…@example.org,added,",
    ]
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
    assert "is suppressed, not added: by the operator" in brief(*add).err
    assert "example.org: by the operator, they asked" in brief("subscribers", "suppressions").out
    brief("subscribers", "unsuppress", "example.org")
    assert brief(*add).code == 0


def test_the_audience_of_an_issue_is_told_with_reasons(after_demo: Brief) -> None:
    counts = json.loads(after_demo("audience", "2026-W22", "--json", DATA_DIR="var/demo").out)
    assert counts == {"gets it": 4, "has not confirmed the address": 1, "paused until 2999-12-31": 1}
    for address, words in (
        ("jorg.beispiel@example.com", "follows Robot Learning and Exoplanets"),
        ("paolo.esempio@example.com", "paused until 2999-12-31"),
    ):
        assert words in after_demo("audience", "2026-W22", "--subscriber", address).out


ERRORS: tuple[tuple[tuple[str, ...], int, str], ...] = (
    (("audience", "2026-W01"), 2, "no issue '2026-W01'"),
    (("subscribers", "show", "bo@example.org"), 2, "bo@example.org is not on the roster"),
    (("subscribers", "unsuppress", "example.org"), 2, "example.org is not suppressed"),
    (("subscribers", "suppress", "no domain"), 2, "is not a domain"),
    (("subscribers", "import", "missing.csv"), 2, "missing.csv can't be imported"),
    (("show", "2026-W01"), 2, "no issue '2026-W01'"),
    (("build", "--week", "2026-W99"), 2, "no window"),
    (("build", "--from", "2026-05-29"), 2, "go together"),
    (("build", "--from", "2026-05-29", "--to", "2026-05-25"), 2, "can't end before"),
    (("build", "--topic", "nothing"), 2, "no topic 'nothing'"),
    (("topics", "add", "missing.json"), 2, "missing.json can't be read"),
    (("subscribers", "add", "nobody", "--topic", "llm-agents"), 2, "not an e-mail address"),
    (("subscribers", "add", "ada@example.org"), 2, "give --topic"),
    (("no-such-command",), 2, "No such command"),
    (("build", "--week", "0001-W01"), 2, "no window"),
    (("build", "--week", "9999-W52"), 2, "no window"),
)


def test_an_error_is_one_clear_line_without_a_traceback(brief: Brief) -> None:
    for arguments, code, words in ERRORS:
        ran = brief(*arguments)
        assert ran.code == code, (arguments, ran)
        assert words in ran.err, arguments
        assert "Traceback" not in ran.err, arguments
        assert ran.err.count("\n") == 1 or "Usage:" in ran.err, arguments


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"DATABASE_URL": "nonsense"}, "BRIEF_DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:////proc/no/such/place.db"}, "BRIEF_DATABASE_URL"),
        ({"MAILER": "pigeon"}, "BRIEF_MAILER"),
        ({"ARXIV_INTERVAL": "0"}, "every three seconds"),
        ({"ENVIRONMENT": "production", "SECRET_KEY": "weak"}, "at least 32 characters"),
        ({"DATABASE_URL": "mysql://u:weak@host/db"}, "other databases are not supported"),
        ({"DATABASE_URL": "postgresql+psycopg://u:weak@127.0.0.1:9/db"}, "can't be reached"),
        ({"DATABASE_URL": "sqlite:///missing/folder/brief.db"}, "the folder missing/folder does not exist"),
        ({"SENDER_ADDRESS": "nobody"}, "BRIEF_SENDER_ADDRESS: 'nobody' is not an e-mail address"),
        ({"REPLY_TO": "a@b@c"}, "BRIEF_REPLY_TO"),
        ({"LIST_ID": "<The list>"}, "BRIEF_LIST_ID: must be written like a domain"),
        ({"ARXIV_URL": "garbage"}, "BRIEF_ARXIV_URL: must be an absolute address"),
        ({"BASE_URL": "http://host:99999"}, "BRIEF_BASE_URL: must be an absolute address"),
        ({"BASE_URL": "http://host:port"}, "BRIEF_BASE_URL: must be an absolute address"),
        ({"SMTP_PORT": "99999"}, "BRIEF_SMTP_PORT"),
    ],
)
def test_a_wrong_setting_is_named(brief: Brief, settings: dict[str, str], words: str) -> None:
    ran = brief("issues", **settings)
    assert ran.code != 0
    assert words in ran.err
    assert "weak" not in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        (".env", b"BRIEF_SENDER_NAME=\xe9", ".env is not UTF-8"),
        ("var/brief.db", b"no database at all, " * 20, "is no database; put a backup"),
        ("var/secret.key", b"", "secret.key is empty"),
    ],
)
def test_a_file_that_is_damaged_is_named_in_one_line(
    brief: Brief, file: str, content: bytes, words: str
) -> None:
    Path(file).write_bytes(content)
    ran = brief("issues")
    assert ran.code != 0
    assert words in ran.err
    assert ran.err.count("\n") == 1


def test_a_database_that_can_only_be_read_is_told_without_sql_and_addresses(brief: Brief) -> None:
    brief("issues")
    only_read = "sqlite:///file:var/brief.db?mode=ro&uri=true"
    ran = brief("subscribers", "add", "ada@example.org", "--topic", "exoplanets", DATABASE_URL=only_read)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "the database: it is read-only" in ran.err
    assert "ada@" not in ran.err
    assert "INSERT" not in ran.err


def test_measures_need_a_topic_of_the_issue_and_outlive_its_removal(after_demo: Brief) -> None:
    missing = after_demo("evaluate", "2026-W23", "--topic", "nope", DATA_DIR="var/demo")
    assert (missing.code, "has no brief on 'nope'; it has: llm-post-train" in missing.err) == (2, True)
    after_demo("topics", "remove", "exoplanets", "--yes")
    measured = after_demo("evaluate", "2026-W23", "--topic", "exoplanets", "--json")
    assert (measured.code, list(json.loads(measured.out))) == (0, ["exoplanets"]), measured.err


def test_measures_of_a_topic_with_one_paper_stand_beside_those_of_others(brief: Brief) -> None:
    brief("issues")
    now, service = dt.datetime(2026, 6, 1, tzinfo=dt.UTC), open_service(read_settings())
    papers = [builders.paper(at, submitted=now - dt.timedelta(days=5)) for at in range(8)]
    source = ScriptedPapers({"many": papers, "one": papers[:1]}, now)
    writer = ExtractiveWriter()
    room = BuildContext(service.store, source, writer, writer, lambda: now)
    build_issue(Window.of_week("2026-W22"), [builders.topic(slug=slug) for slug in source.answers], room)
    service.engine.dispose()
    ran = brief("evaluate", "2026-W22")
    assert ran.code == 0, ran.err
    assert re.search(r"papers +│ \d+ +│ 1 ", ran.out)


def test_a_reader_of_the_help_sees_every_command_as_its_module_has_it() -> None:
    modules = [file.stem for file in Path(cli.__file__).parent.glob("*.py") if "add_to(" in file.read_text()]
    assert {module for module, _ in cli.COMMANDS.values()} == set(modules) - {"__init__"}
    for module in {module for module, _ in cli.COMMANDS.values()}:
        part = typer.Typer()
        part.callback()(lambda: None)
        import_module(f"service.cli.{module}").add_to(part)
        for name, command in cast("Any", get_command(part)).commands.items():
            assert cli.COMMANDS[name] == (module, command.help.partition("\n")[0]), name


def test_the_doctor_finds_a_source_that_does_not_answer(brief: Brief) -> None:
    ran = brief("doctor", "--json", ARXIV_URL="http://127.0.0.1:9/api/query")
    verdicts = {one["check"]: one["verdict"] for one in json.loads(ran.out)}
    assert ran.code == 1
    assert verdicts["arXiv"] == "wrong"
    assert verdicts["database"] == verdicts["templates"] == verdicts["mailer"] == "ok"


@needs_mirror
def test_a_week_builds_from_real_papers(brief: Brief) -> None:
    """A topic of few papers; test_counts has the large ones over two weeks, built once for all tests."""
    with mirror(visible_until="2026-06-01T00:39:00Z") as arxiv:
        ran = brief("build", "--week", "2026-W22", "--topic", FEW, ARXIV_URL=arxiv.url, ARXIV_INTERVAL="0")
    assert ran.code == 0, ran.err
    (held,) = json.loads(brief("show", "2026-W22", "--format", "json").out)
    assert held["themes"]
    assert held["notable"]
    assert len(held["catalog"]) >= 10


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


def test_a_backup_is_taken_and_restored_by_command(brief: Brief) -> None:
    brief("issues", SECRET_KEY="k" * 40)
    assert brief("backup", "backup.db").code == 0
    assert "signing key" in brief("backup", "other.db").out
    refused = brief("restore", "backup.db")
    assert (refused.code, "--yes" in refused.err) == (1, True)
    ran = brief("restore", "backup.db", "--yes")
    assert (ran.code, "0 deliveries may have left" in ran.out) == (0, True)
    assert list(Path("var").glob("brief.db.replaced-*"))


def test_a_dump_that_was_restored_is_told_when_it_was_taken(brief: Brief) -> None:
    for taken, code in (("2026-06-02T03:00+00:00", 0), ("2026-06-02", 2), ("soon", 2)):
        assert brief("restored", "--taken", taken).code == code, taken


def test_the_mailer_is_asked_about_uncertain_deliveries(after_demo: Brief) -> None:
    ran = after_demo("deliveries", "reconcile", "2026-W23", DATA_DIR="var/demo")
    assert (ran.code, "4 accepted" in ran.out) == (0, True)


def test_the_settings_are_shown_without_their_secrets(brief: Brief) -> None:
    ran = brief("settings", SECRET_KEY="a-secret-that-nobody-may-see-here", SENDER_NAME="Sampleton Weekly")
    assert "Sampleton Weekly" in ran.out
    assert "a-secret" not in ran.out


def test_a_secret_in_a_file_that_is_missing_is_one_line(brief: Brief) -> None:
    ran = brief("issues", SECRET_KEY_FILE="/nowhere/key")
    assert (ran.code, ran.err.count("\n"), "BRIEF_SECRET_KEY_FILE" in ran.err) == (2, 1, True)


def test_sentry_that_is_wanted_but_missing_is_one_line(brief: Brief) -> None:
    ran = brief("worker", "--once", SENTRY_DSN="https://key@sentry.example/1")
    assert (ran.code, "pip install sentry-sdk" in ran.err) == (1, True)


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


def test_an_issue_waits_for_the_hours_of_its_readers(after_demo: Brief) -> None:
    after_demo("approve", "2026-W22", DATA_DIR="var/demo")
    waits = after_demo("send", "2026-W22", "--at-local-hours")
    assert (waits.code, "wait for their hour" in waits.out) == (1, True)
    assert "0 late deliveries" in after_demo("deliveries", "release", "2026-W22").out
    assert after_demo("send", "2026-W22").code == 0


@pytest.mark.parametrize("existing", [False, True])
def test_files_with_addresses_are_read_by_their_owner_alone(brief: Brief, existing: bool) -> None:
    brief("subscribers", "add", "ada@example.org", "--topic", "llm-agents")
    Path("more.csv").write_text("address,topics\nbo@example.org,llm-agents\n")
    for name in ("all.csv", "report.csv"):
        if existing:
            Path(name).touch(0o644)
    brief("subscribers", "export", "--out", "all.csv")
    brief("subscribers", "import", "more.csv", "--consent", "a list", "--report", "report.csv")
    assert {Path(name).stat().st_mode & 0o777 for name in ("all.csv", "report.csv")} == {0o600}


def test_an_import_asks_where_they_said_yes(brief: Brief) -> None:
    Path("more.csv").write_text("address,topics\nbo@example.org,llm-agents\n")
    ran = brief("subscribers", "import", "more.csv")
    assert (ran.code, "say where these people said yes" in ran.err) == (2, True)
    assert json.loads(brief("subscribers", "list", "--json").out) == []


def test_an_export_of_the_same_roster_says_that_nothing_changed(brief: Brief) -> None:
    for name in ("ada", "bo", "cy"):
        brief("subscribers", "add", f"{name}@example.org", "--topic", "llm-agents")
    brief("subscribers", "suppress", "bo@example.org", "--why", "asked by letter")
    brief("subscribers", "export", "--out", "all.csv")
    assert "3 unchanged" in brief("subscribers", "import", "all.csv").out


def test_an_import_says_how_it_read_the_file_and_what_it_passed_over(brief: Brief) -> None:
    Path("more.csv").write_bytes("E-mail;Topics;Имя\nbo@example.org;LLM Agents;Иван\n".encode("cp1251"))
    out = brief("subscribers", "import", "more.csv", "--consent", "a list").out
    assert "Read as cp1251, columns between ';'." in out
    assert "line 1: the column 'Имя' is not known and passed over" in out


def audited(folder: str = "var") -> list[tuple[str, str, str]]:
    engine = connect(f"sqlite:///{folder}/brief.db")
    found = [(one.act.actor, one.act.action, one.act.subject) for one in Store(engine).noted()]
    engine.dispose()
    return found[::-1]


def test_what_commands_do_is_in_the_audit_log_under_who_ran_them(brief: Brief) -> None:
    brief("subscribers", "add", "ada@example.org", "--topic", "llm-agents")
    brief("subscribers", "add", "ada@example.org", "--topic", "exoplanets")
    brief("subscribers", "suppress", "ada@example.org")
    brief("subscribers", "unsuppress", "ada@example.org")
    brief("subscribers", "suppress", "example.net")
    brief("subscribers", "export")
    brief("subscribers", "forget", "ada@example.org", "--yes")
    brief("topics", "remove", "exoplanets", "--yes")
    brief("subscribers", "list")
    found = audited()
    assert [(action, subject) for _, action, subject in found] == [
        ("added", "subscriber 1"), ("changed", "subscriber 1"), ("suppressed", "subscriber 1"),
        ("no longer suppressed", "subscriber 1"), ("suppressed", "domain example.net"),
        ("exported", "all subscribers"), ("deleted", "subscriber 1"), ("removed", "topic exoplanets"),
    ]  # fmt: skip
    assert {actor for actor, _, _ in found} == {f"{pwd.getpwuid(os.getuid()).pw_name} (command line)"}


def test_what_is_done_to_deliveries_is_in_the_audit_log_each_time(after_demo: Brief) -> None:
    for command in ("pause", "pause", "resume"):
        after_demo("deliveries", command, "2026-W23", DATA_DIR="var/demo")
    found = [(action, subject) for _, action, subject in audited("var/demo")]
    assert found[-3:] == [
        ("paused", "issue 2026-W23"), ("paused", "issue 2026-W23"), ("resumed", "issue 2026-W23"),
    ]  # fmt: skip


def test_with_sudo_the_log_names_who_became_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setenv("SUDO_USER", "ann")
    assert operator() == "ann as root"


ASKED_WRONGLY = (
    *((name, "2026-W40") for name in ("show", "approve", "send", "check", "evaluate", "audience", "gallery")),
    *(("deliveries", name, "2026-W40") for name in ("show", "pause", "resume", "cancel", "release", "retry")),
    ("topics", "show", "none"),
    ("topics", "try", "none"),
    ("topics", "remove", "none", "--yes"),
    ("topics", "keep", "none"),
    ("topics", "add", "bad.toml"),
    ("topics", "edit", "exoplanets", "bad.toml"),
    ("build", "--topic", "none"),
    ("build", "--week", "2026-99"),
    ("subscribers", "show", "nobody@example.org"),
    ("subscribers", "show", "no address"),
    ("subscribers", "forget", "nobody@example.org", "--yes"),
    ("subscribers", "add", "ann@example.org", "--topic", "none"),
    ("restored", "--taken", "yesterday"),
    ("move",),
    ("no-such-command",),
    *((name, "--no-such-option") for name in cli.COMMANDS),
)


def test_what_is_asked_wrongly_ends_with_2_and_words_of_ours(brief: Brief) -> None:
    Path("bad.toml").write_text("slug = [")
    told = {arguments: brief(*arguments) for arguments in ASKED_WRONGLY}
    assert {name: (ran.code, ran.err) for name, ran in told.items() if ran.code != 2} == {}
    raw = ("Traceback", "Error:", "Exception", "pydantic", "tomllib", "sqlalchemy", "unexpected went wrong")
    ours = {name: ran.err for name, ran in told.items() if not name[-1].startswith("--no-such")}
    assert [err for err in ours.values() if any(word in err for word in raw)] == []


def test_help_names_each_command_once_in_a_group() -> None:
    grouped = [name for names in cli.GROUPS.values() for name in names]
    assert sorted(grouped) == sorted([*cli.COMMANDS, "version"])
    shown: Any = get_command(cli.app)
    panels = {name: command.rich_help_panel for name, command in shown.commands.items()}
    assert panels == {name: group for group, names in cli.GROUPS.items() for name in names}
