"""Thirty invented papers in LLM post-training: the demo's abstracts with full texts, and what these state.

    python -m tests.invented_texts FOLDER

writes FOLDER/papers.jsonl (as the stand-in for arXiv reads papers) and FOLDER/html/ID.html. The texts and
the truths, marked in them, are in texts/invented_full_texts.txt; tests read both.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from service.papers import Paper
from service.samples import sample_papers
from tests.latexml import Part, cite, formula, page, part

FILE = Path(__file__).parent / "texts/invented_full_texts.txt"
BONDS = ("builds", "disputes")
_MARK = re.compile(r"\{(\w+):([^{}]*)\}")
_CITED = re.compile(r"\[\[([\d.]+)\]\]")
_FORMULA = re.compile(r"\$([^$]+)\$")


@dataclass(frozen=True)
class Bonded:
    """That a paper says of another that it builds on it or disputes it, and in which words."""

    cited: str
    bond: str  # builds or disputes
    words: str


@dataclass
class Invented:
    """A full text and what is true of it: of each kind every span that says it."""

    paper: Paper
    parts: list[Part] = field(default_factory=list)
    truths: dict[str, list[str]] = field(default_factory=dict)
    bonds: list[Bonded] = field(default_factory=list)
    cited: list[str] = field(default_factory=list)

    @property
    def page(self) -> bytes:
        """The HTML as arXiv would serve it."""
        paper = self.paper
        return page(paper.title, *self.parts, abstract=paper.abstract, references=self.cited)

    def add(self, line: str) -> None:
        if line.startswith("#"):
            signs, title = line.split(" ", 1)
            made = part(title, appendix=signs.endswith("!"))
            if signs == "##":
                self.parts[-1] = replace(self.parts[-1], within=(*self.parts[-1].within, made))
            else:
                self.parts.append(made)
        else:
            self.parts[-1] = _with(self.parts[-1], self._paragraph(line))

    def _paragraph(self, line: str) -> str:
        cited = _CITED.findall(line)
        self.cited += [one for one in cited if one not in self.cited]
        for kind, words in _marked(line):
            if kind in BONDS:
                self.bonds += [Bonded(one, kind, words) for one in cited]
            else:
                self.truths.setdefault(kind, []).append(words)
        html = _FORMULA.sub(lambda found: formula(found[1]), _unmarked(line))
        return _CITED.sub(lambda found: cite(self.cited.index(found[1]) + 1), html)


def _with(one: Part, paragraph: str) -> Part:
    """The part with a paragraph more, at its end."""
    if one.within:
        return replace(one, within=(*one.within[:-1], _with(one.within[-1], paragraph)))
    return replace(one, paragraphs=(*one.paragraphs, paragraph))


def _marked(line: str) -> Iterator[tuple[str, str]]:
    """Every marked span, those within others first, as a reader sees it."""
    while found := _MARK.search(line):
        yield found[1], found[2].replace("$", "")
        line = line[: found.start()] + found[2] + line[found.end() :]


def _unmarked(line: str) -> str:
    while _MARK.search(line):
        line = _MARK.sub(r"\2", line)
    return line


@cache
def invented_texts() -> Sequence[Invented]:
    """All of them, in the order of the file."""
    papers = {paper.id: paper for paper in sample_papers()}
    made: list[Invented] = []
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("= "):
            made.append(Invented(papers[line[2:]]))
        elif made:
            made[-1].add(line)
    return tuple(made)


def write(folder: Path) -> None:
    """The papers and their texts as files for the stand-in for arXiv."""
    (folder / "html").mkdir(parents=True, exist_ok=True)
    for one in invented_texts():
        (folder / f"html/{one.paper.id}.html").write_bytes(one.page)
    lines = (json.dumps(_record(one.paper)) + "\n" for one in invented_texts())
    (folder / "papers.jsonl").write_text("".join(lines), "utf-8")


def _record(paper: Paper) -> dict[str, object]:
    submitted, updated = paper.submitted.isoformat(), paper.updated.isoformat()
    return {
        "id": paper.id, "version": paper.version, "title": paper.title, "abstract": paper.abstract,
        "authors": paper.authors, "categories": paper.categories, "primary": paper.primary_category,
        "published": submitted, "updated": updated, "announced": updated, "comment": paper.comment,
    }  # fmt: skip


if __name__ == "__main__":
    write(Path(sys.argv[1]))
