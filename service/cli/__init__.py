"""The command line: `brief …`. Errors are one clear line on standard error; no traceback reaches a user.

COMMANDS   every command with its module, which is imported when the command is run: help comes at once
main       runs one, and puts what goes wrong into one line
"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from service import __version__

# The module of a command and the first line of its help
COMMANDS = {
    "init": (
        "initializing",
        "Set up a newsletter: ask what is needed, write a private .env, and say what comes next.",
    ),
    "demo": (
        "demonstrating",
        "Build two weeks of invented papers and deliver the newer issue into var/demo/outbox.",
    ),
    "build": (
        "building",
        "Build an issue: fetch, choose and rank the window's papers, and write a brief for each topic.",
    ),
    "issues": ("showing", "List the issues, newest first."),
    "show": ("showing", "Show an issue as its readers get it: the same render as the send."),
    "search": (
        "searching",
        "Search sentences of published briefs, and every paper that was considered for them.",
    ),
    "approve": ("showing", "Approve an issue as it stands now; any later change needs another approval."),
    "gallery": (
        "printing",
        "Write an issue's e-mails as HTML, plaintext, .eml and, with Chromium, pictures and a contact sheet.",
    ),
    "check": (
        "printing",
        "Check every e-mail that readers would get, and each topic alone; exit code 1 for a problem.",
    ),
    "send": (
        "sending",
        "Deliver an approved issue now, whatever hour its readers chose.",
    ),
    "worker": (
        "sending",
        "Deliver what is due and build what is queued, until SIGTERM; on PostgreSQL start as many as wanted.",
    ),
    "deliveries": ("delivering", "What became of an issue, row by row, and what to do about it."),
    "corrections": (
        "correcting",
        "List what briefs corrected: papers of earlier ones that were withdrawn or substantially revised.",
    ),
    "evaluate": (
        "evaluating",
        "Measure an issue's briefs: coverage, citations, settings, checks, words; or have a model judge.",
    ),
    "serve": (
        "serving",
        "Serve the pages, build what is due and deliver it: everything in one process, until SIGTERM.",
    ),
    "scheduler": (
        "scheduling",
        "Build, ask for approval and plan what is due, until SIGTERM; start as many as wanted.",
    ),
    "due": ("scheduling", "Say what would be done now, and what comes next; nothing is done."),
    "admin": ("administering", "Who may open the admin pages, and a first link into them."),
    "migrate": ("checking", "Bring the database to this version of the service."),
    "doctor": (
        "checking",
        "Check the database, templates, settings, keys and endpoints; say what is wrong and what to do.",
    ),
    "backup": (
        "backing_up",
        "Copy the SQLite database while everything runs; verified, with a manifest beside it.",
    ),
    "restore": (
        "backing_up",
        "Put a backup in place. What may have been sent since it was taken is held, and not sent again.",
    ),
    "restored": (
        "backing_up",
        "After pg_restore, before anything sends: hold what may have left since the dump was taken.",
    ),
    "move": (
        "moving",
        "Move everything from SQLite into an empty PostgreSQL, compared row by row; killed, it goes on.",
    ),
    "settings": ("configuring", "Show every setting and its value here; secrets are not shown."),
    "audience": (
        "keeping_roster",
        "Say who gets an issue and who does not, with the reason; once it is planned, by the ledger.",
    ),
    "invite": ("inviting", "Make a link with which people join, or list and revoke such links."),
    "subscribers": ("keeping_roster", "Add, import, show, suppress and delete subscribers."),
    "topics": ("editing_topics", "List, show, propose, add, edit, keep, remove and try topics."),
}

LOOK_AFTER = "Look after"
# `brief --help`: in the order in which an installation meets them
GROUPS = {
    "Set up": ("init", "demo", "doctor", "settings", "migrate", "admin"),
    "Every week": (
        "due", "build", "issues", "show", "check", "gallery", "approve", "send", "deliveries", "audience",
        "evaluate", "corrections", "search",
    ),
    "Topics and people": ("topics", "subscribers", "invite"),
    "Run": ("serve", "scheduler", "worker"),
    LOOK_AFTER: ("backup", "restore", "restored", "move", "version"),
}  # fmt: skip


class OneByOne(TyperGroup):
    """Commands that are imported when they are run; for help, their name and a line are enough."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        shown = {
            name: TyperCommand(name, help=COMMANDS[name][1], rich_help_panel=group)
            for group, names in GROUPS.items()
            for name in names
            if name in COMMANDS
        }
        self.commands = shown | dict(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        return name, loaded(name) if name in COMMANDS else command, rest


def loaded(name: str) -> Any:
    """The command itself, from its module."""
    part = typer.Typer()
    part.callback()(lambda: None)  # or Typer takes the only command of a module for the whole
    with _said_to_start(name):
        import_module(f"service.cli.{COMMANDS[name][0]}").add_to(part)
    group: Any = get_command(part)
    return group.commands[name]


@contextmanager
def _said_to_start(name: str) -> Iterator[None]:
    """A line for who waits at a terminal while the command's modules are read; gone when they are there."""
    is_seen = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    if is_seen:
        sys.stderr.write(f"brief {name} starts …")
        sys.stderr.flush()
    try:
        yield
    finally:
        if is_seen:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


app = typer.Typer(
    name="brief",
    cls=OneByOne,
    help="The arXiv Education Brief: builds a weekly brief of new papers and delivers it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    asked: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Hold what stands before every command."""


@app.command(rich_help_panel=LOOK_AFTER)
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; exit code 1 for what went wrong, 2 for what was asked wrongly."""
    gc.set_threshold(50_000)  # importing makes no garbage, and looking for some took an eighth of the start
    try:
        if sys.stdout.encoding.lower() not in {"utf-8", "utf8"}:  # what it lacks is shown by its number
            sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # text on bytes
        app()
    except KeyboardInterrupt:
        sys.stderr.write("brief: stopped\n")
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # told in words; the words need modules that help and version don't
        code: int = import_module("service.cli.errors").tell(error)
        if code < 0:
            raise
        sys.exit(code)
    finally:
        if terminal := sys.modules.get("service.cli.terminal"):
            terminal.AT_END.close()
