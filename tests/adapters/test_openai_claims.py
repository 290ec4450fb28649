"""The OpenAI writer's parts: quotes and keys, parts and merges, spending and estimates."""

import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.lib._pydantic import to_strict_json_schema

from service.adapters.openai_briefs import OpenAISettings, Price
from service.adapters.openai_briefs.claims import Keyring, carried_only
from service.adapters.openai_briefs.estimates import merges_of
from service.adapters.openai_briefs.evidence import locate
from service.adapters.openai_briefs.failures import CallFailedError, Failure, Trouble
from service.adapters.openai_briefs.reduce import joined, parts_of, regrouped
from service.adapters.openai_briefs.spending import Spending, Usage
from service.briefs.grounding.sources import Source
from service.briefs.prompts import BriefAnswer, CardsAnswer, ClaimAnswer, RepairsAnswer
from tests.builders import paper

KEYRING = Keyring(
    {"P1": paper(0), "P2": paper(1), "P3": paper(2)},
    {paper(0).id: "TideNet", paper(1).id: "BuoyMix", paper(2).id: "P2"},
)


def claim(text: str, *citations: tuple[str, str]) -> ClaimAnswer:
    return ClaimAnswer.model_validate(
        {"text": text, "citations": [{"key": key, "quote": quote} for key, quote in citations]}
    )


def answer(**parts: Any) -> BriefAnswer:
    empty: dict[str, Any] = dict.fromkeys(BriefAnswer.model_fields, ())
    return BriefAnswer.model_validate(empty | parts)


def theme(heading: str, *keys: str) -> dict[str, Any]:
    return {"heading": heading, "claims": [claim("x", (keys[0], "some words here"))], "papers": list(keys)}


# Quotes


@pytest.mark.parametrize(
    "quote",
    [
        "couples a shallow water solver",
        "Couples  a shallow\nwater solver.",
        "“couples a shallow water solver”",
        "couples a shal\u200blow water solver…",
    ],
)
def test_a_quote_is_found_though_space_case_and_marks_differ(quote: str) -> None:
    assert locate(quote, paper(0)) == "couples a shallow water solver"


def test_what_is_found_is_the_papers_own_characters() -> None:
    held = paper(0, abstract="Errors fall — by ﬁve\u00a0‘points’ on $\\ell_2$ norms.")
    assert locate("fall - by five 'points' on $\\ell_2$", held) == "fall — by ﬁve\u00a0‘points’ on $\\ell_2$"


@pytest.mark.parametrize(
    "quote",
    [
        "couples a deep water solver",  # another word
        "couples a water solver",  # shortened inside
        "lowers forecast error by 8.5%",  # inside a number
        "error by 18.5% on 1",  # ends inside one
        "a shallow",  # too short to mean this place
        "TideNet: Forecasting Harbour Currents with Sparse Buoys Harbour pilots",  # from two places
        "",
    ],
)
def test_what_does_not_stand_in_the_paper_is_not_found(quote: str) -> None:
    assert locate(quote, paper(0)) is None


def test_a_quote_from_the_title_is_found() -> None:
    assert locate("harbour currents with sparse buoys", paper(0)) == "Harbour Currents with Sparse Buoys"


@settings(deadline=None)  # other work may share the machine
@given(st.integers(0, 20), st.integers(3, 12), st.text("\u200b ﬁé—‘ab1$\\", max_size=6))
def test_every_span_that_is_found_passes_the_gate(start: int, length: int, odd: str) -> None:
    held = paper(0, abstract=f"{odd} {paper(0).abstract} {odd}")
    quote = " ".join(held.abstract.split()[start : start + length])
    found = locate(quote, held)
    assert found is None or (found in held.abstract and Source(held).has(found))


# Keys


def test_keys_become_handles_and_quotes_spans() -> None:
    made = KEYRING.claim(claim("[[P1]] forecasts currents.", ("P1", "COUPLES a shallow water solver")))
    assert made.text == "TideNet forecasts currents."
    assert made.citations[0].paper_id == paper(0).id
    assert made.citations[0].evidence == "couples a shallow water solver"
    assert made.kind == "written"


@pytest.mark.parametrize("written", ["P1", "[P1]", "[[P1]]", "[[ P1 ]]"])
def test_a_cited_key_is_named_however_it_is_written(written: str) -> None:
    assert KEYRING.claim(claim(f"{written} forecasts.", ("P1", "x y z"))).text == "TideNet forecasts."


def test_a_bare_key_of_a_paper_that_is_not_cited_is_left_to_the_gates() -> None:
    assert (
        KEYRING.claim(claim("P2 is a norm, as in $P1$.", ("P1", "x y z"))).text == "P2 is a norm, as in $P1$."
    )


def test_a_handle_that_looks_like_a_key_is_not_replaced_again() -> None:
    made = KEYRING.claim(claim("[[P3]] and [[P2]].", ("P2", "x y z"), ("P3", "x y z")))
    assert made.text == "P2 and BuoyMix."


def test_a_key_that_no_paper_has_is_handed_on_for_the_gates() -> None:
    made = KEYRING.claim(claim("[[P9]] wins.", ("P9", "it wins")))
    assert made.text == "[[P9]] wins."
    assert made.paper_ids == ("P9",)


def test_a_quote_that_stands_nowhere_is_handed_on_for_the_gates() -> None:
    assert KEYRING.claim(claim("x", ("P1", "made up words"))).citations[0].evidence == "made up words"


def test_keys_in_lists_are_real_and_each_once() -> None:
    assert KEYRING.paper_ids(["[[P2]]", "P9", "P2", "P1"]) == (paper(1).id, paper(0).id)


def test_an_endless_claim_is_cut() -> None:
    made = KEYRING.claim(claim("word " * 1000, *[("P1", "x y z")] * 100))
    assert len(made.text) <= 700
    assert len(made.citations) == 1


def test_only_carried_claims_are_told_to_a_merge() -> None:
    sound = claim("[[P1]] forecasts.", ("P1", "couples a shallow water solver"))
    wrong = (
        claim("[[P9]] wins.", ("P9", "x")),
        claim("No paper."),
        claim("[[P1]].", ("P1", "made up words")),
    )
    assert carried_only(answer(overview=[sound, *wrong]), KEYRING).overview == (sound,)


# Parts and merges


def test_few_papers_are_one_part() -> None:
    assert parts_of(["P1", "P2"], [["P2"]], 2) == [("P1", "P2")]


def test_groups_stay_together_where_they_fit() -> None:
    keys = [f"P{number}" for number in range(1, 8)]
    assert parts_of(keys, [["P1", "P5"], ["P2", "P6", "P7"]], 3) == [
        ("P1", "P5"),
        ("P2", "P6", "P7"),
        ("P3", "P4"),
    ]


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 9), st.lists(st.lists(st.integers(1, 60), max_size=20), max_size=6))
def test_every_key_is_in_one_part_and_no_part_too_large(
    count: int, size: int, drawn: list[list[int]]
) -> None:
    keys = [f"P{number}" for number in range(1, count + 1)]
    groups = [[f"P{number}" for number in group if number <= count] for group in drawn]
    parts = parts_of(keys, groups, size)
    assert sorted(key for part in parts for key in part) == sorted(keys)
    assert all(0 < len(part) <= size for part in parts)


def test_a_merged_theme_takes_over_the_papers_of_the_themes_it_took_up() -> None:
    parts = [answer(themes=[theme("A", "P1", "P4", "P5")]), answer(themes=[theme("B", "P2", "P6")])]
    merged = answer(themes=[theme("AB", "P1"), theme("C", "P2")])
    assert [made.papers for made in regrouped(merged, parts).themes] == [("P1", "P4", "P5"), ("P2", "P6")]


def test_parts_that_are_joined_take_turns() -> None:
    parts = [answer(themes=[theme("A", "P1"), theme("B", "P2")]), answer(themes=[theme("C", "P3")])]
    assert [made.heading for made in joined(parts).themes] == ["A", "C", "B"]


def test_merging_is_reckoned_level_by_level() -> None:
    assert merges_of(1, 8)[0] == 0
    assert merges_of(8, 8)[0] == 1
    assert merges_of(9, 8)[0] == 2  # eight into one, which joins the ninth
    assert merges_of(16, 8)[0] == 3


# Spending


def spending(**choices: Any) -> Spending:
    return Spending(OpenAISettings(model="tide-1", **choices), lambda: 0.0)


def test_a_request_that_could_pass_the_ceiling_is_not_sent() -> None:
    spent = spending(token_ceiling=100)
    spent.reserve(Usage(40, 40))
    spent.settle(Usage(40, 40), Usage(40, 10))
    with pytest.raises(CallFailedError, match="token ceiling was reached"):
        spent.reserve(Usage(40, 40))


def test_a_request_waits_for_others_to_settle_before_it_is_refused() -> None:
    spent = spending(token_ceiling=100)
    spent.reserve(Usage(80, 0))
    second = threading.Thread(target=spent.reserve, args=(Usage(60, 0),))
    second.start()
    spent.settle(Usage(80, 0), Usage(20, 0))
    second.join(5)
    assert not second.is_alive()


def test_cost_is_by_the_million_and_by_kind() -> None:
    assert Price(2.0, 10.0).of(500_000, 100_000) == pytest.approx(2.0)
    assert spending().cost is None


def test_nothing_more_is_asked_after_a_failure_that_ends_all() -> None:
    spent = spending()
    spent.end(Failure(Trouble.KEY_WRONG))
    with pytest.raises(CallFailedError, match="API key"):
        spent.reserve(Usage(1, 1))


@pytest.mark.parametrize(
    "choices", [{"model": ""}, {"concurrency": 0}, {"parts_per_merge": 1}, {"attempts": 0}]
)
def test_settings_that_can_not_work_are_refused(choices: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"needs the name|must be at least"):
        OpenAISettings(**{"model": "tide-1", **choices})


@pytest.mark.parametrize("schema", [CardsAnswer, BriefAnswer, RepairsAnswer])
def test_schemas_are_what_the_openai_package_would_make_of_them(schema: Any) -> None:
    assert schema.model_json_schema() == to_strict_json_schema(schema)
