"""How long a search takes over 100,000 sentences and 500,000 papers, on both databases.

python -m tests.benchmarks.search [--claims 100000] [--papers 500000] [--repeats 15] [--only DATABASE]

Words are drawn as they are in abstracts: a few stand in half of all entries, most in a few. Wanted: each kind
of question under 50 ms, the median.
"""

import argparse
import datetime as dt
import itertools
import os
import random
import statistics
import time
from collections.abc import Iterator

from service.search import Entry, Question, best
from service.search.question import token
from service.store.search_index import SearchIndex
from service.wiring import set_up
from subscribers.database import connect
from tests.benchmarks.history import DATABASES, say

ISSUES, WORDS, TITLE, BODY, SENTENCE = 520, 40_000, 10, 130, 22
FIRST = dt.date(2016, 6, 6)
QUESTIONS = {
    "the commonest word": Question("w0"), "three common words": Question("w1 w2 w5"),
    "a phrase of common words": Question('"w0 w1"'), "a middling word": Question("w300"),
    "a rare word": Question("w30000"), "a rare and a common one": Question("w30000 w0"),
    "a common word, of one topic": Question("w0", topic="topic-3"),
    "a common word, of one issue": Question("w0", week="week-7"),
    "a common word, with code": Question("w3", has_code=True), "an author": Question(author="a17 b30"),
    "a word of an author": Question("w0", author="b31"), "a word that nothing holds": Question("nothing"),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--claims", type=int, default=100_000)
    parser.add_argument("--papers", type=int, default=500_000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--only", choices=DATABASES, action="append")
    asked = parser.parse_args()
    found = {name: _of(name, asked) for name in asked.only or DATABASES}
    size = f"{asked.claims:,} sentences, {asked.papers:,} papers"
    say(f"\n{size}: median of {asked.repeats} (the least), wanted < 50 ms; load {os.getloadavg()[0]:.1f}\n")
    say(f"| asked | {' | '.join(found)} |\n|---|{'--:|' * len(found)}")
    for name in QUESTIONS:
        say(f"| {name} | {' | '.join(each[name] for each in found.values())} |")


def _of(name: str, asked: argparse.Namespace) -> dict[str, str]:
    with DATABASES[name]() as url:
        engine = connect(url)
        set_up(engine)
        index, began = SearchIndex.of(engine), time.perf_counter()
        for number in range(ISSUES):
            first = FIRST + dt.timedelta(weeks=number)
            entries = list(_entries(number, asked.claims // ISSUES, asked.papers // ISSUES))
            index.put(f"week-{number}", first, "1", entries)
        if name == "postgresql":
            with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql("VACUUM ANALYZE search_entries")
        say(f"{name}: indexed in {time.perf_counter() - began:.0f} s")
        found = {words: _told(index, question, asked.repeats) for words, question in QUESTIONS.items()}
        index.close()
        engine.dispose()
        return found


def _entries(number: int, claims: int, papers: int) -> Iterator[Entry]:
    draw = random.Random(number)
    vocabulary = [f"w{n}" for n in range(WORDS)]
    weights = list(itertools.accumulate(1 / (n + 3) for n in range(WORDS)))
    for at in range(papers + claims):
        kind, size = ("paper", BODY) if at < papers else ("claim", 4)
        words = draw.choices(vocabulary, cum_weights=weights, k=(TITLE if at < papers else SENTENCE) + size)
        filters = [token("week", f"week-{number}"), token("topic", f"topic-{draw.randrange(10)}")]
        filters += ["has_code"] if draw.random() < 0.2 else []
        authors = tuple(f"{part}{draw.randrange(900)}" for _ in range(4) for part in "ab")
        shown = {
            "text": " ".join(words[:-size]),
            "where": "",
            "papers": [["1", "", ""]],
            "topics": ["topic-3"],
        }
        yield Entry(kind, tuple(words[:-size]), tuple(words[-size:]), authors, tuple(filters), shown)


def _told(index: SearchIndex, question: Question, repeats: int) -> str:
    seconds = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        best(question, index.newest(question))
        seconds.append(time.perf_counter() - began)
    del seconds[0]
    return f"{1000 * statistics.median(seconds):.1f} ms ({1000 * min(seconds):.1f})"


if __name__ == "__main__":
    main()
