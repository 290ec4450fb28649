"""The sentences of an edition that no topic holds alone: subject, preheader, summary."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

from service.briefs.model import Brief
from service.emails.facts import HEADING, listing
from service.emails.levels import Level
from service.emails.views import NAME
from service.issues import Edition
from service.language import shortened, shown

NAMED = 6  # topics named in a sentence; more are counted
SUBJECT, PREHEADER = 70, 140  # characters; a phone's list shows about 35 of a subject
INTRODUCTION = 600  # characters
LEADS = 2  # papers that tell two weeks with the same heading apart


@dataclass(frozen=True, slots=True)
class Words:
    """An edition's sentences; in a shell, the placeholders they go into."""

    preheader: str
    summary: str
    followed: str
    introduction: str = ""  # the editors', the same in every edition of an issue
    entries: str = ""
    topics: str = ""


class SubjectValues(TypedDict):
    """What the subject's template knows."""

    news: str
    names: str


def words_of(edition: Edition, levels: Sequence[Level]) -> Words:
    """The sentences of an edition that shows its first topics at these levels."""
    followed = counted((*edition.briefs, *edition.quiet), NAMED)
    introduction = shown(edition.issue.introduction, INTRODUCTION)
    return Words(preheader(edition), summary(edition, levels), followed, introduction)


def subject_values(edition: Edition) -> SubjectValues:
    """The week's news; then the topics' names, all or the first, where they fit behind it."""
    news = shortened(news_of(edition.briefs[0]), SUBJECT)
    names = [name(brief) for brief in edition.briefs]
    room = SUBJECT - len(news) - len(" · ")
    fitting = (words for words in (", ".join(names), names[0]) if len(words) <= room)
    return {"news": news, "names": next(fitting, "")}


def news_of(brief: Brief) -> str:
    """The headline, or the first theme with the papers that lead it: no other week has the same."""
    if told := headline_of(brief):
        return told
    leads = ", ".join(_leads(brief))
    heading = shown(brief.themes[0].heading, HEADING) if brief.themes else name(brief)
    return f"{heading}: {leads}" if leads else heading


def headline_of(brief: Brief) -> str:
    """The editors' words for the week, or the minute's headline; empty where there is neither."""
    headline = brief.minute.headline if brief.minute else None
    return shown(brief.subject or (headline.text if headline else ""), HEADING).removesuffix(".")


def preheader(edition: Edition) -> str:
    """What goes on where the subject ends: the week's question, or what a paper found."""
    news = news_of(edition.briefs[0])
    said = (shown(text, PREHEADER) for text in _openings(edition.briefs[0]))
    return next((text for text in said if text and text.removesuffix(".") != news), "")


def summary(edition: Edition, levels: Sequence[Level]) -> str:
    """What is quiet, and what was left to the web; empty where all is there."""
    briefs, sentences = edition.briefs, []
    if edition.quiet:
        sentences.append(f"No new papers this time on {counted(edition.quiet, NAMED)}.")
    if cut := sum(level.cuts(edition.length) for level in levels):
        what = "It is" if len(briefs) == 1 else _part(cut, len(briefs))
        sentences.append(f"{what} shortened to fit into an e-mail.")
    if len(levels) < len(briefs):
        sentences.append(f"{len(briefs) - len(levels)} more topics are on the web only.")
    return " ".join(sentences)


def _part(cut: int, of: int) -> str:
    return "All topics are" if cut == of else f"{cut} of the {of} topics {'is' if cut == 1 else 'are'}"


def _leads(brief: Brief) -> Iterator[str]:
    """Names of the papers that come first in a brief: no later week has them again."""
    entries = brief.entries
    first = [one.paper_id for one in brief.notable] or list(
        brief.themes[0].paper_ids if brief.themes else entries
    )
    yield from (shown(entries[one].handle, 40) for one in first[:LEADS] if one in entries)


def _openings(brief: Brief) -> Iterator[str]:
    """Sentences that could stand in a preheader, best first."""
    if brief.minute:
        if brief.minute.question:
            yield brief.minute.question.text
        yield from (one.fact.whole for one in brief.minute.takeaways)
    claims = [claim for theme in brief.themes for claim in theme.claims]
    yield from (claim.text for claim in sorted(claims, key=lambda claim: claim.origin == "counted"))
    yield from (entry.line or entry.title for entry in brief.catalog[:1])


def name(brief: Brief) -> str:
    return shown(brief.topic_name, NAME)


def counted(briefs: Sequence[Brief], most: int) -> str:
    """``A, B and 3 more``: the first topics by name, and how many more there are."""
    names = [name(brief) for brief in briefs[:most]]
    more = len(briefs) - most
    return listing(names if more < 1 else [*names, f"{more} more"])
