"""Words as people write them, and as terms of a topic: "reward model" is "reward model*"."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from service.papers.features import PHRASES, plain, singular
from subscribers.terms import TermError, fold, read_term


def spellings(texts: Sequence[str], wanted: Iterable[str]) -> dict[str, str]:
    """For each word or pair how these texts mostly write it: "fine tuning" as fine-tuning, "rlvr" as RLVR."""
    counts: dict[str, Counter[str]] = {gram: Counter() for gram in wanted}
    for text in texts:
        for phrase in PHRASES.split(text):
            words = [word.strip("\"'“”‘’`*()[].,;:") for word in phrase.split()]
            for number in (1, 2):
                for at in range(len(words) - number + 1):
                    _count(" ".join(words[at : at + number]), counts)
    return {gram: _usual(gram, found) for gram, found in counts.items()}


def _count(written: str, counts: dict[str, Counter[str]]) -> None:
    gram = " ".join(plain(word) for word in written.split())
    if gram in counts:
        counts[gram][written] += 1


def _usual(gram: str, found: Counter[str]) -> str:
    """The commonest spelling in lower case, but for abbreviations."""
    plain: Counter[str] = Counter()
    for written, count in found.items():
        words = (word if _is_short_form(word) else word.lower() for word in written.split())
        plain[" ".join(words)] += count
    return min(plain, key=lambda one: (-plain[one], one)) if plain else gram


def _is_short_form(word: str) -> bool:
    """Whether capitals belong to a word: "LoRA", "RLHF", "GPUs"."""
    return any(letter.isupper() for letter in word[1:])


def as_term(gram: str, spelling: str) -> str:
    """The gram as a term that stands for singular and plural; empty where it can't be one."""
    number = len(fold(spelling).split()) - len(gram.split())
    written = spelling if number == 0 else gram
    head, last = written[: len(written) - len(_last(written))], _last(written)
    stem = last[:-1] if singular(fold(last).strip()) != fold(last).strip() else last
    ends_in_plural = len(fold(stem).strip()) > 3 and not stem.endswith(("ing", "ion", "ed"))
    term = f"{head}{stem}*" if stem != last or (ends_in_plural and stem[-1:].isalpha()) else written
    try:
        return str(read_term(term))
    except TermError:
        return ""


def _last(written: str) -> str:
    found = re.search(r"[^\W_]+$", written)
    return found[0] if found else ""
