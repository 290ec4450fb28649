"""What counts as a limit or a cost: something that stands in the way, said by a sentence that says so."""

from dataclasses import replace

import pytest

from service.briefs.extractive.pool import on_costs, on_limits, on_own_costs
from service.briefs.handles import make_handles
from service.language.sentences import Sentence
from tests import builders


def sentence(text: str) -> Sentence:
    return Sentence("2605.00001", 3, 6, text)


@pytest.mark.parametrize(
    "text",
    [
        "We convert docking failures into correction signals that steer the crane through sparse data.",
        "TideGPT consistently outperforms costly baselines under limited budgets and noisy gauges.",
        "HarborBench introduces realistic workloads with serial dependencies and partial failures.",
        "We curate a set of 131 challenging, complex tasks with real relevance to pilots.",
        "We ask whether a fragile gauge can still guide the pilot through unreliable readings.",
        "The method requires only a few lines of code and generalizes to any expensive gauge.",
        "QuayNet improves accuracy by 23.2% over the baseline, while recovering part of the degradation.",
    ],
)
def test_what_a_paper_does_or_asks_is_neither_a_limit_nor_a_cost(text: str) -> None:
    assert (on_limits(sentence(text)), on_costs(sentence(text))) == (0.0, 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "Existing harbour models fail to generalize when the channel silts up after a storm.",
        "Tide gauges remain unreliable in fog, and errors accumulate over long passages.",
        "QuayNet improves accuracy, but suffers from prohibitive latency on small boats.",
        "We find a clear trade-off: pilots adapt faster, but forget earlier routes.",
    ],
)
def test_what_stands_in_the_way_is_a_limit(text: str) -> None:
    assert on_limits(sentence(text)) > 0


def test_a_word_that_ties_a_sentence_to_the_one_before_is_no_cost() -> None:
    assert on_costs(sentence("However, buoys drift with the current where winds set their course.")) == 0


def test_the_verb_of_a_question_opens_no_name_and_a_hyphen_tells_no_two_apart() -> None:
    titles = (
        "When Does Memory Help Multi-Harbour Piloting for Tug Agents?",
        "Exploring Rope-Cutting Attacks on Moored Vessels",
        "Investigating the Survival of Rope Cutting Attacks in Real Ports",
    )
    papers = [builders.paper(n, title=title, abstract="Boats sail.") for n, title in enumerate(titles)]
    handles = list(make_handles(papers).values())
    assert not handles[0].startswith("Help")
    assert len({handle.casefold().replace("-", " ") for handle in handles}) == 3


@pytest.mark.parametrize(
    "text",
    [
        "Trials demonstrate the superiority of the buoys at a latency of one hour.",
        "The system employs a PPO agent with a low overhead.",
        "The results suggest that drift is not a midpoint but a regime of its own.",
        "Existing methods for buoys are expensive.",
    ],
)
def test_what_names_no_price_of_the_method_is_no_trade_off(text: str) -> None:
    assert on_own_costs(sentence(text)) == 0


def test_a_price_of_the_method_is_a_trade_off_but_not_the_complaint_that_opens_an_abstract() -> None:
    said = sentence("Anchored buoys are costly where the sea is deep.")
    assert on_own_costs(said) > 0
    assert on_own_costs(replace(said, place=0)) == 0
