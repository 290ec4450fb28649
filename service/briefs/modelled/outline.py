"""The outline: the week's question and which papers belong where, found from the cards."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from service.briefs.model import Brief, Earlier
from service.briefs.modelled.asking import (
    DATA_RULE,
    Answer,
    Lines,
    Prompt,
    PromptData,
    digest,
    one_line,
    versions,
)
from service.briefs.modelled.cards import Card
from service.briefs.modelled.keys import Keyring
from service.briefs.stated.passages import Shown
from service.papers import Window
from subscribers.topics import Topic

WEEKS = 12  # earlier briefs that are remembered
SENTENCES = 6  # of one brief


@dataclass(frozen=True)
class Past:
    """Sentences of the topic's earlier briefs under the keys E1, E2, …, newest brief first."""

    sentences: tuple[Earlier, ...] = ()

    @classmethod
    def of(cls, briefs: Sequence[Brief]) -> "Past":
        newest = sorted(briefs, key=lambda brief: brief.first, reverse=True)[:WEEKS]
        return cls(tuple(one for brief in newest for one in _remembered(brief)))

    def entries(self) -> list[tuple[str, Lines]]:
        return [
            (f"E{number}", (("week", one.issue), ("sentence", one.text)))
            for number, one in enumerate(self.sentences, 1)
        ]

    def get(self, key: str) -> Earlier | None:
        number = key.strip("[] ").removeprefix("E")
        at = int(number) - 1 if number.isascii() and number.isdigit() else -1
        return self.sentences[at] if 0 <= at < len(self.sentences) else None


def _remembered(brief: Brief) -> list[Earlier]:
    """The takeaways, then the first facts of the themes: what a later week can continue or contradict."""
    facts = [one.fact for one in brief.minute.takeaways] if brief.minute else []
    for theme in brief.themes:
        facts += [claim for claim in theme.claims if claim.kind == "fact" and claim.origin != "counted"][:2]
    told = {claim.text: Earlier(brief.window_label, claim.whole, claim.paper_ids) for claim in facts}
    return list(told.values())[:SENTENCES]


OUTLINE_TOKENS = 4_000  # of an answer; measured answers have 1,200 to 2,000
FEWEST_PAPERS = 6  # of an outline for a model with little room
MOST_PAPERS = 120  # that an outline is found from; further ones are in the catalog
MOST_THEMES = 3
THEME_PAPERS = 8  # told or named beside a theme
COUNTED_NAMES = 12
_NAME = re.compile(r"[A-Za-z]*[A-Z0-9][\w.+-]*[A-Za-z0-9]")

OUTLINE_SYSTEM = f"""\
You plan a weekly brief that argues: readers want to know what the week's papers, together, show. \
{DATA_RULE}

Each entry P1, P2, … is a paper: its title and a card of notes with quotes from its abstract. Entries E1, \
E2, … are sentences of earlier briefs of the same topic, with their week.

Find, before anything is written:
- question: the one question that the told papers of every theme answer in part, in plain words and no \
wider than what they measured: one thing asked, not two joined by "and". At most 20 words that could not \
stand over another week.
- answer: what these papers, taken together, answer so far: a claim with its scope (models, tasks, scale) \
and how sure one can be. At most 28 words. Every theme \
bears on the question.
- themes, strongest first: groups of papers whose findings bear on each other and on that answer: they \
carry it, limit it or speak against it. A theme is worth writing when two or three papers together show \
something that none shows alone: the same effect from two sides, two explanations that predict different \
things, a disagreement, a mechanism and its limit. It has one claim that every told paper bears on: an \
attack, a theorem and a remedy for something else are three matters, not a theme. Its told papers could \
stand in one table with the same measure, or the same cause, as a column: a gain in speed, a loss of old \
skills and a ranking of answers could not, though all three use "samples". Each has finding (what \
its papers show, in at most 12 words), thesis (what that means, hedged: what would have to hold for all of \
them, counter-examples included, to be true at once), told (3 or 4 keys, the leading paper first, each of \
which carries the finding itself or limits it: one that qualifies it, explains it otherwise or shows where \
it fails comes before one more that agrees), against (keys among told whose results limit or contradict the \
finding; none is no fault), also (keys of papers with the same finding that are not told, up to 4). A paper \
belongs only if its own result bears on the finding; a shared method, word or benchmark is not enough. No \
paper is in two themes. Papers that fit nowhere are left out. No theme for the rest.
- elsewhere: up to 4 matters that other good papers of the week are about, each with name (2 to 4 words, a \
subject such as "Data selection for RL") and 2 to 4 keys of papers that no theme tells and that are about \
just this. A paper that is planned for against, alike, resources, methods or challenges is not in elsewhere.
- methods: up to two approaches that several papers of the week use or one leading paper introduces, with \
the keys of 1 to 3 papers that explain how they work. Those of which a paper states a cost or limit come \
first, and none that a theme explains.
- notable: six keys of papers to read first, best first: a clear claim, figures with a baseline, of use \
beyond their setting. They may be told in themes. A paper whose claim waits for replication is not first.
- against: up to 3 keys of papers whose results go against common practice or belief, or against each other.
- alike: one set of 2 or 3 keys of papers that found or built the same thing separately, and that no theme \
tells together.
- resources: up to 4 keys of papers that release data, code, models or benchmarks that others will use.
- challenges: up to 2 open problems, each with 1 to 3 keys of papers that state or show it (a stated \
limit, or two papers that disagree), and problem in at most 10 words. Fewer if there are fewer.
- threads: up to 2 links to earlier briefs: the key of an E entry, 1 to 2 keys of papers of this week \
whose finding bears on that very sentence, and relation: continues, contradicts, replicates or answers. \
Only where the same question is measured again; a shared word is no thread. None is better than a weak \
one.
- start: the key of the one paper to start with. It is told in a theme, and is notable."""


class ThemePlan(Answer):
    finding: str
    thesis: str
    told: tuple[str, ...]
    against: tuple[str, ...]
    also: tuple[str, ...]


class MethodPlan(Answer):
    name: str
    papers: tuple[str, ...]


class AlikePlan(Answer):
    what: str
    papers: tuple[str, ...]


class ChallengePlan(Answer):
    problem: str
    papers: tuple[str, ...]


class ThreadPlan(Answer):
    earlier: str
    papers: tuple[str, ...]
    relation: str


class AreaPlan(Answer):
    name: str
    papers: tuple[str, ...]


class OutlineAnswer(Answer):
    question: str
    answer: str
    themes: tuple[ThemePlan, ...]
    elsewhere: tuple[AreaPlan, ...]
    methods: tuple[MethodPlan, ...]
    notable: tuple[str, ...]
    against: tuple[str, ...]
    alike: tuple[AlikePlan, ...]
    resources: tuple[str, ...]
    challenges: tuple[ChallengePlan, ...]
    threads: tuple[ThreadPlan, ...]
    start: str

    def __bool__(self) -> bool:
        return bool(self.themes)


@dataclass(frozen=True, slots=True)
class Material:
    """What the steps of one brief write from."""

    topic: Topic
    window: Window
    keyring: Keyring  # every paper of the brief
    cards: Mapping[str, Card]  # by key, best papers first; those without one are in the catalog alone
    past: Past

    @property
    def subject(self) -> str:
        """The brief as the prompts' subjects name it."""
        named = f"{self.topic.slug} {self.window.label} {versions(self.keyring.papers)}"
        passages = self.keyring.passages
        return f"{named} {digest((id_, self.keyring.shown(id_)) for id_ in passages)}" if passages else named

    def with_passages(self, passages: Mapping[str, tuple[Shown, ...]]) -> "Material":
        """The same with passages of full texts, by paper id."""
        return replace(self, keyring=replace(self.keyring, passages=passages))

    def entries(
        self, keys: Iterable[str], *, with_abstracts: bool
    ) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
        """The papers of some keys with their cards, and abstracts where they are to be written about."""
        found = []
        for key in dict.fromkeys(keys):
            if key in self.keyring.papers:
                paper = self.keyring.papers[key]
                lines = [("shown as", self.keyring.handles[paper.id]), ("title", paper.title)]
                lines += (
                    [("abstract", paper.abstract), *self.keyring.shown(paper.id)] if with_abstracts else []
                )
                lines += self.cards[key].lines() if key in self.cards else ()
                found.append((key, tuple(lines)))
        return found


def told_in(outline: OutlineAnswer) -> list[str]:
    """The keys of the papers that drafts will tell, those that matter most first."""
    keys = [key for theme in outline.themes for key in (*theme.told, *theme.against)]
    keys += outline.notable
    keys += [key for plan in outline.methods for key in plan.papers]
    keys += [key for plan in outline.challenges for key in plan.papers]
    return list(dict.fromkeys(key.strip("[] ") for key in keys))


def outline_prompt(material: Material, most: int = MOST_PAPERS) -> Prompt[OutlineAnswer]:
    """Ask for the outline of a window, from the cards of its best papers; of half of them where need be."""
    best = list(material.cards)[:most]
    keys = [key for key in material.keyring.papers if key in best]
    sheet = PromptData((*material.entries(keys, with_abstracts=False), *material.past.entries()))
    return Prompt(
        task="outline",
        subject=material.subject,
        system=OUTLINE_SYSTEM,
        user=f"{about(material)}\n{_wish(len(keys))}\n{counts(material)}\n{sheet}",
        schema=OutlineAnswer,
        completion_tokens=OUTLINE_TOKENS if most == MOST_PAPERS else OUTLINE_TOKENS // 2,
        smaller=lambda: outline_prompt(material, len(keys) // 2) if len(keys) > FEWEST_PAPERS else None,
    )


def about(material: Material) -> str:
    """Topic and window, as every prompt of a brief names them."""
    topic = material.topic
    words = f"Topic: {one_line(topic.name)}: {one_line(topic.description)}"
    return f"{words}\nWindow: {material.window.first} to {material.window.last}"


def themes_wished(papers: int) -> int:
    """How many themes a window of so many papers can carry."""
    return min(MOST_THEMES, max(1, papers // 7))


def _wish(papers: int) -> str:
    most = themes_wished(papers)
    return f"{papers} papers. Find up to {most} theme{'s' if most > 1 else ''}."


def counts(material: Material) -> str:
    """What code counts in the cards, so that no model has to."""
    cards = list(material.cards.values())
    said = {
        "name a limit of their own": sum(bool(card.limits) for card in cards),
        "give a result with a baseline": sum(
            any("against " in r.setting for r in card.results) for card in cards
        ),
        "release something": sum(bool(card.resources) for card in cards),
        "contradict practice or belief": sum(bool(card.contradicts) for card in cards),
    }
    told = ", ".join(f"{number} {words}" for words, number in said.items())
    names = ", ".join(f"{name} {number}" for name, number in _measured_on(cards))
    return f"Counted: of {len(cards)} papers {told}.{f' Most often measured on: {names}.' if names else ''}"


def _measured_on(cards: Sequence[Card]) -> list[tuple[str, int]]:
    """Names of models and data in the settings of results, with the number of papers, most often first."""
    seen: Counter[str] = Counter()
    for card in cards:
        seen.update({name for result in card.results for name in _NAME.findall(result.setting)})
    often = [(name, number) for name, number in seen.items() if number > 2]
    return sorted(often, key=lambda item: (-item[1], item[0]))[:COUNTED_NAMES]
