"""Drafting: themes, methods, what is new and challenges, each from cards and abstracts of its papers."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from service.briefs.model import Earlier
from service.briefs.modelled.asking import DATA_RULE, Answer, Lines, Prompt, PromptData
from service.briefs.modelled.batches import of_fewer
from service.briefs.modelled.keys import CitationAnswer, FactAnswer, ReadingAnswer, SentenceAnswer
from service.briefs.modelled.outline import Material, OutlineAnswer, ThemePlan, about
from service.briefs.modelled.rules import FACT_RULES, HEADING_RULES, READING_RULES, VOICE

DRAFT_TOKENS = 4_500  # of an answer; measured answers have 1,000 to 1,800
THEME_WORDS = 690  # of all themes together
MOST_AREAS = 4
READ_IN_AREA = 4  # papers whose abstracts are shown for one matter

_RULES = f"{DATA_RULE}\n\n{VOICE}\n\n{FACT_RULES}\n\n{READING_RULES}"

THEME_SYSTEM = f"""\
You write one theme of a weekly research brief. {_RULES}

{HEADING_RULES}

Each entry is a paper: title, abstract, and a card of notes on it. The plan of the theme is given; correct \
it where the abstracts do not carry it.
Write:
- heading.
- Think first, and write it nowhere: what do these papers, read together, force a reader to believe that \
none says alone? Do their explanations predict the same? Is the rival of each gain a fair one? What would \
an expert object? The theme answers that objection or admits it.
- thesis: a reading, at most 28 words: the claim that the theme argues for, in words that a reader can \
repeat to a colleague, as strong as the weakest of its facts. Its rests_on names the sentences that carry \
it. If a paper limits it, the thesis says under which condition it holds.
- sentences, in reading order, with ids S1, S2, …: first what goes wrong in this very case (what it costs, \
how it fails, how much is lost, as the leading paper says it), in one sentence that also says what is \
commonly done (a term is explained in a clause of it, never in a sentence of its own); a question, a \
definition or a remark that would be true in any week is no opening, and without a better one the theme \
begins with how the leading paper goes about it, in words that a student follows (what is done, and why that \
should help), and its result with setting; then the others as they bear on the finding. A result without a \
figure is told by what happened (which of two came out ahead on what, what broke, what stayed), and a paper \
that only "improves consistently" by how it works. A result that limits or contradicts stands right behind \
what it limits, a caveat beside its claim. One reading may stand in between where two results need it. The \
last sentence is a reading that decides something: what to believe or do now, in which case, and in which \
not. Each paper gets two to four sentences, one of which says how it works, and the leading one most. Three \
papers told well are worth more than four in passing; one that does not carry the finding is left out.
- also: papers of the plan that are not told, if they carry the heading too: the key and what they show in \
at most 6 words, without names or numbers.
- definitions: up to two terms that a second-year student would look up: the term as it is written in the \
sentences, its meaning in at most 18 words, and where an entry explains it the key and a quote (else both \
empty).
Lengths are limits, not goals. Everything that you write is checked against the abstracts; what goes \
beyond them is cut."""

METHODS_SYSTEM = f"""\
You write the section on methodological approaches of a weekly research brief. {_RULES}

Each entry is a paper: title, abstract, and a card of notes on it. For each method of the plan write:
- name: 2 to 6 words in sentence case, without key and number.
- how: one fact that explains the mechanism: what is computed from what, and why that helps.
- strength: one fact: what it bought in a measured setting, one rival and one number. Where a paper stands \
in a theme as well, another figure than the one that it is known for there; where it has none, text is empty.
- trade_off: one fact that a paper states as a cost, limit, assumption or failure of this very method, the \
one that `how` explains, under its own name. Not one of another method of the same name or family, not a \
weakness of the method that it replaces, not a fault of its input that the method is built to withstand, \
not a condition that you infer. Where no entry states one, text \
is empty and there are no citations.
- use_when: a reading, at most 22 words, that goes on behind "Use it when": in which situation of a \
reader's own work to try it. Every condition in it stands in how, strength or trade_off, which rests_on \
names; it says when to prefer it to what one does otherwise, not again what the method does.
- papers: the keys of the papers it rests on.
At most 48 words a method, settings included. A method that no entry explains is left out."""

NEWS_SYSTEM = f"""\
You write the section "What is new in this window" of a weekly research brief. {_RULES}

Entries P… are papers: title, abstract, and a card of notes. Entries E… are sentences of earlier briefs \
with their week. From the plan write:
- against: facts, up to 2: results that go against what is commonly done or believed, or against another \
paper of the window. The sentence says what was believed, as the paper says it, and what was found, with \
its setting; a result whose paper names no such belief is left out. Where the paper's numbers run both \
ways, say both. The most surprising result comes first. Never tell of one paper here what a theme or \
another line tells otherwise.
- alike: one fact that cites 2 or 3 papers that found or built the same thing separately, for the same \
reason: what they share, and in the same sentence or its setting how they differ. True of each paper cited.
- resources: data, code, models or benchmarks that a paper of the plan releases: name as the entry has it \
(none without a name), kind, and a fact of at most 14 words on what it tests or holds, in the paper's \
meaning, before how large it is. The subject is the thing itself, not the method that comes with it; that \
readers can have it is said only where the paper says so.
- threads: links to earlier briefs that hold: earlier is the key of the E entry; question: the question \
they share, at most 10 words; relation; fact: one fact on this week's paper that says how it bears on that \
sentence: what it measures again, extends or finds otherwise. Its citations are of this week's papers; \
nothing is said of the earlier papers but what the E entry says. Leave out a link that the abstracts do \
not show.
At most 95 words in all, settings included."""

CHALLENGES_SYSTEM = f"""\
You write the section on open challenges of a weekly research brief. {_RULES}

{HEADING_RULES}

Each entry is a paper: title, abstract, and a card of notes on it. A challenge is a problem that stays open \
after this week: a paper states it as a limit, cost or open question of its own results, or shows a failure \
that nothing of the window repairs, or two papers disagree. A problem that the paper goes on to solve or \
prevent is none, and so is a finding (that two things both matter, that one way beats another) of which no \
paper says what it leaves open. The themes tell the main figures of these papers: tell here what stays open, \
not those figures again.
For each challenge of the plan that the abstracts carry write:
- heading: 4 to 10 words that name the problem.
- claims: one fact, or two short ones: what is open, and what a paper measured that shows it.
- settles: a reading, at most 28 words: where the facts name two explanations or two ways of dealing with \
the problem, what to compare, on which measure, and which outcome would speak for which, in a whole \
sentence; an outcome that a third explanation fits as well speaks for none. What is compared starts from one \
baseline, which the sentence names. That the problem would be solved if it did not occur is none. Where no \
such comparison follows from the facts, text is empty. rests_on names the claims (C1, C2).
At most 48 words a challenge, settings included; fewer challenges rather than weak ones."""


AREAS_SYSTEM = f"""\
You write the list "Also this week" of a weekly research brief: one line on each matter that no theme \
tells. {DATA_RULE}

{VOICE}

{FACT_RULES}

Each entry is a paper: title, abstract, and a card of notes on it. For each matter of the plan write, in \
the order given:
- name: as planned, or better: 2 to 4 words, a subject.
- papers: the keys of the plan that are about just this, the one told first.
- fact: one fact of at most 18 words on the paper that readers of this topic would most like to know of: \
what it shows, in plain words, with a number only where it can be understood here. setting is empty.
A matter whose papers share only a word is left out."""


class AlsoAnswer(Answer):
    key: str
    words: str


class DefinitionAnswer(Answer):
    term: str
    meaning: str
    key: str
    quote: str


class ThemeAnswer(Answer):
    heading: str
    thesis: ReadingAnswer
    sentences: tuple[SentenceAnswer, ...]
    also: tuple[AlsoAnswer, ...]
    definitions: tuple[DefinitionAnswer, ...]

    def __bool__(self) -> bool:
        return bool(self.sentences)


class MethodAnswer(Answer):
    name: str
    how: FactAnswer
    strength: FactAnswer
    trade_off: FactAnswer
    use_when: ReadingAnswer
    papers: tuple[str, ...]


class MethodsAnswer(Answer):
    methods: tuple[MethodAnswer, ...]


class ResourceAnswer(Answer):
    name: str
    kind: str
    fact: FactAnswer


class ThreadAnswer(Answer):
    earlier: str
    question: str
    relation: str
    fact: FactAnswer


class NewsAnswer(Answer):
    against: tuple[FactAnswer, ...]
    alike: tuple[FactAnswer, ...]
    resources: tuple[ResourceAnswer, ...]
    threads: tuple[ThreadAnswer, ...]


class AreaAnswer(Answer):
    name: str
    papers: tuple[str, ...]
    fact: FactAnswer


class AreasAnswer(Answer):
    areas: tuple[AreaAnswer, ...]


class ChallengeAnswer(Answer):
    heading: str
    claims: tuple[FactAnswer, ...]
    settles: ReadingAnswer


class ChallengesAnswer(Answer):
    challenges: tuple[ChallengeAnswer, ...]


@dataclass(frozen=True, slots=True)
class Drafts:
    """The questions of this step, in the order of their answers; a section without a plan has none."""

    themes: tuple[Prompt[ThemeAnswer], ...]
    methods: Prompt[MethodsAnswer] | None
    news: Prompt[NewsAnswer] | None
    challenges: Prompt[ChallengesAnswer] | None
    areas: Prompt[AreasAnswer] | None

    @property
    def prompts(self) -> tuple[Prompt[Any], ...]:
        rest = (self.methods, self.news, self.challenges, self.areas)
        return (*self.themes, *(prompt for prompt in rest if prompt))


def draft_prompts(material: Material, outline: OutlineAnswer) -> Drafts:
    """Everything that can be written side by side once the outline stands."""
    return Drafts(
        themes=tuple(
            _theme(material, plan, number, len(outline.themes))
            for number, plan in enumerate(outline.themes, 1)
        ),
        methods=_methods(material, outline),
        news=_news(material, outline),
        challenges=_challenges(material, outline),
        areas=_areas(material, outline),
    )


def _theme(material: Material, plan: ThemePlan, number: int, of: int) -> Prompt[ThemeAnswer]:
    lines = [
        f"Plan. Finding: {plan.finding} Thesis: {plan.thesis}",
        f"To tell, the leading paper first: {', '.join(plan.told)}.",
        f"Limit or contradict it: {', '.join(plan.against) or 'none'}.",
        f"Also here: {', '.join(plan.also) or 'none'}.",
        f"At most {THEME_WORDS // max(of, 3)} words for thesis, sentences and settings together.",
    ]
    told = material.entries((*plan.told, *plan.against), with_abstracts=True)
    also = material.entries((key for key in plan.also if key not in plan.told), with_abstracts=False)
    prompt = _prompt(material, f"theme {number}", THEME_SYSTEM, lines, (*told, *also), ThemeAnswer)
    return of_fewer(prompt, lambda: _theme_of_fewer(material, plan, number, of))


def _theme_of_fewer(material: Material, plan: ThemePlan, number: int, of: int) -> Prompt[ThemeAnswer] | None:
    """The same theme from half of its papers, the leading ones."""
    if len(plan.told) < 3 and not plan.also:
        return None
    half = {"told": plan.told[: max(2, len(plan.told) // 2)], "also": (), "against": plan.against[:1]}
    return _theme(material, plan.model_copy(update=half), number, of)


def _methods(material: Material, outline: OutlineAnswer) -> Prompt[MethodsAnswer] | None:
    if not outline.methods:
        return None
    lines = ["Plan:", *(f"- {one.name}: {', '.join(one.papers)}" for one in outline.methods[:2])]
    keys = (key for one in outline.methods[:2] for key in one.papers)
    return _prompt(material, "methods", METHODS_SYSTEM, lines, _whole(material, keys), MethodsAnswer)


def _news(material: Material, outline: OutlineAnswer) -> Prompt[NewsAnswer] | None:
    alike = "; ".join(f"{one.what}: {', '.join(one.papers)}" for one in outline.alike)
    threads = "; ".join(f"{one.earlier} {one.relation}: {', '.join(one.papers)}" for one in outline.threads)
    lines = [
        f"Plan. Against expectation: {', '.join(outline.against) or 'none'}.",
        f"Done alike: {alike or 'none'}.",
        f"Resources: {', '.join(outline.resources) or 'none'}.",
        f"Threads: {threads or 'none'}.",
    ]
    keys = [*outline.against, *outline.resources]
    keys += [key for alike_plan in outline.alike for key in alike_plan.papers]
    keys += [key for thread in outline.threads for key in thread.papers]
    if not keys:
        return None
    entries = (*_whole(material, keys), *_earlier(material, outline))
    return _prompt(material, "news", NEWS_SYSTEM, lines, entries, NewsAnswer)


def _earlier(material: Material, outline: OutlineAnswer) -> Iterable[tuple[str, Lines]]:
    for key in dict.fromkeys(one.earlier.strip("[] ") for one in outline.threads):
        if said := material.past.get(key):
            yield key, earlier_lines(said)


def earlier_lines(said: Earlier) -> Lines:
    return (("week", said.issue), ("sentence", said.text))


def _challenges(material: Material, outline: OutlineAnswer) -> Prompt[ChallengesAnswer] | None:
    if not outline.challenges:
        return None
    lines = ["Plan:", *(f"- {one.problem}: {', '.join(one.papers)}" for one in outline.challenges[:2])]
    keys = (key for one in outline.challenges[:2] for key in one.papers)
    return _prompt(material, "challenges", CHALLENGES_SYSTEM, lines, _whole(material, keys), ChallengesAnswer)


def _areas(material: Material, outline: OutlineAnswer) -> Prompt[AreasAnswer] | None:
    if not outline.elsewhere:
        return None
    plans = outline.elsewhere[:MOST_AREAS]
    lines = ["Plan:", *(f"- {one.name}: {', '.join(one.papers)}" for one in plans)]
    keys = (key for one in plans for key in one.papers[:READ_IN_AREA])
    return _prompt(material, "areas", AREAS_SYSTEM, lines, _whole(material, keys), AreasAnswer)


def _whole(material: Material, keys: Iterable[str]) -> list[tuple[str, Lines]]:
    return material.entries((key.strip("[] ") for key in keys), with_abstracts=True)


def _prompt(  # noqa: PLR0913, PLR0917 - each is another part of the question
    material: Material,
    section: str,
    system: str,
    lines: Iterable[str],
    entries: Iterable[tuple[str, Lines]],
    schema: type[Answer],
) -> Prompt[Any]:
    task = section.split(maxsplit=1)[0]
    sheet = PromptData(tuple(dict(entries).items()))
    plan = "\n".join(lines)
    return Prompt(
        task=task,
        subject=f"{section} {material.subject}",
        system=system,
        user=f"{about(material)}\n{plan}\n{sheet}",
        schema=schema,
        completion_tokens=DRAFT_TOKENS,
    )


__all__ = ["CitationAnswer", "Drafts", "draft_prompts", "earlier_lines"]
