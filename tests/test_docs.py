"""What the pages under docs/ name exists: files, commands and their options."""

import pkgutil
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import service
import service.delivery
import service.emails
import service.language
import service.language.tex
import service.schedule
import service.settings
import service.store
import service.wiring
import tests
from service import cli
from subscribers.topics import read_topic

PROJECT = Path(__file__).parents[1]
PAGES = sorted((PROJECT / "docs").glob("*.md"))
COMMAND = re.compile(r"(?:^|[`/])brief ((?:[a-z-]+)(?: [^\n`#|;]*)?)", re.MULTILINE)
CLIENT = re.compile(r"\b(?:pg_dump|pg_restore|psql|curl|openssl s_client)\b")
SECRET = re.compile(r"\$\{?\w*(?:URL|PASSWORD|TOKEN)|://[^\s/@`]+:[^\s/@`]+@|PGPASSWORD=")


def test_every_link_between_the_pages_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


def test_every_command_that_is_named_exists_with_its_options() -> None:
    for page in PAGES:
        for words in COMMAND.findall(page.read_text("utf-8")):
            command, rest = _found(words.split())
            options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
            for option in re.findall(r"(?<!\S)(--[a-z-]+)", " ".join(rest)):
                assert option in options, (page.name, words)


def test_no_command_that_is_shown_gives_a_password_to_the_list_of_processes() -> None:
    lines = (
        line for page in (*PAGES, PROJECT / "README.md") for line in page.read_text("utf-8").splitlines()
    )
    shown = [line for line in lines if CLIENT.search(line)]
    assert shown
    assert [line for line in shown if SECRET.search(line)] == []


def test_the_topic_that_is_shown_can_be_added() -> None:
    page = (PROJECT / "docs/operating.md").read_text("utf-8")
    shown = page.partition("```toml\n")[2].partition("```")[0]
    assert read_topic(tomllib.loads(shown)).slug == "tactile-sensing"


def test_a_map_of_a_package_names_each_of_its_modules() -> None:
    for package in (
        service, service.delivery, service.emails, service.language, service.language.tex, service.schedule,
        service.settings, service.store, service.wiring,
    ):  # fmt: skip
        named = re.findall(r"^([a-z_]+)  +\S", package.__doc__ or "", re.MULTILINE)
        held = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
        assert sorted(named) == held, package.__name__


def test_the_reading_order_of_the_tests_names_each_file_once_and_each_says_what_it_specifies() -> None:
    files = sorted((PROJECT / "tests").rglob("test_*.py"))
    assert sorted(re.findall(r"\btest_\w+", tests.__doc__ or "")) == sorted(file.stem for file in files)
    assert [file.name for file in files if not file.read_text("utf-8").startswith('"""')] == []


@pytest.mark.parametrize("module", ["scheduler", "cli/serving"])
def test_every_event_of_the_schedule_is_in_the_table(module: str) -> None:
    page = (PROJECT / "docs/operating.md").read_text("utf-8")
    events = re.findall(r"event=([a-z_]+)", (PROJECT / f"service/{module}.py").read_text("utf-8"))
    assert [event for event in events if f"| `{event}` |" not in page] == []


def _found(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words call, and what is left for it."""
    name, *words = words
    app: Any = get_command(cli.app)
    command: Any = cli.loaded(name) if name in cli.COMMANDS else app.commands[name]
    while hasattr(command, "commands"):
        if command.name == "deliveries" and words[0] not in command.commands:
            return command.commands["list"], words  # `brief deliveries ISSUE` is short for it
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    return command, words
