"""Handles: a short, unique name for each paper: its method's own name, or a noun phrase of its title."""

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from service.language.phrases import ends_well, is_breaker, key_of, lemma
from service.language.sentences import is_order, visible
from service.language.vocabulary import (
    ACRONYMS,
    BEFORE_VERBS,
    FIELDS,
    FUNCTION_WORDS,
    LINKS,
    POSSESSIVES,
    STOCK_OF_TITLES,
    VERB_FORMS,
    VERBS,
    WEAK_MODIFIERS,
    WEAK_NOUNS,
)
from service.papers import Paper

LONGEST = 4  # words
LEAST_TELLING = 1.0
MOST_CHARACTERS = 48
SHARED_BY = 3  # a name that this many abstracts use is the field's, not one paper's

_NAME = r"[^\W_][^\W_]*(?:[-–+.@/'’][^\W_]+)*\+*"
_MAKING = (
    r"(?:propos\w+|introduc\w+|present\w*|develop\w*|design\w*|releas\w+|construct\w*|build\w*|built|"
    r"describ\w+|"
    r"contribut\w+|devis\w+|offer\w*|creat\w+|formulat\w+|instantiat\w+|implement\w*|curat\w+|report\w*|"
    r"contains?)"
)
_NAMING = (
    r"(?:called|named|dubbed|termed|coined|denoted|referred to as|which we call|we call (?:it|this)?|"
    r"abbreviated|nicknamed)"
)
_INTRODUCED = (
    re.compile(rf"\b{_NAMING}(?: as)? [\"'“‘(]?(?P<name>{_NAME})"),
    re.compile(
        rf"\b(?:[Ww]e|paper|work|study|report|article)\b[^.,;:()]{{0,24}}?\b{_MAKING} (?:the |"
        rf"an? )?[\"'“‘]?(?P<name>{_NAME})"
    ),
    re.compile(
        rf"\b(?:[Ww]e|paper|work|study|report|"
        rf"article)\b[^.;()]{{0,24}}?\b{_MAKING} [^.;()]{{3,120}}?\((?P<name>{_NAME})\)"
    ),
    re.compile(
        rf"\b(?:[Ww]e|paper|work|study|report|"
        rf"article)\b[^.;()]{{0,24}}?\b{_MAKING} [^.;()]{{3,90}}?[,:–—-] (?P<name>{_NAME})[,:(]"
    ),
)
_OWN_NAMES = (
    re.compile(rf"\b(?:propos|introduc|present|develop)\w* (?:the )?(?P<name>{_NAME})(?=[,.:;( ]|$)"),
    re.compile(
        rf"\b[Oo]ur (?:\w+ )?(?:method|framework|approach|model|system|algorithm|benchmark|dataset|"
        rf"pipeline)\b[^.;()]{{0,80}}?\((?P<name>{_NAME})\)"
    ),
)
_COINED = re.compile(r"(?=.*[A-Za-z])(?:.*[A-Z].*[A-Z0-9]|.*[a-z0-9][A-Z]|.*[A-Z].*\d|.*[A-Z].*[-+]).*")
_SEPARATOR = re.compile(r"\s*(?::|\s[–—-]|—|\?|!)\s+")
_GENERIC_OPENING = re.compile(
    r"(?:position(?: paper)?|(?:an? )?(?:\w+ )?(?:survey|review|tutorial|overview|study|report|primer|"
    r"note|perspective)|"
    r"technical report|extended abstract|short paper|case study|vision|demo|towards?|on|research|tutorial|"
    r"introduction|challenge|title|abstract|re|reproducibility|comment|reply|erratum|correction|"
    r"work in progress)",
    re.IGNORECASE,
)
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "lambda": "λ",
    "mu": "μ", "pi": "π", "phi": "φ", "varphi": "φ", "psi": "ψ", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "theta": "θ",
    "omega": "ω", "infty": "∞", "ell": "ℓ", "eta": "η", "kappa": "κ", "chi": "χ", "zeta": "ζ", "nu": "ν",
    "xi": "ξ",
}  # fmt: skip
_ASKING = frozenset(("do", "does", "did", "can", "should", "will", "could", "would", "might", "must"))
_TIES = frozenset(("of", "for", "in", "as"))
_ORDINALS = frozenset(("first", "second", "third"))
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)?", re.IGNORECASE)


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
    """What a paper might be called, best first."""
    title, abstract = _clean(paper.title), _clean(paper.abstract[:4000])
    title = "" if is_order(title) else title
    natural = tuple(_natural(title, abstract, shared))
    yield from filter(_is_readable, natural)
    yield from (
        name for name in natural if _is_whole(name) and " " in name
    )  # a field's name is better than an id


def _natural(title: str, abstract: str, shared: frozenset[str]) -> Iterator[str]:
    head = _head(title)
    if head and _is_coined(head, frozenset()):
        yield head
    yield from _introduced(title, abstract, shared)
    if head and _is_phrase(head):
        yield head if " " not in head and head.casefold() not in _COMMON else _titled(head)
    yield from _title_phrases(title)
    yield _titled(" ".join(_trimmed(re.sub(r"[^\w\s'’/+.-]", " ", title).split()[:LONGEST])))


def _head(title: str) -> str | None:
    """What stands before a title's colon or dash, when it can be a name."""
    parts = _SEPARATOR.split(title, maxsplit=1)
    if len(parts) < 2 or _GENERIC_OPENING.fullmatch(parts[0]):
        return None
    head = re.sub(r"\s*\([^)]*\)$", "", parts[0]).strip(" \"'“”‘’")
    return head if len(head.split()) <= LONGEST else None


def _is_coined(name: str, shared: frozenset[str]) -> bool:
    """Whether a name was made for a paper: one word with capitals or digits, or one that no list knows."""
    low = name.casefold()
    if low in ACRONYMS or low.rstrip("s") in ACRONYMS or low in shared or len(name) < 2 or " " in name:
        return False
    return bool(_COINED.fullmatch(name)) or (name[0].isupper() and low not in _COMMON and len(name) > 2)


def _introduced(title: str, abstract: str, shared: frozenset[str]) -> Iterator[str]:
    """Names that the abstract gives to its own work, those of the title first, then those it uses again."""
    found = Counter[str]()
    for rank, pattern in enumerate((*_INTRODUCED, *_OWN_NAMES)):
        for match in pattern.finditer(abstract):
            name = re.sub(r"['’]s$", "", match["name"])
            if (
                len(name) > 2
                and _COINED.fullmatch(name)
                and _is_coined(name, shared)
                and not _is_hyphenated_prose(name)
            ):
                found[name] += _weight(name, title, abstract) * 10 - rank
    in_title = [
        name for name in re.findall(_NAME, title) if len(name) > 2 and _is_own_acronym(name, abstract, shared)
    ]
    for name in in_title:
        found[name] += 60
    yield from (name for name, weight in found.most_common() if weight >= 17)


def _is_own_acronym(name: str, abstract: str, shared: frozenset[str]) -> bool:
    return (
        bool(_COINED.fullmatch(name))
        and _is_coined(name, shared)
        and not _is_hyphenated_prose(name)
        and (len(re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-])", abstract)) > 1)
    )


def _is_hyphenated_prose(name: str) -> bool:
    """Whether a hyphenated word describes ("LLM-based", "Multi-Agent") rather than names ("GRPO-X")."""
    parts = name.split("-")
    return len(parts) > 1 and all(
        part.casefold() in _COMMON or part.casefold() in ACRONYMS or part.isdigit() or part[1:].islower()
        for part in parts
    )


def _weight(name: str, title: str, abstract: str) -> int:
    uses = len(re.findall(rf"(?<![\w-]){re.escape(name)}(?![\w-])", abstract))
    return min(uses, 4) + (3 if name in title else 0)


def _title_phrases(title: str) -> Iterator[str]:
    """Noun phrases of a title with what belongs to them, the most telling first."""
    parts = [part.split() for part in re.split(r"[,;:()\"“”?!]|\s[–—-]+\s|—", title)]
    spans = [span for part in parts for span in _spans(part)]
    ranked = sorted(enumerate(spans), key=lambda item: (-_telling(item[1]) + 0.12 * item[0], item[0]))
    full = [words for _, words in ranked if len(words) > 1 or "-" in words[0]]
    yield from (_titled(" ".join(words)) for words in full if _telling(words) > LEAST_TELLING)
    yield from (_titled(" ".join(words)) for words in full if _telling(words) <= LEAST_TELLING)


def _spans(words: list[str]) -> Iterator[list[str]]:
    """The noun phrases among the words, each also with the verb before it and the phrase it is tied to."""
    phrases = list(_noun_phrases(words))
    for start, end in phrases:
        if start and words[start - 1].casefold() == "no":
            yield words[start - 1 : end]  # without its "no" a name says the opposite
            continue
        yield words[max(start, end - LONGEST) : end]
        verb = words[start - 1].casefold() if start else ""
        if verb.endswith("ing") and verb in VERB_FORMS and verb != "using":
            yield words[start - 1 : end]
    for (start, end), (after, last) in itertools.pairwise(phrases):
        if after == end + 1 and words[end].casefold() in _TIES:
            yield from (words[at:last] for at in range(start, end))


def _noun_phrases(words: list[str]) -> Iterator[tuple[int, int]]:
    """First and last (exclusive) place of each run of words that can be one noun phrase."""
    start = 0
    for place in range(len(words) + 1):
        if place < len(words) and not _breaks(words, place):
            continue
        end = place
        while end > start and not (ends_well(words[end - 1]) or _is_deed(words, end - 1)):
            end -= 1
        if end > start:
            yield start, end
        start = place + 1


def _breaks(words: list[str], place: int) -> bool:
    """Whether a noun phrase of a title ends before this word."""
    word = words[place]
    if _is_asked(words, place):
        return True
    if place and words[place - 1].casefold() in BEFORE_VERBS and "-" not in word:
        return True
    if word.casefold() in _ORDINALS or _is_deed(words, place):
        return False
    return is_breaker(word) or bool(_ORDINAL.fullmatch(word))


def _is_asked(words: list[str], place: int) -> bool:
    """Whether a word is the verb of a question: "help" of "does memory help planning"."""
    asks = next((at for at, word in enumerate(words[:place]) if word.casefold() in _ASKING), place)
    return asks < place - 1 and words[place].casefold() in VERBS


def _is_deed(words: list[str], place: int) -> bool:
    """Whether a word in -ing is a noun, as far as the word before it tells: "easy-to-use shielding"."""
    low = words[place].casefold()
    return place > 0 and low.endswith("ing") and low not in VERB_FORMS and not is_breaker(words[place - 1])


def _telling(words: Sequence[str]) -> float:
    """How well a phrase can stand for a paper: by its words that are neither stock nor mere modifiers."""
    weight = sum(_word_weight(word) for word in words)
    tied = 0.35 * any(word.casefold() in LINKS for word in words)
    crowded = 0.3 * max(0, len(words) - 3) * (not tied) + 5 * (len(words) > LONGEST)
    alone = 1.0 if len(words) == 1 and not re.fullmatch(r"[Ss]elf-\w+|[A-Z]\w+-[A-Z]\w+", words[0]) else 0.0
    return min(weight, 2.5) - crowded - tied - alone - 4 * (key_of(" ".join(words)) in FIELDS)


def _word_weight(word: str) -> float:
    low = word.casefold()
    if low in LINKS:
        return 0.0
    if low in _STOCK or lemma(low) in _STOCK_LEMMAS:
        return 0.25
    if low.endswith("ing") and low in VERB_FORMS:
        return 0.3
    return 1.0 if ends_well(word) else 0.6


def _is_phrase(head: str) -> bool:
    words = head.split()
    return (
        words[0].casefold() not in LINKS and words[-1].casefold() not in LINKS and key_of(head) not in FIELDS
    )


def _trimmed(words: Sequence[str]) -> list[str]:
    left = list(words)
    while left and _loose(left[0]):
        left.pop(0)
    while left and _loose(left[-1]):
        left.pop()
    return left


def _loose(word: str) -> bool:
    return word.casefold() in FUNCTION_WORDS or word.casefold() in POSSESSIVES


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


def _titled(phrase: str) -> str:
    """A phrase as a name: capitals on its words, links aside."""
    words = phrase.split()
    return " ".join(
        word
        if (position and word.casefold() in LINKS) or _is_component(words, position)
        else word[:1].upper() + word[1:]
        if word[:1].isascii()
        else word
        for position, word in enumerate(words)
    )


def _is_component(words: Sequence[str], position: int) -> bool:
    """Whether a small letter is part of the name before it: planet "b" of "TOI-700 b"."""
    return (
        position > 0
        and re.fullmatch(r"[a-z]", words[position]) is not None
        and words[position - 1][-1].isdigit()
    )


@lru_cache(maxsize=10_000)
def _clean(text: str) -> str:
    """Text as a reader sees it: no markup, no hidden characters, TeX reduced to what it stands for."""
    text = re.sub(
        r"(?<!\w)\(\w{2,6}\)\w+", ", ", unicodedata.normalize("NFKC", text).replace("`", "'")
    )  # "(Mis)alignment"
    text = re.sub(r"<[^>]*>|\{\{.*?\}\}|\{%.*?%\}|%[A-Z_]{3,}%|&#?\w+;", " ", text)
    text = re.sub(r"\\(?:text|math|emph|bf|it|tt|sc|rm|under|over)\w*\s*", "", text)
    text = re.sub(r"\\([a-zA-Z]+)", lambda match: _GREEK.get(match[1], " "), text)
    text = re.sub(r"[$\\{}^_~`<>|*#%\[\]]", "", text)
    return visible(text)


def _shared_names(papers: Iterable[Paper]) -> frozenset[str]:
    """Coined-looking words that several abstracts hold: the field's acronyms and well-known systems."""
    uses = Counter(
        name
        for paper in papers
        for name in {
            word.casefold()
            for word in re.findall(_NAME, _clean(paper.abstract[:4000]))
            if _COINED.fullmatch(word)
        }
    )
    return frozenset(name for name, count in uses.items() if count >= SHARED_BY)


_COMMON = FUNCTION_WORDS | VERB_FORMS | WEAK_MODIFIERS | WEAK_NOUNS
_STOCK = frozenset(WEAK_NOUNS | WEAK_MODIFIERS | ACRONYMS | STOCK_OF_TITLES)
_STOCK_LEMMAS = frozenset(lemma(word) for word in _STOCK)
