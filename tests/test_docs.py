"""What the pages under docs/ name exists: files, commands and their options."""

import pkgutil
import re
import tomllib
from pathlib import Path
from types import ModuleType
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
from service import cli
from subscribers.topics import read_topic

PROJECT = Path(__file__).parents[1]
PAGES = sorted((PROJECT / "docs").glob("*.md"))
COMMAND = re.compile(r"(?:^|[`/])brief ((?:[a-z-]+)(?: [^\n`#|;]*)?)", re.MULTILINE)

SECRET = re.compile(r"\$\{?\w*(?:URL|PASSWORD|TOKEN)|://[^\s/@`]+:[^\s/@`]+@|PGPASSWORD=")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_between_the_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists_with_its_options(page: Path) -> None:
    for words in COMMAND.findall(page.read_text("utf-8")):
        command, rest = _found(words.split())
        options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        for option in re.findall(r"(?<!\S)(--[a-z-]+)", " ".join(rest)):
            assert option in options, words


@pytest.mark.parametrize("page", [*PAGES, PROJECT / "README.md"], ids=lambda page: page.name)
def test_no_command_that_is_shown_gives_a_password_to_the_list_of_processes(page: Path) -> None:
    for line in page.read_text("utf-8").splitlines():
        if re.search(r"\b(?:pg_dump|pg_restore|psql|curl|openssl s_client)\b", line):
            assert not re.search(
                r"\$\{?\w*(?:URL|PASSWORD|TOKEN)|://[^\s/@`]+:[^\s/@`]+@|PGPASSWORD=", line
            ), line


def test_the_topic_that_is_shown_can_be_added() -> None:
    page = (PROJECT / "docs/operating.md").read_text("utf-8")
    shown = page.partition("```toml\n")[2].partition("```")[0]
    assert read_topic(tomllib.loads(shown)).slug == "tactile-sensing"


@pytest.mark.parametrize(
    "package",
    [
        service,
        service.delivery,
        service.emails,
        service.language,
        service.language.tex,
        service.schedule,
        service.settings,
        service.store,
        service.wiring,
    ],
    ids=lambda package: package.__name__,
)
def test_a_map_of_a_package_names_each_of_its_modules(package: ModuleType) -> None:
    named = re.findall(r"^([a-z_]+)  +\S", package.__doc__ or "", re.MULTILINE)
    assert sorted(named) == sorted(module.name for module in pkgutil.iter_modules(package.__path__))


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
