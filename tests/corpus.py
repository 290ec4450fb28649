"""Real papers of ../shared, where they are there: read for tests over all of them, never copied here."""

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[2] / "shared/arxiv"


def papers(pattern: str = "**/*.jsonl.gz") -> tuple[dict[str, Any], ...]:
    """The records of real papers; the test is skipped where there are none."""
    found = tuple(_records(pattern))
    if not found:
        pytest.skip(
            "../shared/arxiv is missing: the real papers are read in place, and not part of the project"
        )
    return found


@cache
def _records(pattern: str) -> tuple[dict[str, Any], ...]:
    return tuple(_lines(sorted(SHARED.glob(pattern))))


def _lines(files: list[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
