"""Every paper of some days, whatever its category: what proposals of topics are learnt from.

arXiv is asked a week at a time (some 6,000 papers, four pages), and a week that is over is kept in a file.
"""

import datetime as dt
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zlib import crc32

from service.adapters.arxiv_papers.source import ArxivPapers
from service.papers import Paper, Window

SETTLED = dt.timedelta(days=4)  # papers of a Friday are announced on Monday, those of a holiday later
KEPT = 6  # newest files

Watch = Callable[[str, int, int], None]


def last_weeks(count: int, today: dt.date) -> tuple[Window, ...]:
    """The last whole weeks, Monday to Sunday, oldest first."""
    monday = Window.last_whole(today).first
    starts = [monday - dt.timedelta(weeks=back) for back in reversed(range(count))]
    return tuple(Window(start, start + dt.timedelta(days=6)) for start in starts)


def papers_of_weeks(
    source: ArxivPapers, weeks: Sequence[Window], folder: Path, watch: Watch
) -> tuple[Paper, ...]:
    """Every paper of these weeks, each once; SourceError rather than fewer."""
    found: dict[str, Paper] = {}
    for at, week in enumerate(weeks):
        watch(f"Reading arXiv of {week.first} to {week.last}", at, len(weeks))
        found |= {paper.id: paper for paper in _week(source, week, folder)}
    watch("Reading arXiv", len(weeks), len(weeks))
    return tuple(found.values())


def _week(source: ArxivPapers, week: Window, folder: Path) -> Sequence[Paper]:
    if (kept := _read(_file(source, week, folder))) is not None:
        return kept
    papers = source.of_days(week)
    if week.last + SETTLED < source.now().date():
        keep_week(source, week, folder, papers)
    return papers


def _file(source: ArxivPapers, week: Window, folder: Path) -> Path:
    return folder / f"{week.first}_{crc32(source.name.encode()):08x}.json.gz"


def _read(file: Path) -> list[Paper] | None:
    """What a file holds; None where there is none, or none that this version reads."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") as text:
            return [_paper(fields) for fields in json.load(text)]
    except (OSError, EOFError, ValueError, TypeError, KeyError):
        return None


def keep_week(source: ArxivPapers, week: Window, folder: Path, papers: Sequence[Paper]) -> None:
    """Keep a week of a source whole or not at all, and the newest few weeks only."""
    file = _file(source, week, folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    with gzip.open(draft, "wt", encoding="utf-8", compresslevel=3) as text:
        json.dump([asdict(paper) for paper in papers], text, default=str)
    draft.replace(file)
    for old in sorted(file.parent.glob("*.json.gz"))[:-KEPT]:
        old.unlink(missing_ok=True)


def _paper(fields: dict[str, Any]) -> Paper:
    times = {name: dt.datetime.fromisoformat(fields[name]) for name in ("submitted", "updated")}
    lists = {name: tuple(fields[name]) for name in ("authors", "categories")}
    return Paper(**(fields | times | lists))
