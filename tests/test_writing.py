"""Writing a brief: write, check, drop what fails, say so; where too little is left, nothing of it is used."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from service.briefs import Assignment, WriterUnavailable
from service.briefs.claims import Citation
from service.briefs.extractive import ExtractiveWriter
from service.briefs.grounding import Gate, Place, Section, check, claims, rewrite
from service.briefs.metadata import RunMetadata
from service.briefs.model import Brief
from service.briefs.writing import write_brief
from tests import builders

SOUND = builders.brief()
PAPERS = builders.papers()
ASSIGNMENT = builders.assignment()
LEAD = Place(Section.THEMES, 0, "claims", 0)
#: The same as a language model's: every heading is in the words of its papers.
MODELLED = rewrite(
    replace(SOUND, metadata=RunMetadata(writer="openai", model="m")),
    {Place(Section.THEMES, 1, "heading"): "Kelp, reefs and eels"},
)


@dataclass
class Writer:
    """A writer that hands in a given brief, or is unavailable."""

    brief: Brief = SOUND
    name: str = "extractive"
    unavailable: str = ""

    def write(self, assignment: Assignment) -> Brief:
        if self.unavailable:
            raise WriterUnavailable(self.unavailable)
        return self.brief


def spoilt(where: Place = LEAD) -> Brief:
    """The sound brief with one claim whose evidence stands nowhere."""
    claim = dict(claims(MODELLED))[where]
    bad = replace(claim, citations=(replace(claim.citations[0], evidence="words that nobody wrote"),))
    return rewrite(MODELLED, {where: bad})


def without(*sections: str) -> Brief:
    """A model's brief that lacks some sections."""
    bare: dict[str, Any] = dict.fromkeys(sections, ())
    return replace(MODELLED, **bare)


def gated(brief: Brief) -> bool:
    return check(brief, PAPERS).sound


def test_a_sound_brief_passes_unchanged() -> None:
    brief = write_brief(Writer(), Writer(), ASSIGNMENT)
    assert brief.themes == SOUND.themes
    assert (brief.metadata.claims_written, brief.metadata.claims_dropped) == (35, 0)
    assert brief.metadata.notes == ()


def test_the_gates_counts_are_of_what_the_writer_handed_in() -> None:
    brief = write_brief(Writer(spoilt(), "openai"), Writer(), ASSIGNMENT)
    assert {count.gate: count.failed for count in brief.metadata.gates if count.failed} == {"evidence": 1}


def test_a_claim_that_fails_is_dropped_and_counted_and_nothing_is_put_in_its_place() -> None:
    brief = write_brief(Writer(spoilt(), "openai"), Writer(), ASSIGNMENT)
    assert brief.themes[0].claims == SOUND.themes[0].claims[1:]
    assert (brief.metadata.claims_written, brief.metadata.claims_dropped) == (35, 1)
    assert gated(brief)


@pytest.mark.parametrize("section", ["methods", "notable", "trends", "challenges"])
def test_a_section_that_a_model_has_nothing_for_stays_away(section: str) -> None:
    brief = write_brief(Writer(without(section), "openai"), Writer(), ASSIGNMENT)
    assert getattr(brief, section) == ()
    assert brief.metadata.writer == "openai"
    assert brief.metadata.notes == ()


REMAINS = {
    "without themes": rewrite(
        without(), {Place(Section.THEMES, at, "heading"): "Visit www.evil.example" for at in range(4)}
    ),
    "with less than half of its claims": replace(
        without(), metadata=RunMetadata(writer="openai", claims_written=71)
    ),
    "without themes since its check": replace(
        without("themes"), metadata=RunMetadata(writer="openai", claims_written=35)
    ),
}


@pytest.mark.parametrize("left", REMAINS.values(), ids=REMAINS)
def test_what_is_left_of_a_models_brief_is_no_brief_and_the_fallback_writes_it_whole(left: Brief) -> None:
    brief = write_brief(Writer(left, "openai"), Writer(), ASSIGNMENT)
    assert (brief.metadata.writer, brief.themes) == ("extractive", SOUND.themes)
    assert "sentences could not be verified, so none of them is used." in brief.metadata.notes[0]


def test_a_list_of_a_thin_week_is_a_models_brief_though_it_has_no_themes() -> None:
    bare = without("themes", "methods", "notable", "trends", "challenges", "glossary")
    listed = replace(bare, overview=replace(bare.overview, claims=(), reading_order=()))
    assert write_brief(Writer(listed, "openai"), Writer(), ASSIGNMENT).metadata.writer == "openai"


def test_an_unavailable_writer_is_replaced_and_the_reason_said() -> None:
    brief = write_brief(Writer(unavailable="no answer in 60 seconds"), Writer(), ASSIGNMENT)
    assert brief.themes == SOUND.themes
    assert brief.metadata.notes == ("Written without a language model: no answer in 60 seconds",)


def test_an_unavailable_fallback_is_a_surprise() -> None:
    fallback = Writer(unavailable="no words")
    with pytest.raises(WriterUnavailable):
        write_brief(fallback, fallback, ASSIGNMENT)


def test_a_paper_in_a_third_theme_leaves_it() -> None:
    crowded = builders.paper(0).id
    themes = tuple(replace(theme, paper_ids=(*theme.paper_ids, crowded)) for theme in SOUND.themes[1:3])
    brief = write_brief(
        Writer(replace(SOUND, themes=(SOUND.themes[0], *themes, SOUND.themes[3]))), Writer(), ASSIGNMENT
    )
    assert [crowded in theme.paper_ids for theme in brief.themes] == [True, True, False, False]
    assert gated(brief)


def test_surplus_items_are_cut() -> None:
    notable = tuple(builders.notable(number) for number in range(10))
    brief = write_brief(Writer(replace(SOUND, notable=notable)), Writer(), ASSIGNMENT)
    assert len(brief.notable) == 8


def test_a_heading_falls_with_the_last_claim_that_said_something_under_it() -> None:
    *others, last = MODELLED.themes
    false = replace(last.claims[0], text="LockStep cures 99% of all queues.")
    counted = replace(
        builders.counted((10, 11), "reinforcement learning"), text="2 of 14 papers speak of it."
    )
    draft = replace(without(), themes=(*others, replace(last, claims=(counted, false))))
    draft = replace(draft, overview=replace(draft.overview, claims=()))
    assert write_brief(Writer(draft, "openai"), Writer(SOUND), ASSIGNMENT).themes == tuple(others)


def test_the_catalog_points_at_the_themes_that_are_left() -> None:
    themes = (replace(SOUND.themes[0], heading="See www.evil.example"), *SOUND.themes[1:])
    brief = write_brief(Writer(replace(SOUND, themes=themes)), Writer(), ASSIGNMENT)
    assert brief.entry(builders.paper(2).id).theme == 0
    assert brief.entry(builders.paper(0).id).theme is None


def test_foreign_matter_in_code_written_texts_falls_and_the_paper_stays() -> None:
    entry = replace(SOUND.catalog[5], line="See www.evil.example", title=SOUND.catalog[5].title + "\u202e")
    catalog = (*SOUND.catalog[:5], entry, *SOUND.catalog[6:])
    brief = write_brief(Writer(replace(SOUND, catalog=catalog)), Writer(), ASSIGNMENT)
    assert (brief.catalog[5].line, brief.catalog[5].title) == ("", builders.paper(5).title)
    assert gated(brief)


def test_a_title_that_no_gate_lets_through_costs_its_handle_and_never_the_brief() -> None:
    writer = ExtractiveWriter()
    for title in (
        "Booking.com: Forecasting Harbour Currents",
        "Harbour Pilots on Chess.com Games",
        "Rate It: Harbour Currents",
        "Write Positive Reviews: Harbour Currents",
        "Please Cite This Paper: Harbour Currents",
        "@Mention: Harbour Currents",
        "Mailer victim@example.net: Harbour Currents",
        "\u200b",
        "\u202e \ufeff",
    ):
        hostile = replace(builders.paper(0), title=title)
        window = [hostile, *(builders.paper(number) for number in range(1, 14))]
        brief = write_brief(writer, writer, builders.assignment(window))
        assert len(brief.catalog) == len(window)
        assert check(brief, {one.id: one for one in window}).by(Gate.FOREIGN) == ()


def test_an_invented_paper_leaves_every_list() -> None:
    step = replace(SOUND.overview.reading_order[0], paper_ids=("2605.99999", builders.paper(0).id))
    overview = replace(SOUND.overview, reading_order=(step, *SOUND.overview.reading_order[1:]))
    glossary = (replace(SOUND.glossary[0], citation=Citation("2605.99999", "no such words")),)
    brief = write_brief(Writer(replace(SOUND, overview=overview, glossary=glossary)), Writer(), ASSIGNMENT)
    assert brief.overview.reading_order[0].paper_ids == (builders.paper(0).id,)
    assert brief.glossary == ()


def test_a_brief_that_loses_a_paper_is_a_surprise() -> None:
    with pytest.raises(ValueError, match=r"lost 2605\.00014"):
        write_brief(Writer(replace(SOUND, catalog=SOUND.catalog[:-1])), Writer(), ASSIGNMENT)


def test_a_quiet_brief_stays_quiet() -> None:
    empty = builders.brief(
        **dict.fromkeys(("themes", "methods", "notable", "trends", "challenges", "glossary", "catalog"), ()),
        overview=replace(SOUND.overview, claims=(), reading_order=()),
    )
    brief = write_brief(Writer(empty, "openai"), Writer(empty), builders.assignment([]))
    assert brief.is_quiet
    assert brief.metadata.notes == ()


def test_the_same_draft_gives_the_same_bytes() -> None:
    made = {write_brief(Writer(spoilt(), "openai"), Writer(), ASSIGNMENT).to_json() for _ in range(2)}
    assert len(made) == 1


def test_entries_that_could_not_be_read_are_counted_in_the_notes_by_name() -> None:
    lost = tuple(f"2605.0010{number} (no title)" for number in range(5))
    assignment = replace(ASSIGNMENT, selection=replace(ASSIGNMENT.selection, unreadable=lost))
    (note,) = write_brief(Writer(SOUND), Writer(SOUND), assignment).metadata.notes
    assert note.startswith("Left out, because it can't be read: 5 entries of arXiv's answer: 2605.00100 (no")
    assert note.endswith("2605.00102 (no title) and 2 more.")
