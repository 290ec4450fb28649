"""Handles: unique, readable, at most four words, never a fragment."""

import datetime as dt

import pytest

from service.briefs.handles import make_handles
from service.papers import Paper

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


@pytest.mark.parametrize(
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
