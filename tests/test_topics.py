"""Topics and their queries: read from files, checked with the place of each error, matched to papers."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.terms import TermError, Terms, fold, matches, read_term
from subscribers.topics import (
    FEWEST_PAPERS,
    MOST_PAPERS,
    Example,
    Topic,
    TopicError,
    arxiv_categories,
    edit,
    in_categories,
    load_topics,
    read_topic,
    to_mapping,
)
from tests.cases import every

TIDES: dict[str, Any] = {
    "slug": "tide-models",
    "name": "Tide Models",
    "description": "How tides are modelled.",
    "categories": ["physics.ao-ph", "cs.*"],
    "search_terms": ["tide", "tidal range"],
    "ranking_terms": ["harbour*^2"],
    "excluded_terms": ["survey"],
    "examples": [{"paper_id": "0101.00001", "title": "An Invented Paper on Tides"}],
    "papers_per_brief": 12,
}


def problems(**changes: Any) -> dict[str, str]:
    with pytest.raises(TopicError) as error:
        read_topic({**TIDES, **changes})
    return dict(error.value.problems)


def test_ten_topics_ship_and_llm_post_train_is_the_first() -> None:
    topics = load_topics()
    assert len(topics) == 10
    assert (topics[0].slug, topics[0].papers_per_brief) == ("llm-post-train", 77)
    assert all(topic.examples and topic.ranking_terms for topic in topics)


def test_at_least_two_shipped_topics_ask_first_for_categories_outside_computer_science() -> None:
    assert sum(not topic.categories[0].startswith("cs.") for topic in load_topics()) >= 2


@pytest.mark.parametrize("topic", load_topics(), ids=lambda topic: topic.slug)
def test_a_shipped_topic_survives_being_stored_as_json(topic: Topic) -> None:
    assert read_topic(json.loads(json.dumps(to_mapping(topic)))) == topic


def test_two_topics_of_one_slug_are_refused(tmp_path: Path) -> None:
    table = '[[topics]]\nslug = "a"\nname = "A"\ndescription = "A."\ncategories = ["cs.*"]\n'
    table += 'search_terms = ["a"]\n'
    (tmp_path / "topics.toml").write_text(table * 2)
    with pytest.raises(TopicError, match="'a' is taken"):
        load_topics(tmp_path / "topics.toml")


def test_every_field_of_a_topic_is_read() -> None:
    topic = read_topic(TIDES)
    assert [getattr(topic, each.name) for each in dataclasses.fields(Topic)] == [
        "tide-models",
        "Tide Models",
        "How tides are modelled.",
        ("physics.ao-ph", "cs.*"),
        ("tide", "tidal range"),
        ("harbour*^2",),
        ("survey",),
        (Example("0101.00001", "An Invented Paper on Tides"),),
        12,
    ]


def test_spaces_are_trimmed_and_repeated_entries_dropped() -> None:
    terms = [" tidal   range ", "Tide", "tide", '"tide"']
    topic = edit(read_topic(TIDES), {"name": "  Tides ", "search_terms": terms})
    assert (topic.name, topic.search_terms) == ("Tides", ("tidal range", "Tide"))


def test_every_problem_is_told_at_once_and_the_message_names_the_topic() -> None:
    with pytest.raises(TopicError) as error:
        read_topic({**TIDES, "name": "", "papers_per_brief": 4, "search_terms": []})
    assert [place for place, _ in error.value.problems] == ["name", "search_terms", "papers_per_brief"]
    assert str(error.value).startswith("topic tide-models:\nname: missing\n")


def test_a_missing_description_is_refused() -> None:
    with pytest.raises(TopicError) as error:
        read_topic({name: value for name, value in TIDES.items() if name != "description"})
    assert error.value.problems == (("description", "missing"),)


def test_an_unbalanced_quote_is_shown_with_its_place_and_a_caret() -> None:
    found = problems(search_terms=["tide", "tidal range", "ebb", 'spring tide"'])
    assert found["search_terms[3]"].splitlines() == [
        "unbalanced quote at character 12: this quotation mark has no partner; close it or leave it out",
        '    spring tide"',
        "               ^",
    ]


def test_an_unknown_category_is_refused_and_a_near_one_suggested() -> None:
    assert "did you mean cs.LG" in problems(categories=["cs.lg"])["categories[0]"]
    assert "did you mean cs.GL or" in problems(categories=["cs.*", "cs.GLL"])["categories[1]"]


def test_the_category_list_is_arxivs() -> None:
    assert len(arxiv_categories()) == 155
    assert arxiv_categories()["quant-ph"] == "Quantum Physics"


def test_a_bad_slug_is_refused_with_a_good_one() -> None:
    assert problems(slug="Tide Models!")["slug"].endswith("write it as tide-models")


@every("number", [FEWEST_PAPERS - 1, MOST_PAPERS + 1, 2.5, "many", True, None])
def test_papers_per_brief_out_of_bounds_or_no_number_is_refused(number: object) -> None:
    assert "papers_per_brief" in problems(papers_per_brief=number)


def test_a_number_from_a_form_is_read() -> None:
    assert read_topic({**TIDES, "papers_per_brief": " 40 "}).papers_per_brief == 40


def test_an_example_needs_an_arxiv_id_without_version_and_a_title() -> None:
    found = problems(examples=[{"paper_id": "2305.18290v2", "title": ""}, "2305.18290"])
    assert list(found) == ["examples[0].paper_id", "examples[0].title", "examples[1]"]


def test_an_unknown_field_is_refused_with_the_one_meant() -> None:
    assert problems(search_term=["tide"])["search_term"].endswith("did you mean search_terms?")


@every("name", sorted(TIDES))
@every("value", [None, 7, {"a": 1}, "\ud800", ["\x00"], [None], [["tide"]]])
def test_a_value_of_the_wrong_kind_is_a_topic_error(name: str, value: object) -> None:
    if (name, value) != ("papers_per_brief", 7):
        assert any(place.startswith(name) for place in problems(**{name: value}))


@every(
    ("written", "complaint"),
    [
        ("", "an empty term at character 1"),
        ("ti:tide", "a field prefix ti: at character 1"),
        ("tide AND moon", "the operator AND at character 6"),
        ("(tide", "unexpected '(' at character 1"),
        ("ti*de", "unexpected '*' at character 3"),
        ("tide^2", "unexpected '^' at character 5"),
        ('spring "neap" tide', "a quote inside a term at character 13"),
        ("—", "no letter or digit at character 1"),
        ("tide " * 20, "a term too long at character 81"),
    ],
)
def test_a_term_that_cannot_be_asked_is_refused_with_its_place(written: str, complaint: str) -> None:
    with pytest.raises(TermError, match=f"^{re.escape(complaint)}"):
        read_term(written)


def test_the_caret_stands_under_the_character_it_is_about() -> None:
    with pytest.raises(TermError) as error:
        read_term("tide AND moon")
    _, shown, caret = str(error.value).splitlines()
    assert shown[caret.index("^")] == "A"


@pytest.mark.parametrize("weight", ["^0", "^11", "^-10.5"])
def test_a_weight_out_of_bounds_is_refused(weight: str) -> None:
    with pytest.raises(TermError, match="a weight of"):
        read_term(f"tide{weight}", weighted=True)


def test_a_weighted_term_is_read() -> None:
    term = read_term('"reward model"*^-1.5', weighted=True)
    assert (term.text, term.is_prefix, term.weight, str(term)) == (
        "reward model",
        True,
        -1.5,
        "reward model*^-1.5",
    )


@every(
    ("term", "text"),
    [
        ("tide", "The TIDE, rising."),
        ("fine-tuning", "fine tuning"),
        ("fine-tuning", "Finetuning"),
        ("on policy", "on-policy"),
        ("fine-tun*", "we fine‐tuned it"),
        ("reward model*", "two reward models"),
        ("pass@k", "its pass@k grows"),
        ("Schrodinger", "a Schrödinger operator"),
        ("Schrödinger", "a Schrodinger operator"),
        ("Erdos", "a problem of Erdős"),
        ("Lojasiewicz", "the Łojasiewicz gradient"),
        ("H2O", "bright H₂O masers"),
        ("H₂O", "bright H2O masers"),
        ("T_eff", "hot: T_eff above 5000 K"),
        ("Teff", "hot: T_eff above 5000 K"),
        ("LambdaCDM", "LambdaCDM"),
    ],
)
def test_a_term_matches_in_any_case_and_over_hyphens(term: str, text: str) -> None:
    assert matches(term, text)


@pytest.mark.parametrize(
    ("term", "text"), [("tide", "tides"), ("tide", "eventide"), ("on policy", "onpolicy")]
)
def test_a_term_matches_whole_words_only(term: str, text: str) -> None:
    assert not matches(term, text)


def test_terms_tell_which_of_them_stand_in_a_text_and_as_what() -> None:
    terms = Terms.of(["moon", "fine-tun*^2", "tide"], weighted=True)
    found = terms.found("Fine tuned tide gauges, fine tuned twice")
    assert [str(term) for term in found] == ["fine-tun*^2", "tide"]
    assert terms.counts(fold("fine tuned, finetuned")) == (0, 2, 0)
    assert found[0].as_found(fold("gauges, fine tuned")) == "fine-tuned"
    assert not Terms.of([]).match("anything")


def test_a_topic_takes_papers_of_its_categories_and_whole_archives() -> None:
    topic = read_topic({**TIDES, "categories": ["q-fin.*", "cs.CL"]})
    assert in_categories(topic, ["math.PR", "q-fin.TR"])
    assert in_categories(topic, ["cs.CL"])
    assert not in_categories(topic, ["cs.CV", "math.PR"])


WORDS = st.text("abcdefgh-éß7", min_size=1, max_size=9).filter(lambda text: text.strip("-"))
PHRASES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
WEIGHTS = st.sampled_from(["", "*", "^2", "^-0.5", "*^10"])


@settings(deadline=None)
@given(
    name=PHRASES,
    search=st.lists(PHRASES, min_size=1, max_size=5),
    ranking=st.lists(st.tuples(PHRASES, WEIGHTS).map("".join), max_size=5),
    categories=st.lists(st.sampled_from([*arxiv_categories(), "cs.*"]), min_size=1, max_size=4),
    number=st.integers(FEWEST_PAPERS, MOST_PAPERS),
)
def test_a_topic_can_be_stored_and_read_again(
    name: str, search: list[str], ranking: list[str], categories: list[str], number: int
) -> None:
    changes = {"name": name, "search_terms": search, "ranking_terms": ranking}
    topic = read_topic({**TIDES, **changes, "categories": categories, "papers_per_brief": number})
    assert read_topic(json.loads(json.dumps(to_mapping(topic)))) == topic


@settings(deadline=None)
@given(st.text(max_size=100))
def test_any_text_is_a_term_or_a_term_error(written: str) -> None:
    try:
        term = read_term(written, weighted=True)
    except TermError:
        return
    assert read_term(str(term), weighted=True) == term
    assert matches(str(term), f"before {term.text} after")
