"""`brief search`: what was published, by its words."""

from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from service.cli.terminal import out, print_json, table, watched
from service.language import shown
from service.operations.search import Search
from service.search import Question
from service.settings import read_settings
from service.store.search_index import SearchIndex
from service.wiring import open_service


def add_to(app: typer.Typer) -> None:
    app.command()(search)


def search(
    words: Annotated[list[str] | None, typer.Argument(help="words, phrases in quotes")] = None,
    *,
    topic: Annotated[str, typer.Option(help="slug of a topic")] = "",
    week: Annotated[str, typer.Option(help="an issue, such as 2026-W22")] = "",
    author: Annotated[str, typer.Option(help="words of a name")] = "",
    code: Annotated[bool, typer.Option("--code", help="only what has code")] = False,
    before: Annotated[int | None, typer.Option(help="go on before this number")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Search sentences of published briefs, and every paper that was considered for them."""
    service = open_service(read_settings())
    searching = Search(service.store, partial(SearchIndex.of, service.engine))
    with watched() as watch:
        searching.follow(watch)
    typed = (f'"{one}"' if " " in one else one for one in words or ())
    question = Question(" ".join(typed), topic, week, author, code)
    found, more = searching.ask(question, before)
    if as_json:
        print_json({"results": [asdict(one) for one in found], "more_before": more})
        return
    rows = table("Issue", "Found", "Where", "Papers")
    for one in found:
        names = ", ".join(dict.fromkeys(handle or id_ for id_, handle, _ in one.papers))
        rows.add_row(one.label, shown(one.text, 300), shown(one.where, 80), shown(names, 80))
    out.print(rows if found else "Nothing was found: every word must stand in it.")
    if more:
        out.print(f"Older ones: --before {more}")
