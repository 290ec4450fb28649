"""Terms: the words and phrases that topics are made of, and the one way they are matched in text."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

LONGEST_TERM = 80  # characters
HEAVIEST = 10.0
SEPARATORS = re.compile(r"[\W_]+")
SCRIPT = re.compile(r"(?<![^\W_])([^\W\d_]{1,2})[_^](?=[^\W_])")  # "T_eff": a letter and its script
ASCII = {at: chr(at).lower() if chr(at).isalnum() else " " for at in range(128)}  # the same, but faster
MARKS = re.compile("[\u0300-\u036f\u20d0-\u20ff]+")  # accents, once they are apart from their letters
LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ȷ": "j", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
HYPHENS = re.compile(r"\s*[-\u2010-\u2015]\s*")
WEIGHT = re.compile(r"\^(-?\d{1,2}(?:\.\d{1,2})?)$")
OPERATOR = re.compile(r"(?:^|\s)(AND|OR|NOT|ANDNOT)(?=\s|$)")
FIELD = re.compile(r"^\"?(ti|au|abs|co|jr|cat|rn|id|all):", re.IGNORECASE)
UNUSABLE = re.compile(r"[()\[\]{}<>|&~\\\x00-\x1f\x7f\ud800-\udfff]")


class TermError(ValueError):
    """A term that can't be read: what is wrong and at which character, with a caret under it."""

    def __init__(self, message: str, term: str, at: int) -> None:
        shown = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", term)
        super().__init__(f"{message}\n    {shown}\n    {' ' * at}^")


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase; ``*`` at its end stands for any ending, ``^2`` in a ranking term for its weight."""

    text: str  # as written, without quotes, star and weight: "fine-tuning"
    is_prefix: bool = False
    weight: float = 1.0

    def __str__(self) -> str:
        weight = f"^{self.weight:g}" if self.weight != 1 else ""
        return f"{self.text}{'*' if self.is_prefix else ''}{weight}"

    @property
    def needles(self) -> tuple[str, ...]:
        """What to look for in folded text: a hyphen in the term also matches a space and nothing at all."""
        return _needles(self.text, is_prefix=self.is_prefix)

    def as_found(self, folded: str) -> str:
        """The term as a folded text has it: ``fine-tun*`` as fine-tuning; as written where it isn't there."""
        found = [(at, at + len(needle)) for needle in self.needles if (at := folded.find(needle)) >= 0]
        if not self.is_prefix or not found:
            return self.text
        _, end = min(found)
        return self.text + folded[end : folded.index(" ", end)]


@lru_cache(maxsize=4096)
def _needles(text: str, *, is_prefix: bool) -> tuple[str, ...]:
    end = "" if is_prefix else " "
    spaced, joined = fold(text), fold(HYPHENS.sub("", text))
    return tuple(dict.fromkeys((f"{spaced.rstrip()}{end}", f"{joined.rstrip()}{end}")))


def fold(text: str) -> str:
    """Lower-case words with one space around each: the form in which terms and texts are compared.

    Accents are left out, what is set below or above a letter is beside it: "H₂O" is "h2o", "T_eff" "teff".
    """
    plain = text if text.isascii() else _plain(text)
    if "_" in plain or "^" in plain:
        plain = SCRIPT.sub(r"\1", plain)
    words = plain.translate(ASCII) if plain.isascii() else SEPARATORS.sub(" ", plain.casefold())
    return f" {' '.join(words.split())} "


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text).casefold().translate(LETTERS)
    return unicodedata.normalize("NFKC", MARKS.sub("", apart))


def read_term(written: str, *, weighted: bool = False) -> Term:
    """Read a term as people write it: ``reward model*``, ``"reward model"``, and if weighted ``DPO^2``.

    TermError says what is wrong and at which character (1 is the first).
    """
    text = written.strip()
    _refuse_unreadable(text)
    weight = _weight(text) if weighted else 1.0
    body = _unquoted(WEIGHT.sub("", text) if weighted else text, text)
    for mark, meaning in (("^", "a weight such as ^2 belongs at the end of a ranking term"), ("*", _STAR)):
        if mark in (body[:-1] if mark == "*" else body):
            _fail(f"unexpected {mark!r}", text, text.index(mark), meaning)
    words = " ".join(body.removesuffix("*").split())
    if fold(words).isspace():
        _fail("no letter or digit", text, 0, "write a word or a phrase")
    return Term(words, is_prefix=body.endswith("*"), weight=weight)


_STAR = "'*' stands for any ending and belongs at the end of a term"


def _fail(what: str, term: str, at: int, hint: str) -> None:
    raise TermError(f"{what} at character {at + 1}: {hint}", term, at)


def _refuse_unreadable(text: str) -> None:
    if not text:
        _fail("an empty term", text, 0, "write a word or a phrase, or leave it out")
    if len(text) > LONGEST_TERM:
        _fail("a term too long", text[: LONGEST_TERM + 1], LONGEST_TERM, f"at most {LONGEST_TERM} characters")
    if found := FIELD.search(text):
        hint = "terms are looked for in title and abstract; write the words alone"
        _fail(f"a field prefix {found[1]}:", text, found.start(1), hint)
    if found := OPERATOR.search(text):
        _fail(
            f"the operator {found[1]}", text, found.start(1), "terms are alternatives; write each as its own"
        )
    if found := UNUSABLE.search(text):
        _fail(f"unexpected {found[0]!r}", text, found.start(), "letters, digits, spaces and hyphens will do")


def _weight(text: str) -> float:
    if not (found := WEIGHT.search(text)):
        return 1.0
    weight = float(found[1])
    if weight == 0 or abs(weight) > HEAVIEST:
        _fail(
            f"a weight of {weight:g}", text, found.start(), f"between -{HEAVIEST:g} and {HEAVIEST:g}, not 0"
        )
    return weight


def _unquoted(body: str, written: str) -> str:
    quotes = [at for at, letter in enumerate(written) if letter == '"']
    if len(quotes) % 2:
        _fail(
            "unbalanced quote",
            written,
            quotes[-1],
            "this quotation mark has no partner; close it or leave it out",
        )
    if not quotes:
        return body
    if len(quotes) > 2 or not (body.startswith('"') and body.rstrip("*").endswith('"')):
        _fail(
            "a quote inside a term",
            written,
            quotes[-1],
            "quotation marks go around the whole term or nowhere",
        )
    return body.replace('"', "")


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms made ready to be looked for in many texts."""

    terms: tuple[Term, ...]
    needles: tuple[tuple[str, ...], ...]  # of each term

    @classmethod
    def of(cls, written: Iterable[str], *, weighted: bool = False) -> Self:
        """Read terms as a topic writes them; TermError for the first that can't be read."""
        terms = tuple(read_term(each, weighted=weighted) for each in written)
        return cls(terms, tuple(term.needles for term in terms))

    def found(self, text: str) -> tuple[Term, ...]:
        """The terms that stand in the text, in the order they were given."""
        return tuple(term for term, count in zip(self.terms, self.counts(fold(text)), strict=True) if count)

    def counts(self, folded: str) -> tuple[int, ...]:
        """How often each term stands in a text that ``fold`` made."""
        return tuple(
            [folded.count(needles[0]) + sum(map(folded.count, needles[1:])) for needles in self.needles]
        )

    def match(self, text: str) -> bool:
        """Whether any term stands in the text; False where there are no terms."""
        folded = fold(text)
        return any(each in folded for needles in self.needles for each in needles)


def matches(term: str, text: str) -> bool:
    """Whether a term as written stands in the text: whole words, any case, hyphens and spaces alike."""
    return any(needle in fold(text) for needle in _read_once(term).needles)


@lru_cache(maxsize=1024)
def _read_once(written: str) -> Term:
    return read_term(written, weighted=True)
