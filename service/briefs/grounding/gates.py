"""The gates themselves: each looks at a whole brief and yields what fails."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.briefs.claims import Claim
from service.briefs.grounding.language import (
    OURS,
    foreign,
    foreign_language,
    hidden_character,
    shares_words,
    speaks_of,
)
from service.briefs.grounding.names import Case, invented_names
from service.briefs.grounding.numbers import (
    Number,
    miscounted,
    numbers,
    stands,
    uncounted,
    without_paper_count,
    without_the_two,
)
from service.briefs.grounding.places import MOST, Place, Section, group, items_of
from service.briefs.grounding.quotations import (
    invented_quotations,
    misquoted,
    repeats,
    tables,
    unknown,
    unquoted,
    unsound,
)
from service.briefs.grounding.sources import Source, Sources, normalise
from service.briefs.grounding.verdict import Failure, Gate, Verdict, count
from service.briefs.model import Brief, CatalogEntry, Challenge, Method, Theme, Trend
from service.language import visible
from service.papers import Paper

MOST_THEMES = 2  # that one paper may be in
MOST_CITED = 3  # papers that one written fact may be about
LONGEST_SENTENCE = 48  # words of a written sentence; the prompt asks for 30
_TOLD = {"line", "also"}  # what one paper does, as a sentence would say it
_FREE = {"purpose", "meaning"}  # said in a reader's words, but for one
_PROSE = (
    Section.THEMES, Section.METHODS, Section.NOTABLE, Section.TRENDS, Section.CHALLENGES, Section.RESOURCES,
    Section.THREADS,
)  # fmt: skip


def check(brief: Brief, papers: Mapping[str, Paper] | Sources) -> Verdict:
    """All gates over a brief. ``papers``: its window's, by id; Sources are read once for many checks."""
    sources = papers if isinstance(papers, Sources) else Sources(papers.values())
    case = Case(brief, sources)
    failures = tuple(failure for gate in _GATES for failure in gate(case))
    return Verdict(failures, count(failures, _checked(case)))


def _checked(case: Case) -> dict[Gate, int]:
    """How many places each gate judges."""
    every = dict.fromkeys(Gate, len(case.claims))
    with_headings = len(case.claims) + len(case.headings)
    readings = sum(claim.is_reading for _, claim in case.claims)
    return every | {
        Gate.READING: readings,
        Gate.MEMBERSHIP: len({id_ for theme in case.brief.themes for id_ in theme.paper_ids}),
        Gate.SECTION: len(MOST),
        Gate.FOREIGN: len(case.claims) + len(case.texts),
        Gate.HANDLE: with_headings,
        Gate.NAME: with_headings,
        Gate.NUMBER: with_headings,
    }


def _catalog(case: Case) -> Iterator[Failure]:
    for place, claim in case.claims:
        for missing in unknown(case, claim.paper_ids):
            yield Failure(Gate.CATALOG, place, claim, f"{missing} is not in the catalog")
    for place, ids in _listed_papers(case.brief):
        for missing in unknown(case, ids):
            yield Failure(Gate.CATALOG, place, None, f"{missing} is not in the catalog")
    seen: Counter[str] = Counter()
    for number, entry in enumerate(case.brief.catalog):
        seen.update({entry.paper_id, entry.handle})  # one name where the handle gave way to the id
        if why := _untrue(entry, case.sources, seen):
            yield Failure(Gate.CATALOG, Place(Section.CATALOG, number), None, why)


def _listed_papers(brief: Brief) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """Papers that stand in the brief without a claim: groups, rows and steps."""
    for number, theme in enumerate(brief.themes):
        yield Place(Section.THEMES, number, "paper_ids"), theme.paper_ids
        for at, one in enumerate(theme.also):
            yield Place(Section.THEMES, number, "also", at), (one.paper_id,)
    for number, method in enumerate(brief.methods):
        yield Place(Section.METHODS, number, "paper_ids"), method.paper_ids
    for number, area in enumerate(brief.areas):
        yield Place(Section.AREAS, number, "paper_ids"), area.paper_ids
    for number, notable in enumerate(brief.notable):
        yield Place(Section.NOTABLE, number), (notable.paper_id,)
    for number, entry in enumerate(brief.glossary):
        if entry.citation:
            yield Place(Section.GLOSSARY, number), (entry.citation.paper_id,)
    for number, step in enumerate(brief.overview.reading_order):
        yield Place(Section.READING_ORDER, number, "paper_ids"), step.paper_ids
    if brief.minute and brief.minute.start:
        yield Place(Section.MINUTE, None, "start"), (brief.minute.start.paper_id,)


def _untrue(entry: CatalogEntry, sources: Sources, seen: Counter[str]) -> str:
    """What in a catalog entry is not as arXiv's metadata has it; empty when all is."""
    if entry.paper_id not in sources:
        return f"{entry.paper_id} is no paper of this window"
    if seen[entry.paper_id] > 1 or seen[entry.handle] > 1:
        return f"{entry.paper_id} ({entry.handle}) is there twice, or its handle is"
    source = sources[entry.paper_id]
    given: dict[str, object] = {"url": entry.url, "submitted": entry.submitted, "version": entry.version}
    given |= {"title": _seen(entry.title), "authors": _seen(" ".join(entry.authors))}
    for field, value in _metadata(source).items():
        if given[field] != value:
            return f"{field} of {entry.paper_id} is {given[field]}, arXiv has {value}"
    return ""


def _metadata(source: Source) -> dict[str, object]:
    paper = source.paper
    # a title of invisible characters alone gives way to the id
    title = _seen(paper.title) or paper.id
    facts = {"url": paper.url, "submitted": paper.submitted.date(), "version": paper.version}
    return {**facts, "title": title, "authors": _seen(" ".join(paper.authors))}


def _seen(text: str) -> str:
    """Text as a reader sees it: what is invisible on one side of a comparison is no difference."""
    return normalise(visible(text))


def _citation(case: Case) -> Iterator[Failure]:
    for place, claim in case.claims:
        if claim.is_reading:
            continue
        if not claim.citations:
            yield Failure(Gate.CITATION, place, claim, "cites no paper")
        elif _is_worded(claim) and len(claim.paper_ids) > MOST_CITED:
            why = f"is about {len(claim.paper_ids)} papers; {MOST_CITED} at most"
            yield Failure(Gate.CITATION, place, claim, why)


def _is_worded(claim: Claim) -> bool:
    """Whether a fact is in a model's or an editor's words: both are judged alike."""
    return claim.origin in ("written", "edited") and not claim.is_reading


def _reading(case: Case) -> Iterator[Failure]:
    for place, claim in case.claims:
        if claim.is_reading and claim.citations:
            yield Failure(Gate.READING, place, claim, "is a reading and cites papers itself")
        elif claim.is_reading and not case.basis(claim) and claim.origin == "written":
            yield Failure(Gate.READING, place, claim, "rests on no fact of this brief")


def _language(case: Case) -> Iterator[Failure]:
    """What was written is English, of a length that can be read, and in the words of what it speaks of."""
    for place, claim in case.claims:
        if (claim.origin == "written" or _is_worded(claim)) and (why := _wording(case, claim)):
            yield Failure(Gate.LANGUAGE, place, claim, why)
    for place, text in case.headings:
        if why := _heading(case, place, text):
            yield Failure(Gate.LANGUAGE, place, None, why)


def _wording(case: Case, claim: Claim) -> str:
    """What is wrong with the words of a written sentence; empty where nothing is."""
    sources = case.backing(claim)
    if why := foreign_language(case.handles.without(claim.whole), sources, case.sources):
        return why
    if (length := len(claim.text.split())) > LONGEST_SENTENCE:
        return f"has {length} words, {LONGEST_SENTENCE} at most"
    text = case.handles.without(claim.text)  # a setting is copied from the paper, and vouches for nothing
    if claim.is_reading:
        fits = not sources or speaks_of(text, sources, case.sources)
        return "" if fits else "shares no word with what it rests on, or few with the week's papers"
    evidence = " ".join(citation.evidence for citation in claim.citations)
    fits = shares_words(text, sources, evidence)
    return "" if fits else "shares no word with its evidence, or few with the papers that it cites"


def _heading(case: Case, place: Place, text: str) -> str:
    """The same of a heading, a name or a line; an extractive brief's are made of its papers' phrases."""
    sources, plain = case.about(place), case.handles.without(text)
    if why := foreign_language(plain, sources, case.sources):
        return why
    if case.brief.metadata.writer == "extractive":
        return ""
    if place.part in _TOLD:
        fits = shares_words(plain, sources)
    else:
        fits = speaks_of(plain, sources, case.sources, 0 if place.part in _FREE else OURS)
    return "" if fits else "shares no word, or few, with the papers that it is about"


def _evidence(case: Case) -> Iterator[Failure]:
    for place, claim in case.claims:
        for citation in claim.citations:
            if why := misquoted(case.sources, citation, counted=claim.origin == "counted"):
                yield Failure(Gate.EVIDENCE, place, claim, why)
    for number, entry in enumerate(case.brief.glossary):
        if not entry.is_acronym and not _is_used(case, entry.term):
            why = f"neither a paper nor a sentence of this brief speaks of “{entry.term}”"
            yield Failure(Gate.EVIDENCE, Place(Section.GLOSSARY, number, "term"), None, why)
        if entry.citation is None:
            continue
        source = case.sources.get(entry.citation.paper_id)
        spans = (entry.citation.evidence, *((entry.meaning,) if entry.is_acronym else ()))
        if why := next(filter(None, (unsound(source, span) for span in spans)), ""):
            yield Failure(Gate.EVIDENCE, Place(Section.GLOSSARY, number), None, why)


def _is_used(case: Case, term: str) -> bool:
    told = (claim.whole for _, claim in case.claims)
    held = (source.text for source in case.sources.values())
    return any(normalise(term).casefold() in text.casefold() for text in (*told, *held))


def _quotation(case: Case) -> Iterator[Failure]:
    for place, claim in case.claims:
        for invented in invented_quotations(claim.whole, case.backing(claim)):
            yield Failure(Gate.QUOTATION, place, claim, f"no cited paper says “{invented}”")
    for place, text in case.headings:
        for invented in invented_quotations(text, case.about(place)):
            yield Failure(Gate.QUOTATION, place, None, f"no paper of this item says “{invented}”")


def _number(case: Case) -> Iterator[Failure]:
    for place, claim in case.claims:
        why, held = _counts(case, place, claim)
        if why:
            yield Failure(Gate.NUMBER, place, claim, why)
        if claim.is_reading:
            told = numbers(" ".join(fact.whole for fact in case.basis(claim)))
            strays = tuple(number for number in held if not stands(number, told))
        else:
            strays = tuple(_strays(held, case.backing(claim)))
        for stray in strays:
            yield Failure(Gate.NUMBER, place, claim, f"{stray} stands in nothing that this claim rests on")
    for place, text in case.headings:
        for stray in _strays(numbers(case.handles.without(text)), case.about(place)):
            yield Failure(Gate.NUMBER, place, None, f"{stray} stands in no paper of this item")


def _counts(case: Case, place: Place, claim: Claim) -> tuple[str, tuple[Number, ...]]:
    """What is wrong with a claim's counts of papers, and its other numbers, which papers must hold."""
    text = case.handles.without(claim.whole)
    cited, of = len(case.grounds(claim)), case.brief.chosen
    if claim.origin != "counted":
        text = without_the_two(text) if claim.is_reading else text
        return "", numbers(without_paper_count(text, cited))
    plain, trend = unquoted(text), case.trend(place)
    if claim.is_reading:  # of the whole window: its papers, and how many each theme has
        return "", case.uncounted_of_window(plain)
    if why := miscounted(plain, cited, of, trend):
        return why, ()
    return "", uncounted(plain, cited, of, len(case.handles.mentioned(claim.text)), trend)


def _strays(held: tuple[Number, ...], sources: tuple[Source, ...]) -> Iterator[Number]:
    for number in dict.fromkeys(held):
        if not any(stands(number, source.numbers) for source in sources):
            yield number


def _handle(case: Case) -> Iterator[Failure]:
    for place, claim in case.claims:
        grounds = case.grounds(claim)
        for handle, paper_id in case.handles.mentioned(unquoted(claim.whole)).items():
            if paper_id not in grounds:
                yield Failure(Gate.HANDLE, place, claim, f"{handle} is a paper that this claim does not cite")
    for place, text in case.headings:
        about = group(case.brief, place)
        for handle, paper_id in case.handles.mentioned(unquoted(text)).items():
            if about is not None and paper_id not in about:
                yield Failure(Gate.HANDLE, place, None, f"{handle} is no paper of this item")


def _name(case: Case) -> Iterator[Failure]:
    for place, claim in case.claims:
        text = case.handles.without(unquoted(claim.whole))
        for name in invented_names(text, case.backing(claim), case.sources):
            yield Failure(Gate.NAME, place, claim, f"no paper that this claim cites has the name {name}")
    for place, text in case.headings:
        plain = case.handles.without(unquoted(text))
        for name in invented_names(plain, case.about(place), case.sources):
            yield Failure(Gate.NAME, place, None, f"no paper of this item has the name {name}")


def _repeat(case: Case) -> Iterator[Failure]:
    """A quotation is told once; a written sentence may be told again in other words, not as it stands."""
    facts = ((place, claim) for place, claim in case.claims if not claim.is_reading)
    quoted = [(place, claim) for place, claim in facts if claim.origin in ("quoted", "counted")]
    for at, earlier, why in repeats([claim.text for _, claim in quoted]):
        place, claim = quoted[at]
        yield Failure(Gate.REPEAT, place, claim, f"repeats {quoted[earlier][0]} ({why})")
    first: dict[str, Place] = {}
    for place, claim in case.claims:
        if claim.origin not in ("written", "edited"):
            continue
        if (told := normalise(claim.text).casefold()) in first:
            yield Failure(Gate.REPEAT, place, claim, f"is {first[told]} word for word")
        else:
            first[told] = place


def _membership(case: Case) -> Iterator[Failure]:
    themes: Counter[str] = Counter()
    for number, theme in enumerate(case.brief.themes):
        cited = (paper_id for claim in theme.claims for paper_id in claim.paper_ids)
        held = dict.fromkeys((*theme.paper_ids, *cited))
        themes.update(list(held))
        if crowded := [paper_id for paper_id in held if themes[paper_id] > MOST_THEMES]:
            why = f"{', '.join(crowded)} in more than {MOST_THEMES} themes"
            yield Failure(Gate.MEMBERSHIP, Place(Section.THEMES, number, "paper_ids"), None, why)


def _section(case: Case) -> Iterator[Failure]:
    for section, most in MOST.items():
        if (held := len(items_of(case.brief, section))) > most:
            yield Failure(Gate.SECTION, Place(section), None, f"holds {held}, takes {most} at most")
    for section in _PROSE:
        for number, item in enumerate(items_of(case.brief, section)):
            if why := _incomplete(item):
                yield Failure(Gate.SECTION, Place(section, number), None, why)


def _incomplete(item: Any) -> str:
    """What an item lacks; empty where it lacks nothing."""
    match item:
        case (
            Theme(heading=title, claims=held)
            | Challenge(heading=title, claims=held)
            | Method(name=title, how=held)
        ):
            return "has no words" if not (title.strip() and held) else ""
        case Trend(claim=None, now=now) if now:
            return "has papers in this window and no claim"
        case _:
            return ""


def _foreign(case: Case) -> Iterator[Failure]:
    for place, claim in case.claims:
        cited = (span for one in claim.citations for span in (one.evidence, one.section))
        spans = (claim.text, claim.setting, *cited)
        for what in dict.fromkeys(what for span in spans for what in foreign(span)):
            yield Failure(Gate.FOREIGN, place, claim, f"holds {what}")
    for place, text in case.texts:
        for what in foreign(text):
            yield Failure(Gate.FOREIGN, place, None, f"holds {what}")
    for number, entry in enumerate(case.brief.catalog):
        if hidden := hidden_character("".join((entry.title, *entry.authors))):
            yield Failure(Gate.FOREIGN, Place(Section.CATALOG, number, "title"), None, f"holds {hidden}")


_GATES: tuple[Callable[[Case], Iterator[Failure]], ...] = (
    _catalog,
    _citation,
    _reading,
    _language,
    _evidence,
    tables,
    _quotation,
    _number,
    _handle,
    _name,
    _repeat,
    _membership,
    _section,
    _foreign,
)
