"""Invented titles and abstracts of six fields, with the TeX that such abstracts hold."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "texts/invented_abstracts.txt"


@dataclass
class Invented:
    area: str
    title: str
    handles: tuple[str, ...] = ()  # right ones; none where only the misleading ones are known
    is_named: bool = False  # the paper names its own work, so no other handle is right
    misleading: tuple[str, ...] = ()
    sentences: list[str] = field(default_factory=list)

    @property
    def abstract(self) -> str:
        return " ".join(self.sentences)


@cache
def invented() -> tuple[Invented, ...]:
    return tuple(_read(FILE.read_text("utf-8").splitlines()))


def _read(lines: list[str]) -> Iterator[Invented]:
    area, paper = "", None
    for line in lines:
        if line.startswith("# field: "):
            area = line.removeprefix("# field: ")
        elif line.startswith("T: "):
            if paper:
                yield paper
            paper = Invented(area, line[3:])
        elif paper and line.startswith("H: "):
            right, _, wrong = line[3:].partition("not ")
            paper.is_named = right.startswith("=")
            paper.handles, paper.misleading = _listed(right.removeprefix("=")), _listed(wrong)
        elif paper and line.startswith("S: "):
            paper.sentences.append(line[3:])
    if paper:
        yield paper


def _listed(text: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in text.split(" | ") if each.strip(" |"))
