"""The measures: each moves when what it measures gets worse, and stays where a brief is only padded."""

import json
from dataclasses import replace
from typing import Any

import pytest

from service.briefs.claims import Check, Citation, Claim
from service.briefs.grounding.sources import Sources
from service.briefs.measures import Measures, bad_handles, grounding, measure, split, to_mapping
from service.briefs.model import Brief, CatalogEntry, Theme
from tests import argued, builders
from tests.cases import every

SOUND = builders.brief()
ARGUED = argued.brief()
PAPERS = builders.papers()
SOURCES = Sources(PAPERS.values())
IDS = list(PAPERS)


def of(brief: Brief = SOUND) -> Measures:
    return measure(brief, PAPERS)


def only(*claims: Claim) -> Brief:
    """A brief that says nothing but these claims, in one theme over every paper."""
    bare = replace(ARGUED, minute=None, news=replace(ARGUED.news, threads=()))
    overview = replace(SOUND.overview, claims=(), reading_order=())
    return replace(bare, themes=(Theme("Harbours", claims, tuple(IDS)),), overview=overview)


def with_lead(claim: Claim) -> Brief:
    first = SOUND.themes[0]
    return replace(SOUND, themes=(replace(first, claims=(claim, *first.claims[1:])), *SOUND.themes[1:]))


def with_entry(**changes: str) -> Brief:
    fields: dict[str, object] = dict(changes)
    first: CatalogEntry = replace(SOUND.catalog[0], **fields)  # type: ignore[arg-type]  # fields are named below
    return replace(SOUND, catalog=(first, *SOUND.catalog[1:]))


def test_a_sound_brief_measures_well() -> None:
    measures = of()
    assert measures.citation_rate == measures.evidence_verbatim == measures.numbers_found == 1
    assert measures.handles_good == measures.coverage == 1
    assert (measures.bad_handles, measures.gates_failed, measures.facts_of_many) == ((), 0, 0)
    assert measures.grounding is not None
    assert measures.grounding.auc > 0.95


def test_a_quiet_brief_measures_nothing() -> None:
    bare = dict.fromkeys(("themes", "methods", "notable", "trends", "challenges", "glossary", "catalog"), ())
    measures = measure(
        builders.brief(**bare, overview=replace(SOUND.overview, claims=(), reading_order=())), {}
    )
    assert (measures.papers, measures.sentences, measures.gates_failed, measures.words) == (0, 0, 0, {})
    assert (measures.citation_rate, measures.coverage, measures.readings) == (None, None, None)
    assert measures.grounding is None


def test_only_a_fact_with_evidence_of_its_own_covers_a_paper() -> None:
    told = argued.TOLD
    (citation,) = told.citations
    name, padding = builders.handle(0), tuple(Citation(id_, "the models of") for id_ in IDS)
    spans = {
        "a fact about it": (told, 1),
        "a reading": (replace(told, kind="reading", citations=()), 0),
        "a count": (replace(told, origin="counted"), 0),
        "a sentence that cites every paper": (replace(told, citations=(citation, *padding)), 0),
        "its title": (replace(told, citations=(replace(citation, evidence=PAPERS[IDS[0]].title),)), 0),
        "two words": (replace(told, citations=(replace(citation, evidence="forecast error"),)), 0),
        "words that it does not have": (replace(told, citations=(Citation(IDS[0], "error by 90% here"),)), 0),
        "evidence for something else": (replace(told, text=f"{name} is about whales."), 0),
    }
    for what, (claim, covered) in spans.items():
        assert of(only(claim)).coverage == covered / len(IDS), what


def test_padding_moves_no_measure_up() -> None:
    before, every = of(ARGUED), tuple(Citation(id_, "harbour") for id_ in IDS)
    padded = replace(argued.WARNED, text="All papers speak of harbours.", citations=every, id="x", check=None)
    first, *rest = ARGUED.themes
    after = of(replace(ARGUED, themes=(replace(first, claims=(padded, *first.claims)), *rest)))
    assert (after.coverage, after.facts_of_many) == (before.coverage, 1)
    assert (after.evidence_verbatim or 0) < (before.evidence_verbatim or 0)
    assert after.gates_failed > before.gates_failed


def test_every_sentence_of_a_fact_must_cite() -> None:
    measures = of(with_lead(Claim("Nobody says so. It is not cited.", ())))
    assert measures.sentences == of(with_lead(Claim("One.", ()))).sentences + 1
    assert measures.citation_rate == 1 - 2 / measures.sentences
    assert of(ARGUED).citation_rate == 1, "readings rest on facts and cite nothing"


def test_a_number_has_its_setting_beside_it_or_in_the_sentence() -> None:
    bare = replace(argued.TOLD, setting="")
    for claim, rate in {
        argued.TOLD: 1,
        bare: 0,
        replace(bare, setting="our usual setup"): 0,
        replace(bare, text="TideNet lowers the forecast error by 18.5% on 12 harbours."): 1,
        replace(bare, text="TideNet lowers the forecast error by 18.5% in 9 days on average."): 0,
        replace(bare, text="TideNet lowers the forecast error."): None,
    }.items():
        assert of(only(claim)).numbers_with_setting == rate, claim.whole


def test_checks_are_told_by_kind_and_what_nobody_checked_too() -> None:
    checks = of(ARGUED).checks
    assert (checks["fact"].judged, checks["fact"].unchecked) == ({"full": 4}, 1)
    assert (checks["reading"].judged, checks["reading"].repaired, checks["reading"].dropped) == (
        {"stretches": 3}, 2, 1,
    )  # fmt: skip
    assert of(only(replace(argued.TOLD, check=Check("full")))).checks["fact"].unchecked == 0
    assert of(SOUND).checks["fact"].unchecked == of(SOUND).claims


def test_words_are_counted_by_section_and_the_tables_apart() -> None:
    measures = of(only(argued.TOLD))
    assert measures.words["themes"] == len(argued.TOLD.whole.split()) + 1
    assert measures.words_before_tables == measures.words["themes"]
    assert measures.words["catalog"] > 0
    long = of(only(replace(argued.TOLD, text=f"TideNet {'really ' * 40}works. It ends.")))
    assert (long.long_sentences, long.long_sentences_rate) == (1, 0.5)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("TideNet reports: “It drifts. It fails.”", 1),
        ("TideNet reports: “It drifts. It fails”. BuoyMix agrees.", 2),
        ("It uses sensors, e.g. buoys, of Nordvik et al. in 1.5 km.", 1),
        ("One ends! Another ends? A third.", 3),
    ],
)
def test_a_quotation_or_an_abbreviation_ends_no_sentence(text: str, sentences: int) -> None:
    assert len(split(text)) == sentences
    assert " ".join(split(text)) == text


@every(
    ("handle", "why"),
    [
        ("BuoyMix", "also names"),
        ("FjordBERT", "not in title, abstract or authors"),
        ("Forecasting Harbour Currents with Sparse Buoys", "6 words"),
        ("with", "a fragment"),
        ("It s", "a fragment"),
        ("Models", "generic"),
        ("Harbour Currents with", "a fragment"),
        ("", "a fragment"),
    ],
)
def test_a_bad_handle_is_listed_with_the_reason(handle: str, why: str) -> None:
    assert any(why in bad.why for bad in bad_handles(with_entry(handle=handle), SOURCES))


@pytest.mark.parametrize("handle", ["Tide Nuclei", "Ψ-Bench", "K2-Net"])
def test_a_handle_may_be_written_without_tex_or_in_title_case(handle: str) -> None:
    odd = builders.paper(0, title=r"A calculus of tide nuclei for $Ψ$-{Bench} and K\textsuperscript{2}-Net")
    named = builders.brief(catalog=with_entry(handle=handle).catalog[:1])
    assert not list(bad_handles(named, Sources([odd])))


def test_a_swapped_citation_lowers_grounding_and_evidence() -> None:
    lead = SOUND.themes[0].claims[0]
    swapped = replace(lead, citations=(Citation(builders.paper(9).id, lead.citations[0].evidence),))
    worse, sound = of(with_lead(swapped)), of()
    assert worse.grounding is not None
    assert sound.grounding is not None
    assert worse.grounding.auc < sound.grounding.auc
    assert (worse.evidence_verbatim or 0) < 1
    assert worse.failed_by_gate["evidence"] == 1


def test_an_invented_number_lowers_numbers_found() -> None:
    lead = SOUND.themes[0].claims[0]
    measures = of(with_lead(replace(lead, text=f"{lead.text} That is 98.7%.")))
    assert measures.numbers_found == 1 - 1 / measures.claims


def test_sentences_without_words_of_any_abstract_are_grounded_by_luck_alone() -> None:
    blank = Claim("Zzz.", (Citation(IDS[0], "sparse buoys"),))
    found = grounding([blank], SOURCES, IDS)
    assert found is not None
    assert (found.auc, found.pairs) == (0.5, 1)


def in_first_form(node: Any) -> Any:
    """A brief's JSON as it was until November 2026."""
    if isinstance(node, list):
        return [in_first_form(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: in_first_form(value) for name, value in node.items()}
    if "citations" in made:
        return {"text": made["text"], "citations": made["citations"], "kind": made["origin"]}
    if "shows" in made:
        return {"paper_id": made["paper_id"], "why": made["shows"], "teaches": made["why"]}
    if "meaning" in made:
        return {"acronym": made["term"], "expansion": made["meaning"], "citation": made["citation"]}
    return made


def test_a_brief_of_the_first_form_measures_as_it_does_now() -> None:
    old = json.dumps({**in_first_form(json.loads(SOUND.to_json())), "schema_version": 1})
    assert of(Brief.from_json(old)) == of()


def test_the_measures_go_to_json_and_to_a_table() -> None:
    measures = of(with_entry(handle="FjordBERT"))
    told = json.loads(json.dumps(to_mapping(measures)))
    assert told["grounding"]["pairs"] == 37
    assert told["checks"]["fact"]["unchecked"] == measures.claims
    rows = dict(measures.rows())
    assert rows["bad handles"] == "FjordBERT (not in title, abstract or authors)"
    assert rows["checks fact dropped"] == "0"
    assert rows["readings"] == "0.000"


def test_the_same_brief_measures_the_same() -> None:
    assert of() == of()
