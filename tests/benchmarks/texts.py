"""Seconds and memory that reading 77 full texts of 100,000 words takes, on one core.

    python -m tests.benchmarks.texts

The texts are invented, with markup as dense as a real page's: a formula in every eighty words, a reference in
every two hundred, styles, footnotes and tables.
"""

import random
import resource
import sys
import time
from dataclasses import replace

from service.papers.text import FullText, read_page
from tests.latexml import cite, footnote, formula, page, part, styled, table

TEXTS, WORDS, PARAGRAPH = 77, 100_000, 100
TITLES = ("Introduction", "Related Work", "Method", "Experiments", "Results", "Limitations", "Conclusion")


def invented(seed: int, words: int = WORDS) -> bytes:
    """A page of so many words."""
    lot = random.Random(seed)
    stock = ["".join(lot.choices("abcdefghilmnoprstu", k=lot.randint(2, 9))) for _ in range(4000)]
    each = words // len(TITLES) // PARAGRAPH
    parts = [
        replace(
            part(title, *(_paragraph(lot, stock) for _ in range(each))),
            blocks=(table(f"T{at}", "Errors.", *([["a", "0.5"]] * 20)),),
        )
        for at, title in enumerate(TITLES)
    ]
    references = [f"2605.{number:05}" for number in range(60)]
    return page(f"Paper {seed}", *parts, abstract="Words.", references=references)


def _paragraph(lot: random.Random, stock: list[str]) -> str:
    said = lot.choices(stock, k=PARAGRAPH)
    said[20] = formula(f"x_{{{lot.randint(1, 900)}}}^2+\\alpha")
    said[40] = styled(said[40], "font-size:80%;")
    said[60] += "."
    if lot.random() < 0.5:
        said[70] = cite(lot.randint(1, 60))
    if lot.random() < 0.1:
        said[80] += footnote("Words of a footnote.")
    return " ".join(said).capitalize() + "."


def read_all(texts: int = TEXTS, words: int = WORDS) -> tuple[float, int, int]:
    """Seconds of one core for reading, words read and bytes of a page; pages are made outside the time."""
    seconds, read, size = 0.0, 0, 0
    for seed in range(texts):
        body = invented(seed, words)
        began = time.process_time()
        text: FullText = read_page(body, f"2605.{seed:05}", 1)
        seconds += time.process_time() - began
        read, size = read + text.words, len(body)
    return seconds, read, size


def main() -> None:
    seconds, words, size = read_all()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{TEXTS} texts, {words:,} words, {size / 2**20:.1f} MB a page: {seconds:.1f} s, peak {peak:.0f} MB\n"
    )


if __name__ == "__main__":
    main()
