"""Search: what is found by which words, on both databases; the index follows what is approved; the page."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import lxml.html
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from service.operations.search import Search
from service.papers import Paper
from service.search import Question, entries_of, marked
from service.store.search_index import NEWEST, SearchIndex
from tests import builders
from tests.readers import NOW, Place, Reader, open_place, publish

WEEK = builders.WINDOW.label


@pytest.fixture
def index(engine: sa.Engine) -> SearchIndex:
    return SearchIndex.of(engine)


def papers(**changes: object) -> list[Paper]:
    return [replace(builders.paper(n), **changes) for n in range(3)]  # type: ignore[arg-type]


def put(index: SearchIndex, *found: Paper, label: str = WEEK, digest: str = "1") -> None:
    topics = {one.id: ["robot-learning"] for one in found}
    index.put(label, builders.WINDOW.first, digest, entries_of(label, [], found, topics))


def titles(index: SearchIndex, text: str, **filters: object) -> set[str]:
    return {one.text for one in index.newest(Question(text, **filters))}  # type: ignore[arg-type]


def titled(title: str, number: int = 0, **changes: object) -> Paper:
    return replace(builders.paper(number), title=title, **changes)  # type: ignore[arg-type]


FOUND = (  # title, words that find it, words that don't
    (
        "Schrödinger Bridges for Robots",
        ("schrodinger bridge", "SCHRÖDINGER", '"bridges for robots"'),
        ('"robots bridge"',),
    ),
    (
        "Fine-Tuning $\\alpha$-Divergences with GPT-4",
        ("fine-tuning", '"fine tuning"', "gpt-4", "α divergence"),
        ("gpt 5",),
    ),
    ("Policies, Policy and Bias", ("policy bias", "policies"), ("polic",)),
    ("H$_2$O on Łukasz’s Planet", ("h2o", "lukasz planet"), ("oxygen",)),
)  # fmt: skip


def test_words_find_what_holds_them_all_without_accents_tex_and_plurals(index: SearchIndex) -> None:
    put(index, *(titled(title, number) for number, (title, _, _) in enumerate(FOUND)))
    for title, finding, missing in FOUND:
        shown = next(one for one in titles(index, finding[0]))
        assert all(titles(index, words) == {shown} for words in finding), title
        assert not any(titles(index, words) for words in missing), title


def test_filters_narrow_what_is_found(index: SearchIndex) -> None:
    coded = titled(
        "Grasping with Code", 1, abstract="Code is available at github.com/x/y.", authors=("Ada Lovelace",)
    )
    put(index, titled("Grasping"), coded)
    put(index, titled("Grasping Later", 2), label="2026-W30")
    assert titles(index, "grasping", has_code=True) == {"Grasping with Code"}
    assert titles(index, "grasping", author="lovelace") == {"Grasping with Code"}
    assert titles(index, "", author="Ada Lovelace") == {"Grasping with Code"}
    assert not titles(index, "lovelace", topic="exoplanets")
    assert titles(index, "grasping", week="2026-W30") == {"Grasping Later"}
    assert len(titles(index, "", topic="robot-learning")) == 3
    assert index.newest(Question()) == []


def test_an_issue_that_is_put_again_takes_the_place_of_what_was_there(index: SearchIndex) -> None:
    put(index, titled("Grasping"))
    put(index, titled("Walking"), digest="2")
    put(index, titled("Flying"), digest="2")  # known by its digest
    assert (titles(index, "grasping"), titles(index, "walking"), titles(index, "flying")) == (
        set(),
        {"Walking"},
        set(),
    )
    index.drop(WEEK)
    assert not titles(index, "walking")
    assert index.digests() == {}


def test_the_newest_matches_are_read_page_by_page(index: SearchIndex) -> None:
    many = [titled(f"Grasping {n}", n) for n in range(NEWEST + 5)]
    put(index, *many)
    first = index.newest(Question("grasping"))
    rest = index.newest(Question("grasping"), before=first[-1].number)
    assert (len(first), len(rest)) == (NEWEST, 5)
    assert [one.number for one in (*first, *rest)] == sorted(
        (one.number for one in (*first, *rest)), reverse=True
    )


WRITTEN = (
    '"', 'a" OR b:*', "NEAR(a b)", "* -a ^b {title}", "'; DROP TABLE words; --", "a' & !b:* | c", "\x00",
    "𝔘𝔫𝔦", "a_b", "\\'",
)  # fmt: skip
HOSTILE = st.text(st.characters(codec="utf-8"), max_size=80) | st.sampled_from(WRITTEN)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_is_typed_or_indexed_is_data(index: SearchIndex, text: str, author: str, title: str) -> None:
    put(index, titled(title, authors=(author,), abstract=text), digest=repr((text, author, title)))
    found = index.newest(Question(text, text, text, author, has_code=False))
    assert len(found) <= 1
    if Question(title).phrases:
        assert len(index.newest(Question(title.replace('"', " ").replace("“", " ").replace("„", " ")))) == 1
    assert "".join(words for words, _ in marked(Question(text), title)) == title


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated)


@pytest.fixture
def reader(place: Place) -> Reader:
    indexed(place)
    return place.reader()


def indexed(place: Place) -> None:
    index = SearchIndex.of(place.service.engine)
    Search(place.service.store, lambda: index).follow()
    index.close()


def test_the_index_follows_what_is_approved(place: Place) -> None:
    store = place.service.store
    search = Search(store, lambda: SearchIndex.of(place.service.engine))
    assert search.behind() == [WEEK]
    assert search.follow() == 1
    brief = store.issue(WEEK).briefs[0]
    sentence = brief.themes[0].claims[0]
    found, more = search.ask(Question(f'"{sentence.text}"', topic=brief.topic_slug))
    assert [(one.kind, one.label, more) for one in found] == [("claim", WEEK, None)]
    assert {id_ for id_, _, _ in found[0].papers} == set(sentence.paper_ids)
    assert all(quote for _, _, quote in found[0].papers)
    publish(place.service, NOW, themes=brief.themes[1:])
    assert search.behind() == [WEEK]
    search.follow()
    assert not [
        one for one in search.ask(Question(f'"{sentence.text}"'))[0] if one.where == brief.themes[0].heading
    ]


def test_what_is_approved_no_longer_is_found_no_longer_before_the_index_follows(place: Place) -> None:
    search = Search(place.service.store, lambda: SearchIndex.of(place.service.engine))
    search.follow()
    assert search.ask(Question("robot"))[0]
    with place.service.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE issues SET approved_hash = NULL")
    assert search.ask(Question("robot")) == ([], None)


def test_a_lost_or_older_index_is_made_again(place: Place) -> None:
    indexed(place)
    file = next(place.service.settings.data_dir.rglob("*-search.db"))
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    search = Search(place.service.store, lambda: SearchIndex.of(place.service.engine))
    assert search.behind() == [WEEK]
    assert search.follow() == 1


def page(reader: Reader, query: str) -> lxml.html.HtmlElement:
    answer = reader.get(f"/search?{query}")
    assert answer.status == 200, query
    return lxml.html.fromstring(answer.text)


def test_the_page_shows_sentences_with_their_evidence_and_where_they_stand(
    reader: Reader, place: Place
) -> None:
    brief = place.service.store.issue(WEEK).briefs[0]
    sentence = brief.themes[0].claims[0]
    word = max(sentence.text.split(), key=len).strip(".,;:")
    found = page(reader, f"q={word}&topic={brief.topic_slug}")
    assert found.xpath("//mark")
    assert sentence.citations[0].evidence[:40] in found.text_content()
    assert found.xpath(f"//ol//a[@href='/issues/{WEEK}/{brief.topic_slug}']")
    assert not page(reader, "").xpath("//ol")
    assert "Nothing was found" in page(reader, "q=zebrafish").text_content()


def test_a_question_is_a_feed_and_data(reader: Reader) -> None:
    data = json.loads(reader.get("/search.json?q=robot").text)
    assert data["results"]
    feed = etree.fromstring(reader.get("/search.atom?q=robot").text.encode())
    ids = feed.xpath("//a:entry/a:id/text()", namespaces={"a": "http://www.w3.org/2005/Atom"})
    assert len(ids) == len(set(ids)) > 0
    assert json.loads(reader.get("/search-feed.json?q=robot").text)["items"]


def test_hostile_addresses_are_answered(reader: Reader) -> None:
    for query in (
        "q=%00",
        "q=%22%22%22",
        "q=" + "x" * 9000,
        "week=%27",
        "topic=../..",
        "code=no",
        "q=%F0%9F%A6%93",
    ):
        page(reader, query)
    assert reader.get("/search?before=-1").status == 422
    assert "<script>" not in reader.get("/search?q=<script>alert(1)</script>").text
