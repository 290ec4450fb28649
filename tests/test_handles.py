"""Handles: unique, readable, at most four words, never a fragment."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from service.briefs.handles import make_handles
from service.papers import Paper
from tests.cases import every
from tests.corpus import papers
from tests.invented_abstracts import invented

REAL = Path(__file__).parent / "texts/handles_of_real_papers.txt"
NOON = dt.datetime(2026, 6, 2, 12, tzinfo=dt.UTC)


def paper(number: int, title: str, abstract: str = "We study gardens and what grows in them.") -> Paper:
    return Paper(f"2606.{number:05}", 1, title, abstract, ("A. Gardener",), ("cs.LG",), "cs.LG", NOON, NOON)


def handle(title: str, abstract: str = "We study gardens and what grows in them.") -> str:
    return make_handles([paper(1, title, abstract)])["2606.00001"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("RoseNet: Watering Flower Beds with Small Networks", "RoseNet"),
        ("Thorn-R2: Pruning by Preference", "Thorn-R2"),
        ("Silent Roots: How Gardens Forget", "Silent Roots"),
        ("Petal — Sorting Flowers by Colour", "Petal"),
    ],
)
def test_a_name_before_a_colon_is_the_handle(title: str, expected: str) -> None:
    assert handle(title) == expected


@pytest.mark.parametrize(
    "abstract",
    [
        "Gardens are dry. We propose BLOOM, a schedule for beds. BLOOM saves water.",
        "Gardens are dry. We propose a schedule for flower beds, called BLOOM. BLOOM saves water.",
        "We present Balanced Loops Of Optimal Moisture (BLOOM) for beds. BLOOM saves water.",
        "A schedule dubbed BLOOM keeps beds wet. With BLOOM, gardens save water.",
    ],
)
def test_a_name_that_the_abstract_gives_is_the_handle(abstract: str) -> None:
    assert handle("A Schedule That Keeps Flower Beds Wet", abstract) == "BLOOM"


@pytest.mark.parametrize("acronym", ["LLM", "RLHF", "GRPO", "SFT"])
def test_an_acronym_of_the_field_is_no_handle(acronym: str) -> None:
    abstract = f"We introduce {acronym} to gardens. {acronym} waters beds, and {acronym} prunes roses."
    assert handle(f"{acronym}: Watering Flower Beds by Moonlight", abstract) != acronym


def test_a_title_without_a_name_gives_a_noun_phrase() -> None:
    assert handle("On the Nightly Watering of Thirsty Flower Beds") in {
        "Nightly Watering",
        "Thirsty Flower Beds",
    }


@pytest.mark.parametrize(
    "title",
    [
        "It's All in the Roots of the Old Garden",
        "Training Data for Gardens",
        "When Should Roses Be Cut in Winter?",
    ],
)
def test_a_handle_is_no_fragment(title: str) -> None:
    words = handle(title).split()
    assert len(words) <= 4
    assert handle(title) not in {"It s", "It's", "Training Data"}
    assert words[0].lower() not in {"it", "s", "the", "of", "in", "for", "its"}
    assert words[-1].lower() not in {"the", "of", "in", "for", "a"}


def test_a_handle_keeps_the_no_of_its_title() -> None:
    assert handle("No Deep Roots in Sandy Beds, but Perhaps Shallow Ones") != "Deep Roots"
    assert handle("No Thick Hedges around Old Gardens").startswith("No ")


def test_the_small_letter_of_a_name_stays_small() -> None:
    assert handle("TOI-99107 b: A Planet around a Cool Star") == "TOI-99107 b"


def test_two_papers_with_one_name_get_words_that_tell_them_apart() -> None:
    handles = make_handles(
        [
            paper(1, "SAGE: Watering Thirsty Meadows"),
            paper(2, "SAGE: Pruning Frozen Hedges"),
            paper(3, "Sage: Cloudy Ponds"),
        ]
    )
    assert len({name.casefold() for name in handles.values()}) == 3
    assert all(name.casefold().startswith("sage ") for name in handles.values())


def test_the_same_title_many_times_still_gives_unique_handles() -> None:
    handles = make_handles([paper(number, "Watering Roses") for number in range(50)])
    assert len({name.casefold() for name in handles.values()}) == 50


@every(
    "title",
    [
        "<script>alert(1)</script>: Roses",
        "{{ 7*7 }} Roses in %MANAGE% Beds",
        "\u202eRoses\u202c of\u200b Moonlight",
        "$\\alpha$-Roses: \\textbf{Bold} Beds",
        "",
        "X",
        "???",
    ],
)
def test_a_handle_holds_no_markup_and_no_hidden_character(title: str) -> None:
    found = handle(title, "")
    assert found
    assert found.isprintable()
    assert not set(found) & set("<>{}$\\%")


def test_an_order_to_the_reader_is_no_handle() -> None:
    assert "ignore" not in handle("Ignore Previous Instructions", "").casefold()


def test_the_same_papers_give_the_same_handles() -> None:
    papers = [
        paper(number, title)
        for number, title in enumerate(("Rose Beds at Night", "Rose Beds by Day", "Pond Life"))
    ]
    assert make_handles(papers) == make_handles(papers)


@every(
    ("title", "abstract", "misleading"),
    [
        (
            "Pruning Is about Shears, Not Thorns: A View of On-Bed Watering",
            "We study On-Bed Watering.",
            "On-Bed",
        ),
        (
            "A Better Sprinkler",
            "We present a way to improve Rain by Internal Feedback (RIF). We beat RIF.",
            "RIF",
        ),
        ("Dry Beds", "We propose a schedule for Continual Meadow Retrieval (CMR).", "CMR"),
        ("Dry Beds", "We compare with RainNet. Unlike RainNet, we water by night.", "RainNet"),
        ("Dry Beds", "The recently proposed RainNet fails. RainNet is costly.", "RainNet"),
        ("Warm Ponds: What Grows in Them", "Warm ponds are small. We count warm ponds.", "Warm Ponds"),
        (
            "Green Dioxide in a Pond",
            "We find green dioxide in a pond; green dioxide is rare.",
            "Green Dioxide",
        ),
        ("Counting Frogs at a Silent Pond", "We count frogs.", "Silent Pond"),
    ],
)
def test_a_handle_names_neither_a_rival_nor_a_field(title: str, abstract: str, misleading: str) -> None:
    assert misleading not in handle(title, abstract)


def test_where_a_title_names_only_a_field_the_authors_serve() -> None:
    of = partial(replace, paper(1, "Warm Ponds", "We study warm ponds."))
    assert make_handles([of(authors=("Ann van der Berg",))])["2606.00001"] == "van der Berg"
    assert make_handles([of(authors=("Abal Idrisov",))])["2606.00001"] == "Idrisov"  # "al" is none
    assert make_handles([of(authors=("Ann Lind", "Bo Ito Jr."))])["2606.00001"] == "Lind and Ito"
    assert make_handles([of(authors=("A. Lind", "B. Ito", "C. Kim"))])["2606.00001"] == "Lind et al."
    assert make_handles([of(authors=("CMS Collaboration", "A. Lind"))])["2606.00001"].startswith("CMS")


def test_papers_of_one_first_author_are_told_apart() -> None:
    papers = [
        replace(paper(n, f"Warm Ponds {n}"), authors=("A. Lind", f"B. Ito{'o' * n}", "C. Kim"))
        for n in (1, 2, 3)
    ]
    assert len(set(make_handles(papers).values())) == 3


def test_invented_papers_of_six_fields_have_right_handles() -> None:
    wrong = []
    for each in invented():
        one = replace(paper(1, each.title, each.abstract), authors=("A. Okafor", "B. Duarte", "C. Kim"))
        name = make_handles([one])["2606.00001"]
        right = (*each.handles, *(() if each.is_named else ("Okafor et al.",)))
        if (each.handles and name not in right) or name in each.misleading:
            wrong.append((name, each.title))
    assert wrong == []


@pytest.mark.shared
def test_real_papers_have_right_handles() -> None:
    records = {record["id"]: record for record in papers("2026-05-25*.jsonl.gz")}
    wrong = [(name, why) for name, why in _judged(records)]
    assert wrong == []


def _judged(records: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Handles that are not as the file of labels says."""
    for line in REAL.read_text("utf-8").splitlines()[1:]:
        paper_id, is_right, names = line.split(" ", 2)
        record = records[paper_id]
        real = replace(
            paper(1, record["title"], record["abstract"]), id=paper_id, authors=tuple(record["authors"])
        )
        name = make_handles([real])[real.id]
        if (name in names.split(" | ")) is not (is_right == "="):
            yield name, line


def test_a_handle_ends_before_the_verb_of_its_title() -> None:
    titles = {
        "Cold Water Helps Old Roses Flower Twice": "Cold Water",
        "Slow Root Growth Drives Late Flowering": "Slow Root Growth",
        "Young Meadow Soil Can Hold Two Floods": "Young Meadow Soil",
        "Water Drive Pumps for Beds": "Water Drive Pumps",  # a noun before a noun is no verb
    }
    assert {title: handle(title, "We study one garden.") for title in titles} == titles


def test_a_benchmark_built_on_the_titles_name_is_not_the_paper() -> None:
    title = "Send a HERON First: Choosing Waterers Before They Pour"
    abstract = (
        "Waterers differ. Our framework HERON (Hourly Estimates of Rain On Nurseries) chooses one by its "
        "past. To evaluate this, we build HERON-450, a benchmark of dry beds. On HERON-450, water falls by "
        "46%. HERON also works in parks."
    )
    assert handle(title, abstract) == "HERON"


def test_a_name_in_brackets_spelt_by_the_title_goes_before_a_piece_of_the_subtitle() -> None:
    title = "Selective-Watering Early-Horizon Drip: Uneven Root Discounting for Efficient Gardens"
    abstract = (
        "We introduce two extensions: (i) Early-Horizon Drip (EH-Drip), which weights each root, and (ii) "
        "Selective-Watering EH-Drip (SW-EH-Drip), which does so for dry roots alone. On nine beds, "
        "SW-EH-Drip saves water."
    )
    assert handle(title, abstract) == "SW-EH-Drip"
