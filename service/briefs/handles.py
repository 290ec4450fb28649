"""Handles: a short, unique name for each paper: its own name, its title in few words, or its authors."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from service.briefs.titles import (
    LONGEST,
    head_of,
    is_field,
    is_head_of_field,
    opening_of,
    phrases_of,
    titled,
    trimmed,
)
from service.language import read, visible
from service.language.phrases import key_of, lemma
from service.language.sentences import is_order
from service.language.text import (
    ACRONYMS,
    FIELDS,
    FUNCTION_WORDS,
    LINKS,
    POSSESSIVES,
    STOCK_OF_TITLES,
    VERB_FORMS,
    WEAK_MODIFIERS,
    WEAK_NOUNS,
)
from service.papers import Paper

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
    for name in _spelt_by_title(title, abstract):
        if _may_name(name, shared) and _uses(name, abstract) > 1:
            found[name] += 60
    named = (name for name, weight in found.most_common() if weight >= 17)
    yield from (_stem_in_title(name, title, abstract, shared) for name in named)


def _spelt_by_title(title: str, abstract: str) -> Iterator[str]:
    """Names in brackets behind words that the title opens with: "Slow Roots of Oaks", "slow roots (SRO)"."""
    first = re.match(r"[^\W_][\w-]{3,}(?= \w)", title)
    if first:
        behind = rf"(?<![\w-]){re.escape(first[0])}(?: [\w-]+){{1,5}}? \((?P<name>{NAME})\)"
        for match in re.finditer(behind, abstract, re.IGNORECASE):
            if match["name"][0].casefold() == title[0].casefold():
                yield match["name"]


def _stem_in_title(name: str, title: str, abstract: str, shared: frozenset[str]) -> str:
    """The title's own name where an abstract builds one on it: "ROOT" where it speaks of "ROOT-450"."""
    stem, tie, _ = name.partition("-")
    stands = tie and name not in title and _uses(stem, title) and _uses(stem, abstract) > 1
    own = stands and _may_name(stem, shared) and not _is_others(stem, abstract)
    return stem if own else name


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


MOST_CHARACTERS = 48
SHARED_BY = 3  # a name that this many abstracts use is the field's, not one paper's
AND_OTHERS = " et al."

_COMMON = FUNCTION_WORDS | VERB_FORMS | WEAK_MODIFIERS | WEAK_NOUNS
_STOCK = frozenset(WEAK_NOUNS | WEAK_MODIFIERS | ACRONYMS | STOCK_OF_TITLES)
_SURNAME = re.compile(
    r"(?:(?:\b(?:van|von|de|der|den|del|della|di|da|dos|la|le|el|al|bin|ibn|ter|ten)\s+)*)[^\W\d_][\w'’-]*$"
)
_SUFFIX = re.compile(r",?\s+(?:Jr|Sr|II|III|IV)\.?$")


def make_handles(papers: Sequence[Paper]) -> dict[str, str]:
    """A handle by paper id: unique whatever the case, at most four words, the same for the same papers."""
    shared = _shared_names(papers)
    wishes = {paper.id: tuple(dict.fromkeys(candidates(paper, shared))) for paper in papers}
    wanted = Counter(_sound(wish[0]) for wish in wishes.values() if wish)
    taken: set[str] = set()
    handles: dict[str, str] = {}
    for paper in papers:
        handles[paper.id] = _first_free(wishes[paper.id], wanted, taken, paper.id)
        taken.add(_sound(handles[paper.id]))
    return handles


def _first_free(wishes: Sequence[str], wanted: Counter[str], taken: set[str], paper_id: str) -> str:
    """The first wish if no other paper has it first, else longer ones, any free one, or one with the id."""
    first: str = wishes[0] if wishes else "Paper"
    contested = wanted[_sound(first)] > 1
    own = tuple(_distinguished(wishes))
    others = (*own, *wishes[1:]) if " " not in first else (*wishes[1:3], *own, *wishes[3:])
    options: tuple[str, ...] = others if contested else (first, *others)
    for option in options:
        if _sound(option) not in taken and (option == first or wanted[_sound(option)] == 0):
            return option
    return f"{' '.join(first.split()[: LONGEST - 1])} {paper_id}"


def _sound(name: str) -> str:
    """A name as it is heard: nobody tells "Prompt-Injection Attack" from "Prompt Injection Attacks"."""
    words = name.casefold().replace("-", " ").split()
    return " ".join(lemma(word) for word in words) if len(words) > 1 else name.casefold()


def _distinguished(wishes: Sequence[str]) -> Iterator[str]:
    """The first wish with a word or two of another, which tell two papers with one name apart."""
    if not wishes:
        return
    first = wishes[0]
    if first.endswith(AND_OTHERS):
        return
    for other in wishes[1:]:
        words = [word for word in other.split() if _distinguishes(word, first)]
        for size in (2, 1):
            joined = " ".join((first, *words[-size:]))
            if len(words) >= size and _is_readable(joined) and words[-size].casefold() not in LINKS:
                yield joined


def _distinguishes(word: str, first: str) -> bool:
    low = word.casefold()
    return (
        low not in first.casefold().split() and low not in VERB_FORMS and not low.endswith(("'s", "’s", "s'"))
    )


def candidates(paper: Paper, shared: frozenset[str] = frozenset()) -> Iterator[str]:
    """What a paper might be called, best first: its own name, its title in few words, its authors."""
    title, abstract = _clean(paper.title), _clean(paper.abstract[:4000])
    title = "" if is_order(title) else title
    named, worded = tuple(_names(title, abstract, shared)), tuple(_words_of(title))
    yield from filter(_is_readable, named)
    yield from (phrase for phrase in worded if _is_readable(phrase) and not is_field(phrase, abstract))
    yield from filter(_is_whole, _authors(paper.authors))
    # a field's name is better than an id
    first = trimmed(re.sub(r"[^\w\s'’/+.^*–−-]", " ", title).split()[:LONGEST])
    yield from (name for name in (*worded, titled(" ".join(first))) if _is_whole(name) and " " in name)


def _names(title: str, abstract: str, shared: frozenset[str]) -> Iterator[str]:
    """Names that title or abstract give to the paper's own work."""
    head = head_of(title)
    if head and is_coined(head, frozenset()):
        yield head
    yield from introduced(title, abstract, shared)
    if head and _is_phrase(head) and not is_head_of_field(head, abstract):
        yield head if " " not in head and head.casefold() not in _COMMON else titled(head)


def _words_of(title: str) -> Iterator[str]:
    if opening := opening_of(title):
        yield titled(opening)
    if title.split():
        yield from phrases_of(title)


def _authors(authors: Sequence[str]) -> Iterator[str]:
    """``Okafor et al.``: the first author, where the title has no words that name the paper alone."""
    names = [name for author in authors[:3] if (name := _surname(author))]
    if not names:
        return
    if len(authors) == 1:
        yield names[0]
    elif len(authors) == 2 and len(names) == 2:
        yield f"{names[0]} and {names[1]}"
    else:
        yield f"{names[0]}{AND_OTHERS}"
        yield from [f"{names[0]}, {names[1]}{AND_OTHERS}"][: len(names) - 1]


def _surname(author: str) -> str:
    name = _SUFFIX.sub("", _clean(author))
    if name.endswith(("Collaboration", "Consortium", "Team")):
        return name
    found = _SURNAME.search(name)
    return found[0] if found else ""


def _is_phrase(head: str) -> bool:
    words = head.split()
    return (
        words[0].casefold() not in LINKS and words[-1].casefold() not in LINKS and key_of(head) not in FIELDS
    )


def _is_whole(handle: str) -> bool:
    """Whether a handle is short enough and no fragment."""
    words = handle.split()
    return (
        0 < len(words) <= LONGEST
        and 1 < len(handle) <= MOST_CHARACTERS
        and any(character.isalpha() for character in handle)
        and words[-1].casefold() not in LINKS
        and not words[-1].casefold().endswith(("'s", "’s"))
        and words[0].casefold() not in POSSESSIVES
    )


def _is_readable(handle: str) -> bool:
    words = handle.split()
    return (
        _is_whole(handle)
        and handle.casefold() not in ACRONYMS
        and not (len(words) == 1 and handle.casefold() in _STOCK)
        and key_of(handle) not in FIELDS
    )


@lru_cache(maxsize=10_000)
def _clean(text: str) -> str:
    """Text as a reader sees it, without markup."""
    text = re.sub(r"<[^>]*>|\{\{.*?\}\}|\{%.*?%\}|%[A-Z_]{3,}%|&#?\w+;", " ", text)
    shown = re.sub(r"(?<!\w)\(\w{2,6}\)\w+", ", ", read(text).shown)  # "(Mis)alignment"
    return visible(re.sub(r"[$\\{}`<>|#%]|(?<!\S)[*_~^]|(?<!\^)[*_~^](?![\w*(+-])", "", shown))


def _shared_names(papers: Iterable[Paper]) -> frozenset[str]:
    """Coined-looking words that several abstracts hold: the field's acronyms and well-known systems."""
    uses = Counter(
        name
        for paper in papers
        for name in {
            word.casefold() for word in re.findall(NAME, _clean(paper.abstract[:4000])) if looks_coined(word)
        }
    )
    return frozenset(name for name, count in uses.items() if count >= SHARED_BY)
