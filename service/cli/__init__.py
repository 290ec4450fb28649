"""The command line: `brief …`. Errors are one clear line on standard error; no traceback reaches a user."""

import os
import sys

import typer
from pydantic import ValidationError

from service import __version__
from service.cli import (
    administering,
    building,
    checking,
    delivering,
    demonstrating,
    editing_topics,
    evaluating,
    keeping_roster,
    printing,
    serving,
)
from service.cli.terminal import EXPECTED, Refused, complain

app = typer.Typer(
    name="brief",
    help="The arXiv Education Brief: builds a weekly brief of new papers and delivers it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (demonstrating, building, printing, delivering, evaluating, serving, checking, keeping_roster):
    module.add_to(app)
app.add_typer(keeping_roster.app, name="subscribers")
app.add_typer(editing_topics.app, name="topics")
app.add_typer(administering.app, name="admin")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; exit code 1 for what went wrong, 2 for what was asked wrongly."""
    try:
        app()
    except Refused as refused:
        sys.exit(complain(str(refused), refused.code))
    except ValidationError as error:
        sys.exit(complain(_settings_problem(error), 2))
    except EXPECTED as error:
        sys.exit(complain(str(error).strip('"'), 1))
    except KeyboardInterrupt:
        sys.exit(complain("stopped", 130))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # the last door: a surprise is told in words
        if os.environ.get("BRIEF_TRACEBACK"):
            raise
        words = f"{type(error).__name__}: {error}"
        sys.exit(
            complain(f"something unexpected went wrong: {words} (set BRIEF_TRACEBACK=1 to see where)", 1)
        )


def _settings_problem(error: ValidationError) -> str:
    """The first setting that doesn't fit, in words, without its value: it may be a secret."""
    first = error.errors(include_input=False, include_context=False)[0]
    name = f"BRIEF_{str(first['loc'][0]).upper()}: " if first["loc"] else ""
    return f"a setting is wrong: {name}{first['msg'].removeprefix('Value error, ')}"
