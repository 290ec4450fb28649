"""The editor's view of sentences: what they rest on, marked where it stands, and nothing of it obeyed."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.briefs.claims import Check, Citation
from service.briefs.model import Brief, Theme
from service.papers import Fetched
from service.store import Built
from service.web.admin.evidence import backed, cut, spans
from tests import argued, builders
from tests.cases import every
from tests.newsdesk import ADMINS, VIEWER, signed_in
from tests.readers import Place, open_place

LABEL, TOPIC = builders.WINDOW.label, "robot-learning"
EDIT = f"/admin/issues/{LABEL}/edit?topic={TOPIC}"
HOSTILE = "<script>alert(1)</script> & <mark>“{{ 7*7 }}”</mark>"


# -- cutting ------------------------------------------------------------------------------------------------


@given(st.data(), st.text(st.sampled_from("ab -—“”'ßﬁ\u00ad\u200b\u0301İ.1\n"), max_size=60))
def test_the_pieces_joined_are_the_abstract_and_marks_never_overlap(data: st.DataObject, text: str) -> None:
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))
    drawn = data.draw(st.lists(places.map(lambda edges: text[min(edges) : max(edges)]), max_size=6))
    quotes = [*drawn, data.draw(st.text(max_size=5))]
    pieces = cut(text, quotes)
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
    assert not any(one.marked and other.marked for one, other in pairwise(pieces))
    marks = spans(text, quotes)
    assert all(one[1] < other[0] for one, other in pairwise(marks))
    assert [text[start:end] for start, end in marks] == [piece.text for piece in pieces if piece.marked]


@every(
    ("quote", "marked"),
    [
        ("lowers the error", ["lowers the  error"]),  # white space may differ
        ("It LOWERS", ["It lowers"]),
        ("error by 3", []),  # 3 is not a quote from 31
        ("its limit—storms", ["its limit-storms"]),
        ("nowhere", []),
        ("", []),
    ],
)
def test_evidence_is_marked_as_whole_words(quote: str, marked: list[str]) -> None:
    text = "It lowers the  error by 31 %; its limit-storms."
    assert [piece.text for piece in cut(text, [quote]) if piece.marked] == marked


def test_two_quotes_that_overlap_are_one_mark() -> None:
    pieces = cut("a b c d e", ["b c", "c d", "a"])
    assert [(piece.text, piece.marked) for piece in pieces] == [
        ("a", True), (" ", False), ("b c d", True), (" e", False)
    ]  # fmt: skip


# -- sentences ----------------------------------------------------------------------------------------------


def test_a_sentence_that_cites_dozens_shows_a_few_abstracts_and_every_word_of_evidence() -> None:
    counted = builders.counted(range(14), "harbour")
    brief = builders.brief(themes=(Theme("Harbours", (counted,), ()),))
    sources = next(iter(backed(brief, builders.papers()).values())).sources
    assert len(sources) == 14
    assert sum(bool(source.abstract) for source in sources) == 6
    assert all(source.quotes for source in sources[6:])


def test_a_reading_names_the_facts_that_it_rests_on() -> None:
    held = {one.text: one for one in backed(argued.brief(), builders.papers()).values()}
    thesis = held[argued.THESIS.text]
    assert thesis.rests_on == (argued.TOLD.whole, argued.MIXED.text)
    assert (thesis.sources, thesis.verdict, thesis.is_mended) == ((), "Follows from its facts", True)


# -- the page -----------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated, admins=ADMINS)


def save(place: Place, brief: Brief, abstract: str = "") -> None:
    """The issue built again with this brief, its papers kept; the first with another abstract."""
    papers = builders.papers()
    if abstract:
        papers |= {builders.paper(0).id: builders.paper(0, abstract=abstract)}
    fetched = Fetched(TOPIC, builders.WINDOW, tuple(papers.values()), place.clock.now)
    place.service.store.store_fetched(builders.topic(slug=TOPIC), fetched, "test")
    made = replace(brief, topic_slug=TOPIC, topic_name="Robot Learning")
    place.service.store.save_issue(builders.WINDOW, [Built(made, ())], place.clock.now)


def page(place: Place, query: str = "", address: str = VIEWER) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(signed_in(place, address).get(f"{EDIT}{query}").text)


def words(node: lxml.html.HtmlElement) -> str:
    return " ".join(node.text_content().split())


def items(root: lxml.html.HtmlElement) -> list[str]:
    return [words(one) for one in root.xpath("//ul[@class='sentences']/li")]


def test_evidence_comes_on_tap_marked_in_its_abstract(place: Place) -> None:
    save(place, argued.brief())
    found = page(place)
    (item,) = found.xpath(f"//ul[@class='sentences']/li[p[starts-with(., '{argued.TOLD.text}')]]")
    (box,) = item.xpath("./details[not(@open)]")
    assert [words(mark) for mark in box.xpath(".//mark")] == [builders.sentence(0, builders.RESULT)]
    assert builders.paper(0).abstract in words(box)
    for told in ("(12 harbours)", "Fact, written by a model", "The papers say this"):
        assert told in words(item)


def test_the_filters_show_what_was_mended_and_what_nobody_checked(place: Place) -> None:
    save(place, argued.brief())
    mended, unchecked = items(page(place, "&show=mended")), items(page(place, "&show=unchecked"))
    assert len(mended) == 4
    assert all("Before it was mended: “all harbours” is not said" in one for one in mended)
    assert [one.startswith(argued.MIXED.text) for one in unchecked] == [True]
    chips = [words(one) for one in page(place).xpath("//ul[@aria-label='Which sentences']/li")]
    assert chips == ["All (9)", "Mended (4)", "Not checked (1)", "Dropped (0)"]
    assert len(items(page(place, "&show=no-such-filter"))) == 9


def test_what_was_dropped_is_counted_by_what_was_wrong(place: Place) -> None:
    made = argued.brief()
    save(place, replace(made, metadata=replace(made.metadata, claims_dropped=1)))
    found = page(place, "&show=dropped")
    assert items(found) == []
    assert "Readings, “Goes further than its facts”: 3, of which 2 mended and 1 dropped" in words(found)


def test_words_of_strangers_are_escaped_and_stay_words(place: Place) -> None:
    claim = replace(
        argued.TOLD,
        text=f"It says {HOSTILE}",
        setting=HOSTILE,
        citations=(Citation(builders.paper(0).id, f"evidence {HOSTILE}"),),
        check=Check("partial", HOSTILE),
    )
    save(place, argued.brief(themes=(Theme(HOSTILE, (claim,), ()),)), f"Some evidence {HOSTILE} indeed.")
    found = page(place)
    assert not found.xpath("//script")
    marks = [mark.text_content() for mark in found.xpath("//details//mark")]
    assert f"evidence {HOSTILE}" in marks
    assert "49" not in words(found.xpath("//ul[@class='sentences']")[2])


def test_a_sentence_is_left_out_and_the_filter_stays(place: Place) -> None:
    save(place, builders.brief())
    ann = signed_in(place)
    answer = ann.press(ann.get(f"{EDIT}&show=unchecked"), "Save all changes", drop=["themes[1].claims[0]"])
    assert (answer.status, "show=unchecked" in answer.headers["location"]) == (303, True)


def test_a_brief_of_quotations_has_no_check_and_says_so(place: Place) -> None:
    save(place, builders.brief())
    told = items(page(place))
    assert all("Not checked by a model" in one for one in told)
    assert any("Fact, in the paper’s own words" in one for one in told)
