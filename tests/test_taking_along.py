"""What a reader takes along: saved papers as files, and titles that try to be something else."""

import json
from dataclasses import replace
from pathlib import Path

import lxml.html
import pytest
import rispy  # type: ignore[import-untyped]  # it ships no types
from bibtexparser.entrypoint import parse_string
from hypothesis import example, given
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text

from service.briefs.references import FORMATS, Reference, bibtex, csl, ris
from service.language import shown
from subscribers.links import Links, Purpose
from subscribers.subscriber import Subscriber
from tests import builders
from tests.readers import BASE, Place, Reader, open_place

PIECES = (
    "{", "}", "}}", "%", "&", "\\", "\\&", "\\textbf{bold}", "$\\alpha_t$", "$x^2$", "--", "---", "''", "``",
    "?`", "{{ 7 * 7 }}", "{% raw %}", "<b>", "</b>", "<script>", "&lt;", "\n", "\nTY  - BOOK", "\r\n\r\n",
    "\nER  - ", "@misc{a,", '"', "'", "#", "_", "*", "`", "~", "[a](https://example.org)", "![a](b)",
    "https://example.org", "www.example.org", "a.example.org/b", "ada@example.org", "|", "==", "1.", "+", "-",
    ">", ":", ";", "\u202eabc", "\u2028", "\x0b", "\x00", "é", "Łódź", "量子", "β", "😀", "\u00a0", "words",
    "Of robots",
)  # fmt: skip
TITLES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map(" ".join)


def reference(title: str, author: str = "Ada Lovelace") -> Reference:
    return replace(Reference.of(builders.paper(0)), title=title, authors=(author, "Bo Li"))


@given(TITLES, TITLES)
@example("{{x}} 100% \\ of <b>A & B</b>\nER  - \n-- $\\beta$", "Jr, {Ada}\n and %")
def test_hostile_titles_and_names_come_back_as_they_were_shown(title: str, author: str) -> None:
    one = reference(title, author)
    others = [one, reference("A sound title")]
    (item, sound) = json.loads(csl(others))
    assert item["title"] == shown(title, 500)
    (entry, _) = rispy.loads(ris(others))
    assert " ".join(entry.get("title", "").split()) == " ".join(shown(title, 500).split())
    library = parse_string(bibtex(others))
    assert [len(library.entries), library.failed_blocks] == [2, []]
    assert library.entries[1].fields_dict["title"].value == "{A sound title}"
    assert sound["title"] == "A sound title"


@given(TITLES.filter(lambda title: "$" not in title and "\\" not in title))
def test_what_tex_sets_of_a_hostile_title_is_what_is_shown(title: str) -> None:
    (entry,) = parse_string(bibtex([reference(f"Of {title}")])).entries
    value = entry.fields_dict["title"].value
    for name, brace in (("left", r"\{"), ("right", r"\}")):  # names that this judge does not know
        value = value.replace(f"{{\\textbrace{name}}}", brace)
    told = LatexNodes2Text().latex_to_text(value)
    assert "".join(told.split()) == "".join(shown(f"Of {title}", 500).split())


# -- saved papers -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Place:
    made = open_place(tmp_path_factory.mktemp("along"), migrated)
    made.service.store.keep_papers(list(builders.papers().values()))
    return made


@pytest.fixture
def reader(place: Place) -> Reader:
    return place.reader()


def own(place: Place, subscriber: Subscriber, purpose: Purpose = Purpose.RESPOND) -> str:
    return f"/respond/{place.links.token(purpose, subscriber.subject(purpose), place.clock.now)}"


def test_saved_papers_are_files_of_each_format_behind_the_readers_own_link_alone(
    place: Place, reader: Reader
) -> None:
    mine, other = place.subscriber("mine@example.org"), place.subscriber("other@example.org")
    wanted = [builders.paper(number).id for number in (3, 0)]
    for paper_id in (wanted[1], wanted[0]):
        place.service.responses.save(mine.id, paper_id, place.clock.now)
        place.clock.forward(seconds=1)
    place.service.responses.save(mine.id, "2199.00001", place.clock.now)  # of which nothing is kept
    before, path = place.dump(), own(place, mine)
    bib = parse_string(reader.get(f"{path}/saved.bib").text).entries
    assert [one.fields_dict["eprint"].value for one in bib] == wanted
    assert [one["number"] for one in rispy.loads(reader.get(f"{path}/saved.ris").text)] == [
        f"arXiv:{one}" for one in wanted
    ]
    assert len(json.loads(reader.get(f"{path}/saved.csl.json").text)) == 2
    for ending, (media_type, _) in FORMATS.items():
        answer = reader.get(f"{path}/saved{ending}")
        assert answer.headers["content-type"].startswith(media_type)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-disposition"] == f'attachment; filename="saved-papers{ending}"'
        assert wanted[0] not in reader.get(f"{own(place, other)}/saved{ending}").text
        foreign = Links(BASE, ["f" * 40]).token(
            Purpose.RESPOND, mine.subject(Purpose.RESPOND), place.clock.now
        )
        for wrong in (own(place, mine, Purpose.MANAGE), f"/respond/{foreign}", path[:-1]):
            assert reader.get(f"{wrong}/saved{ending}").status == 410
    assert reader.get(f"{path}/saved.doc").status == 404
    assert place.dump() == before
    page = lxml.html.fromstring(reader.get(path).text)
    assert {f"{path}/saved{ending}" for ending in FORMATS} <= set(page.xpath("//main//a/@href"))
    assert len(page.xpath("//span[@class='Z3988']")) == 2
    place.service.subscriptions.revoke_links(mine.id, place.clock.now, "test")
    assert reader.get(f"{path}/saved.bib").status == 410
