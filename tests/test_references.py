"""BibTeX, RIS, CSL-JSON and what pages say to Zotero, read back by the programs that they are for."""

import datetime as dt
import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import lxml.html
import pytest
import rispy  # type: ignore[import-untyped]  # it ships no types
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text

from service.briefs.references import bibtex, coins, csl, inverted, reading_list, ris, tags
from tests import builders
from tests.readers import Place, open_place

PRINTED = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["C", "Z"]), min_size=1
)


def test_every_title_and_name_leaves_one_whole_entry_that_bibtex_reads() -> None:
    @given(st.lists(PRINTED, min_size=1, max_size=6), st.lists(PRINTED, min_size=1, max_size=3))
    def check(title: list[str], author: list[str]) -> None:
        entry = replace(builders.entry(0), title=" ".join(title), authors=(" ".join(author), "Bo Li"))
        written = bibtex([entry, builders.entry(1)])
        library = parse_string(written)
        assert (len(library.entries), library.failed_blocks) == (2, [])
        assert written.count("{") == written.count("}")
        assert re.fullmatch(r"[a-z0-9]+", library.entries[0].key)

    check()


@pytest.mark.parametrize(
    ("title", "written"),
    [
        (r"100% of {x} & y_z for $5", r"100{\%} of x {\&}"),
        (r"Schr\"odinger cats", r"Schr{\"o}dinger cats"),
        (r"$\\alpha$-decay", ""),
    ],
)
def test_a_title_is_escaped_for_tex(title: str, written: str) -> None:
    assert written in bibtex([replace(builders.entry(0), title=title)])


def test_what_bibtex_sets_is_what_a_reader_sees() -> None:
    title = "Łukasz & Gödel: 50% {more} #1_a^b ~ \N{GREEK SMALL LETTER BETA}"
    entry = replace(builders.entry(0), title=title)
    field = parse_string(bibtex([entry])).entries[0].fields_dict["title"].value
    shown = LatexNodes2Text().latex_to_text(field).replace("\N{NO-BREAK SPACE}", " ")
    assert {"Łukasz", "&", "Gödel:", "50%"} <= set(shown.split())


def test_names_are_turned_around_as_each_format_wants() -> None:
    names = ("Ada Lovelace", "Ludwig van Beethoven", "LIGO Collaboration", "Martin Luther King Jr.", "Plato")
    assert [inverted(one) for one in names] == [
        "Lovelace, Ada", "van Beethoven, Ludwig", "LIGO Collaboration", "King, Martin Luther, Jr.", "Plato",
    ]  # fmt: skip
    made = bibtex([replace(builders.entry(0), authors=names)])
    assert "King, Jr., Martin Luther" in made
    assert "{LIGO Collaboration}" in made


def test_ris_is_read_back_and_no_title_ends_its_line() -> None:
    entry = replace(builders.entry(0), title="Tides\nER  - \nTI  - forged")
    (read,) = rispy.loads(ris([entry]))
    assert read["title"] == "Tides ER - TI - forged"
    assert read["authors"] == ["Nordvik00, Ada", "Ostrander, Bo"]
    assert read["doi"] == "10.48550/arXiv.2605.00001"


def test_keys_of_papers_of_the_same_name_differ() -> None:
    entries = parse_string(bibtex([builders.entry(0)] * 3)).entries
    assert len({one.key for one in entries}) == 3


def test_the_tags_keep_the_rules_of_scholarly_indexes() -> None:
    """A title, each author apart, and a date as YYYY/MM/DD; the PDF by its full address."""
    entry = replace(builders.entry(0), submitted=dt.date(2026, 5, 9))
    made = list(tags(entry, "Words."))
    names = [name for name, _ in made]
    values = dict(made)
    assert names.count("citation_title") == 1
    assert [value for name, value in made if name == "citation_author"] == ["Nordvik00, Ada", "Ostrander, Bo"]
    assert values["citation_publication_date"] == "2026/05/09"
    assert values["citation_pdf_url"] == "https://arxiv.org/pdf/2605.00001"
    assert values["citation_arxiv_id"] == "2605.00001"


def test_the_reading_list_is_the_reading_order_each_paper_once() -> None:
    brief = builders.brief()
    assert [one.paper_id for one in reading_list(brief)] == [builders.paper(n).id for n in (0, 1, 10, 11)]


# -- the pages ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Place:
    return open_place(tmp_path_factory.mktemp("references"), migrated)


def test_a_papers_page_leads_to_arxiv_to_its_briefs_and_to_each_format(pages: Place) -> None:
    reader = pages.reader()
    page = lxml.html.fromstring(reader.get("/papers/2605.00001").text)
    links = set(page.xpath("//main//a/@href"))
    assert {"https://arxiv.org/abs/2605.00001", "https://arxiv.org/pdf/2605.00001"} <= links
    assert any(link.endswith("#paper-2605.00001") for link in links)
    assert page.xpath("//meta[@name='citation_title']/@content")
    kinds = {
        ".bib": "application/x-bibtex",
        ".ris": "application/x-research-info-systems",
        ".csl.json": "application/vnd.citationstyles.csl+json",
    }
    for ending, kind in kinds.items():
        answer = reader.get(f"/papers/2605.00001{ending}")
        assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (200, kind)
    assert reader.get("/papers/2605.99999.bib").status == 404


def test_a_briefs_papers_and_its_reading_list_are_there_for_reference_managers(pages: Place) -> None:
    reader = pages.reader()
    label = next(iter(pages.service.store.windows(1))).label
    path = f"/issues/{label}/robot-learning"
    everything = parse_string(reader.get(f"{path}.bib").text).entries
    reading = rispy.loads(reader.get(f"{path}.reading.ris").text)
    assert len(everything) == 14
    assert 0 < len(reading) < 14
    assert reader.get(f"/issues/{label}/nothing.bib").status == 404
    assert f"{path}.reading.bib" in reader.get(path).text


def test_zotero_is_offered_every_paper_of_a_briefs_page_and_the_paper_of_its_own(pages: Place) -> None:
    """As its translators look: spans of class Z3988 with a ContextObject; else a page's citation_title."""
    reader = pages.reader()
    label = next(iter(pages.service.store.windows(1))).label
    path = f"/issues/{label}/robot-learning"
    spans = lxml.html.fromstring(reader.get(path).text).xpath("//span[@class='Z3988']/@title")
    offered = [parse_qs(str(one), strict_parsing=True) for one in spans]
    assert len(offered) == 14
    assert {one["rft_val_fmt"][0] for one in offered} == {"info:ofi/fmt:kev:mtx:dc"}
    titles = {one["title"] for one in json.loads(reader.get(f"{path}.csl.json").text)}
    assert {one["rft.title"][0] for one in offered} == titles
    assert 0 < len(json.loads(reader.get(f"{path}.reading.csl.json").text)) < 14


def test_csl_json_and_coins_keep_every_title_and_name() -> None:
    @given(st.lists(PRINTED, min_size=1, max_size=6), st.lists(PRINTED, min_size=1, max_size=3))
    def check(title: list[str], author: list[str]) -> None:
        entry = replace(
            builders.entry(0), title=" ".join(title), authors=(" ".join(author), "Ada van Lovelace")
        )
        (item,) = json.loads(csl([entry]))
        assert (item["type"], item["issued"]["date-parts"][0][0]) == ("article", entry.submitted.year)
        assert item["author"][-1] == {"family": "van Lovelace", "given": "Ada"}
        assert all(set(one) <= {"family", "given", "suffix", "literal"} for one in item["author"])
        held = parse_qs(coins(entry))
        assert held.get("rft.title", [""]) == [item["title"]]
        assert len(held["rft.creator"]) == len(item["author"])

    check()
    both = json.loads(csl([builders.entry(0), builders.entry(0)]))
    assert len({one["id"] for one in both}) == 2
