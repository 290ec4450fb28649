"""`brief topics …`: what readers can follow, and how arXiv is asked for it."""

import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from service import wiring
from service.cli.building import chosen_window
from service.cli.proposing_topics import add_topic, keep, list_starters, propose_topic
from service.cli.terminal import Refused, opened, out, print_json, record, table, watched
from service.language import read, shown
from service.papers import Verdict, verdicts
from service.pipeline import select_papers
from subscribers.roster import UnknownTopic
from subscribers.starters import UnknownStarter, starter
from subscribers.topics import Topic, edit, read_topic, to_mapping

app = typer.Typer(no_args_is_help=True, help="List, show, propose, add, edit, keep, remove and try topics.")

Definition = Annotated[Path, typer.Argument(help="a TOML or JSON file with the topic's fields")]
Slug = Annotated[str, typer.Argument(help="the topic's slug")]
AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]


app.command("propose")(propose_topic)
app.command("starters")(list_starters)
app.command()(keep)


def add_to(brief: typer.Typer) -> None:
    brief.add_typer(app, name="topics")


@app.command("list")
def list_topics(as_json: AsJson = False) -> None:
    """List the topics."""
    topics = opened().roster.topics()
    if as_json:
        print_json([to_mapping(topic) for topic in topics])
        return
    shown = table("Slug", "Name", "Papers", "Category")
    for topic in topics:
        shown.add_row(topic.slug, topic.name, str(topic.papers_per_brief), next(iter(topic.categories), ""))
    out.print(shown)
    out.print("All of a topic, as JSON: brief topics show SLUG")


@app.command()
def show(slug: Slug) -> None:
    """Show a topic's definition as JSON, which `add` and `edit` read back."""
    print_json(to_mapping(opened().roster.topic(slug)))


@app.command()
def add(
    file: Annotated[Path | None, typer.Argument(help="a TOML or JSON file with the topic's fields")] = None,
    from_starter: Annotated[str, typer.Option("--starter", help="slug of a starter, instead of a file")] = "",
) -> None:
    """Add a topic from a file, or a starter."""
    if (file is None) is not bool(from_starter):
        raise Refused("give a file, or --starter SLUG", 2)
    try:
        topic = read_topic(_read(file)) if file else starter(from_starter)
    except UnknownStarter as error:
        raise Refused(str(error), 2) from error
    add_topic(opened(), topic)


@app.command("edit")
def edit_topic(slug: Slug, file: Definition) -> None:
    """Change the fields that the file gives; the others stay."""
    service = opened()
    roster, changes = service.roster, _read(file)
    if changes.get("slug", slug) != slug:
        raise Refused("the slug of a topic can't change: links and follows carry it; add a new topic instead")
    roster.put_topic(edit(roster.topic(slug), changes))
    record(service, "changed", f"topic {slug}", ", ".join(sorted(changes)))
    out.print(f"Changed {slug}. Next: brief topics try {slug}")


@app.command()
def remove(
    slug: Slug, yes: Annotated[bool, typer.Option("--yes", help="do it without asking")] = False
) -> None:
    """Remove a topic; nobody follows it any more. Issues that hold it stay."""
    service = opened()
    service.roster.topic(slug)
    if not yes and not typer.confirm(f"Remove {slug} and every follow of it?"):
        raise Refused("nothing was removed")
    followers = service.roster.remove_topic(slug, wiring.now())
    record(service, "removed", f"topic {slug}", f"{followers} subscribers followed it")
    out.print(f"Removed {slug}; {followers} subscribers followed it")


@app.command("try")
def try_topic(
    slug: Annotated[str, typer.Argument(help="a topic's slug, or a file with a topic that is not added yet")],
    week: Annotated[str | None, typer.Option(help="ISO week; the last whole one when left out")] = None,
    first: Annotated[str | None, typer.Option("--from", help="first day")] = None,
    last: Annotated[str | None, typer.Option("--to", help="last day")] = None,
    every: Annotated[bool, typer.Option("--all", help="also the papers that it would leave")] = False,
    as_json: AsJson = False,
) -> None:
    """Show which papers of the window the topic would take, and why; nothing is saved as seen."""
    service = opened()
    with watched() as watch:
        watch("Asking arXiv", 0, 1)
        window, context = chosen_window(week, first, last), wiring.build_context(service)
        selection = select_papers(_named(slug), window, context)
    judged = [one for one in verdicts(selection) if every or one.taken]
    if as_json:
        print_json([_verdict_values(one) for one in judged])
        return
    shown = table(
        "Rank", "Score", "Paper", "Title", "Why", title=f"{selection.topic.name}, {selection.window.label}"
    )
    for one in judged:
        shown.add_row(*_verdict_row(one))
    out.print(shown)
    out.print(
        f"Takes {len(selection.taken)} of {selection.recalled} considered; arXiv answered {selection.fetched}"
    )


def _named(slug: str) -> Topic:
    try:
        return opened().roster.topic(slug)
    except UnknownTopic:
        if not Path(slug).is_file():
            raise
        return read_topic(_read(Path(slug)))


def _read(file: Path) -> dict[str, Any]:
    try:
        content = file.read_text(encoding="utf-8")
        values = json.loads(content) if file.suffix == ".json" else tomllib.loads(content)
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}", 2) from error
    except UnicodeDecodeError as error:
        raise Refused(f"{file} is not UTF-8 text; save it as UTF-8", 2) from error
    except ValueError as error:
        kind = "JSON" if file.suffix == ".json" else "TOML"
        where = re.search(r"line \d+", str(error))
        place = f"see {where[0]}" if where else "see its end"
        raise Refused(f"{file} is not {kind}: {place}; docs/operating.md shows a topic", 2) from error
    if not isinstance(values, dict):
        raise Refused(f"{file} must hold one topic: its fields by name", 2)
    return values


def _verdict_row(one: Verdict) -> tuple[str, ...]:
    score = f"{one.score:.2f}" if one.score is not None else ""
    return (str(one.rank or ""), score, one.paper.id, shown(one.paper.title, 70), one.why)


def _verdict_values(one: Verdict) -> dict[str, object]:
    return {
        "paper": one.paper.id,
        "title": read(one.paper.title).shown,
        "taken": one.taken,
        "rank": one.rank,
        "score": one.score,
        "why": one.why,
        "terms": list(one.terms),
    }
