"""A model's words as a brief's: quotes found in papers, keys become handles, what readings rest on."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.briefs.claims import Claim
from service.briefs.grounding.sources import Source
from service.briefs.modelled.keys import (
    LONGEST_SETTING,
    LONGEST_TEXT,
    FactAnswer,
    Keyring,
    ReadingAnswer,
    SentenceAnswer,
    locate,
    sentences,
)
from tests.builders import paper

KEYRING = Keyring(
    {"P1": paper(0), "P2": paper(1), "P3": paper(2)},
    {paper(0).id: "TideNet", paper(1).id: "BuoyMix", paper(2).id: "P2"},
)


def fact(text: str, *citations: tuple[str, str], setting: str = "") -> Claim:
    quotes = [{"key": key, "quote": quote} for key, quote in citations]
    said = {"text": text, "setting": setting, "citations": quotes}
    return KEYRING.fact(FactAnswer.model_validate(said), "t1.1")


# Quotes


def test_a_quote_is_found_though_space_case_and_marks_differ() -> None:
    for quote in (
        "couples a shallow water solver",
        "Couples  a shallow\nwater solver.",
        "“couples a shallow water solver”",
        "couples a shal\u200blow water solver…",
    ):
        assert locate(quote, paper(0)) == "couples a shallow water solver"
    assert locate("harbour currents with sparse buoys", paper(0)) == "Harbour Currents with Sparse Buoys"


def test_a_fact_keeps_three_quotes_of_each_of_its_first_three_papers() -> None:
    one, two = paper(0).title, "couples a shallow water solver"
    quotes = [("P1", one), ("P1", two), ("P1", "nowhere"), ("P1", "no more")]
    quotes += [("P2", paper(1).title), ("P3", paper(2).title)]
    found = fact("Three differ.", *quotes, ("P9", "a fourth"), ("P3", "also nowhere")).citations
    assert [each.paper_id for each in found] == [paper(0).id] * 3 + [paper(1).id] + [paper(2).id] * 2
    assert [each.evidence for each in found[:2]] == [one, two]


def test_a_quote_ends_before_a_link() -> None:
    held = paper(0, abstract="We release the harbour data at https://example.org/data (CC BY). Enjoy.")
    assert locate("We release the harbour data at https://example.org/data (CC BY)", held) == (
        "We release the harbour data at"
    )


def test_percentages_are_written_alike() -> None:
    assert fact("[[P1]] gains 18.5 % there.", ("P1", "error by 18.5%")).text == "TideNet gains 18.5% there."


def test_what_is_found_is_the_papers_own_characters() -> None:
    held = paper(0, abstract="Errors fall — by ﬁve\u00a0‘points’ on $\\ell_2$ norms.")
    assert locate("fall - by five 'points' on $\\ell_2$", held) == "fall — by ﬁve\u00a0‘points’ on $\\ell_2$"


def test_what_does_not_stand_in_the_paper_is_not_found() -> None:
    for quote in (
        "couples a deep water solver",  # another word
        "couples a water solver",  # shortened inside
        "lowers forecast error by 8.5%",  # inside a number
        "error by 18.5% on 1",  # ends inside one
        "a shallow",  # too short to mean this place
        "TideNet: Forecasting Harbour Currents with Sparse Buoys Harbour pilots",  # from two places
        "",
    ):
        assert locate(quote, paper(0)) is None, quote


@given(st.integers(0, 20), st.integers(3, 12), st.text("\u200b ﬁé—‘ab1$\\", max_size=6))
def test_every_span_that_is_found_passes_the_gate(start: int, length: int, odd: str) -> None:
    held = paper(0, abstract=f"{odd} {paper(0).abstract} {odd}")
    quote = " ".join(held.abstract.split()[start : start + length])
    found = locate(quote, held)
    assert found is None or (found in held.abstract and Source(held).has(found))


# Keys


def test_keys_become_handles_and_quotes_spans() -> None:
    made = fact("[[P1]] forecasts currents.", ("P1", "COUPLES a shallow water solver"))
    assert (made.text, made.kind, made.origin, made.id) == (
        "TideNet forecasts currents.", "fact", "written", "t1.1",
    )  # fmt: skip
    assert (made.citations[0].paper_id, made.citations[0].evidence) == (
        paper(0).id, "couples a shallow water solver",
    )  # fmt: skip


def test_a_cited_key_is_named_however_it_is_written() -> None:
    for written in ("P1", "[P1]", "[[P1]]", "[[ P1 ]]"):
        assert fact(f"{written} forecasts.", ("P1", "x y z")).text == "TideNet forecasts."


def test_a_bare_key_that_may_be_something_else_is_left_to_the_gates() -> None:
    told = "P2 is a norm, as in $P1$."
    assert fact(told, ("P1", "x y z")).text == told
    assert fact("P2 wins.", ("P2", "the P2 of a norm")).text == "P2 wins."


def test_a_handle_that_looks_like_a_key_is_not_replaced_again() -> None:
    assert fact("[[P3]] and [[P2]].", ("P2", "x y z"), ("P3", "x y z")).text == "P2 and BuoyMix."


def test_a_key_that_no_paper_has_and_a_quote_that_stands_nowhere_are_handed_on() -> None:
    made = fact("[[P9]] wins.", ("P9", "it wins"))
    assert (made.text, made.paper_ids) == ("[[P9]] wins.", ("P9",))
    assert fact("x", ("P1", "made up words")).citations[0].evidence == "made up words"


def test_keys_in_lists_are_real_and_each_once() -> None:
    assert KEYRING.paper_ids(["[[P2]]", "P9", "P2", "P1"]) == (paper(1).id, paper(0).id)


def test_a_setting_is_cut_and_stands_without_brackets() -> None:
    assert fact("x", setting="([[P1]], 12 harbours).").setting == "TideNet, 12 harbours"
    assert len(fact("x", setting="word " * 1000).setting) <= LONGEST_SETTING


def test_an_endless_sentence_is_cut() -> None:
    made = fact("word " * 1000, *[("P1", "x y z")] * 100)
    assert len(made.text) <= LONGEST_TEXT
    assert len(made.citations) == 1


def test_a_sentence_of_the_brief_is_shown_with_keys_again() -> None:
    assert KEYRING.keyed("TideNet beats BuoyMix, and TideNets do not.") == (
        "[[P1]] beats [[P2]], and TideNets do not."
    )


# What readings rest on


def said(name: str, kind: str = "fact", *rests_on: str) -> SentenceAnswer:
    given: dict[str, Any] = {"setting": "", "citations": [], "rests_on": rests_on}
    return SentenceAnswer(id=name, kind=kind, text=f"It says {name}.", **given)


def test_readings_rest_on_facts_by_the_ids_of_the_brief() -> None:
    told = [said("S1"), said("(S2)"), said("S3", "Reading", "[S1]", "S2", "S1", "S9")]
    (first, second, third), _ = sentences(told, KEYRING, "t4")
    assert [claim.id for claim in (first, second, third)] == ["t4.1", "t4.2", "t4.3"]
    assert (third.kind, third.rests_on, third.citations) == ("reading", ("t4.1", "t4.2"), ())


def test_ids_of_facts_are_not_told_to_readers() -> None:
    answer = ReadingAnswer(text="It may hold (F1, F2) elsewhere [R3].", rests_on=("F1",))
    assert KEYRING.reading(answer, "t1.9", {"F1": "t1.1"}).text == "It may hold elsewhere."
