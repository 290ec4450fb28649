"""What a title says of its paper, in few words: its head, and its noun phrases, the leading ones first."""

import re
from collections.abc import Iterator, Sequence

from service.language.phrases import ends_well, is_breaker, is_plural, key_of
from service.language.text import (
    ACRONYMS,
    BEFORE_VERBS,
    COMPARATIVES,
    FIELDS,
    FUNCTION_WORDS,
    LINKS,
    NOUN_INGS,
    POSSESSIVES,
    STOCK_OF_TITLES,
    VERB_FORMS,
    VERBS,
    WEAK_MODIFIERS,
    WEAK_NOUNS,
)

LONGEST = 4  # words
LONG = 3  # words of a phrase that may name a paper though the title does not lead with it
FIRST = 2  # words that may stand before the phrase that a title leads with: "On the", "Rethinking"

_SEPARATOR = re.compile(r"\s*(?::|\s[–—-]|—|\?|!)\s+")
_GENERIC_OPENING = re.compile(
    r"(?:position(?: paper)?|(?:an? )?(?:\w+ )?(?:survey|review|tutorial|overview|study|report|primer|"
    r"note|perspective)|"
    r"technical report|extended abstract|short paper|case study|vision|demo|towards?|on|research|tutorial|"
    r"introduction|challenge|title|abstract|re|reproducibility|comment|reply|erratum|correction|"
    r"work in progress)",
    re.IGNORECASE,
)
_ASKING = frozenset(("do", "does", "did", "can", "should", "will", "could", "would", "might", "must"))
_QUESTIONS = frozenset(("what", "how", "why", "when", "where", "which", "who", "is", "are", *_ASKING))
_TIES = frozenset(
    (
        "of",
        "for",
        "in",
        "as",
        "with",
        "under",
        "at",
        "on",
        "by",
        "from",
        "without",
        "between",
        "beyond",
        "around",
    )
)
_MEANS = frozenset(("via", "through", "by", "using", "with", "into"))
# Modifiers that any noun may have, but that belong to these: "lower bound", "weak lensing".
_BELONGING = frozenset(
    ("lower", "upper", "weak", "strong", "smallest", "largest", "higher", "low", "high", "free")
)
_VAGUE = frozenset(
    (
        "study",
        "analysis",
        "survey",
        "review",
        "approach",
        "method",
        "evaluation",
        "comparison",
        "perspective",
        "case",
    )
)
_STOCK = WEAK_NOUNS | WEAK_MODIFIERS | ACRONYMS | STOCK_OF_TITLES
_ARTICLES = frozenset(("a", "an", "the"))
# Verbs that are nouns elsewhere. A title's verb agrees with what stands before it, and something follows it.
_DEEDS = frozenset(("cause", "drive", "help", "hide", "need", "rule", "shape", "work"))
_MODALS = frozenset(
    ("can", "cannot", "can't", "can’t", "don't", "don’t", "doesn't", "doesn’t", "isn't", "isn’t")
)
_GERUNDS = frozenset(form for form in VERB_FORMS if form.endswith("ing"))
_ORDINALS = frozenset(("first", "second", "third"))
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)?", re.IGNORECASE)
_FORMULA = re.compile(r"[=→⇒≤≥<>∼≈∈]|^\W+$")
_ARTICLE = re.compile(r"^(?:An?|The) (?=\w+ )")
_SMALL = re.compile(r"[a-z]{1,2}(?:[-−.]|$)")  # "p-adic", "h-BN", "E. coli"
_PARTS = re.compile(r"[,;:()\"“”?!]|\s[–—-]+\s|—")


def head_of(title: str) -> str | None:
    """What stands before a title's colon or dash, when it can be a name."""
    parts = _SEPARATOR.split(title, maxsplit=1)
    if len(parts) < 2 or _GENERIC_OPENING.fullmatch(parts[0]):
        return None
    head = re.sub(r"\s*\([^)]*\)$", "", _ARTICLE.sub("", parts[0])).strip(" \"'“”‘’")
    return head if 0 < len(head.split()) <= LONGEST else None


def opening_of(title: str) -> str | None:
    """The whole title, or what stands before its first comma or question mark, where that is short."""
    whole = _ARTICLE.sub("", title.strip(" .?!"))
    opening = whole if len(whole.split()) <= LONGEST else re.split(r"[,;:?!]", whole, maxsplit=1)[0].strip()
    words = opening.split()
    is_short = 1 < len(words) <= LONGEST and not _GENERIC_OPENING.fullmatch(opening)
    return opening if is_short and not (_is_sign(words[-1]) or _has_loose_end(words)) else None


def _has_loose_end(words: Sequence[str]) -> bool:
    return words[-1].casefold() in LINKS or words[0].casefold() in {*POSSESSIVES, "on", "towards", "toward"}


def is_field(phrase: str, abstract: str) -> bool:
    """Whether a phrase is only a subject's name, of which a sentence would seem to tell: "Warm Jupiters"."""
    words = phrase.split()
    if key_of(phrase) in FIELDS or key_of(" ".join(words[1:])) in FIELDS:
        return True
    if any(word.casefold() in LINKS for word in words) or words[0].casefold() in {"no", *_GERUNDS}:
        return False
    used = _used(phrase, abstract)
    if len(words) <= 2:
        return used > 0 or is_plural(phrase)
    return used > 0 and is_plural(phrase)


def is_head_of_field(head: str, abstract: str) -> bool:
    """The same of what stands before a colon: a name that the title gives, unless it is a class."""
    return key_of(head) in FIELDS or (is_plural(head) and _used(head, abstract) > 0)


def _used(phrase: str, abstract: str) -> int:
    """How often an abstract uses a phrase as its common words, in small letters."""
    low = phrase[:1].lower() + phrase[1:] if not phrase[1:2].isupper() else phrase
    return abstract.count(low.lower()) + (abstract.count(low) if low != low.lower() else 0)


def phrases_of(title: str) -> Iterator[str]:
    """Noun phrases that a title leads with, and those of its means: not what the means are for."""
    for part in re.split(r":|\?|\s[–—-]+\s|—", title):
        words = re.sub(r"[,;()\"“”!]", " , ", part).split()
        if not words or words[0].casefold() in _QUESTIONS:
            continue
        phrases = list(_noun_phrases(words))
        leads = bool(phrases) and (phrases[0][0] <= FIRST or phrases[0][1] - phrases[0][0] >= LONG)
        found = list(_leading(words, phrases)) if leads else []
        found += [words[at:end] for at, end in phrases[1:] if _is_means(words, at)]
        yield from (titled(" ".join(each)) for each in found if _is_telling(each))


def _is_telling(words: Sequence[str]) -> bool:
    """Whether a phrase is more than one plain word, and names more than a kind of work."""
    is_alone = len(words) == 1 and "-" not in words[0]
    is_stock = all(word.casefold() in _STOCK for word in words)
    return not (is_alone or is_stock) and words[-1].casefold() not in _VAGUE


def _leading(words: list[str], phrases: list[tuple[int, int]]) -> Iterator[list[str]]:
    """The first noun phrase with the verb before it, by itself, or with what a preposition ties to it."""
    start, end = phrases[0]
    before = words[start - 1].casefold() if start else ""
    if before == "no":  # without its "no" a name says the opposite
        yield words[start - 1 : end]
    elif start == 1 and before.endswith("ing"):
        is_whole = end == len(words) or words[end].casefold() not in VERB_FORMS
        yield from [words[:end]] if before not in NOUN_INGS and end - start < LONGEST and is_whole else []
    else:
        start -= before in _BELONGING
        end -= end - start > 1 and _is_verb_here(words, end)
        yield words[start:end]
        yield from _tied(words, start, end, phrases[1:])


def _is_verb_here(words: list[str], end: int) -> bool:
    """Whether the last word of a phrase is the title's verb: "Tension Sets the Size"."""
    after = words[end].casefold() if end < len(words) else ""
    return after in _ARTICLES and words[end - 1].endswith("s")


def _tied(words: list[str], start: int, end: int, phrases: list[tuple[int, int]]) -> Iterator[list[str]]:
    """A phrase with the whole one that a preposition ties to it: "Masses of Cool Stars"."""
    for after, last in phrases[:1]:
        between = [word.casefold() for word in words[end:after]]
        is_whole = last == len(words) or words[last].casefold() in FUNCTION_WORDS | {","}
        if between and between[0] in _TIES and set(between[1:]) <= _ARTICLES and is_whole:
            yield words[start:last]


def _is_means(words: list[str], at: int) -> bool:
    before = [word.casefold() for word in words[max(0, at - 2) : at]]
    return any(word in _MEANS for word in before)


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
    if _is_asked(words, place) or _is_predicate(words, place):
        return True
    if place and words[place - 1].casefold() in BEFORE_VERBS and "-" not in word:
        return True
    if word.casefold() in _ORDINALS or _is_deed(words, place):
        return False
    return is_breaker(word) or word.casefold() in COMPARATIVES or _is_sign(word)


def _is_predicate(words: list[str], place: int) -> bool:
    """Whether a word is the verb of a statement: "helps" of "Debate Helps Weak Judges"."""
    low = words[place].casefold()
    if not 0 < place < len(words) - 1 or low in _MODALS:
        return place > 0 and low in _MODALS
    if words[place + 1].casefold() in FUNCTION_WORDS | {","}:
        return False
    return low in _DEEDS if is_plural(words[place - 1]) else low.endswith("s") and low[:-1] in _DEEDS


def _is_sign(word: str) -> bool:
    return bool(_ORDINAL.fullmatch(word) or _FORMULA.search(word))


def _is_asked(words: list[str], place: int) -> bool:
    """Whether a word is the verb of a question: "help" of "does memory help planning"."""
    asks = next((at for at, word in enumerate(words[:place]) if word.casefold() in _ASKING), place)
    return asks < place - 1 and words[place].casefold() in VERBS


def _is_deed(words: list[str], place: int) -> bool:
    """Whether a word in -ing is a noun, as far as the word before it tells: "easy-to-use shielding"."""
    low = words[place].casefold()
    return place > 0 and low.endswith("ing") and low not in VERB_FORMS and not is_breaker(words[place - 1])


def trimmed(words: Sequence[str]) -> list[str]:
    """The words without small ones at the ends."""
    left = list(words)
    while left and _loose(left[0]):
        left.pop(0)
    while left and _loose(left[-1]):
        left.pop()
    return left


def _loose(word: str) -> bool:
    return word.casefold() in FUNCTION_WORDS or word.casefold() in POSSESSIVES


def titled(phrase: str) -> str:
    """A phrase as a name: capitals on its words, links aside."""
    words = phrase.split()
    return " ".join(
        word
        if (position and word.casefold() in LINKS) or _is_component(words, position)
        else word[:1].upper() + word[1:]
        if word[:1].isascii() and not _SMALL.match(word)
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
