"""What whole abstracts show, real and invented: no TeX is left over, and no word of it is lost."""

import re
from collections.abc import Iterable, Iterator

import pytest

from service.briefs.handles import make_handles
from service.language import read
from service.language.sentences import split
from service.language.tex.pieces import MEANINGS, SIGNATURES, SYMBOLS
from tests import builders
from tests.corpus import papers
from tests.invented_abstracts import invented

NAMED = re.compile(r"\\(?:texttt|textsf|textsc|textup|textbf|textit|emph)\s*\{([\w .+-]+)\}")
MACRO = re.compile(r"\\([a-zA-Z]{2,})")
BRACES = re.compile(r"\{[^{}]*\}")
SET = re.compile(
    r"\{\{|\\[{}]|\\lbrace|\\rbrace|\\set\b|Bmatrix|begin\{cases\}|\{[^{}\\$]*[^,\s{}\\$]\s*(?:,|\.\.)[^{}\\$]*\}|``?\{"
)
# Macros whose name is also what they show, or an English word that an abstract may hold beside them.
TEX = re.compile(r"[\\${}^]")  # what holds none of these is shown as it is
WORDS = {name for name in {*MEANINGS, *SYMBOLS} if SYMBOLS.get(name, "") == name or not name.isalpha()}


def faults(source: str) -> Iterator[str]:
    """What is wrong with what a text shows."""
    shown = read(source).shown
    if "\\" in shown:
        yield f"a backslash in {shown!r}"
    if not SET.search(source) and re.search(r"[{}]", shown):
        yield f"a brace in {shown!r}"
    for name in set(MACRO.findall(source)):
        if (
            name in SIGNATURES
            and name not in WORDS
            and re.search(rf"{name}(?![a-z])", shown)
            and not _is_word(name, source)
        ):
            yield f"the name of \\{name} in {shown!r}"
    for name in NAMED.findall(source):
        if " ".join(name.split()) not in shown.replace("–", "--").replace("—", "---"):
            yield f"{name!r} lost from {shown!r}"


def _is_word(name: str, source: str) -> bool:
    """Whether the text holds the name as a word of its own too: "in", "text", "log"."""
    return re.search(rf"(?<!\\){name}", re.sub(rf"\\{name}", "", source)) is not None


def all_faults(texts: Iterable[str]) -> list[str]:
    return [fault for text in texts for fault in faults(text)]


def test_no_real_paper_shows_tex() -> None:
    texts = (paper[part] or "" for paper in papers() for part in ("title", "abstract", "comment"))
    assert all_faults(text for text in texts if TEX.search(text)) == []


def test_no_real_handle_shows_tex() -> None:
    held = [paper for paper in papers("*.jsonl.gz") if TEX.search(paper["title"] + paper["abstract"])]
    made = [
        builders.paper(0, **{part: paper[part] for part in ("id", "title", "abstract")}) for paper in held
    ]
    handles = [
        handle for at in range(0, len(made), 200) for handle in make_handles(made[at : at + 200]).values()
    ]
    assert len(handles) == len(held)
    assert [handle for handle in handles if re.search(r"[\\{}$]", handle)] == []


def test_no_invented_abstract_shows_tex() -> None:
    assert len(invented()) == 150
    assert all_faults(text for paper in invented() for text in (paper.title, *paper.sentences)) == []


def test_no_macro_of_an_invented_abstract_is_unknown() -> None:
    assert [name for paper in invented() for name in read(f"{paper.title} {paper.abstract}").unread] == []


def test_what_is_shown_reads_the_same_again() -> None:
    """Names and headings are made of what is shown, and are shown in their turn."""
    for paper in invented():
        for text in (paper.title, *paper.sentences):
            once = read(text).shown
            assert read(once).shown == once


def test_sentences_of_abstracts_with_tex_end_where_they_end() -> None:
    for paper in invented():
        assert split(paper.abstract) == tuple(paper.sentences)


@pytest.mark.parametrize("join", [" ", "\n"])
def test_a_brace_that_is_no_set_is_never_shown(join: str) -> None:
    titles = [paper.title for paper in invented() if "," not in paper.title]
    text = join.join(f"K{{ä}}hler {{Rosebed}} {{{title}}}" for title in titles)
    assert not BRACES.search(read(text).shown)
