"""The measures: each moves when what it measures gets worse."""

import json
from dataclasses import replace

import pytest

from service.briefs.grounding.sources import Sources
from service.briefs.measures import (
    Measures,
    bad_handles,
    coherence,
    grounding,
    measure,
    separation,
    split,
    stability,
    to_mapping,
)
from service.briefs.model import Brief, CatalogEntry, Citation, Claim, Theme
from tests import builders

SOUND = builders.brief()
PAPERS = builders.papers()
SOURCES = Sources(PAPERS.values())


def of(brief: Brief = SOUND) -> Measures:
    return measure(brief, PAPERS)


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
    assert measures.handles_good == measures.sections_complete == measures.coverage_with_catalog == 1
    assert measures.bad_handles == ()
    assert measures.gates_failed == 0
    assert measures.grounding is not None
    assert measures.grounding.auc > 0.95


def test_a_quiet_brief_measures_nothing() -> None:
    bare = dict.fromkeys(("themes", "methods", "notable", "trends", "challenges", "glossary", "catalog"), ())
    overview = replace(SOUND.overview, claims=(), reading_order=())
    measures = measure(builders.brief(**bare, overview=overview), {})
    assert (measures.papers, measures.sentences, measures.gates_failed) == (0, 0, 0)
    assert (measures.citation_rate, measures.coverage, measures.redundancy_max) == (None, None, None)
    assert measures.grounding is None


def test_every_sentence_of_a_claim_counts() -> None:
    lead = SOUND.themes[0].claims[0]
    measures = of(with_lead(Claim("Nobody says so. It is not cited.", ())))
    assert measures.sentences == of(with_lead(replace(lead, text="One."))).sentences + 1
    assert measures.citation_rate == 1 - 2 / measures.sentences


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


def test_a_paper_that_nothing_mentions_lowers_coverage() -> None:
    missing = [entry for entry in SOUND.catalog if entry.paper_id == builders.paper(13).id]
    themes = tuple(
        Theme(
            theme.heading,
            tuple(claim for claim in theme.claims if missing[0].paper_id not in claim.paper_ids),
            (),
        )
        for theme in SOUND.themes
    )
    measures = of(replace(SOUND, themes=themes))
    assert measures.coverage == pytest.approx(13 / 14)
    assert measures.coverage_with_catalog == 1


@pytest.mark.parametrize(
    ("handle", "why"),
    [
        ("BuoyMix", "also names"),
        ("FjordBERT", "not in title or abstract"),
        ("Forecasting Harbour Currents with Sparse Buoys", "6 words"),
        ("with", "a fragment"),
        ("It s", "a fragment"),
        ("Models", "generic"),
        ("Harbour Currents with", "a fragment"),
        ("", "a fragment"),
    ],
)
def test_a_bad_handle_is_listed_with_the_reason(handle: str, why: str) -> None:
    found = list(bad_handles(with_entry(handle=handle), SOURCES))
    assert any(why in bad.why for bad in found)


@pytest.mark.parametrize("handle", ["Tide Nuclei", "Ψ-Bench", "K2-Net"])
def test_a_handle_may_be_written_without_tex_or_in_title_case(handle: str) -> None:
    odd = builders.paper(0, title=r"A calculus of tide nuclei for $Ψ$-{Bench} and K\textsuperscript{2}-Net")
    assert not list(
        bad_handles(builders.brief(catalog=with_entry(handle=handle).catalog[:1]), Sources([odd]))
    )


def test_a_swapped_citation_lowers_grounding_and_evidence() -> None:
    lead = SOUND.themes[0].claims[0]
    swapped = replace(lead, citations=(Citation(builders.paper(9).id, lead.citations[0].evidence),))
    worse, sound = of(with_lead(swapped)), of()
    assert worse.grounding is not None
    assert sound.grounding is not None
    assert worse.grounding.auc < sound.grounding.auc
    assert worse.evidence_verbatim == pytest.approx(1 - 1 / 37)


def test_an_invented_number_lowers_numbers_found() -> None:
    lead = SOUND.themes[0].claims[0]
    measures = of(with_lead(replace(lead, text=f"{lead.text} That is 98.7%.")))
    assert measures.numbers_found == 1 - 1 / measures.claims


def test_sentences_without_words_of_any_abstract_are_grounded_by_luck_alone() -> None:
    blank = Claim("Zzz.", (Citation(builders.paper(0).id, "sparse buoys"),))
    theme = Theme("Zzz", (blank,), (builders.paper(0).id,))
    bare = builders.brief(themes=(theme,), methods=(), notable=(), trends=(), challenges=())
    found = grounding(replace(bare, overview=replace(SOUND.overview, claims=())), SOURCES)
    assert found is not None
    assert (found.auc, found.pairs) == (0.5, 1)


def test_a_repeated_claim_raises_redundancy() -> None:
    measures = of(with_lead(SOUND.themes[1].claims[0]))
    assert measures.redundancy_max == pytest.approx(1)
    assert measures.gates_failed


def test_themes_of_like_papers_are_more_coherent_than_mixed_ones() -> None:
    ids = list(PAPERS)
    fitting = [[ids[8], ids[9]], [ids[10], ids[11]]]
    mixed = [[ids[8], ids[10]], [ids[9], ids[11]]]
    assert (coherence(fitting, SOURCES) or 0) > (coherence(mixed, SOURCES) or 0)
    assert (separation(fitting, SOURCES) or 0) > 0 > (separation(mixed, SOURCES) or 0)


def test_stability_is_how_well_themes_are_found_again() -> None:
    groups = [["a", "b", "c"], ["d", "e"]]
    assert stability(groups, [groups]) == 1
    assert stability(groups, [[["a", "b"], ["d", "e"]]]) == 1, "c was left out of the refit"
    assert stability(groups, [[["a", "b", "d"], ["c", "e"]]]) == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert stability(groups, []) is None


def test_an_empty_section_is_not_complete() -> None:
    assert of(builders.brief(methods=())).sections_complete == pytest.approx(6 / 7)


def test_the_measures_go_to_json_and_to_a_table() -> None:
    measures = measure(with_entry(handle="FjordBERT"), PAPERS, seconds=1.25)
    assert json.loads(json.dumps(to_mapping(measures)))["grounding"]["pairs"] == 37
    rows = dict(measures.rows())
    assert rows["seconds"] == "1.250"
    assert rows["theme stability"] == "–"
    assert rows["bad handles"] == "FjordBERT (not in title or abstract)"


def test_the_same_brief_measures_the_same() -> None:
    assert of() == of()
