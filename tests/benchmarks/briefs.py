"""Measures of the extractive writer's briefs over two weeks of real papers and six topics.

    make measures

Needs arXiv's stand-in beside the project (../shared/arxiv). Builds both weeks into a temporary folder
and prints a table: for each topic both weeks, and the worst of all.
"""

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.adapters.mirror import mirror
from tests.weeks import WEEKS

TOPICS = (
    "llm-post-train", "llm-agents", "ai-safety-security", "efficient-llm-inference", "image-video-generation",
    "robot-learning",
)  # fmt: skip
SHOWN = {
    "sentences": "sentences",
    "coverage": "papers with a fact of their own",
    "citation_rate": "facts that cite",
    "facts_of_many": "facts of more than three papers",
    "numbers_with_setting": "numbers with their setting",
    "words_before_tables": "words before the tables",
    "long_sentences_rate": "sentences over 30 words",
    "evidence_verbatim": "evidence verbatim",
    "numbers_found": "numbers found",
    "handles_good": "handles good",
    "grounding.auc": "grounding AUC",
    "grounding.top10": "top-10",
    "gates_failed": "gates failed",
}
LOWER_IS_BETTER = {"facts_of_many", "words_before_tables", "long_sentences_rate", "gates_failed"}


def run(folder: Path, url: str, *arguments: str) -> str:
    settings = {
        "BRIEF_DATA_DIR": str(folder),
        "BRIEF_ARXIV_URL": url,
        "BRIEF_ARXIV_INTERVAL": "0",
        "PATH": "/usr/bin:/bin",
    }
    command = [sys.executable, "-m", "service.cli", *arguments]
    return subprocess.run(command, env=settings, check=True, capture_output=True, text=True).stdout


def measured(folder: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Topic, week and measures."""
    for week, visible_until in WEEKS.items():
        with mirror(visible_until=visible_until) as arxiv:
            run(
                folder,
                arxiv.url,
                "build",
                "--week",
                week,
                *(part for slug in TOPICS for part in ("--topic", slug)),
            )
            found = json.loads(run(folder, arxiv.url, "evaluate", week, "--json"))
        for slug, measures in found.items():
            yield slug, week, measures


def value(measures: dict[str, Any], path: str) -> float:
    found: Any = measures
    for name in path.split("."):
        found = found[name]
    return float("nan") if found is None else float(found)


def shown(number: float) -> str:
    if math.isnan(number):
        return "–"
    return f"{number:.0f}" if number == int(number) and number != 1 else f"{number:.2f}"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = list(measured(Path(folder)))
    columns = [*(f"{slug} {week[-3:]}" for slug, week, _ in rows), "worst"]
    sys.stdout.write(f"| measure | {' | '.join(columns)} |\n|---|{'--:|' * len(columns)}\n")
    for path, name in SHOWN.items():
        values = [value(measures, path) for _, _, measures in rows]
        worst = max(values) if path in LOWER_IS_BETTER else min(values)
        sys.stdout.write(f"| {name} | {' | '.join(map(shown, [*values, worst]))} |\n")


if __name__ == "__main__":
    main()
