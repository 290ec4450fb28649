"""Zotero's connector on every kind of page, by the rules of the two of its translators that fit every site.

COinS looks at spans of class Z3988 with a title and offers a choice of them where there are several;
Embedded Metadata looks at the tags of a page's head. What is said here of their rules is in our own words.
"""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import lxml.html
import pytest

from service.operations.search import Search
from service.store.search_index import SearchIndex
from subscribers.links import Purpose
from tests import builders
from tests.readers import Place, Reader, open_place

ITEM_TYPES = {"preprint", "webpage", "journalArticle", "document"}  # those that matter here
PREFIXES = {"dc": "dc", "og": "og", "dcterms": "dcterms", "article": "article"}
LABEL, SLUG, PAPER = builders.WINDOW.label, "robot-learning", builders.paper(0).id


@dataclass
class Item:
    """What Zotero would make of a span."""

    kind: str
    title: str = ""
    doi: str = ""
    url: str = ""
    authors: list[str] = field(default_factory=list)


def item_of(context_object: str) -> Item | None:
    """A ContextObject as Zotero reads it: the format says the type, Dublin Core's type may say it better."""
    pairs = [part.split("=", 1) for part in context_object.split("&")]
    # each is decoded after plus signs became spaces
    held = [(key, unquote(value.replace("+", " "))) for key, value in pairs]
    if ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc") not in held:
        return None
    item = Item("webpage")
    for key, value in held:
        if key == "rft.type" and value in ITEM_TYPES:
            item.kind = value
        elif key == "rft.title":
            item.title = value
        elif key == "rft_id" and value.startswith("info:doi/"):
            item.doi = value[9:]
        elif key == "rft.identifier" and value.startswith("https://"):
            item.url = value
        elif key == "rft.creator":
            item.authors.append(value)
    return item


def by_coins(page: lxml.html.HtmlElement) -> tuple[str, list[Item]]:
    """``multiple``, the type of the only one, or nothing; and the items that have a title and an author."""
    spans = page.xpath("//span[contains(concat(' ', @class, ' '), ' Z3988 ')][@title]/@title")
    items = [item for one in spans if (item := item_of(str(one)))]
    return ("multiple" if len(items) > 1 else items[0].kind if items else "", items)


def by_metadata(page: lxml.html.HtmlElement) -> str:
    """Dublin Core's type where it names one of Zotero's, else what citation_* suggests, else a web page."""
    tags = [
        (str(one.get("name") or one.get("property")), one.get("content")) for one in page.xpath("//head/meta")
    ]
    named: list[str] = [
        value for name, value in tags if name.lower() in {"dc.type", "dc:type"} and value in ITEM_TYPES
    ]
    guess = "journalArticle" if any(name == "citation_title" and value for name, value in tags) else ""
    has_rdf = any(name.partition(":")[0].partition(".")[0].lower() in PREFIXES for name, _ in tags)
    return (named or [guess or ("webpage" if has_rdf else "")])[0]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Place:
    made = open_place(tmp_path_factory.mktemp("zotero"), migrated)
    made.service.store.keep_papers(list(builders.papers().values()))
    Search(made.service.store, lambda: SearchIndex.of(made.service.engine)).follow()
    return made


def looked_at(reader: Reader, path: str) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(reader.get(path).text)


def test_a_papers_page_is_one_preprint_with_all_that_its_head_says(place: Place) -> None:
    page = looked_at(place.reader(), f"/papers/{PAPER}")
    assert by_coins(page) == ("", [])  # or the connector would take that, which has no abstract and no PDF
    assert by_metadata(page) == "preprint"
    told = {one.get("name"): one.get("content") for one in page.xpath("//head/meta[@name]")}
    wanted = ("title", "author", "publication_date", "doi", "pdf_url", "abstract_html_url", "abstract")
    assert {f"citation_{one}" for one in wanted} <= set(told)
    assert all(told.values())


def test_each_page_of_a_list_offers_a_choice_of_its_papers(place: Place) -> None:
    reader, mine = place.reader(), place.subscriber()
    for number in (0, 1, 2):
        place.service.responses.save(mine.id, builders.paper(number).id, place.clock.now)
    own = mine.link(place.links, Purpose.RESPOND, place.clock.now).removeprefix("http://testserver")
    for path in (f"/issues/{LABEL}/{SLUG}", f"/issues/{LABEL}", f"/topics/{SLUG}", "/search?q=sensors", own):
        kind, items = by_coins(looked_at(reader, path))
        assert kind == "multiple", path
        assert {one.kind for one in items} == {"preprint"}, path
        assert all(one.title and one.authors for one in items), path  # else Zotero looks it up elsewhere
        assert all(
            one.doi.startswith("10.48550/arXiv.") and one.url.endswith(one.doi[15:]) for one in items
        ), path
        assert len({one.doi for one in items}) == len(items), path


def test_every_other_page_is_a_web_page(place: Place) -> None:
    reader = place.reader()
    for path in ("/", "/issues", "/search", f"/topics/{SLUG}/reading-group"):
        page = looked_at(reader, path)
        assert (by_coins(page)[0], by_metadata(page)) == ("", "webpage"), path
