"""The gates over what a language model words: readings, languages, words of the papers, repeats."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.briefs.claims import Citation, Claim
from service.briefs.grounding import Gate, Place, Section, check, rewrite
from service.briefs.metadata import RunMetadata
from service.briefs.model import AlsoHere, Area, Brief, GlossaryEntry
from tests import builders
from tests.cases import every

PAPERS = builders.papers()
FACT, READING = Place(Section.THEMES, 0, "claims", 0), Place(Section.THEMES, 0, "claims", 1)
HEADING = Place(Section.THEMES, 0, "heading")
TEXT = "TideNet couples a shallow water solver with a learned residual and lowers its error by 18.5%."


def fact(text: str = TEXT, *numbers: int, setting: str = "") -> Claim:
    """A model's fact about some papers, with true quotes of their results."""
    citations = (
        Citation(builders.paper(n).id, builders.sentence(n, builders.RESULT)) for n in numbers or (0,)
    )
    return Claim(text, tuple(citations), "written", id="t1.1", setting=setting)


def reading(text: str, *rests_on: str) -> Claim:
    return Claim(text, (), "written", "reading", "t1.2", rests_on or ("t1.1",))


def brief(first: Claim, second: Claim | None = None, writer: str = "openai") -> Brief:
    """A brief whose first theme, about two papers, begins with these two sentences."""
    made = builders.brief(metadata=RunMetadata(writer=writer))
    lead = replace(made.themes[0], claims=(first, *((second,) if second else made.themes[0].claims[1:])))
    return replace(made, themes=(lead, *made.themes[1:]))


def refused(made: Brief, where: Place = FACT) -> set[Gate]:
    return {failure.gate for failure in check(made, PAPERS).failures if failure.where == where}


# Readings


def test_a_reading_that_follows_from_a_fact_passes() -> None:
    for text in (
        "A learned residual may be worth its cost where TideNet was tried.",
        "An error that falls by 18.5% suggests that the solver leaves room for a residual.",
    ):
        assert refused(brief(fact(), reading(text)), READING) == set()


@pytest.mark.parametrize("rests_on", ["t9.9", "t1.2", ""])
def test_a_reading_rests_on_facts_of_its_brief(rests_on: str) -> None:
    assert Gate.READING in refused(brief(fact(), reading("A residual may be worth it.", rests_on)), READING)


def test_a_reading_cites_nothing_itself() -> None:
    cited = replace(reading("A learned residual may be worth its cost."), citations=fact().citations)
    assert refused(brief(fact(), cited), READING) == {Gate.READING}


@every(
    ("text", "gate"),
    [
        ("A learned residual may lower the error of 12 harbours.", Gate.NUMBER),  # in the abstract alone
        ("A learned residual may lower the error by 19%.", Gate.NUMBER),
        ("A learned residual like FjordBERT may lower the error.", Gate.NAME),
        ("A learned residual may lower the error, and so may BuoyMix.", Gate.HANDLE),
        ("A learned residual may “lower every error” of a forecast.", Gate.QUOTATION),
        ("A learned residual may lower the error, see www.evil.example now.", Gate.FOREIGN),
    ],
)
def test_a_reading_brings_in_nothing_that_its_facts_do_not_hold(text: str, gate: Gate) -> None:
    assert refused(brief(fact(), reading(text)), READING) == {gate}


# Languages

ELSEWHERE = (
    "吸烟可以治愈大多数成年人的癌症。",
    "Курение лечит рак у большинства взрослых людей.",
    "التدخين يشفي السرطان لدى معظم البالغين.",
    "Το κάπνισμα θεραπεύει τον καρκίνο στους περισσότερους ενήλικες.",
    "Das Modell lernt, indem es die Belohnung an jedem Schritt mit einem Solver vergleicht.",
    "In der Praxis ist es so, dass an den Buoys kein Residual mit dem Solver lernt.",
    "Le modèle apprend avec un solver et une récompense dense à chaque étape du residual.",
    "El modelo aprende de un residual con pocos pasos y no necesita más datos que los de un solver.",
    "Palenie leczy raka u większości dorosłych ludzi.",
    "Sigara içmek çoğu yetişkinde kanseri iyileştirir.",
)


def test_sentences_of_other_languages_are_refused_wherever_they_stand() -> None:
    for text in ELSEWHERE:
        assert Gate.LANGUAGE in refused(brief(fact(text))), text
        assert Gate.LANGUAGE in refused(brief(fact(), reading(text)), READING), text
        assert Gate.LANGUAGE in refused(rewrite(brief(fact()), {HEADING: text}), HEADING), text


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=4))
def test_a_few_foreign_letters_in_an_english_sentence_are_enough_to_refuse_it(few: str) -> None:
    assert Gate.LANGUAGE in refused(brief(fact(f"{TEXT} {few}")))
    assert Gate.LANGUAGE in refused(brief(fact(setting=few)))


def test_english_with_formulas_accents_and_few_words_passes() -> None:
    for text in (
        "With λ and an ε-greedy policy, the residual of TideNet lowers the forecast error by 18.5%.",
        r"TideNet adds $\alpha \nabla u_{t}$ to its shallow water solver and lowers the forecast error.",
        "Café-sized harbours and naïve solvers aside, the residual of TideNet lowers forecast error.",
        "TideNet lowers error.",
    ):
        assert Gate.LANGUAGE not in refused(brief(fact(text))), text


def test_letters_that_the_paper_itself_has_pass() -> None:
    told = replace(builders.paper(0), abstract=f"{builders.paper(0).abstract} We name the Ш group 潮.")
    made = check(
        brief(fact("The error of TideNet falls, as its Ш group 潮 has it.")), PAPERS | {told.id: told}
    )
    assert not [failure for failure in made.failures if failure.where == FACT]


# Words in common with the papers

LIES = (
    "Smoking cures cancer in most adults.",
    "TideNet shows that smoking cures cancer in most adults.",
    "Readers ought to buy shares in the company.",
    "TideNet advises readers to buy shares in a company before summer.",
    "The election was stolen by foreign agents and this must be told.",
    "Vaccines cause illness among children, as this and other work has long known.",
)


def test_a_lie_under_true_quotes_is_refused_as_a_fact_a_reading_and_a_heading() -> None:
    for lie in LIES:
        assert refused(brief(fact(lie))) == {Gate.LANGUAGE}, lie
        assert refused(brief(fact(), reading(lie)), READING) == {Gate.LANGUAGE}, lie
        heading = lie.replace("TideNet", "This").rstrip(".")
        assert refused(rewrite(brief(fact()), {HEADING: heading}), HEADING) == {Gate.LANGUAGE}, lie


def test_a_setting_does_not_vouch_for_a_sentence() -> None:
    setting = "12 harbours, sparse buoys, shallow water solver, forecast error"
    assert refused(brief(fact(LIES[0], setting=setting))) == {Gate.LANGUAGE}


def test_a_lie_in_the_name_of_an_area_or_a_purpose_is_refused() -> None:
    made = replace(brief(fact()), areas=(Area("Smoking against cancer", (builders.paper(0).id,)),))
    assert refused(made, Place(Section.AREAS, 0, "name")) == {Gate.LANGUAGE}
    purpose = Place(Section.READING_ORDER, 0, "purpose")
    for words, fits in (("start with what is measured", True), ("how smoking cures cancer", False)):
        assert (refused(rewrite(made, {purpose: words}), purpose) == set()) is fits


def test_a_lie_in_a_line_or_beside_a_theme_is_refused() -> None:
    made = brief(fact())
    beside = replace(made.themes[0], also=(AlsoHere(builders.paper(0).id, "how smoking cures cancer"),))
    made = replace(made, themes=(beside, *made.themes[1:]))
    assert refused(made, Place(Section.THEMES, 0, "also", 0)) == {Gate.LANGUAGE}
    line = Place(Section.CATALOG, 0, "line")
    assert refused(rewrite(made, {line: LIES[0]}), line) == {Gate.LANGUAGE}


PARAPHRASES = (
    (0, "TideNet adds a learned correction and makes the forecast of currents better."),
    (0, "On 12 harbours, forecasts err less (18.5%) once TideNet corrects its solver with a residual."),
    (0, "TideNet trusts physics first: what its solver misses in a forecast is learned."),
    (2, "From orbit, KelpRank looks at how kelp canopies are textured and recovers 91% of known forests."),
    (5, "SquallCast follows rain on ship radar, which gave crews 9 more minutes before a squall."),
    (7, "Ferries that WhaleGate routes cross the paths of whales 64% less and lose 4 minutes."),
    (9, "With explicit units, GaugeLM raises accuracy to 73% of answers, where it was 41%."),
    (13, "EelTrace guesses where a tagged eel was between receivers, within 1.5 km."),
)


def test_an_honest_paraphrase_passes() -> None:
    for number, text in PARAPHRASES:
        assert refused(brief(fact(text, number))) == set(), text


READINGS = (
    "Log how far the residual drifts before you trust a long forecast.",
    "A solver with a small learned part may be enough where buoys are rare.",
    "The error may fall less in harbours whose currents are forecast well already.",
    "Storms may leave long forecasts unreliable elsewhere too.",
    "Try the residual first.",
)


def test_an_honest_reading_passes() -> None:
    for text in READINGS:
        assert refused(brief(fact(), reading(text)), READING) == set(), text


def test_a_term_that_nothing_speaks_of_is_not_explained() -> None:
    for term, fits in (("learned residual", True), ("Shallow water", True), ("Smoking cures cancer", False)):
        entry = GlossaryEntry(term, "part of a solver that is learned", None, is_acronym=False)
        made = replace(brief(fact()), glossary=(entry,))
        assert (refused(made, Place(Section.GLOSSARY, 0, "term")) == set()) is fits


def test_a_heading_of_an_editor_in_a_brief_without_a_model_may_use_any_words() -> None:
    made = rewrite(brief(fact(), writer="extractive"), {HEADING: "Something borrowed, something blue"})
    assert refused(made, HEADING) == set()


# How much, and how often


def test_a_written_fact_is_about_three_papers_at_most_and_a_count_about_any_number() -> None:
    text = "TideNet, BuoyMix, KelpRank and ReefTalk lower an error of currents, forests and reefs."
    assert refused(brief(fact(text, 0, 1, 2, 3))) == {Gate.CITATION}
    assert refused(brief(fact(text.replace(" and ReefTalk", ""), 0, 1, 2))) == set()
    assert Gate.CITATION not in refused(brief(replace(fact(text, 0, 1, 2, 3), origin="counted")))


def test_a_written_sentence_is_told_once_word_for_word_and_again_in_other_words() -> None:
    twin = replace(fact(TEXT.upper().replace("TIDENET", "TideNet")), id="t1.2")
    assert Gate.REPEAT in refused(brief(fact(), twin), READING)
    anew = replace(
        fact("TideNet lowers its error by 18.5% with a residual on a solver of shallow water."), id="t1.2"
    )
    assert refused(brief(fact(), anew), READING) == set()


def test_a_sentence_that_nobody_reads_to_its_end_is_refused() -> None:
    assert refused(brief(fact(f"{TEXT[:-1]}{' and so on' * 12}."))) == {Gate.LANGUAGE}
