"""Closing: minute, overview, decisions, reading order and the table, from what was written."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from service.briefs.claims import Claim
from service.briefs.grounding.places import Section, claims
from service.briefs.model import Brief
from service.briefs.modelled.asking import DATA_RULE, Answer, Lines, Prompt, PromptData, digest
from service.briefs.modelled.keys import FactAnswer, ReadingAnswer, SentenceAnswer
from service.briefs.modelled.outline import Material, OutlineAnswer, about
from service.briefs.modelled.rules import FACT_RULES, READING_RULES, VOICE

#: Ids of what a model is shown: everything; themes; their headings, theses and first two sentences.
_SHOWN = (re.compile(r".*"), re.compile(r"h\d+|t\d+\.\d+"), re.compile(r"h\d+|t\d+\.[0-2]"))
CLOSING_TOKENS = 4_500  # of an answer; measured answers have 1,200 to 1,800
NOTABLE = 6

_RULES = f"{DATA_RULE}\n\n{VOICE}\n\n{FACT_RULES}\n\n{READING_RULES}"

CLOSING_SYSTEM = f"""\
You write the opening minute and the close of a weekly research brief whose sections are written. {_RULES}

Each entry is a sentence of the brief under its id (t1.2 is the second sentence of the first theme; h1 is \
the first theme's heading), with its place, its kind, its quotes, and for readings what they rest on. \
Facts that you write say again what these sentences say, shorter or together, with their quotes copied; \
nothing is in them that is not in those sentences. In rests_on stand ids of entries that are facts.
Write:
- headline: a fact of at most 52 characters: the week's news for an e-mail's subject, a whole statement \
with a verb, plain words, no key; one or two citations with quotes. It must be true as it stands, without \
a setting.
- question: a reading, at most 34 words in two sentences: the week's question as a colleague would ask it \
over coffee, no wider than its papers, in words that a student knows; then the answer that they give so far: \
one plain, complete sentence with its subject named, a claim with its scope, hedged once, that only joins \
what was tested; a theme that answers less well is left out rather than tacked on.
- takeaways: three, from three different themes where there are three, each with fact (at most 22 words, \
setting included: the paper, what it does in half a clause, and one number with what it is measured against; \
a finding without a number only where no theme has one) and so (a reading, at most 14 words, a whole \
sentence that goes on behind the word "So:": what this fact lets one believe or do ("the end of a long \
rollout may teach little"), never the fact again in general words ("prompts with little signal need few \
answers"; where nothing else follows, so is empty), never an objection, never a to-do that needs the \
abstract to be understood). A takeaway answers the question as it is asked above, for its case, and its so \
says that answer; what answers another question is no takeaway, however strong. Where a counter-example \
stands in the brief, a takeaway or the answer names what it shows; the main result of the first theme is \
always a takeaway.
- start: the key of the paper to start with, and why: a reading of at most 12 words with its rests_on that \
says what the paper shows, no more.
- overview: 2 or 3 sentences with ids O1, O2, …, at most 55 words together. They tell what no theme tells \
alone, in plain words with concrete nouns, and each can be read without the one before. The first, a \
reading, is the verdict on the week's question in one plain sentence: what holds so far, in which tests, and \
the one condition that matters most; a theme that points elsewhere is named as doing so. It says no more \
than the weakest theme's thesis. Then a fact: the result that speaks most against it and what came out of \
it, or the scale that bounds it (never only where something was run). A last one, a reading, only if the \
facts name what would change the answer: which measurement, on what, coming out how; "the answer may fall if \
…" without these is left out. No figure and no sentence of the minute or a theme stands here again; a \
theme's finding may be named in half a clause.
- decisions: one each of read, try, wait, skip (leave out what the entries do not carry): a reading of at \
most 22 words that goes on behind "Read:", "Try:", "Wait for replication:" or "Skip:" and does not say that \
word again ("[[P3]], if you …"); it names papers by key. read: the paper to start with or another of the \
first step, and whom it serves. try: one action, on which model or data, with the measure that decides; not \
a repetition of one paper's own experiment; it names the very method whose figure speaks for it, not another \
of the same paper. wait: a result that one setting carries, and what in the entries makes one wait (a limit \
or cost that stays with the method, a small effect, a result against it; not the problem that the method is \
built to handle). A paper in wait or skip is in no takeaway, in no challenge, is not the one to start with \
and is not told as a surprise. skip: "[[P3]] unless …", a paper that its headline makes look more useful \
than it is for most readers: the entries show why, and for whom it is worth it; else there is no skip. Where \
a paper that wait or skip names stands in a reading of a theme, wait says what that reading is not yet good \
for; read and try name other papers. A reason to wait is never the paper's own finding, and it bears on that \
which the reader would otherwise do (few settings, one size of model, no rival, simulated only). Two \
decisions at least, and wait or skip among them where any entry tells a limit, a small effect, one setting \
or a result that points the other way.
- reading_order: 2 to 3 steps, each with a purpose of 4 to 8 words and the keys of 1 to 4 papers that are \
told in the entries. The first key of the first step is start; every paper named in read or try is in a \
step; purpose says what to look for in these papers.
The minute (question, takeaways, start) has at most 124 words in all, settings included. A metric that a \
student would have to look up is put in plain words only where these say the same (Macro-F1 is no "average \
score", and below 50% of it is no "less than half"); else the name stays. Conditions stay with their number \
(a budget, "of three models"), and "distillation" does not become "training"."""

NOTABLE_SYSTEM = f"""\
You write the table "Notable papers to read first" of a weekly research brief. {_RULES}

Entries P… are papers: title, abstract, and a card of notes. Entries under other ids are sentences of the \
brief that readers have seen before the table: the table does not repeat their figures where the paper has \
others.
For each of the papers asked for write a row, best first, with the paper's key and:
- shows: a fact about this paper alone, at most 24 words with its setting, its main finding with a number \
and its setting.
- why: a reading, at most 11 words, that says for whose work it pays or what the figure is counted in, \
never the finding in general words; rests_on is ["shows"]; empty where nothing else follows.
- caveat: a fact about this paper alone, at most 14 words: a limit, cost, condition or mixed result that \
its abstract states: it takes something away from what `shows` says. Where it states none, text is empty \
and there are no citations. What the paper does not say is no caveat."""


class TakeawayAnswer(Answer):
    fact: FactAnswer
    so: ReadingAnswer


class StartAnswer(Answer):
    key: str
    why: ReadingAnswer


class DecisionAnswer(Answer):
    kind: str
    reading: ReadingAnswer


class StepAnswer(Answer):
    purpose: str
    papers: tuple[str, ...]


class ClosingAnswer(Answer):
    headline: FactAnswer
    question: ReadingAnswer
    takeaways: tuple[TakeawayAnswer, ...]
    start: StartAnswer
    overview: tuple[SentenceAnswer, ...]
    decisions: tuple[DecisionAnswer, ...]
    reading_order: tuple[StepAnswer, ...]

    def __bool__(self) -> bool:
        return bool(self.takeaways)


class NotableAnswer(Answer):
    key: str
    shows: FactAnswer
    why: ReadingAnswer
    caveat: FactAnswer


class NotablesAnswer(Answer):
    rows: tuple[NotableAnswer, ...]


def closing_prompt(
    material: Material, outline: OutlineAnswer, brief: Brief, shorter: int = 0
) -> Prompt[ClosingAnswer]:
    """Ask for minute and close of a brief whose themes, methods, news and challenges are written."""
    shown = list(_abridged(written(material, brief), shorter))
    start = f"Planned: question: {outline.question} Answer: {outline.answer} Start: {outline.start}."
    return Prompt(
        task="closing",
        subject=f"{material.subject} {digest(written(material, brief))}",
        system=CLOSING_SYSTEM,
        user=f"{about(material)}\n{start}\n{PromptData(tuple(shown))}",
        schema=ClosingAnswer,
        completion_tokens=CLOSING_TOKENS if shorter < 2 else CLOSING_TOKENS * 2 // 3,
        smaller=lambda: closing_prompt(material, outline, brief, shorter + 1) if shorter < 2 else None,
    )


def _abridged(entries: Iterable[tuple[str, Lines]], shorter: int) -> Iterator[tuple[str, Lines]]:
    """What is written, shorter for models with little room: the themes alone, then how each begins."""
    return (entry for entry in entries if _SHOWN[shorter].fullmatch(entry[0]))


def notable_prompt(
    material: Material, outline: OutlineAnswer, brief: Brief, most: int = NOTABLE
) -> Prompt[NotablesAnswer]:
    """Ask for the table of notable papers, given what the themes tell already."""
    keys = [
        key
        for key in dict.fromkeys(one.strip("[] ") for one in outline.notable)
        if key in material.keyring.papers
    ][:most]
    ids = set(material.keyring.paper_ids(keys))
    told = [
        (claim.id, material.keyring.lines(claim, {}))
        for place, claim in claims(brief)
        if place.section is Section.THEMES and claim.id and ids.intersection(claim.paper_ids)
    ]
    papers = material.entries(keys, with_abstracts=True)
    return Prompt(
        task="notable",
        subject=f"{material.subject} {' '.join(keys)} {digest(told)}",
        system=NOTABLE_SYSTEM,
        user=f"{about(material)}\nRows for: {', '.join(keys)}.\n{PromptData((*papers, *told))}",
        schema=NotablesAnswer,
        completion_tokens=CLOSING_TOKENS,
        smaller=lambda: notable_prompt(material, outline, brief, len(keys) // 2) if len(keys) > 1 else None,
    )


def written(material: Material, brief: Brief) -> Sequence[tuple[str, Lines]]:
    """Every sentence of a brief with its place, as a prompt shows it."""
    facts = {claim.id: claim for _, claim in claims(brief) if claim.id}
    entries: list[tuple[str, Lines]] = [
        (f"h{number}", (("place", "heading of a theme"), ("heading", material.keyring.keyed(theme.heading))))
        for number, theme in enumerate(brief.themes, 1)
    ]
    for place, claim in claims(brief):
        if claim.id:
            entries.append((claim.id, _lines(material, str(place), claim, facts)))
    return entries


def _lines(material: Material, place: str, claim: Claim, facts: Mapping[str, Claim]) -> Lines:
    return (("place", place), ("kind", claim.kind), *material.keyring.lines(claim, facts))
