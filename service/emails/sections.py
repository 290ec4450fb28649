"""The sections of a brief as values: what the templates of e-mail, plaintext and page are given to show."""

from dataclasses import dataclass
from typing import Self

from service.briefs.model import CatalogEntry, Method, Notable
from service.emails.facts import HEADING, TITLE, after, badges
from service.emails.paragraphs import Paragraph, Paragraphs, Run
from service.emails.tables import CitedView
from service.language import shown


@dataclass(frozen=True, slots=True)
class TakeawayView:
    """A fact of the minute, and what follows from it."""

    fact: Paragraph
    so: Paragraph


@dataclass(frozen=True, slots=True)
class PaperName:
    """A paper in a list of what to read, with its true length where it is known."""

    paper: Run
    length: str


@dataclass(frozen=True, slots=True)
class MinuteView:
    """What a reader of one minute gets."""

    question: Paragraph
    takeaways: tuple[TakeawayView, ...]
    start: PaperName | None
    why: Paragraph


@dataclass(frozen=True, slots=True)
class AlsoView:
    """A paper that belongs to a theme and is not told in it."""

    paper: Run
    words: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading, what flows under it, and points that stand alone; a theme has a thesis and more papers."""

    heading: str
    paragraphs: tuple[Paragraph, ...]
    points: tuple[Paragraph, ...] = ()
    thesis: Paragraph = ()
    also: tuple[AlsoView, ...] = ()
    settles: Paragraph = ()


@dataclass(frozen=True, slots=True)
class AreaView:
    """What else the window was about: a finding of one paper, and further papers by name."""

    name: str
    said: Paragraph
    papers: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class MethodView:
    """A methodological approach; a part that no paper states is empty."""

    name: str
    how: Paragraph
    strength: Paragraph
    trade_off: Paragraph
    use_when: Paragraph

    @classmethod
    def of(cls, said: Paragraphs, method: Method) -> Self:
        subject = {id_ for claim in method.how for id_ in claim.paper_ids}
        own = subject.pop() if len(subject) == 1 else ""  # goes without saying behind what explains it
        how = said.of(method.how)
        strength, trade_off = (said.of(part, row=own) for part in (method.strength, method.trade_off))
        return cls(shown(method.name, HEADING), how, strength, trade_off, said.of(method.use_when, ""))


@dataclass(frozen=True, slots=True)
class NotableView:
    """A paper of the table, with badges from its metadata."""

    paper: Run
    title: str  # as it goes on behind the paper's handle
    badges: str
    shows: Paragraph
    why: Paragraph
    caveat: Paragraph

    @classmethod
    def of(cls, said: Paragraphs, entry: CatalogEntry, notable: Notable) -> Self:
        row = notable.paper_id
        paper = said.run(row)
        return cls(
            paper=paper,
            title=after(paper.text, shown(entry.title, TITLE)),
            badges=badges(entry),
            shows=said.of_some(notable.shows, row=row),
            why=said.of_some(notable.why, "", row=row),
            caveat=said.of_some(notable.caveat, row=row),
        )


@dataclass(frozen=True, slots=True)
class NamedView:
    """Something new with its kind: a resource, or a word that rose."""

    name: str
    kind: str
    text: Paragraph


@dataclass(frozen=True, slots=True)
class EarlierView:
    """A sentence of an earlier brief, that brief's page, and what is to be said since."""

    issue: Run
    text: str
    since: str = ""  # that its paper was withdrawn or revised


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A question followed over weeks."""

    question: str
    relation: str
    text: Paragraph
    earlier: tuple[EarlierView, ...]
    edges: tuple[CitedView, ...] = ()  # what its papers say themselves of the earlier ones


@dataclass(frozen=True, slots=True)
class NewsView:
    """What is new in the window."""

    against: Paragraph = ()
    alike: Paragraph = ()
    resources: tuple[NamedView, ...] = ()
    threads: tuple[ThreadView, ...] = ()
    trends: tuple[NamedView, ...] = ()
    edges: tuple[CitedView, ...] = ()  # that papers of this window build on earlier ones, or dispute them

    def __bool__(self) -> bool:
        return bool(self.against or self.alike or self.resources or self.threads or self.trends or self.edges)


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What a reader may decide, behind the words for its kind."""

    words: str
    text: Paragraph


@dataclass(frozen=True, slots=True)
class StepView:
    """What to read for one purpose, in order."""

    purpose: str
    papers: tuple[PaperName, ...]


@dataclass(frozen=True, slots=True)
class PaperView:
    """One paper of the catalog."""

    paper: Run
    title: str  # as it goes on behind the paper's handle
    about: str  # authors, categories, date, badges
    line: str


@dataclass(frozen=True, slots=True)
class TermView:
    """A term of the glossary, and the paper that explains it, where its name is another."""

    term: str
    meaning: str
    source: Run | None


@dataclass(frozen=True, slots=True)
class GroupView:
    """The papers of one theme, or of none."""

    heading: str
    papers: tuple[PaperView, ...]
