"""The web page of a brief that argues: the same order as its e-mail, and evidence on tap without a script."""

import csv
import io
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from service.briefs.claims import Citation
from service.briefs.model import Brief
from service.briefs.tables import Cell, CitedPaper, Row
from service.papers import Window
from tests.argued_briefs import IDS, argued
from tests.readers import BASE, Place, open_place, publish

KEPT = ("topic_slug", "topic_name", "window_label", "first", "last", "stored")
SECTIONS = (
    "minute",
    "themes",
    "methods",
    "notable",
    "new",
    "challenges",
    "overview",
    "glossary",
    "table",
    "cited",
    "catalog",
    "run",
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Place:
    place = open_place(tmp_path_factory.mktemp("argued"), migrated)
    publish(place.service, place.clock.now, Window.of_week("2026-W21"), **_values(_with_tables(argued())))
    return place


def _with_tables(brief: Brief) -> Brief:
    """The brief with a row whose words begin like a formula, and a paper that cites others."""
    tern, other = IDS["TernStep"], next(id_ for id_ in brief.entries if id_ != IDS["TernStep"])
    size = Citation(tern, "=7B", "S4.p2", "§4 Setup")
    cited = CitedPaper(tern, other, "builds on", Citation(tern, "We build on it.", "S3.p1", "§3 Method"))
    earlier = CitedPaper(tern, "2605.99999", "cites", None, issue="2026-W20", name="OldGull")
    return replace(brief, table=(Row(tern, (Cell("size", size),)),), cited=(cited, earlier))


@pytest.fixture(scope="module")
def page(pages: Place) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(pages.reader().get("/issues/2026-W21/robot-learning").text)


def _values(brief: Brief) -> dict[str, Any]:
    return {one.name: getattr(brief, one.name) for one in fields(brief) if one.name not in KEPT}


def words(node: lxml.html.HtmlElement) -> str:
    return " ".join(node.text_content().split())


def test_the_sections_stand_in_the_order_of_the_form_and_the_contents_lead_to_each(
    page: lxml.html.HtmlElement,
) -> None:
    assert tuple(page.xpath("//main/h2/@id")) == SECTIONS
    assert page.xpath("//nav[@aria-label='On this page']//a/@href") == [f"#{one}" for one in SECTIONS]


def test_every_fact_opens_the_words_of_each_paper_that_it_cites(page: lxml.html.HtmlElement) -> None:
    item = page.xpath("//h2[@id='minute']/following-sibling::ul[1]/li[1]")[0]
    summary, quoted = item.xpath("./details/summary")[0], item.xpath("./details//p")[0]
    assert words(summary).endswith("In the words of TernStep")
    assert quoted.xpath("./a/@href") == [f"https://arxiv.org/abs/{IDS['TernStep']}"]
    assert "we report this in our own setting" in words(quoted.xpath("./q")[0])


def test_the_table_and_who_cites_whom_link_to_the_passages_and_the_table_is_there_as_csv(
    pages: Place, page: lxml.html.HtmlElement
) -> None:
    tern = IDS["TernStep"]
    assert [words(one) for one in page.xpath("//div[@class='wide']//tr/*")] == [
        "Paper", "Size", "TernStep 14 pp.", "“=7B” §4 Setup",
    ]  # fmt: skip
    links = page.xpath(
        "//div[@class='wide']//td//a/@href | //h2[@id='cited']/following-sibling::ul[1]//a/@href"
    )
    assert f"https://arxiv.org/html/{tern}v1#S4.p2" in links
    assert f"https://arxiv.org/html/{tern}v1#S3.p1" in links
    assert "https://arxiv.org/abs/2605.99999" in links
    answer = pages.reader().get("/issues/2026-W21/robot-learning.csv")
    row = next(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert (row["paper"], row["size"], row["cost"]) == ("TernStep", "'=7B", "")
    assert row["size at"] == f"https://arxiv.org/html/{tern}v1#S4.p2"
    assert pages.reader().get("/issues/2026-W21/no-topic.csv").status == 404


def test_every_reading_opens_the_facts_that_it_rests_on(page: lxml.html.HtmlElement) -> None:
    thesis = page.xpath("//h2[@id='themes']/following::div[@class='p'][1]")[0]
    assert thesis.xpath("string(./i/b)") == "Reading:"
    assert words(thesis.xpath(".//details//li")[0]).startswith("TernStep asks a small verifier")


def test_evidence_needs_neither_a_script_nor_a_place_that_html_does_not_allow(
    page: lxml.html.HtmlElement,
) -> None:
    assert not page.xpath("//script | //@style | //p//details | //i//details")
    assert len(page.xpath("//details[@class='evidence']")) > 50


def test_a_thread_leads_to_the_earlier_brief_of_the_same_topic(page: lxml.html.HtmlElement) -> None:
    hrefs = page.xpath("//h3[.='Threads from earlier weeks']/following-sibling::ul[1]//div/a/@href")
    assert hrefs == [f"{BASE}/issues/2026-W{week}/robot-learning" for week in (19, 20)]


def test_lists_of_issues_show_the_headline_and_a_feed_has_no_evidence(pages: Place) -> None:
    reader = pages.reader()
    for path in ("/", "/issues/2026-W21", "/topics/robot-learning", "/topics/robot-learning/feed.atom"):
        assert "Two of three step-reward gains vanish with ten seeds" in reader.get(path).text, path
    feed = json.loads(reader.get("/topics/robot-learning/feed.json").text)["items"][0]["content_html"]
    assert "In a minute" in feed
    assert "<details" not in feed


def test_a_papers_page_has_every_sentence_that_is_about_it_alone(pages: Place) -> None:
    text = pages.reader().get(f"/papers/{IDS['HarborNoise']}").text
    for said in ("finds two of three such gains", "(7B, same code)", "All three gains are on arithmetic"):
        assert said in text
