"""`brief topics propose`, `starters`, `keep`: a topic from what people have, and which topics go on."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from service import wiring
from service.adapters.bibliographies import Unreadable
from service.cli.terminal import Refused, opened, out, print_json, record, table, watched
from service.language import shown
from service.papers import Verdict, verdicts
from service.papers.proposing import TermCount, TooLittle
from service.setup.proposing import Offer, UnknownPapers, Wish, corpus, gathered, offer
from subscribers.starters import UnknownStarter, of_field, to_toml
from subscribers.topics import Topic, to_mapping

WRONG = (TooLittle, UnknownPapers, UnknownStarter, Unreadable, OSError)
OUTSIDE, INSIDE = 5, 10  # papers that are shown
MOST_WEEKS = 4
QUESTION = "Cross out: numbers or ids; add: +term; Enter accepts"

Words = Annotated[str, typer.Argument(help="the topic in a sentence; more is better")]
Ids = Annotated[
    list[str] | None, typer.Option("--paper", help="arXiv id of a paper it is like; may be repeated")
]
Files = Annotated[list[Path] | None, typer.Option("--file", help="BibTeX, RIS, CSL JSON or Zotero CSV")]
Authors = Annotated[
    list[str] | None, typer.Option("--author", help="whose newest papers it is like; repeatable")
]
FromStarter = Annotated[str, typer.Option("--starter", help="slug of a starter to begin with")]
With = Annotated[list[str] | None, typer.Option("--with", help="a search term of your own")]
Without = Annotated[list[str] | None, typer.Option("--without", help="a term to cross out")]
NotLike = Annotated[list[str] | None, typer.Option("--not-like", help="arXiv id of a paper to cross out")]
Categories = Annotated[list[str] | None, typer.Option("--category", help="instead of those proposed")]
Weeks = Annotated[int, typer.Option(min=1, max=MOST_WEEKS, help="whole weeks to learn from and count in")]
Out = Annotated[Path | None, typer.Option("--out", help="write the topic to this TOML file")]
Add = Annotated[bool, typer.Option("--add", help="add the topic")]


def propose_topic(
    sentence: Words = "",
    *,
    paper: Ids = None,
    file: Files = None,
    author: Authors = None,
    starter: FromStarter = "",
    name: Annotated[str, typer.Option(help="its name")] = "",
    slug: Annotated[str, typer.Option(help="its slug")] = "",
    with_term: With = None,
    without: Without = None,
    not_like: NotLike = None,
    category: Categories = None,
    weeks: Weeks = 2,
    out_file: Out = None,
    add: Add = False,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Propose a topic from a sentence, papers, a bibliography, authors or a starter."""
    wish = Wish(
        sentence.strip(), tuple(paper or ()), tuple(file or ()), tuple(author or ()), starter, name, slug,
        tuple(with_term or ()), tuple(without or ()), tuple(not_like or ()), tuple(category or ()),
    )  # fmt: skip
    service, asks = opened(), sys.stdin.isatty() and not as_json
    try:
        found = _proposed(service, wish, weeks, asks=asks)
    except WRONG as error:
        raise Refused(str(error), 2) from error
    if as_json:
        print_json(as_values(found))
    elif not asks:
        show_offer(found)
    _keep(service, found, out_file, add=add, says_next=not as_json)


def _keep(service: wiring.Service, found: Offer, file: Path | None, *, add: bool, says_next: bool) -> None:
    """Write the proposed topic to a file and add it, as far as either is wanted."""
    if file:
        file.write_text(to_toml(found.topic), "utf-8")
    if add:
        add_topic(service, found.topic)
    elif says_next:
        nothing_saved = "Nothing is saved: --add adds it, --out FILE writes it"
        out.print(f"Next: brief topics add {file}" if file else nothing_saved)


def _proposed(service: wiring.Service, wish: Wish, weeks: int, *, asks: bool) -> Offer:
    with watched() as watch:
        watch("Looking up papers", 0, 1)
        seeds = gathered(service, wish)
        if not (seeds or wish.starter):
            raise TooLittle("give a sentence, --paper, --file, --author or --starter")
        spans, papers = corpus(service, weeks, watch)
        watch("Learning which words tell these papers from others", 1, 2)
        found = offer(wish, seeds, spans, papers)
    while asks:
        show_offer(found)
        answer = str(
            typer.prompt(
                "Cross out: numbers or ids; add: +term; Enter accepts", default="", show_default=False
            )
        )
        if not answer.strip():
            break
        wish = _crossed_out(wish, answer, found.terms)
        found = offer(wish, replace(seeds, not_like=frozenset(wish.not_like)), spans, papers)
    return found


def _crossed_out(wish: Wish, answer: str, terms: Sequence[TermCount]) -> Wish:
    """The wish after one line of answers: "3, 5, 2605.12345, +solid electrolyte"."""
    for part in filter(None, map(str.strip, answer.split(","))):
        if part.startswith("+"):
            wish = replace(wish, added=(*wish.added, part[1:].strip()))
        elif part.isdecimal() and 1 <= int(part) <= len(terms):
            wish = replace(wish, crossed_out=(*wish.crossed_out, terms[int(part) - 1].term))
        else:
            wish = replace(wish, not_like=(*wish.not_like, part))
    return wish


def show_offer(found: Offer) -> None:
    """The topic, its terms with their hits, what it would have taken, and what lies just outside."""
    topic, weeks = found.topic, found.weeks
    out.print(f"{topic.name} ({topic.slug}): {', '.join(topic.categories)}")
    hits = table("#", "Search term", "Hits", "Elsewhere", "Remark")
    for number, one in enumerate(found.terms, 1):
        by_week = "+".join(map(str, one.by_week))
        hits.add_row(str(number), one.term, by_week or "0", str(one.elsewhere), one.remark)
    out.print(hits)
    out.print(
        f"Hits in its categories by week, {weeks[0].first} to {weeks[-1].last}; elsewhere: in all others"
    )
    judged = verdicts(found.selection)
    taken = [one for one in judged if one.taken]
    left = [one for one in judged if not one.taken and one.rank is not None]
    passed = [one for one in judged if not one.taken and one.rank is None]
    out.print(f"Last week it would have taken {len(taken)} of {found.selection.fetched} papers:")
    _show_papers(taken[:INSIDE])
    if outside := [*left[:OUTSIDE], *passed[: OUTSIDE - len(left)]]:
        out.print("Just outside:")
        _show_papers(outside)


def _show_papers(judged: Sequence[Verdict]) -> None:
    rows = table("Paper", "Title", "Why")
    for one in judged:
        rows.add_row(one.paper.id, shown(one.paper.title, 60), shown(one.why, 90))
    out.print(rows)


def as_values(found: Offer) -> dict[str, object]:
    """The offer for scripts."""
    judged = verdicts(found.selection)
    return {
        "topic": to_mapping(found.topic),
        "terms": [
            {"term": one.term, "hits": one.hits, "by_week": list(one.by_week), "elsewhere": one.elsewhere,
             "remark": one.remark} for one in found.terms
        ],
        "taken": [_values(one) for one in judged if one.taken],
        "outside": [_values(one) for one in judged if not one.taken][:OUTSIDE],
    }  # fmt: skip


def _values(one: Verdict) -> dict[str, str]:
    return {"paper": one.paper.id, "title": one.paper.title, "why": one.why}


def add_topic(service: wiring.Service, topic: Topic) -> None:
    """Add a topic that is not there yet; one that has ended goes on."""
    if any(one.slug == topic.slug for one in service.roster.topics()):
        raise Refused(
            f"topic {topic.slug!r} is there already; change it: brief topics edit {topic.slug} FILE"
        )
    service.roster.put_topic(topic)
    record(service, "added", f"topic {topic.slug}")
    out.print(f"Added {topic.slug}. Next: brief topics try {topic.slug}")


def list_starters(
    field: Annotated[str, typer.Argument(help="a field or an archive, such as astro-ph")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """List starters, topics to begin with, by field."""
    try:
        found = of_field(field)
    except UnknownStarter as error:
        raise Refused(str(error), 2) from error
    if as_json:
        print_json([{"field": one.field} | to_mapping(one.topic) for one in found])
        return
    rows = table("Field", "Slug", "Name")
    for one in found:
        rows.add_row(one.field, one.topic.slug, one.topic.name)
    out.print(rows)
    out.print(
        "Next: brief topics add --starter SLUG, or brief topics propose --starter SLUG to see its papers"
    )


def keep(
    slugs: Annotated[list[str], typer.Argument(help="the topics that go on, ended ones too")],
    yes: Annotated[bool, typer.Option("--yes", help="do it without asking")] = False,
) -> None:
    """End every topic but these. Followers of an ended one are kept, should it go on."""
    service = opened()
    roster = service.roster
    ended = {topic.slug for topic in roster.ended_topics()}
    going_on = [topic.slug for topic in roster.topics()]
    if unknown := [slug for slug in slugs if slug not in ended and slug not in going_on]:
        raise Refused(f"there is no topic {', '.join(unknown)}; brief topics list shows them", 2)
    followers, ending = roster.followers(), [slug for slug in going_on if slug not in slugs]
    if ending and not yes:
        words = ", ".join(f"{slug} ({followers.get(slug, 0)} followers)" for slug in ending)
        if not typer.confirm(f"End {words}?"):
            raise Refused("nothing was ended")
    for slug in dict.fromkeys(slugs):
        if slug in ended:
            count = roster.resume_topic(slug, wiring.now())
            record(service, "resumed", f"topic {slug}", f"{count} subscribers follow it")
            out.print(f"{slug} goes on; {count} subscribers follow it")
    for slug in ending:
        count = roster.end_topic(slug, wiring.now())
        record(service, "ended", f"topic {slug}", f"{count} subscribers follow it")
        out.print(f"Ended {slug}; its {count} followers are kept")
    _tell_without(service)


def _tell_without(service: wiring.Service) -> None:
    if alone := service.roster.without_topics():
        out.print(f"{alone} active subscribers follow no topic that goes on: they get nothing until they do")
