"""From cards to one brief's answer: in one question, or in parts by theme group that are then merged."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.adapters.openai_briefs.claims import Keyring, bare_key, carried_only
from service.adapters.openai_briefs.failures import CallFailedError, Failure
from service.briefs.prompts import (
    BriefAnswer,
    Card,
    Prompt,
    ThemeAnswer,
    brief_prompt,
    claims_by_place,
    merge_prompt,
)
from service.papers import Window
from subscribers.topics import Topic

AskAll = Callable[[Sequence[Prompt[BriefAnswer]]], list[BriefAnswer | Failure]]


@dataclass(frozen=True, slots=True)
class Material:
    """All that the brief is written from; papers and cards by key, groups of keys."""

    topic: Topic
    window: Window
    keyring: Keyring
    cards: Mapping[str, Card]
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Reduced:
    """The answer, the keys of parts that got none, and what failed."""

    answer: BriefAnswer
    missing: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


def parts_of(keys: Sequence[str], groups: Sequence[Sequence[str]], size: int) -> list[tuple[str, ...]]:
    """Keys in parts of at most ``size``, with groups kept together where they fit; each key in one part."""
    if len(keys) <= size:
        return [tuple(keys)]
    placed: dict[str, None] = {}
    parts: list[list[str]] = [[]]
    for group in [*groups, keys]:
        left = [key for key in dict.fromkeys(group) if key not in placed]
        placed.update(dict.fromkeys(left))
        while left:
            room = size - len(parts[-1])
            if room < min(len(left), size):
                parts.append([])
                room = size
            parts[-1].extend(left[:room])
            left = left[room:]
    return [tuple(part) for part in parts if part]


def first_prompts(material: Material, size: int) -> list[Prompt[BriefAnswer]]:
    """The questions that come before any merging."""
    return [_part_prompt(material, part) for part in parts_of(list(material.cards), material.groups, size)]


def _part_prompt(material: Material, part: Sequence[str]) -> Prompt[BriefAnswer]:
    inside = set(part)
    groups = [held for group in material.groups if len(held := [key for key in group if key in inside]) > 1]
    cards = {key: material.cards[key] for key in part}
    return brief_prompt(material.topic, material.window, material.keyring.papers, cards, groups)


def reduce_cards(material: Material, ask_all: AskAll, size: int, width: int) -> Reduced:
    """One answer for the whole window; CallFailedError where no part got any."""
    parts = parts_of(list(material.cards), material.groups, size)
    answers = ask_all([_part_prompt(material, part) for part in parts])
    failures = [answer for answer in answers if isinstance(answer, Failure)]
    written = [answer for answer in answers if not isinstance(answer, Failure)]
    if not written:
        raise CallFailedError(failures[0])
    missing = tuple(
        key
        for part, answer in zip(parts, answers, strict=True)
        if isinstance(answer, Failure)
        for key in part
    )
    merged, in_vain = _merged(written, material, ask_all, width)
    return Reduced(merged, missing, (*failures, *in_vain))


def _merged(
    answers: list[BriefAnswer], material: Material, ask_all: AskAll, width: int
) -> tuple[BriefAnswer, tuple[Failure, ...]]:
    """Merge level by level until one is left; what the model can't merge is joined as it stands."""
    failures: list[Failure] = []
    while len(answers) > 1:
        answers = [carried_only(answer, material.keyring) for answer in answers]
        chunks = [answers[start : start + width] for start in range(0, len(answers), width)]
        several = [chunk for chunk in chunks if len(chunk) > 1]
        papers = len(material.cards)
        merged = iter(
            ask_all([merge_prompt(material.topic, material.window, chunk, papers) for chunk in several])
        )
        answers = []
        for chunk in chunks:
            answer = next(merged) if len(chunk) > 1 else chunk[0]
            if isinstance(answer, Failure):
                failures.append(answer)
                answer = joined(chunk)
            answers.append(regrouped(answer, chunk) if len(chunk) > 1 else answer)
    return answers[0], tuple(failures)


def joined(parts: Sequence[BriefAnswer]) -> BriefAnswer:
    """Parts side by side, the first of each before the second of any: what is said where merging failed."""
    return BriefAnswer(
        themes=_in_turn(part.themes for part in parts),
        methods=_in_turn(part.methods for part in parts),
        notable=_in_turn(part.notable for part in parts),
        challenges=_in_turn(part.challenges for part in parts),
        overview=_in_turn(part.overview[:2] for part in parts),
        reading_order=_in_turn(part.reading_order[:1] for part in parts),
    )


def _in_turn(lists: Iterable[tuple[object, ...]]) -> tuple[object, ...]:
    lists = list(lists)
    longest = max(map(len, lists), default=0)
    return tuple(items[place] for place in range(longest) for items in lists if place < len(items))


def regrouped(merged: BriefAnswer, parts: Sequence[BriefAnswer]) -> BriefAnswer:
    """The papers of the parts' themes given to the merged theme that took up most of their papers."""
    papers = [dict.fromkeys(_keys_of(theme)) for theme in merged.themes]
    named = [set(keys) for keys in papers]
    for theme in (theme for part in parts for theme in part.themes):
        keys = _keys_of(theme)
        shared = [len(named[number].intersection(keys)) for number in range(len(named))]
        if any(shared):
            papers[shared.index(max(shared))].update(dict.fromkeys(keys))
    themes = (
        theme.model_copy(update={"papers": tuple(keys)})
        for theme, keys in zip(merged.themes, papers, strict=True)
    )
    return merged.model_copy(update={"themes": tuple(themes)})


def _keys_of(theme: ThemeAnswer) -> tuple[str, ...]:
    cited = (citation.key for claim in theme.claims for citation in claim.citations)
    return tuple(dict.fromkeys(bare_key(key) for key in (*theme.papers, *cited)))


def worth_keeping(answer: BriefAnswer, keyring: Keyring) -> bool:
    """Whether papers carry most of an answer's claims: the next run asks anew for what it says badly."""
    carried = [keyring.carried(claim) for _, claims in claims_by_place(answer) for claim in claims]
    return 2 * sum(carried) > len(carried)
