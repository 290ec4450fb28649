"""A brief as Markdown: a parser that others wrote reads it, and no words of a paper become markup."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lxml.html
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from service.briefs.claims import claims_in
from service.briefs.model import Brief
from service.emails import Level
from service.emails.views import TopicView
from service.language import shown, visible
from service.web.markdown import escaped, link, rendered, templates
from service.wiring import TEMPLATES
from subscribers.links import Purpose
from tests import argued_briefs, builders
from tests.readers import BASE, Place, open_place
from tests.test_taking_along import PIECES, TITLES

PARSER = MarkdownIt("gfm-like")  # with tables, strikethrough, bare addresses as links, and HTML
SITE = SimpleNamespace(name="The Brief")
ANY = st.text(st.characters(exclude_categories=["C"]), max_size=30)
HOSTILE = st.one_of(
    TITLES, ANY, st.lists(st.sampled_from("\\`*_{}[]()<>#+-.!|~$&^@=:/w \"'1a"), max_size=20).map("".join)
)


def inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or ()


def words(text: str) -> str:
    return "".join(text.split())


@given(HOSTILE)
@example(" - 1. > #")
@example(
    "- 1. # > ``` --- === <b>&lt; [a](b) ![c](d) https://example.org www.example.org ada@example.org | ~~x~~"
)
def test_text_is_text_wherever_it_stands(text: str) -> None:
    told = f"{text}x"
    for made in ("{}", "- {}", "1. {}", "### {}", "**a:** {}", "> {}", "| a |\n|---|\n| {} |"):
        tame, wild = (PARSER.parse(made.format(one)) for one in (escaped("x"), escaped(told)))
        assert [one.type for one in wild] == [one.type for one in tame], made
        kinds = {one.type for one in inline(wild)} - {"strong_open", "strong_close"}
        assert kinds <= {"text", "text_special"}, made
        held = "".join(one.content for one in inline(wild))
        assert words(held).endswith(words(visible(told))), made
    (first, *_, last) = inline(PARSER.parse(f"See {link(told, 'https://arxiv.org/abs/2605.00001')}"))
    assert (first.type, last.type) == ("text", "link_close")


def hostile(node: Any, say: Callable[[str], str]) -> Any:
    """A brief's values with other words in the places that papers and writers fill."""
    if isinstance(node, tuple):
        return tuple(hostile(one, say) for one in node)
    if not is_dataclass(node) or isinstance(node, type):
        return node
    said = {"text", "title", "line", "heading", "name", "meaning", "purpose", "setting", "words", "question"}
    changed = {
        one.name: say(value) if one.name in said and isinstance(value, str) and value else hostile(value, say)
        for one in fields(node)
        if one.init
        and one.name not in {"stored", "metadata"}
        and not isinstance(value := getattr(node, one.name), dict)
    }
    return replace(node, **changed)


def markdown(brief: Brief) -> str:
    view = TopicView(brief, Level.FULL, f"{BASE}/issues/x/y", on_web=True, each_linked=True)
    return rendered(templates(TEMPLATES / "pages"), "brief.md", topic=view, site=SITE)


@cache
def shape(text: str) -> tuple[str, ...]:
    return tuple(one.type for one in PARSER.parse(text))


@settings(max_examples=15)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map(" ".join))
def test_a_hostile_brief_has_the_form_of_a_tame_one(piece: str) -> None:
    for brief in (builders.brief(), argued_briefs.argued()):
        tame = markdown(hostile(brief, lambda _: "Of this here"))
        wild = markdown(hostile(brief, lambda _: f"Of {piece} here"))
        assert shape(wild) == shape(tame)
        kinds = [{one.type for one in inline(PARSER.parse(made))} for made in (tame, wild)]
        assert kinds[1] <= kinds[0] | {"text_special"}
        assert "\n\n\n" not in wild


def test_every_sentence_has_the_links_of_its_papers() -> None:
    brief = argued_briefs.argued()
    lines = {
        re.sub(r"\[([^\]]*)\]\(https:[^)]*\)", r"\1", line): line for line in markdown(brief).splitlines()
    }
    found = 0
    for claim in claims_in(brief):
        (line, *_) = [lines[one] for one in lines if escaped(shown(claim.text, 500)).rstrip(".") in one] or [
            ""
        ]
        found += bool(line)
        missing = [one for one in claim.paper_ids if f"/abs/{one})" not in line]
        assert not line or len(missing) <= max(0, len(claim.paper_ids) - 3), claim.text
    assert found > 80


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Place:
    return open_place(tmp_path_factory.mktemp("markdown"), migrated)


def test_a_briefs_page_leads_to_its_markdown_and_to_addresses_to_pass_on(place: Place) -> None:
    reader, label = place.reader(), next(iter(place.service.store.windows(1))).label
    path = f"/issues/{label}/robot-learning"
    page = lxml.html.fromstring(reader.get(path).text)
    assert f"{path}.md" in page.xpath("//main//a/@href")
    answer = reader.get(f"{path}.md")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith("# ")
    assert f"]({BASE}{path})" in answer.text
    assert reader.get(f"/issues/{label}/nothing.md").status == 404
    for shared in (path, "/papers/2605.00001"):
        held = lxml.html.fromstring(reader.get(shared).text)
        assert held.xpath("//details[@class='share']//input/@value") == [f"{BASE}{shared}"]
        links = held.xpath("//details[@class='share']//a/@href")
        assert len(links) == 4
        assert all(one.startswith("https://") and "testserver" in one for one in links)
        assert not held.xpath("//a[starts-with(@href, 'mailto:')]")
        assert not held.xpath("//script | //iframe | //img[starts-with(@src, 'http')]")


def test_what_is_passed_on_of_a_private_archive_has_no_readers_link(tmp_path: Path, migrated: Path) -> None:
    private = open_place(tmp_path, migrated, archive="subscribers")
    reader, label = private.reader(), next(iter(private.service.store.windows(1))).label
    path = f"/issues/{label}/robot-learning"
    assert reader.get(f"{path}.md").status == 403
    link_to = private.subscriber().link(private.links, Purpose.READ, private.clock.now).removeprefix(BASE)
    text = reader.get(f"{link_to}{path}.md").text
    assert text.startswith("# ")
    assert "/read/" not in text
    share = lxml.html.fromstring(reader.get(f"{link_to}{path}").text).xpath("//details[@class='share']")[0]
    assert "/read/" not in lxml.html.tostring(share).decode()
    assert not share.xpath(".//a")
