"""A topic from a sentence, papers and bibliographies, beside the topic that is weighted by hand."""

import csv
import datetime as dt
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from service.adapters.arxiv_papers import ArxivPapers, last_weeks, matching, papers_of_weeks
from service.adapters.bibliographies import Unreadable, arxiv_id, read_bibliography
from service.papers import Paper, Window, rank
from service.papers.proposing import Seeds, TooLittle, count_terms, propose
from subscribers.starters import of_field, starter, starters, to_toml
from subscribers.topics import Topic, arxiv_categories, load_topics, read_topic, to_mapping
from tests import builders
from tests.adapters.mirror import PAPERS, mirror, needs_mirror
from tests.weeks import papers as real_papers

SENTENCE = (
    "Post-training of large language models with reinforcement learning, "
    "preference optimization and distillation"
)
WEEKS = (Window.of_week("2026-W22"), Window.of_week("2026-W23"))
LABELS = Path(__file__).with_name("topic_selection.csv")
KELP = "Kelp forests and reefs watched from orbit and by sound"


def invented(count: int = 60) -> list[Paper]:
    """Papers of a few subjects, each several times over."""
    made = (builders.paper(number, id=f"2605.{number + 1:05}") for number in range(count))
    return [replace(one, title=f"{one.title}, part {at}") for at, one in enumerate(made)]


def test_a_sentence_becomes_a_topic_whose_terms_are_counted() -> None:
    found = propose(Seeds(KELP), invented())
    assert found.topic.name == KELP
    assert found.topic.categories == ("cs.LG",)
    assert any("kelp" in term.lower() for term in found.topic.search_terms)
    assert all(one.hits + one.elsewhere for one in found.terms)
    assert read_topic(to_mapping(found.topic)) == found.topic


def test_papers_alone_become_a_topic_with_them_as_examples_and_one_crossed_out_is_not_like_it() -> None:
    papers = invented()
    reef = [one for one in papers if "ReefTalk" in one.title]
    found = propose(Seeds(papers=(reef[0],)), papers)
    assert [one.paper_id for one in found.topic.examples] == [reef[0].id]
    assert found.likely[0].id in {one.id for one in reef}
    without = propose(Seeds(papers=(reef[0],), not_like=frozenset({reef[1].id})), papers)
    assert reef[1].id not in {one.id for one in without.likely}


def test_the_same_seeds_propose_the_same_whatever_the_order_of_papers() -> None:
    papers = invented()
    assert propose(Seeds(KELP), papers).topic == propose(Seeds(KELP), papers[::-1]).topic


@pytest.mark.parametrize(("seeds", "papers"), [(Seeds(), 60), (Seeds(KELP), 3)])
def test_too_little_is_said(seeds: Seeds, papers: int) -> None:
    with pytest.raises(TooLittle):
        propose(seeds, invented(papers))


def test_misspelt_common_and_foreign_terms_are_told_by_their_counts() -> None:
    other = {
        "categories": ("math.CO",),
        "primary_category": "math.CO",
        "title": "A widget",
        "abstract": "Widgets.",
    }
    papers = [*invented(), *(builders.paper(0, id=f"2604.{at:05}", **other) for at in range(9))]
    common = [replace(one, abstract=f"{one.abstract} Harbour.") for one in papers]
    counts = count_terms(builders.topic(), ["harbuor", "widget*", "harbour", "hydrophone"], common)
    remarks = [one.remark for one in counts]
    assert "did you mean harbour" in remarks[0]
    assert "mostly in other categories: 9 papers (math.CO 9)" in remarks[1]
    assert "too common: 100 %" in remarks[2]
    assert (remarks[3], counts[3].hits) == ("", sum(counts[3].by_week))


# -- bibliographies -----------------------------------------------------------------------------------------

BIBTEX = r"""
@article{one, title={On {{Tides}} of {Schr\"o}dinger}, eprint={2305.18290v2}, archivePrefix={arXiv}}
@misc{two, title={Old}, eprint = {hep-th/9711200}}
@misc{three, title={By DOI}, doi={10.48550/arXiv.2106.09685}}
@book{four, title={No id at all}, abstract={Of harbours}}
@misc{broken, title="never closed
"""
RIS = "TY  - JOUR\nTI  - Tides\nAB  - Of harbours\nUR  - http://arxiv.org/abs/2305.18290v1\nER  - \n"
CSL = json.dumps([{"title": "Tides", "URL": "https://arxiv.org/pdf/2305.18290"}, {"title": "None"}])
ZOTERO = '"Key","Title","Extra","Abstract Note"\n"A","Tides","arXiv:2305.18290 [cs]","see arXiv:1111.11111"\n'


@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("a.bib", BIBTEX, ["2305.18290", "hep-th/9711200", "2106.09685", ""]),
        ("a.ris", RIS, ["2305.18290"]),
        ("a.json", CSL, ["2305.18290", ""]),
        ("a.csv", ZOTERO, ["2305.18290"]),
        ("wrong-name.txt", RIS, ["2305.18290"]),
    ],
)  # fmt: skip
def test_ids_are_found_wherever_reference_managers_put_them(
    tmp_path: Path, name: str, text: str, ids: list[str]
) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    entries = read_bibliography(file)
    assert [one.arxiv_id for one in entries] == ids
    assert all(one.title for one in entries)


def test_titles_of_bibtex_are_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.bib").write_text(BIBTEX, "utf-8")
    assert read_bibliography(tmp_path / "a.bib")[0].title == "On Tides of Schrödinger"


@pytest.mark.parametrize("text", ["", "{broken", "just words", "[1, 2]", "\x00\xff"])
def test_a_file_that_is_no_bibliography_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.bib").write_text(text, "utf-8")
    with pytest.raises(Unreadable):
        read_bibliography(tmp_path / "a.bib")


def test_an_id_is_read_from_an_address_too() -> None:
    assert {
        arxiv_id(one) for one in ("2305.18290", "arXiv:2305.18290v3", "https://arxiv.org/abs/2305.18290")
    } == {"2305.18290"}
    assert arxiv_id("Tides of 2305") == ""


# -- starters -----------------------------------------------------------------------------------------------


def test_forty_starters_cover_every_archive_and_each_is_a_topic_that_a_file_gives_back() -> None:
    assert len(starters()) >= 40
    slugs = [one.topic.slug for one in starters()] + [topic.slug for topic in load_topics()]
    assert len(slugs) == len(set(slugs))
    covered = {category.split(".")[0] for one in starters() for category in one.topic.categories}
    assert {category.split(".")[0] for category in arxiv_categories()} - covered <= {"math-ph"}
    for one in starters():
        assert read_topic(tomllib.loads(to_toml(one.topic))) == one.topic
        assert of_field(one.field)
    assert starter("battery-materials") in [one.topic for one in of_field("cond-mat")]


# -- against the topic weighted by hand -----------------------------------------------------------------


def chosen_by_hand(window: Window) -> set[str]:
    with LABELS.open(encoding="utf-8", newline="") as rows:
        liked = {row["paper_id"] for row in csv.DictReader(rows) if row["label"] == "yes"}
    return liked & {one.id for one in real_papers() if window.holds(one.submitted)}


def share_of_best(topic: Topic, window: Window, liked: set[str]) -> float:
    """Of the 77 papers that the topic would put first, how many an expert would choose."""
    recalled = [one for one in matching(topic, real_papers()) if window.holds(one.submitted)]
    best = {each.paper.id for each in rank(topic, recalled)[:77]}
    return len(best & liked) / min(77, len(liked))


@pytest.mark.shared
@needs_mirror
def test_a_sentence_and_three_papers_choose_nearly_as_well_as_weights_set_by_hand() -> None:
    """Seeds are of the other week, so that none of the papers judged is known."""
    by_id = {one.id: one for one in real_papers()}
    proposed, shipped = [], []
    for of, judged in (WEEKS, WEEKS[::-1]):
        liked = chosen_by_hand(judged)
        seeds = sorted(chosen_by_hand(of))[:: len(chosen_by_hand(of)) // 3][:3]
        topic = propose(Seeds(SENTENCE, tuple(by_id[one] for one in seeds)), real_papers()).topic
        proposed.append(share_of_best(topic, judged, liked))
        shipped.append(share_of_best(load_topics()[0], judged, liked))
    print(f"proposed {proposed}, shipped {shipped}")  # noqa: T201 - the measurement
    # Measured: .61 and .73 beside .78 and .92
    assert sum(proposed) / 2 >= sum(shipped) / 2 - 0.2


@pytest.mark.shared
@needs_mirror
def test_whole_weeks_are_read_once_and_kept(tmp_path: Path) -> None:
    at = dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
    weeks = last_weeks(1, dt.date(2026, 6, 2))
    with mirror(data=PAPERS) as arxiv:
        source = ArxivPapers("me@example.org", url=arxiv.url, interval=0, now=lambda: at)
        first = papers_of_weeks(source, weeks, tmp_path, lambda *_: None)
        asked = len(arxiv.requests())
        assert papers_of_weeks(source, weeks, tmp_path, lambda *_: None) == first
        assert len(arxiv.requests()) == asked
        assert source.by_author(first[0].authors[0])
    assert {one.id for one in first} == {one.id for one in real_papers() if weeks[0].holds(one.submitted)}
