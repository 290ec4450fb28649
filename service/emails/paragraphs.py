"""Claims as the templates show them: clean text, links at papers, settings small, readings told apart."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from service.briefs.claims import Claim
from service.briefs.corrections import told
from service.briefs.grounding.places import claims as claims_with_places
from service.briefs.model import Brief, CatalogEntry, Correction
from service.emails.plaintext import TIE
from service.language import shown

URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$()*+,;=%-]{1,480}")


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text, and the paper it names, if it does."""

    text: str
    paper_id: str | None = None


def safe_url(url: str) -> str | None:
    """The URL where it is http(s) in plain URL characters, so it needs no escaping; None otherwise."""
    return url if URL.fullmatch(url) else None


def segments(
    claim: Claim,
    entries: dict[str, CatalogEntry],
    limit: int = 700,
    among: Iterable[str] | None = None,
) -> tuple[Segment, ...]:
    """A claim cut at the handles of the papers it cites; one that names none gets them appended.

    Of a reading, which cites none, ``among`` are the papers that it may name.
    """
    text = shown(claim.text, limit)
    papers = claim.paper_ids if among is None else dict.fromkeys(among)
    handles = {shown(entries[paper_id].handle, 60): paper_id for paper_id in papers if paper_id in entries}
    handles.pop("", None)
    parts = tuple(_cut(text, handles))
    if among is None and handles and not any(part.paper_id for part in parts):
        words, end = _without_stop(text)
        return (Segment(words), *_appended(handles), *([Segment(end)] if end else []))
    return parts


def _cut(text: str, handles: dict[str, str]) -> Iterable[Segment]:
    """The longest handle wins where one begins with another; inside a longer or hyphenated word is none."""
    if not handles:
        return [Segment(text)] if text else []
    longest_first = sorted(handles, key=lambda handle: (-len(handle), handle))
    pattern = rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?![\w]|-\w)"
    parts = re.split(pattern, text)
    return [Segment(part, handles.get(part) if i % 2 else None) for i, part in enumerate(parts) if part]


def _without_stop(text: str) -> tuple[str, str]:
    """A sentence and its full stop; one that ends otherwise has none."""
    is_plain = text.endswith(".") and not text.endswith("..")
    return (text[:-1], ".") if is_plain else (text, "")


def _appended(handles: dict[str, str]) -> Iterable[Segment]:
    """`` (A, B, C and 4 more)``."""
    yield Segment(" (")
    for i, (handle, paper_id) in enumerate(list(handles.items())[:SOURCES]):
        if i:
            yield Segment(", ")
        yield Segment(handle, paper_id)
    yield Segment(f" and {len(handles) - SOURCES} more)" if len(handles) > SOURCES else ")")


Value = TypeVar("Value")
SETTING, QUOTE, HANDLE = 160, 400, 60  # characters shown at most
PLACE, PLACES = 50, 3  # characters of a section's name, and sections named behind one sentence
SOURCES = 3  # papers named behind a sentence that names none; more are counted
FULL_TEXTS = "://arxiv.org/html/"
QUOTES = 8  # papers whose words are shown behind one sentence
READING, SO = "Reading", "So"  # the words that tell a reading from a fact
EDITORS = "Editors’ reading"  # that it is not the writer's
POSSESSIVE = re.compile(rf"{TIE}(\[\d+\])([’']s\b)")  # a number stands behind the whole word
LONG = 5  # claims that are too many for one paragraph


@dataclass(frozen=True, slots=True)
class Run:
    """A run of text; where it names a paper, the paper's link and its number in the plaintext list."""

    text: str
    url: str | None = None
    paper_id: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A paper's own words, which a sentence rests on."""

    paper: Run
    words: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One claim. A setting stands small behind its words and before what ends them."""

    runs: tuple[Run, ...]
    setting: str = ""
    end: str = ""
    is_reading: bool = False
    word: str = ""  # says that a reading begins, where one does
    quotes: tuple[Quote, ...] = ()  # on the web alone
    places: tuple[Run, ...] = ()  # its papers where it names none, and where in full texts its words stand
    rests_on: tuple[str, ...] = ()  # of a reading, the facts in words; on the web alone
    corrections: tuple[str, ...] = ()  # what became of its papers since, as later briefs tell

    @property
    def has_evidence(self) -> bool:
        return bool(self.quotes or self.rests_on)


Paragraph = tuple[Sentence, ...]

_ENDS = re.compile(r"[.!?…:][”’\"')]*\s*$|^\s*$")  # of a whole sentence, or of none


class Paragraphs:
    """Makes paragraphs of one brief's claims."""

    def __init__(
        self,
        brief: Brief,
        *,
        with_evidence: bool = False,
        later: Sequence[Correction] = (),
        each_linked: bool = False,
    ) -> None:
        self._brief = brief
        self._with_evidence = with_evidence
        self._later = later
        self._each_linked = each_linked  # every sentence links its papers, also those linked before

    def of(self, claims: Iterable[Claim], word: str = READING, row: str = "") -> Paragraph:
        """The claims as one paragraph: each paper is linked where it is first named, but for a row's own.

        The first of a run of readings says so by the word; an editor's says whose it is.
        """
        named, before = {row}, None
        sentences = []
        for claim in claims:
            begins = word_before(claim, before, word)
            behind = self._behind(claim, before, row)
            sentences.append(self._sentence(claim, behind, set() if self._each_linked else named, begins))
            before = claim
        return tuple(sentences)

    def _behind(self, claim: Claim, before: Claim | None, row: str) -> Iterable[str]:
        """The papers to name behind a sentence that does not."""
        if self._each_linked:
            return self._cited(claim)
        clear = {row, *(before.paper_ids if before else ())}  # what it is about goes without saying
        return () if claim.is_reading or clear.issuperset(claim.paper_ids) else claim.paper_ids

    def of_some(self, claim: Claim | None, word: str = READING, row: str = "") -> Paragraph:
        """The paragraph of one claim; empty for none."""
        return self.of((claim,), word, row) if claim else ()

    def run(self, paper_id: str, text: str = "") -> Run:
        entry = self._entries[paper_id]
        name = text or shown(entry.handle, HANDLE) or shown(entry.title, HANDLE) or entry.paper_id
        return Run(name, safe_url(entry.url), paper_id)

    def runs(self, paper_ids: Iterable[str]) -> tuple[Run, ...]:
        return tuple(self.run(paper_id) for paper_id in paper_ids if paper_id in self._entries)

    def _sentence(self, claim: Claim, behind: Iterable[str], named: set[str], word: str) -> Sentence:
        """A claim's sentence; one that names no paper has those of ``behind`` in its bracket."""
        parts = self._segments(claim)
        there = {part.paper_id for part in parts if part.paper_id}
        left = [one for one in behind if one not in there] if self._each_linked or not there else []
        sources = self._listed(left)
        linked = tuple(self._linked(parts, named))
        places = (*self._linked(sources, named), *self._places(claim))
        runs, end = _ended(linked, bool(claim.setting or places))
        return Sentence(
            runs=runs,
            setting=shown(claim.setting, SETTING),
            end=end or ("" if _ENDS.search(claim.text) else "."),
            is_reading=says_so(claim),
            word=word,
            places=places,
            quotes=tuple(self._quotes(claim)) if self._with_evidence else (),
            rests_on=tuple(self._bases(claim)) if self._with_evidence else (),
            corrections=tuple(self._corrected(claim)),
        )

    def _listed(self, paper_ids: Iterable[str]) -> Iterator[Segment]:
        """Papers by their names, the first ones; how many more there are."""
        held = [one for one in paper_ids if one in self._entries]
        yield from (Segment("", one) for one in held[:SOURCES])
        if len(held) > SOURCES:
            yield Segment(f"{len(held) - SOURCES} more")

    def _places(self, claim: Claim) -> Iterator[Run]:
        """The sections of full texts that a claim quotes, each once."""
        cited = {(one.paper_id, one.section): one for one in claim.citations if one.anchor}
        for one in list(cited.values())[:PLACES]:
            if one.paper_id in self._entries:
                url = safe_url(self._entries[one.paper_id].text_url(one.anchor))
                yield Run(shown(one.section, PLACE), url)

    def _corrected(self, claim: Claim) -> Iterator[str]:
        """The corrections that touch a claim, by its words."""
        for one in self._later:
            if claim.text in {touched.text for touched in one.claims}:
                yield shown(told(one), 2 * QUOTE)

    def _segments(self, claim: Claim) -> Sequence[Segment]:
        """A fact cut at the papers that it cites, a reading at those of its facts."""
        among = self._cited(claim) if claim.is_reading else claim.paper_ids
        return segments(claim, self._entries, among=among)

    def _cited(self, claim: Claim) -> Sequence[str]:
        """The papers of a claim and of the facts that it rests on, each once."""
        cited = (paper_id for fact in self._facts(claim) for paper_id in fact.paper_ids)
        return tuple(dict.fromkeys((*claim.paper_ids, *cited)))

    def _linked(self, parts: Iterable[Segment], named: set[str]) -> Iterator[Run]:
        for part in parts:
            run = self.run(part.paper_id, part.text) if part.paper_id else Run(part.text)
            yield Run(run.text) if part.paper_id in named else run
            named.add(part.paper_id or "")

    def _quotes(self, claim: Claim) -> Iterator[Quote]:
        """The words behind a fact; none for one that quotes them itself."""
        said = shown(claim.text, 2 * QUOTE)
        quotes = [(one.paper_id, shown(one.evidence, QUOTE)) for one in claim.citations[:QUOTES]]
        if all(words.rstrip("….") in said for _, words in quotes):
            return
        yield from (Quote(self.run(id_), words) for id_, words in quotes if id_ in self._entries and words)

    def _bases(self, claim: Claim) -> Iterator[str]:
        yield from (shown(fact.text, QUOTE) for fact in self._facts(claim) if claim.is_reading)

    def _facts(self, claim: Claim) -> Sequence[Claim]:
        return [self._by_id[name] for name in claim.rests_on if name in self._by_id]

    @cached_property
    def _by_id(self) -> Mapping[str, Claim]:
        return {claim.id: claim for _, claim in claims_with_places(self._brief) if claim.id}

    @cached_property
    def _entries(self) -> dict[str, CatalogEntry]:
        return self._brief.entries


def says_so(claim: Claim) -> bool:
    """Whether a sentence is marked as a reading: a count of the window's papers is none."""
    return claim.is_reading and claim.origin != "counted"


def word_before(claim: Claim, before: Claim | None, word: str) -> str:
    """The word before a reading where it does not go on from one of the same writer; empty for none."""
    if not says_so(claim):
        return ""
    follows = before is not None and before.is_reading
    follows_editors = before is not None and follows and before.origin == "edited"
    if claim.origin == "edited":
        return "" if follows_editors else EDITORS
    if follows_editors:
        return word or READING
    return "" if follows else word


def stand_alone(claims: Iterable[Claim]) -> bool:
    """Whether claims are quotations, each of a paper of its own: they are points and no paragraph."""
    return all(claim.origin == "quoted" for claim in claims)


def halves(claims: Sequence[Claim]) -> tuple[Sequence[Claim], ...]:
    """One paragraph, or two: the second begins near the middle, with another paper, best behind a reading."""
    places = [place for place in range(2, len(claims) - 1) if _turns(claims[:place], claims[place])]
    if len(claims) < LONG or not places:
        return (claims,)
    middle = len(claims) / 2
    cut = min(places, key=lambda place: abs(place - middle) - claims[place - 1].is_reading)
    return claims[:cut], claims[cut:]


def _turns(before: Sequence[Claim], claim: Claim) -> bool:
    """Whether a fact is about none of the papers of the fact before it: it can be read without that one."""
    last = next((one for one in reversed(before) if not one.is_reading), None)
    return not claim.is_reading and not (last and set(last.paper_ids).intersection(claim.paper_ids))


def plain(paragraph: Iterable[Sentence], numbers: Mapping[str, int]) -> str:
    """A paragraph in plaintext: behind each paper's name its number in the list of links."""
    return " ".join(_plain_sentence(sentence, numbers) for sentence in paragraph)


def plain_run(run: Run, numbers: Mapping[str, int]) -> str:
    number = numbers.get(run.paper_id or "")
    return f"{run.text}{TIE}[{number}]" if number else run.text


def papers_in(node: object) -> Iterator[str]:
    """The ids of the papers that runs in a view's values name, in their order."""
    return (run.paper_id for run in values_in(node, Run) if run.paper_id)


def texts_in(node: object) -> Iterator[str]:
    """The texts of the runs in a view's values, in their order."""
    return (run.text for run in values_in(node, Run))


def places_in(node: object) -> Iterator[Run]:
    """The places in full texts that a view's values link to, in their order."""
    return (run for run in values_in(node, Run) if run.url and not run.paper_id and FULL_TEXTS in run.url)


def sentences_in(node: object) -> Iterator[Sentence]:
    return values_in(node, Sentence)


def values_in(node: Any, kind: type[Value]) -> Iterator[Value]:
    """The values of a kind inside a view's values, in their order."""
    if isinstance(node, kind):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from values_in(item, kind)
    elif hasattr(node, "__dataclass_fields__"):
        for name in node.__dataclass_fields__:
            yield from values_in(getattr(node, name), kind)


def _plain_sentence(sentence: Sentence, numbers: Mapping[str, int]) -> str:
    word = f"{sentence.word}: " if sentence.word else ""
    places = ", ".join(plain_run(one, numbers) for one in sentence.places)
    behind = "; ".join(filter(None, (sentence.setting, places)))
    setting = f" ({behind})" if behind else ""
    words = POSSESSIVE.sub(rf"\2{TIE}\1", "".join(plain_run(run, numbers) for run in sentence.runs))
    return f"{word}{words}{setting}{sentence.end}"


def _ended(runs: Iterable[Run], is_open: bool) -> tuple[tuple[Run, ...], str]:
    """The runs, and their full stop apart where a setting is to stand before it."""
    held = tuple(runs)
    last = held[-1] if held else Run("")
    if not is_open or last.url or not last.text.endswith(".") or last.text.endswith(".."):
        return held, ""
    return (*held[:-1], Run(last.text[:-1], None, last.paper_id)), "."
