"""A brief from a language model's answers. Catalog, links, badges and revisions are code's own and stay."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from service.briefs.claims import Citation, Claim
from service.briefs.grounding.places import claims as claims_of
from service.briefs.grounding.places import place_in_themes, rewrite
from service.briefs.model import (
    AlsoHere,
    Area,
    Brief,
    CatalogEntry,
    Challenge,
    Decision,
    DecisionKind,
    GlossaryEntry,
    Method,
    Minute,
    News,
    Notable,
    Overview,
    ReadingStep,
    Relation,
    Resource,
    ResourceKind,
    Start,
    Takeaway,
    Theme,
    Thread,
)
from service.briefs.modelled.asking import Unanswered
from service.briefs.modelled.cards import Card
from service.briefs.modelled.closing import ClosingAnswer, NotablesAnswer, StepAnswer
from service.briefs.modelled.drafting import (
    MOST_AREAS,
    AreasAnswer,
    ChallengesAnswer,
    DefinitionAnswer,
    MethodsAnswer,
    NewsAnswer,
    ThemeAnswer,
)
from service.briefs.modelled.keys import FactAnswer, Keyring, ReadingAnswer, bare_key, locate, sentences
from service.briefs.modelled.outline import Material

MOST_SENTENCES = 12  # of one theme; the prompt's limit of words asks for fewer
MOST_ALSO = 6
MOST_IN_AREA = 5
LONGEST_NAME = 40
LONGEST_WORDS = 70
LONGEST_HANDLE = 4  # words
_LOOKS_BACK = re.compile(
    r"^(?:yet|but|so|then|however|by contrast|in contrast|instead|conversely|similarly)\b,? ", re.IGNORECASE
)
_BRACKETS = re.compile(r"\s*\([^()]*\)")  # the acronym behind a long name, or the other way round


def drafted(answers: Sequence[object], material: Material, base: Brief) -> Brief:
    """The base brief with the themes, methods, news and challenges of the answers that came."""
    brief = replace(
        base,
        minute=None,
        themes=(),
        methods=(),
        notable=(),
        trends=(),
        challenges=(),
        news=News(),
        overview=Overview((), ()),
    )
    definitions: list[DefinitionAnswer] = []
    areas = AreasAnswer(areas=())
    for answer in answers:
        match answer:
            case ThemeAnswer():
                brief = replace(brief, themes=(*brief.themes, *_theme(answer, material.keyring, brief)))
                definitions.extend(answer.definitions)
            case MethodsAnswer():
                brief = replace(brief, methods=tuple(_methods(answer, material.keyring)))
            case NewsAnswer():
                brief = replace(brief, news=_news(answer, material))
            case ChallengesAnswer():
                brief = replace(brief, challenges=tuple(_challenges(answer, material.keyring)))
            case AreasAnswer():
                areas = answer
    brief = _with_areas(brief, areas, material.keyring)
    glossary = (*_defined(definitions, material.keyring), *base.glossary)
    return place_in_themes(replace(brief, glossary=_without_repeats(glossary)))


def standing_alone(brief: Brief) -> Brief:
    """The brief whose sections begin with no "Yet" or "So": what it looked back on may be gone."""
    firsts = {
        place: replace(claim, text=_as_first(rest))
        for place, claim in claims_of(brief)
        if not place.index and (rest := _LOOKS_BACK.sub("", claim.text)) != claim.text
    }
    return rewrite(brief, firsts)


def _as_first(words: str) -> str:
    """A sentence with a capital, unless a name that has none begins it."""
    first = words.partition(" ")[0].rstrip(",")
    return (
        f"{words[:1].upper()}{words[1:]}"
        if first.isascii() and first.isalpha() and first.islower()
        else words
    )


def closed(brief: Brief, answers: Sequence[object], material: Material) -> Brief:
    """The brief with the minute, the close and the table of the answers that came."""
    for answer in answers:
        if isinstance(answer, ClosingAnswer):
            brief = _close(brief, answer, material.keyring)
        elif isinstance(answer, NotablesAnswer):
            brief = replace(brief, notable=tuple(_notable(answer, material.keyring)))
    return brief


def with_cards(base: Brief, cards: Mapping[str, Card]) -> Brief:
    """The base brief with the cards' words: each paper's own name as its handle, what it does as its line."""
    taken = {entry.handle.casefold() for entry in base.catalog}
    entries = []
    for entry in base.catalog:
        card = cards.get(entry.paper_id)
        handle = _own_name(entry, card, taken)
        taken.add(handle.casefold())
        entries.append(replace(entry, handle=handle, line=(card.line if card else "") or entry.line))
    return replace(base, catalog=tuple(entries))


def _own_name(entry: CatalogEntry, card: Card | None, taken: set[str]) -> str:
    name = _BRACKETS.sub("", card.name).strip() if card else ""
    fits = (
        1 < len(name) <= LONGEST_NAME
        and name != name.lower()
        and len(name.split()) <= LONGEST_HANDLE
        and name.isprintable()
    )
    plain = not set(name) & set("\\${}[]<>")
    return name if fits and plain and name.casefold() not in taken else entry.handle


def _theme(answer: ThemeAnswer, keyring: Keyring, brief: Brief) -> Iterable[Theme]:
    number = len(brief.themes) + 1
    claims, ids = sentences(answer.sentences[:MOST_SENTENCES], keyring, f"t{number}")
    told = dict.fromkeys(id_ for claim in claims for id_ in claim.paper_ids if id_ in keyring.handles)
    elsewhere = {id_ for theme in brief.themes for id_ in theme.paper_ids}
    also = {
        paper_id: AlsoHere(paper_id, keyring.heading(one.words)[:LONGEST_WORDS])
        for one in answer.also[:MOST_ALSO]
        for paper_id in keyring.paper_ids([one.key])
        if paper_id not in told and paper_id not in elsewhere and one.words.strip()
    }
    if told:
        yield Theme(
            heading=keyring.heading(answer.heading),
            claims=claims,
            paper_ids=(*told, *also),
            thesis=_reading(answer.thesis, keyring, f"t{number}.0", ids),
            also=tuple(also.values()),
        )


def _reading(answer: ReadingAnswer, keyring: Keyring, claim_id: str, ids: Mapping[str, str]) -> Claim | None:
    return keyring.reading(answer, claim_id, ids) if answer.text.strip() else None


def _facts(answers: Iterable[FactAnswer], keyring: Keyring, prefix: str) -> tuple[Claim, ...]:
    held = (answer for answer in answers if answer.text.strip())
    return tuple(keyring.fact(answer, f"{prefix}{number}") for number, answer in enumerate(held, 1))


def _methods(answer: MethodsAnswer, keyring: Keyring) -> Iterable[Method]:
    for number, item in enumerate(answer.methods, 1):
        parts = {name: getattr(item, name) for name in ("how", "strength", "trade_off")}
        made = {name: _facts([part], keyring, f"m{number}.{name}") for name, part in parts.items()}
        ids = {name: claims[0].id for name, claims in made.items() if claims}
        use = _reading(item.use_when, keyring, f"m{number}.use", ids)
        cited = (id_ for claims in made.values() for claim in claims for id_ in claim.paper_ids)
        papers = dict.fromkeys(
            (*keyring.paper_ids(item.papers), *(id_ for id_ in cited if id_ in keyring.handles))
        )
        if made["how"]:
            yield Method(
                keyring.heading(item.name), made["how"], made["strength"], made["trade_off"],
                tuple(papers), (use,) if use else (),
            )  # fmt: skip


def _news(answer: NewsAnswer, material: Material) -> News:
    keyring = material.keyring
    resources = (
        Resource(one.name.strip()[:LONGEST_NAME], _one_of(ResourceKind, one.kind), fact)
        for number, one in enumerate(answer.resources, 1)
        if one.kind in get_args(ResourceKind)
        for fact in _facts([one.fact], keyring, f"r{number}.")
    )
    return News(
        against=_facts(answer.against, keyring, "n"),
        alike=_facts(answer.alike, keyring, "a"),
        resources=tuple(resources),
        threads=tuple(_threads(answer, material)),
    )


def _threads(answer: NewsAnswer, material: Material) -> Iterable[Thread]:
    for number, one in enumerate(answer.threads, 1):
        said = material.past.get(bare_key(one.earlier))
        if said and one.relation in get_args(Relation):
            for fact in _facts([one.fact], material.keyring, f"p{number}."):
                yield Thread(
                    material.keyring.heading(one.question), _one_of(Relation, one.relation), fact, (said,)
                )


def _challenges(answer: ChallengesAnswer, keyring: Keyring) -> Iterable[Challenge]:
    for number, item in enumerate(answer.challenges, 1):
        claims = _facts(item.claims, keyring, f"c{number}.")
        ids = {f"C{at}": claim.id for at, claim in enumerate(claims, 1)}
        if claims:
            settles = _reading(item.settles, keyring, f"c{number}.s", ids)
            yield Challenge(keyring.heading(item.heading), claims, settles)


def _with_areas(brief: Brief, answer: AreasAnswer, keyring: Keyring) -> Brief:
    """The brief with what else the week was about: papers that nothing else tells, one of them told."""
    taken = {paper_id for theme in brief.themes for paper_id in theme.paper_ids} | brief.told
    areas = []
    for number, one in enumerate(answer.areas[:MOST_AREAS], 1):
        papers = tuple(id_ for id_ in keyring.paper_ids(one.papers) if id_ not in taken)[:MOST_IN_AREA]
        taken.update(papers)
        facts = _facts([one.fact], keyring, f"e{number}.")
        if papers and one.name.strip():
            told = next((fact for fact in facts if set(fact.paper_ids) <= set(papers)), None)
            areas.append(Area(keyring.heading(one.name), papers, told))
    return replace(brief, areas=tuple(areas))


def _defined(answers: Iterable[DefinitionAnswer], keyring: Keyring) -> Iterable[GlossaryEntry]:
    for answer in answers:
        paper = keyring.papers.get(bare_key(answer.key))
        quote = locate(answer.quote, paper) if paper else None
        citation = Citation(paper.id, quote) if paper and quote else None
        if answer.term.strip() and answer.meaning.strip():
            meaning = keyring.named(answer.meaning, ()).strip(" .")
            yield GlossaryEntry(answer.term.strip()[:LONGEST_NAME], meaning, citation, is_acronym=False)


def _without_repeats(entries: Iterable[GlossaryEntry]) -> tuple[GlossaryEntry, ...]:
    first: dict[str, GlossaryEntry] = {}
    for entry in entries:
        first.setdefault(entry.term.casefold(), entry)
    return tuple(sorted(first.values(), key=lambda entry: entry.term.casefold()))


def _notable(answer: NotablesAnswer, keyring: Keyring) -> Iterable[Notable]:
    """Each paper once; a key that no paper has is handed on for the gates to refuse."""
    seen: set[str] = set()
    for number, row in enumerate(answer.rows, 1):
        paper_id = next(iter(keyring.paper_ids([row.key])), bare_key(row.key))
        shows = next(iter(_facts([row.shows], keyring, f"q{number}.shows")), None)
        if shows is None or paper_id in seen:
            continue
        seen.add(paper_id)
        why = _reading(row.why, keyring, f"q{number}.why", {"shows": shows.id, **_any(row.why, shows)})
        caveat = next(iter(_facts([row.caveat], keyring, f"q{number}.caveat")), None)
        yield Notable(paper_id, shows, why, caveat)


def _any(answer: ReadingAnswer, shows: Claim) -> dict[str, str]:
    """A row's reading rests on the row's fact, whatever the answer calls it."""
    return dict.fromkeys(answer.rests_on, shows.id)


def _close(brief: Brief, answer: ClosingAnswer, keyring: Keyring) -> Brief:
    known = {claim.id: claim.id for _, claim in claims_of(brief) if claim.id and not claim.is_reading}
    facts = [keyring.fact(one.fact, f"k{number}.1") for number, one in enumerate(answer.takeaways, 1)]
    ids = {**known, **{f"T{number}": fact.id for number, fact in enumerate(facts, 1)}}
    told, own = sentences(answer.overview, keyring, "o")
    told = tuple(
        replace(claim, rests_on=claim.rests_on or _based(one.rests_on, ids)) if claim.is_reading else claim
        for claim, one in zip(told, (o for o in answer.overview if o.text.strip()), strict=True)
    )
    question, reply = _halved(answer.question)
    minute = Minute(
        headline=next(iter(_facts([answer.headline], keyring, "k0.")), None),
        question=_reading(question, keyring, "k0.q", ids),
        answer=_reading(reply, keyring, "k0.a", ids),
        takeaways=tuple(_takeaways(answer, facts, keyring, ids)),
        start=_start(answer, keyring, ids),
    )
    decisions = (
        Decision(_one_of(DecisionKind, one.kind), reading)
        for number, one in enumerate(answer.decisions, 1)
        if one.kind in get_args(DecisionKind)
        and (reading := _reading(one.reading, keyring, f"d{number}", {**ids, **own}))
    )
    steps = _from_start(tuple(_steps(answer.reading_order, keyring)), minute.start)
    return replace(brief, minute=minute, overview=Overview(told, steps, tuple(decisions)))


def _based(names: Iterable[str], ids: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids[name.strip("[]() ")] for name in names if name.strip("[]() ") in ids))


def _halved(answer: ReadingAnswer) -> tuple[ReadingAnswer, ReadingAnswer]:
    """The week's question, and what answers it: if one does not follow, the other can stand."""
    asked, mark, replied = answer.text.partition("?")
    return tuple(  # type: ignore[return-value] # of two
        answer.model_copy(update={"text": text}) for text in (f"{asked}{mark}", replied.strip())
    )


def _takeaways(
    answer: ClosingAnswer, facts: Sequence[Claim], keyring: Keyring, ids: Mapping[str, str]
) -> Iterable[Takeaway]:
    for number, (one, fact) in enumerate(zip(answer.takeaways, facts, strict=True), 1):
        so = _reading(one.so, keyring, f"k{number}.2", ids)
        yield Takeaway(
            fact, replace(so, rests_on=tuple(dict.fromkeys((fact.id, *so.rests_on)))) if so else None
        )


def _start(answer: ClosingAnswer, keyring: Keyring, ids: Mapping[str, str]) -> Start | None:
    why = _reading(answer.start.why, keyring, "k0.s", ids)
    paper_id = next(iter(keyring.paper_ids([answer.start.key])), None)
    return Start(paper_id, why) if why and paper_id else None


def _from_start(steps: tuple[ReadingStep, ...], start: Start | None) -> tuple[ReadingStep, ...]:
    """One plan for reading: what the minute says to start with is what the first step begins with."""
    if not start or not steps:
        return steps
    first = replace(steps[0], paper_ids=tuple(dict.fromkeys((start.paper_id, *steps[0].paper_ids))))
    later = (
        replace(step, paper_ids=tuple(id_ for id_ in step.paper_ids if id_ != start.paper_id))
        for step in steps[1:]
    )
    return (first, *(step for step in later if step.paper_ids))


def _steps(answers: Iterable[StepAnswer], keyring: Keyring) -> Iterable[ReadingStep]:
    for step in answers:
        papers = keyring.paper_ids(step.papers)[:5]
        if step.purpose.strip() and papers:
            yield ReadingStep(keyring.heading(step.purpose), papers)


def troubles(answers: Iterable[object]) -> list[Unanswered]:
    return [answer for answer in answers if isinstance(answer, Unanswered)]


def _one_of(kinds: Any, word: str) -> Any:
    """A word of an answer as the kind that it was found to be."""
    return next(kind for kind in get_args(kinds) if kind == word)


def with_used_terms(brief: Brief) -> Brief:
    """The brief with the acronyms that it uses: those of the program's own words fell with them."""
    told = " ".join(claim.whole for _, claim in claims_of(brief))
    used = (one for one in brief.glossary if not one.is_acronym or _stands_in(one.term, told))
    return replace(brief, glossary=tuple(used))


def _stands_in(term: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(term)}s?(?!\w)", text) is not None
