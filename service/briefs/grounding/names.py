"""Names in prose: handles that belong to cited papers, and no name that nothing cited holds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from service.briefs.grounding.sources import Source, Sources, parts, stem, words

# What a brief may say of its field and of itself without a paper's leave.
EVERYDAY = frozenset(
    "ai api arxiv brief cpu dl english github gpu i ii iii iv llm ml monday tuesday wednesday thursday friday nlp ok "
    "january february march april may june july august september october november december".split()
)
# Nouns, adverbs and verbs that open sentences of a brief; names are told from them by standing in no abstract.
_OPENERS = frozenset(
    "abstracts across additionally advances altogether analyses approaches arguably authors benchmarks broadly claims "
    "collectively common comparing considering contributions crucially despite ideas evidence experiments findings "
    "focus for further future gains given instead key lessons looking methods newer notable notably nothing papers "
    "practitioners preprints progress read readers reading research researchers results reviewers scholars several "
    "similarly start studies study take taken techniques testing themes theory today trade two using various whether "
    "work works".split()
)
_REPORTS = frozenset(
    "achieves adapts addresses aims analyses analyzes applies argues asks believes builds claims combines compares "
    "concludes demonstrates derives describes develops discovers establishes evaluates examines explains explores "
    "extends finds formalises formalizes formulates frames gives identifies improves introduces investigates learns "
    "measures names notes observes offers outperforms posits presents proposes proves provides reports reveals says "
    "shows studies suggests tackles tests trains treats uses warns writes".split()
)
_SENTENCE_END = re.compile(r"(?<=[.!?:])[\s”\"’)]+|[“(]|\n")
_COLLEAGUES = re.compile(r"\s+(?:et\s+al|and\s+(?:colleagues|co-?workers|others|collaborators))\b")


def handles_in(text: str, handles: Mapping[str, str]) -> tuple[str, ...]:
    """The handles that a text mentions, longest first where one stands in another; ``handles``: handle to id."""
    return tuple(dict.fromkeys(match[0] for match in _mentions(handles).finditer(text))) if handles else ()


def without_handles(text: str, handles: Iterable[str]) -> str:
    """The text with each mention of a handle left out; a blank word keeps sentences as they are."""
    held = tuple(handles)
    return _mentions(held).sub("this", text) if held else text


def _mentions(handles: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(handles, key=lambda handle: (-len(handle), handle))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")


def invented_names(text: str, sources: Iterable[Source], window: Sources) -> tuple[str, ...]:
    """Name-like words of a text (quotations and handles left out) that neither its sources nor the field knows."""
    known = EVERYDAY.union(window.common, *(source.vocabulary for source in sources))
    return tuple(dict.fromkeys(name for name in _names(text, window.ordinary) if not _known(name, known)))


def _known(name: str, known: frozenset[str]) -> bool:
    """A name is known whole, or by its parts where it holds no digit: GPT-5 is not known from GPT-4 and 5."""
    if stem(name) in known:
        return True
    cut = [part for part in re.split(r"[-–/+.]", name) if part]
    if any(char.isdigit() for char in name):
        return (
            len(cut) > 1
            and all(stem(part) in known for part in cut if not part.isdigit())
            and not _numbered(name)
        )
    return len(cut) > 1 and all(part[0].islower() or stem(part) in known for part in cut)


def _numbered(name: str) -> bool:
    return re.search(r"[^\W\d_][-–.]?\d", name) is not None


def _names(text: str, ordinary: frozenset[str]) -> Iterator[str]:
    title_case = _is_title_case(text)
    for sentence in filter(None, _SENTENCE_END.split(text)):
        if _COLLEAGUES.search(sentence):
            yield from (match[1] for match in re.finditer(rf"(\w+){_COLLEAGUES.pattern}", sentence))
        held = list(words(sentence))
        for at, (word, following) in enumerate(pairwise([*held, ""])):
            if _looks_like_name(word) or (
                not title_case
                and _is_capitalised(word)
                and (at > 0 or _opens_as_name(word, following, ordinary))
                and stem(word) not in ordinary
                and word.casefold() not in ordinary
            ):
                yield word


def _looks_like_name(word: str) -> bool:
    """FuRA, iPhone, GRPO, GPT-4, Token-Weighted, top-5; not 3D, 12B or Well-known."""
    cut = [part for part in re.split(r"[-–/+.’']", word) if part]
    if any(_has_inner_capital(part) for part in cut) or _numbered(word):
        return True
    return len(cut) > 1 and sum(part[0].isupper() for part in cut) > 1


def _has_inner_capital(part: str) -> bool:
    letters = part.lstrip("0123456789")
    return any(char.isupper() for char in letters[1:]) and not part[0].isdigit()


def _is_capitalised(word: str) -> bool:
    return word[0].isupper() and len(word) > 1


def _opens_as_name(word: str, following: str, ordinary: frozenset[str]) -> bool:
    """Whether a sentence's first word is somebody's or something's name: it owns, reports, or goes before a name."""
    if word.casefold() in _OPENERS or word.casefold() in ordinary:
        return False
    return word.endswith(("’s", "'s")) or following in _REPORTS or (following[:1].isupper())


def _is_title_case(text: str) -> bool:
    long = [word for word in parts(text) if len(word) > 3]
    return len(long) > 2 and sum(word[0].isupper() for word in long) >= 0.8 * len(long)
