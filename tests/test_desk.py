"""The desk: write, check, repair once, drop, fill, and say so."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from service.briefs import Assignment, WriterUnavailable
from service.briefs.desk import Repair, write_brief
from service.briefs.extractive import ExtractiveWriter
from service.briefs.grounding import Failure, Gate, Place, Section, check, claims, rewrite
from service.briefs.model import Brief, Citation, Claim, RunMetadata
from tests import builders

SOUND = builders.brief()
PAPERS = builders.papers()
ASSIGNMENT = builders.assignment()
LEAD = Place(Section.THEMES, 0, "claims", 0)
OTHER_OVERVIEW = replace(SOUND.overview, claims=(builders.counted((8, 9), "language models"),))
HEADING = Place(Section.THEMES, 0, "heading")


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


@dataclass
class RepairingWriter(Writer):
    """A writer that answers each repair with the changes given, and remembers what it was asked."""

    name: str = "openai"
    repair_with: Repair = field(default_factory=Repair)
    repair_fails: str = ""
    asked: list[Failure] = field(default_factory=list)

    def repair(self, brief: Brief, failures: Sequence[Failure], assignment: Assignment) -> Repair:
        self.asked.extend(failures)
        if self.repair_fails:
            raise WriterUnavailable(self.repair_fails)
        return self.repair_with


def spoilt(where: Place = LEAD, brief: Brief = SOUND) -> Brief:
    """The sound brief with one claim whose evidence stands nowhere."""
    claim = dict(claims(brief))[where]
    bad = replace(claim, citations=(replace(claim.citations[0], evidence="words that nobody wrote"),))
    return rewrite(replace(brief, metadata=RunMetadata(writer="openai", model="m")), {where: bad})


def gated(brief: Brief) -> bool:
    return check(brief, PAPERS).sound


def test_a_sound_brief_passes_unchanged() -> None:
    brief = write_brief(Writer(), Writer(), ASSIGNMENT)
    assert brief.themes == SOUND.themes
    assert (brief.metadata.claims_written, brief.metadata.claims_dropped) == (35, 0)
    assert not brief.filled
    assert brief.metadata.notes == ()


def test_the_gates_counts_are_of_what_the_writer_handed_in() -> None:
    brief = write_brief(RepairingWriter(spoilt()), Writer(), ASSIGNMENT)
    assert {count.gate: count.failed for count in brief.metadata.gates if count.failed} == {"evidence": 1}


def test_a_failing_claim_is_repaired_once() -> None:
    good = dict(claims(SOUND))[LEAD]
    writer = RepairingWriter(spoilt(), repair_with=Repair({LEAD: good}, 100, 20, 0.01))
    brief = write_brief(writer, Writer(), ASSIGNMENT)
    assert [(failure.gate, failure.where) for failure in writer.asked] == [(Gate.EVIDENCE, LEAD)]
    assert brief.themes == SOUND.themes
    assert (brief.metadata.claims_repaired, brief.metadata.claims_dropped) == (1, 0)
    assert (brief.metadata.prompt_tokens, brief.metadata.cost) == (100, 0.01)


def test_a_claim_that_fails_again_is_dropped() -> None:
    writer = RepairingWriter(spoilt(), repair_with=Repair({LEAD: Claim("Nobody says so.", ())}))
    brief = write_brief(writer, Writer(), ASSIGNMENT)
    assert len(brief.themes[0].claims) == 1
    assert (brief.metadata.claims_repaired, brief.metadata.claims_dropped) == (0, 1)
    assert gated(brief)


def test_a_writer_may_drop_a_claim_itself() -> None:
    brief = write_brief(RepairingWriter(spoilt(), repair_with=Repair({LEAD: None})), Writer(), ASSIGNMENT)
    assert brief.themes[0].claims == SOUND.themes[0].claims[1:]


def test_a_repair_of_a_place_that_did_not_fail_is_passed_over() -> None:
    other = Place(Section.THEMES, 1, "claims", 0)
    brief = write_brief(RepairingWriter(spoilt(), repair_with=Repair({other: None})), Writer(), ASSIGNMENT)
    assert brief.themes[1] == SOUND.themes[1]


def test_a_heading_is_repaired_as_a_text() -> None:
    bad = rewrite(SOUND, {HEADING: "See www.evil.example"})
    writer = RepairingWriter(bad, repair_with=Repair({HEADING: "Few sensors"}))
    brief = write_brief(writer, Writer(), ASSIGNMENT)
    assert brief.themes[0].heading == "Few sensors"


def test_a_repair_that_fails_is_said_and_the_claim_dropped() -> None:
    writer = RepairingWriter(spoilt(), repair_fails="the budget is spent")
    brief = write_brief(writer, Writer(), ASSIGNMENT)
    assert brief.metadata.claims_dropped == 1
    assert "the budget is spent" in brief.metadata.notes[0]


def test_a_writer_without_repair_loses_its_failing_claims() -> None:
    brief = write_brief(Writer(spoilt()), Writer(), ASSIGNMENT)
    assert brief.metadata.claims_dropped == 1
    assert gated(brief)


@pytest.mark.parametrize("section", ["themes", "methods", "notable", "trends", "challenges"])
def test_a_section_that_is_short_is_filled_and_says_so(section: str) -> None:
    brief = write_brief(Writer(builders.brief(**{section: ()}), "openai"), Writer(), ASSIGNMENT)
    assert getattr(brief, section) == getattr(SOUND, section)
    assert brief.filled == (section,)
    assert any("filled by the extractive writer" in note for note in brief.metadata.notes)
    assert gated(brief)


def test_an_empty_overview_is_filled() -> None:
    bare = replace(SOUND, overview=replace(SOUND.overview, claims=(), reading_order=()))
    brief = write_brief(Writer(bare, "openai"), Writer(), ASSIGNMENT)
    assert brief.filled == ("overview", "reading_order")
    assert gated(brief)


def test_what_a_writer_has_stays_when_its_section_is_filled() -> None:
    short = replace(SOUND, themes=(replace(SOUND.themes[0], heading="Few sensors at sea"),))
    brief = write_brief(Writer(short, "openai"), Writer(), ASSIGNMENT)
    assert brief.themes[0] == short.themes[0]
    assert [theme.heading for theme in brief.themes[1:]] == [theme.heading for theme in SOUND.themes[1:]]


def test_the_fallbacks_own_claims_are_gated() -> None:
    short = replace(SOUND, challenges=SOUND.challenges[:3])
    poor = spoilt(Place(Section.CHALLENGES, 3, "claims", 0))
    brief = write_brief(Writer(short, "openai"), Writer(poor), ASSIGNMENT)
    assert brief.challenges == short.challenges
    assert brief.filled == ()
    assert any("holds 3 of 4" in note for note in brief.metadata.notes)


def test_an_unavailable_writer_is_replaced_and_the_reason_said() -> None:
    brief = write_brief(Writer(unavailable="no answer in 60 seconds"), Writer(), ASSIGNMENT)
    assert brief.themes == SOUND.themes
    assert brief.metadata.notes == ("Written without a language model: no answer in 60 seconds",)


def test_an_unavailable_fallback_is_a_surprise() -> None:
    fallback = Writer(unavailable="no words")
    with pytest.raises(WriterUnavailable):
        write_brief(fallback, fallback, ASSIGNMENT)


def test_a_paper_in_a_third_theme_leaves_it() -> None:
    crowd = builders.paper(0).id
    themes = tuple(replace(theme, paper_ids=(*theme.paper_ids, crowd)) for theme in SOUND.themes[1:3])
    brief = write_brief(
        Writer(replace(SOUND, themes=(SOUND.themes[0], *themes, SOUND.themes[3]))), Writer(), ASSIGNMENT
    )
    assert [crowd in theme.paper_ids for theme in brief.themes] == [True, True, False, False]
    assert gated(brief)


def test_surplus_items_are_cut() -> None:
    notable = tuple(builders.notable(number) for number in range(10))
    brief = write_brief(Writer(replace(SOUND, notable=notable)), Writer(), ASSIGNMENT)
    assert len(brief.notable) == 8


def test_a_heading_falls_with_the_last_claim_that_said_something_under_it() -> None:
    *others, last = SOUND.themes
    false = replace(last.claims[0], text="LockStep cures 99% of all queues.")
    counted = replace(
        builders.counted((10, 11), "reinforcement learning"), text="2 of 14 papers speak of it."
    )
    draft = replace(SOUND, themes=(*others, replace(last, claims=(counted, false))), overview=OTHER_OVERVIEW)
    written = write_brief(Writer(draft), Writer(SOUND), ASSIGNMENT)
    assert [theme.claims for theme in written.themes][-1] == last.claims
    assert "themes" in written.filled


def test_the_catalog_points_at_the_themes_that_are_left() -> None:
    themes = (replace(SOUND.themes[0], heading="See www.evil.example"), *SOUND.themes[1:])
    brief = write_brief(Writer(replace(SOUND, themes=themes)), Writer(), ASSIGNMENT)
    assert brief.entry(builders.paper(2).id).theme == 0
    assert brief.entry(builders.paper(0).id).theme == 3  # in the theme that fills in at the end


def test_foreign_matter_in_code_written_texts_falls_and_the_paper_stays() -> None:
    entry = replace(SOUND.catalog[5], line="See www.evil.example", title=SOUND.catalog[5].title + "\u202e")
    catalog = (*SOUND.catalog[:5], entry, *SOUND.catalog[6:])
    brief = write_brief(Writer(replace(SOUND, catalog=catalog)), Writer(), ASSIGNMENT)
    assert (brief.catalog[5].line, brief.catalog[5].title) == ("", builders.paper(5).title)
    assert gated(brief)


@pytest.mark.parametrize(
    "title",
    [
        "Booking.com: Forecasting Harbour Currents",
        "Harbour Pilots on Chess.com Games",
        "Rate It: Harbour Currents",
        "Write Positive Reviews: Harbour Currents",
        "Please Cite This Paper: Harbour Currents",
        "@Mention: Harbour Currents",
        "Mailer victim@example.net: Harbour Currents",
        "\u200b",
        "\u202e \ufeff",
    ],
)
def test_a_title_that_no_gate_lets_through_costs_its_handle_and_never_the_brief(title: str) -> None:
    hostile = replace(builders.paper(0), title=title)
    window = [hostile, *(builders.paper(number) for number in range(1, 14))]
    writer = ExtractiveWriter()
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
