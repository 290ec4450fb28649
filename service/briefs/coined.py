"""Names that a paper coins for what it proposes, told from those that it uses, studies or compares with."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from service.language.text import (
    ACRONYMS,
    FUNCTION_WORDS,
    LINKS,
    VERB_FORMS,
    WEAK_MODIFIERS,
    WEAK_NOUNS,
)

NAME = r"[^\W_][^\W_]*(?:[-–+.@/'’][^\W_]+)*\+*"
COMMON = FUNCTION_WORDS | VERB_FORMS | WEAK_MODIFIERS | WEAK_NOUNS

_MAKER = r"\b(?:[Ww]e|[Tt]he authors|paper|work|study|report|article)\b"
_MAKING = (
    r"(?:propos\w+|introduc\w+|present\w*|develop\w*|design\w*|releas\w+|construct\w*|build\w*|built|"
    r"describ\w+|"
    r"contribut\w+|devis\w+|offer\w*|creat\w+|formulat\w+|instantiat\w+|implement\w*|curat\w+|report\w*|contains?)"
)
_NAMING = (
    r"(?:called|named|dubbed|termed|coined|denoted|referred to as|which we call|we call (?:it|this)?|"
    r"abbreviated|nicknamed)"
)
# The name itself is what is made, or what is made is given the name.
_GIVEN = (
    re.compile(rf"\b{_NAMING}(?: as)? [\"'“‘(]?(?P<name>{NAME})"),
    re.compile(rf"{_MAKER}[^.,;:()]{{0,24}}?\b{_MAKING} (?:the |an? )?[\"'“‘]?(?P<name>{NAME})"),
    re.compile(rf"{_MAKER}[^.;()]{{0,24}}?\b{_MAKING} [^.;()]{{3,90}}?[,:–—-] (?P<name>{NAME})[,:(]"),
)
# The name stands behind what is made, in brackets: of the thing, or of what the thing is for.
_IN_BRACKETS = (
    re.compile(
        rf"{_MAKER}[^.;()]{{0,24}}?\b{_MAKING} (?P<thing>[^.;()]{{3,120}}?)\((?P<name>{NAME})\)(?![-\w])"
    ),
    re.compile(
        rf"\b[Oo]ur (?P<thing>(?:\w+ )?(?:method|framework|approach|model|system|algorithm|benchmark|dataset|"
        rf"pipeline)\b[^.;()]{{0,80}}?)\((?P<name>{NAME})\)(?![-\w])"
    ),
)
_COINED = re.compile(r"(?=.*[^\W\d_])(?:.*[A-Z].*[A-Z0-9]|.*[a-z0-9][A-Z]|.*[A-Z].*\d|.*[A-Z].*[-+]).*")
_TITLED = re.compile(
    rf"(?<!\w)\(({NAME})\)|\bwith ({NAME})$|\b[Tt]he ({NAME}) "
    r"(?:[Aa]lgorithm|[Mm]ethod|[Ff]ramework|[Dd]ataset|[Bb]enchmark|[Ss]ystem|[Ll]ibrary|[Cc]orpus|[Cc]hallenge)\b"
)
# Words before a name that say that it is another's: what is compared with, extended or studied.
_OTHERS = (
    r"(?:over|than|versus|vs\.?|outperform\w*|surpass\w*|beat\w*|exceed\w*|compar\w+ (?:with|to|against)|"
    r"extend\w*|improv\w+(?: on| upon)?|such as|like|including|unlike|baselines?|existing|standard|"
    r"conventional|vanilla|prior|variants? of|class of|family of|alternatives? to|replac\w+|revisit\w*|"
    r"understand\w*|recent(?:ly)?)"
)
_SIZE = re.compile(r"\d+(?:\.\d+)?[KMBT]?")


def is_coined(name: str, shared: frozenset[str]) -> bool:
    """Whether a name was made for a paper: one word with capitals or digits, or one that no list knows."""
    low = name.casefold()
    if low in ACRONYMS or low.rstrip("s") in ACRONYMS or low in shared or len(name) < 2 or " " in name:
        return False
    return bool(_COINED.fullmatch(name)) or (name[0].isupper() and low not in COMMON and len(name) > 2)


def looks_coined(word: str) -> bool:
    """Whether a word is written as coined names are: capitals or digits inside."""
    return bool(_COINED.fullmatch(word))


def introduced(title: str, abstract: str, shared: frozenset[str]) -> Iterator[str]:
    """Names that a paper gives to its own work, those of the title first, then those it uses again."""
    found = Counter[str]()
    for name, rank in _given(abstract):
        if _may_name(name, shared):
            found[name] += _weight(name, title, abstract) * 10 - rank
    for name in _in_title(title):
        if _may_name(name, shared) and not _is_others(name, abstract) and _uses(name, abstract):
            found[name] += 60
    yield from (name for name, weight in found.most_common() if weight >= 17)


def _in_title(title: str) -> Iterator[str]:
    """Names where titles set their own: in brackets, after "with" at the end, before "algorithm"."""
    yield from (name for match in _TITLED.finditer(title) for name in match.groups() if name)


def _given(abstract: str) -> Iterator[tuple[str, int]]:
    """Each name that the abstract gives to what it proposes, with how sure that is, 0 the surest."""
    for rank, pattern in enumerate(_GIVEN):
        for match in pattern.finditer(abstract):
            yield re.sub(r"['’]s$", "", match["name"]), rank
    for rank, pattern in enumerate(_IN_BRACKETS, len(_GIVEN)):
        for match in pattern.finditer(abstract):
            if _is_of(match["name"], match["thing"].split()) and not _is_others(match["name"], abstract):
                yield match["name"], rank


def _is_of(name: str, thing: Sequence[str]) -> bool:
    """Whether a name in brackets is the thing's: "loops of water (LOW)", not "a way to find loops (FL)"."""
    tie = next(
        (at for at, word in enumerate(thing) if word.casefold() in LINKS - {"a", "an", "the", "and"}), None
    )
    if tie is None:
        return True
    initials = [
        word[0].casefold() for word in thing[:tie] if word[0].isalpha() and word.casefold() not in LINKS
    ]
    return name[0].casefold() in initials or len(thing) - tie > len(name) + 4


def _is_others(name: str, abstract: str) -> bool:
    return bool(re.search(rf"\b{_OTHERS} (?:the |both |\w+ )?{re.escape(name)}(?![\w-])", abstract))


def _may_name(name: str, shared: frozenset[str]) -> bool:
    return (
        len(name) > 2
        and looks_coined(name)
        and is_coined(name, shared)
        and not _is_hyphenated_prose(name)
        and not _SIZE.fullmatch(name)
    )


def _is_hyphenated_prose(name: str) -> bool:
    """Whether a hyphenated word describes ("LLM-based", "Multi-Agent") rather than names ("GRPO-X")."""
    parts = re.split(r"[-–]", name)
    return len(parts) > 1 and all(
        part.casefold() in COMMON or part.casefold() in ACRONYMS or part.isdigit() or part[1:].islower()
        for part in parts
    )


def _weight(name: str, title: str, abstract: str) -> int:
    return min(_uses(name, abstract), 4) + (3 if name in title else 0)


def _uses(name: str, abstract: str) -> int:
    return len(re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-])", abstract))
