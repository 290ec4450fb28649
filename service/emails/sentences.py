"""The sentences of an edition that no topic holds alone: subject, preheader, summary."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypedDict

from service.briefs.model import Brief
from service.emails.facts import listing
from service.emails.levels import Level
from service.emails.shown import shortened, shown
from service.emails.views import HEADING, NAME
from service.issues import Edition

NAMED = 6  # topics named in a sentence; more are counted
SUBJECT_NAMES, SUBJECT_THEMES, PREHEADER = 50, 64, 140  # characters
THEMES = 240  # characters of the headings that stand on top of one topic
TOPS = 6  # topics whose top theme can find room in a preheader


@dataclass(frozen=True, slots=True)
class Words:
    """An edition's sentences; in a shell, the slots they go into."""

    preheader: str
    summary: str
    followed: str
    entries: str = ""
    topics: str = ""


class SubjectValues(TypedDict):
    """What the subject's template knows."""

    names: str
    themes: str
    papers: str


def words_of(edition: Edition, levels: Sequence[Level]) -> Words:
    """The sentences of an edition that shows its first topics at these levels."""
    followed = counted((*edition.briefs, *edition.quiet), NAMED)
    return Words(preheader(edition), summary(edition, levels), followed)


def subject_values(edition: Edition) -> SubjectValues:
    briefs = edition.briefs
    names = counted(briefs, 2)
    several = len(briefs) > 1
    headings = [heading for brief in briefs[:2] for heading in tops_of(brief, 1 if several else 2)]
    themes = shortened(headings[0], SUBJECT_THEMES) if headings else ""
    if len(headings) > 1 and len(themes) + len(headings[1]) + 2 <= SUBJECT_THEMES:
        themes = f"{themes}, {headings[1]}"
    return {"names": shortened(names, SUBJECT_NAMES), "themes": themes, "papers": papers(briefs)}


def preheader(edition: Edition) -> str:
    """One topic: what a paper of its first theme says. Several: what is on top in each."""
    briefs = edition.briefs
    if len(briefs) == 1 and briefs[0].themes and (claims := briefs[0].themes[0].claims):
        said = next((claim for claim in claims if claim.kind != "counted"), claims[0])
        return shown(said.text, PREHEADER)
    tops = [f"{name(brief)}: {next(headings_of(brief), '')}" for brief in briefs[:TOPS] if brief.themes]
    return shortened(" · ".join(tops) or papers(briefs), PREHEADER)


def summary(edition: Edition, levels: Sequence[Level]) -> str:
    """How much there is, what is quiet, and what was left to the web."""
    briefs = edition.briefs
    sentences = [f"{papers(briefs)} on {name(briefs[0]) if len(briefs) == 1 else f'{len(briefs)} topics'}."]
    if len(briefs) == 1 and (tops := " · ".join(headings_of(briefs[0]))):
        sentences.append(f"Themes: {shortened(tops, THEMES)}.")
    if edition.quiet:
        sentences.append(f"No new papers this time on {counted(edition.quiet, NAMED)}.")
    if cut := sum(level.cuts(edition.length) for level in levels):
        what = "it is" if len(briefs) == 1 else _part(cut, len(briefs))
        sentences.append(f"To fit into an e-mail, {what} shortened; what is left out is said and linked.")
    if len(levels) < len(briefs):
        sentences.append(f"{len(briefs) - len(levels)} more topics are on the web only.")
    return " ".join(sentences)


def _part(cut: int, of: int) -> str:
    return "all topics are" if cut == of else f"{cut} of the {of} topics {'is' if cut == 1 else 'are'}"


def name(brief: Brief) -> str:
    return shown(brief.topic_name, NAME)


def headings_of(brief: Brief) -> Iterator[str]:
    return filter(None, (shown(theme.heading, HEADING) for theme in brief.themes))


def tops_of(brief: Brief, most: int) -> list[str]:
    """What the subject says of a topic: the editors' words where there are some, else its top themes."""
    words = shown(brief.subject, SUBJECT_THEMES)
    return [words] if words else list(islice(headings_of(brief), most))


def counted(briefs: Sequence[Brief], most: int) -> str:
    """``A, B and 3 more``: the first topics by name, and how many more there are."""
    names = [name(brief) for brief in briefs[:most]]
    more = len(briefs) - most
    return listing(names if more < 1 else [*names, f"{more} more"])


def papers(briefs: Sequence[Brief]) -> str:
    total = sum(len(brief.catalog) for brief in briefs)
    return f"{total} paper" if total == 1 else f"{total} papers"
