"""Seconds that the extractive writer and the gates take for 77 and 1,000 real papers; do bytes repeat?

    make bench

Needs the papers beside the project (../shared/arxiv).
"""

import datetime as dt
import sys
import time
from collections.abc import Sequence

from service.briefs import Assignment
from service.briefs.extractive import ExtractiveWriter
from service.briefs.writing import write_brief
from service.papers import Paper, Ranked, Selection, Window
from subscribers.topics import load_topics
from tests.weeks import AT, papers

WINDOW = Window(dt.date(2026, 5, 25), dt.date(2026, 6, 7))


def assignment(count: int, papers: Sequence[Paper]) -> Assignment:
    taken = tuple(Ranked(one, 1.0, "") for one in papers[:count])
    before = tuple(papers[count : 2 * count])
    return Assignment(Selection(load_topics()[0], WINDOW, count, count, taken, (), (), (), before), AT)


def main() -> None:
    began = time.perf_counter()
    ExtractiveWriter().write(assignment(10, papers()))
    sys.stdout.write(
        f"The first brief of a process loads scikit-learn: {time.perf_counter() - began:.2f} s\n\n"
    )
    sys.stdout.write("| papers | writing, s | with the gates, s | same bytes |\n|--:|--:|--:|---|\n")
    for count in (77, 1000):
        given, writer = assignment(count, papers()), ExtractiveWriter()
        began = time.perf_counter()
        first = writer.write(given).to_json()
        written = time.perf_counter()
        write_brief(writer, writer, given)
        gated = time.perf_counter()
        same = "yes" if writer.write(given).to_json() == first else "NO"
        sys.stdout.write(f"| {count:,} | {written - began:.2f} | {gated - written:.2f} | {same} |\n")


if __name__ == "__main__":
    main()
