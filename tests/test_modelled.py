"""The writer that asks a language model, over a scripted one: its steps, its check, and what it lacks."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest

from service.briefs.claims import Check, Claim
from service.briefs.extractive import ExtractiveWriter
from service.briefs.grounding import check, claims
from service.briefs.model import Brief, GlossaryEntry, Theme
from service.briefs.modelled import ModelGrader, ModelWriter
from service.briefs.modelled.compose import standing_alone, with_used_terms
from service.briefs.modelled.length import shortened, without_repeats, words
from service.briefs.writing import write_brief
from service.papers import Paper
from tests import builders
from tests.cases import every
from tests.scripted_model import GONE, MemoryAnswers, ScriptedModel, Step, away, in_turn, lazy
from tests.sound_answers import Json, Question, sound_answer, verdict

EXTRACTIVE = ExtractiveWriter()
MANY = [builders.paper(number) for number in range(18)]  # enough for two themes


def written(
    model: ScriptedModel,
    papers: Sequence[Paper] | None = None,
    *,
    checker: ScriptedModel | None = None,
    earlier: tuple[Brief, ...] = (),
) -> Brief:
    """A brief by the model, gated as every brief is; it checks its own words unless another does."""
    writer = ModelWriter(model, EXTRACTIVE, MemoryAnswers(), checker or model)
    return write_brief(writer, EXTRACTIVE, replace(builders.assignment(papers), earlier=earlier))


def scripted(themes: int = 1, /, **script: Step) -> ScriptedModel:
    """A model that plans so many themes, its steps as told: `check_again=…` is the step check-again."""

    def outline(question: Question) -> Json:
        made = sound_answer(question)
        return {**made, "themes": made["themes"][:themes]}

    told = {task.replace("_", "-"): step for task, step in script.items()}
    return ScriptedModel({"outline": outline} | told)


def judged(**judgements: str | tuple[str, str]) -> Step:
    """A sound check but for some sentences, by id with _ for the dot: a judgement, or it and better words."""
    asked = {name.replace("_", "."): found for name, found in judgements.items()}

    def answer(question: Question) -> Json:
        return {
            "verdicts": [_judged(one, asked.get(one["id"])) for one in sound_answer(question)["verdicts"]]
        }

    return answer


def _judged(sound: Json, found: str | tuple[str, str] | None) -> Json:
    if found is None:
        return sound
    judgement, text = found if isinstance(found, tuple) else (found, "")
    return verdict(sound["id"], judgement, "goes beyond it", {"text": text, "setting": "", "citations": []})


def by_id(brief: Brief) -> dict[str, Claim]:
    return {claim.id: claim for _, claim in claims(brief)}


def notes(brief: Brief) -> str:
    return " ".join(brief.metadata.notes)


@cache
def sound() -> tuple[Brief, ScriptedModel]:
    """A brief of a window with two themes, and the model that was asked for it."""
    model = scripted(2)
    return written(model, MANY), model


# Steps


def test_the_glossary_holds_the_acronyms_that_the_brief_uses_and_every_definition() -> None:
    brief, _ = sound()
    told = next(claim.whole for _, claim in claims(brief)).split()[0]
    entries = [
        GlossaryEntry(told, "a word of it", None),
        GlossaryEntry("QZX", "of a sentence that fell", None),
        GlossaryEntry("tidal prism", "defined for students", None, is_acronym=False),
    ]
    kept = with_used_terms(replace(brief, glossary=tuple(entries))).glossary
    assert kept == (entries[0], entries[2])


def test_a_sound_model_writes_every_part_and_no_gate_refuses_any() -> None:
    brief, _ = sound()
    assert check(brief, {paper.id: paper for paper in MANY}).sound
    assert len(brief.themes) == 2
    assert all((brief.methods, brief.notable, brief.challenges, brief.minute, brief.glossary))
    assert all((brief.news.against, brief.news.alike, brief.news.resources))
    assert all((brief.overview.claims, brief.overview.decisions, brief.overview.reading_order))
    assert {claim.kind for claim in by_id(brief).values()} == {"fact", "reading"}
    assert brief.metadata.claims_dropped == 0


def test_what_else_the_week_was_about_is_told_by_one_checked_fact_of_a_paper_not_told_elsewhere() -> None:
    brief, _ = sound()
    (area,) = brief.areas
    assert area.claim
    assert area.claim.check == Check("full", "")
    assert set(area.claim.paper_ids) <= set(area.paper_ids)
    others = (claim for name, claim in by_id(brief).items() if name != area.claim.id)
    assert not set(area.paper_ids) & {id_ for claim in others for id_ in claim.paper_ids}


def test_a_matter_whose_fact_fails_the_check_is_named_still() -> None:
    brief = written(scripted(2, check=judged(e2_1="none")), MANY)
    assert [(area.name, area.claim) for area in brief.areas] == [("Listening for healthy reefs", None)]


def test_no_section_begins_with_a_word_that_looks_back() -> None:
    brief, _ = sound()
    theme = brief.themes[0]
    for said, shown in {
        "Yet tides rise.": "Tides rise.",
        "By contrast, ReefTalk listens.": "ReefTalk listens.",
        "So π0 acts.": "π0 acts.",
        "Soot is counted.": "Soot is counted.",
    }.items():
        first = replace(theme.claims[0], text=said)
        made = replace(brief, themes=(replace(theme, claims=(first, *theme.claims[1:])),))
        assert standing_alone(made).themes[0].claims[0].text == shown


def test_what_has_nothing_before_it_is_asked_side_by_side() -> None:
    cards, outline, drafts, closing, ends = sound()[1].rounds
    assert set(cards) == {"cards"}
    assert outline == ["outline"]
    assert drafts == ["theme", "theme", "methods", "news", "challenges", "areas"]
    assert (closing[:2], set(closing[2:])) == (["closing", "notable"], {"check"})
    assert set(ends) == {"check-closing"}


def test_six_answers_stand_in_a_row_at_most() -> None:
    better = ("partial", "In [[P1]], it lowers forecast error.")
    model = scripted(check=judged(t1_2=better), check_closing=judged(k1_1=better))
    written(model)
    assert len(model.rounds) == 6
    assert "check-again" in model.rounds[-2]
    assert model.rounds[-1] == ["check-last"]


def test_papers_are_named_by_code_and_never_by_key() -> None:
    brief, model = sound()
    assert all("[[" not in claim.text for claim in by_id(brief).values())
    assert by_id(brief)["t1.2"].text == "In TideNet, it lowers forecast error by 18.5% on 12 harbours."
    outline = model.questions("outline")[0].user
    assert not [author for author in builders.paper(0).authors if author in outline]


def test_a_thin_week_is_a_list_with_a_line_for_each_paper() -> None:
    model, few = ScriptedModel(), MANY[:5]
    brief = written(model, few)
    assert set(model.tasks()) == {"cards"}
    assert [*brief.themes, *brief.methods, *brief.notable, *brief.trends, *brief.overview.claims] == []
    assert [bool(entry.line) for entry in brief.catalog] == [True] * 5
    assert brief.metadata.writer == "openai"


def test_a_window_without_papers_asks_nothing() -> None:
    model = ScriptedModel()
    assert written(model, []).is_quiet
    assert model.asked == []


def test_a_rerun_reads_no_paper_again_and_a_new_version_of_one_is_read_alone() -> None:
    model = ScriptedModel()
    writer, asked = ModelWriter(model, EXTRACTIVE, MemoryAnswers(), None), []
    for papers in (MANY, MANY, [replace(MANY[0], version=2), *MANY[1:]]):
        model.asked.clear()
        writer.write(builders.assignment(papers))
        asked.append(sum(len(question.papers) for question in model.questions("cards")))
    assert asked == [18, 0, 1]


# The check


def test_a_sentence_that_says_too_much_gets_better_words_which_are_judged_once_more() -> None:
    model = scripted(check=judged(t1_2=("partial", "In [[P1]], forecast error falls by 18.5%.")))
    brief = written(model)
    mended = by_id(brief)["t1.2"]
    assert mended.text == "In TideNet, forecast error falls by 18.5%."
    assert mended.check
    assert (mended.check.judgement, mended.check.repaired) == ("full", True)
    assert mended.check.why == "goes beyond it"
    (again,) = model.questions("check-again")
    assert list(again.sentences) == ["t1.2"]
    assert again.sentences["t1.2"]["refused because"] == ["before it was mended: goes beyond it"]


@pytest.mark.parametrize("again", [judged(t1_2="partial"), away])
def test_a_mended_sentence_that_does_not_pass_is_dropped(again: Step) -> None:
    better = ("partial", "In [[P1]], forecast error falls by 18.5%.")
    brief = written(scripted(check=judged(t1_2=better), check_again=again))
    assert "t1.2" not in by_id(brief)
    assert brief.themes[0].claims


def test_a_sentence_of_the_closing_is_mended_and_judged_like_any_other() -> None:
    better = ("partial", "For a minute: in [[P1]], forecast error falls by 18.5%.")
    closing = judged(k1_1=better)
    assert by_id(written(scripted(check_closing=closing)))["k1.1"].text.endswith("falls by 18.5%.")
    assert "k1.1" not in by_id(written(scripted(check_closing=closing, check_last=judged(k1_1="none"))))


def fourth_theme_sentence(text: str) -> Step:
    """A theme whose fourth sentence says this instead."""

    def answer(question: Question) -> Json:
        made = sound_answer(question)
        made["sentences"][3]["text"] = text
        return made

    return answer


def test_what_a_gate_refuses_comes_to_the_checker_with_the_reason_and_is_not_overruled() -> None:
    model = scripted(theme=fourth_theme_sentence("In [[P3]], canopy texture finds 92% of it."), check=lazy)
    brief = written(model)
    asked = next(question for question in model.questions("check") if "t1.4" in question.sentences)
    assert asked.sentences["t1.4"]["refused because"] == ["92% stands in nothing that this claim rests on"]
    assert "t1.4" not in by_id(brief)


def test_what_a_gate_refuses_may_be_mended_by_the_checker_though_it_calls_it_right() -> None:
    mend = judged(t1_4=("full", "In [[P3]], canopy texture finds 91% of the forests."))
    model = scripted(theme=fourth_theme_sentence("In [[P3]], canopy texture finds 92% of it."), check=mend)
    assert by_id(written(model))["t1.4"].text == "In KelpRank, canopy texture finds 91% of the forests."


def test_a_reading_falls_with_the_facts_that_it_rests_on() -> None:
    whole, held = by_id(written(scripted())), by_id(written(scripted(check=judged(t1_1="none"))))
    assert whole["t1.7"].rests_on == ("t1.1",)
    assert whole["t1.0"].rests_on == ("t1.1", "t1.2")
    assert "t1.7" not in held
    assert "t1.0" in held  # the other fact still carries the thesis


def test_a_reading_that_stretches_is_mended_and_keeps_what_it_rests_on() -> None:
    brief = written(
        scripted(check=judged(t1_0=("stretches", "In this test, the forecast of [[P1]] may matter.")))
    )
    thesis = brief.themes[0].thesis
    assert thesis
    assert (thesis.text, thesis.rests_on) == (
        "In this test, the forecast of TideNet may matter.",
        ("t1.1", "t1.2"),
    )


# Headings, and words beside a theme


def headings(brief: Brief) -> list[str]:
    return [theme.heading for theme in brief.themes]


def test_a_heading_that_says_too_much_gets_better_words() -> None:
    brief = written(scripted(check=judged(t1_h=("partial", "Currents with sparse buoys"))))
    assert headings(brief) == ["Currents with sparse buoys"]


def test_a_heading_that_could_not_be_mended_names_the_papers_that_lead() -> None:
    assert headings(written(scripted(check=judged(t1_h="none"), check_again=judged(t1_h="none")))) == [
        "TideNet and BuoyMix"
    ]


def test_the_heading_of_a_theme_that_fell_is_not_put_over_another() -> None:
    facts = {f"t1_{number}": "none" for number in range(1, 7)}
    mend = judged(**facts, t1_h=("partial", "Currents with sparse buoys"))
    brief = written(scripted(2, check=mend, check_again=judged(t1_h="none")), MANY)
    assert headings(brief) == [sound()[0].themes[1].heading]


def test_words_beside_a_theme_that_fall_take_no_others_with_them() -> None:
    before = sound()[0].themes[0].also
    brief = written(scripted(check=judged(**{f"t1_a{before[0].paper_id.replace('.', '_')}": "none"})), MANY)
    assert brief.themes[0].also == before[1:]
    assert before[0].paper_id in brief.entries


# Threads


EARLIER = builders.brief(
    window_label="2026-W20",
    first=builders.WINDOW.first.replace(day=11),
    themes=(Theme("Forecasts", (builders.quoted(0, builders.RESULT),), (builders.paper(0).id,)),),
)


def test_a_sentence_of_an_earlier_brief_is_shown_and_its_link_kept() -> None:
    model = ScriptedModel()
    (thread,) = written(model, earlier=(EARLIER,)).news.threads
    said = EARLIER.themes[0].claims[0].text
    assert (thread.relation, thread.earlier[0].issue, thread.earlier[0].text) == (
        "continues",
        "2026-W20",
        said,
    )
    for task in ("outline", "news"):
        assert model.questions(task)[0].entries["E1"]["sentence"] == [said]
    checked = next(question for question in model.questions("check") if thread.claim.id in question.sentences)
    assert checked.sentences[thread.claim.id]["earlier brief"] == [f"2026-W20: {said} (continues)"]


def test_a_link_to_no_earlier_sentence_or_of_no_known_kind_is_left_out() -> None:
    def link(**change: str) -> Step:
        def answer(question: Question) -> Json:
            made = sound_answer(question)
            return {**made, "threads": [{**one, **change} for one in made["threads"]]}

        return answer

    for change in ({"earlier": "E9"}, {"earlier": "E0"}, {"relation": "eclipses"}):
        assert written(scripted(news=link(**change)), earlier=(EARLIER,)).news.threads == ()


# A model that is away


@pytest.mark.parametrize("step", ["cards", "outline", "theme"])
def test_without_cards_outline_or_themes_the_fallback_writes_the_whole_brief_and_says_why(step: str) -> None:
    brief = written(scripted(**{step: away}))
    assert brief.metadata.writer == "extractive"
    assert all(claim.origin != "written" for _, claim in claims(brief))
    assert "Written without a language model: The language model did not answer in time." in notes(brief)


@every(
    ("step", "lost"),
    [
        ("methods", "methods"),
        ("news", "news"),
        ("challenges", "challenges"),
        ("closing", "minute"),
        ("notable", "notable"),
    ],
)
def test_a_part_that_is_not_answered_is_missing_and_said(step: str, lost: str) -> None:
    brief = written(scripted(**{step: away}))
    assert not getattr(brief, lost)
    assert brief.themes
    assert "A part of this brief could not be written. The language model did not answer in time." in notes(
        brief
    )


def test_a_check_that_is_not_answered_leaves_its_sentences_and_counts_them() -> None:
    brief = written(scripted(check=away, check_closing=away))
    assert brief.metadata.unchecked == sum(1 for _ in claims(brief)) + sum(
        1 + len(theme.also) for theme in brief.themes
    ) + len(brief.challenges)
    assert {claim.check for claim in by_id(brief).values()} == {None}
    assert brief.metadata.checked_by == "scripted-1"


def test_a_check_that_fails_once_is_asked_for_again_with_the_closing() -> None:
    assert written(scripted(check=away)).metadata.unchecked == 0


def test_a_paper_without_a_card_is_in_the_catalog_and_said() -> None:
    first_only = in_turn(sound_answer, away)
    brief = written(scripted(cards=first_only))
    assert brief.metadata.writer == "openai"
    assert len(brief.catalog) == 14
    assert "6 of 14 papers are in the catalog alone. The language model did not answer in time." in notes(
        brief
    )


def test_a_trouble_that_ends_all_is_not_asked_around() -> None:
    model = scripted(cards=lambda _: replace(GONE, ends_all=True))
    assert written(model).metadata.writer == "extractive"
    assert len(model.asked) == 2


def test_a_brief_that_its_check_leaves_nothing_of_is_written_whole_by_the_fallback() -> None:
    facts = {f"t1_{number}": "none" for number in range(1, 7)}
    brief = written(scripted(check=judged(**facts)))
    assert brief.metadata.writer == "extractive"
    assert "could not be verified, so none of them is used." in notes(brief)


# What is said of the making


def test_the_metadata_counts_what_was_written_mended_and_dropped() -> None:
    check = judged(t1_2=("partial", "In [[P1]], forecast error falls by 18.5%."), m1_strength1="none")
    brief = written(scripted(check=check))
    made = brief.metadata
    assert made.claims_written - made.claims_dropped >= sum(1 for _ in claims(brief))  # some fall for length
    assert (made.claims_repaired, made.claims_dropped) == (1, 1)
    rows = {(row.kind, row.judgement): (row.claims, row.repaired, row.dropped) for row in made.checks}
    assert (rows["fact", "partial"], rows["fact", "none"]) == ((1, 1, 0), (1, 0, 1))
    assert made.unchecked == 0


def test_tokens_of_the_writer_and_of_another_checker_are_counted_together() -> None:
    model, checker = scripted(), ScriptedModel(name="checker-1")
    made = written(model, checker=checker).metadata
    assert (made.model, made.checked_by) == ("scripted-1", "checker-1")
    assert (len(model.asked), made.prompt_tokens) == (10, 100 * (len(model.asked) + len(checker.asked)))
    assert not any(task.startswith("check") for task in model.tasks())


def test_without_a_checker_nothing_is_checked_and_nothing_counted_as_unchecked() -> None:
    model = ScriptedModel()
    brief = ModelWriter(model, EXTRACTIVE, MemoryAnswers(), None).write(builders.assignment())
    assert (brief.metadata.checked_by, brief.metadata.checks, brief.metadata.unchecked) == (None, (), 0)
    assert not any(task.startswith("check") for task in model.tasks())


# Grades


def test_grades_are_kept_by_paper_version_topic_text_and_model() -> None:
    store, model, papers = MemoryAnswers(), ScriptedModel(), list(builders.papers().values())
    topic = builders.topic()
    asked = []
    for model_name, of, about in (
        ("a", papers, topic),
        ("a", papers, topic),
        ("a", [replace(papers[0], version=2), *papers[1:]], topic),
        ("a", papers, replace(topic, description="Rivers alone.")),
        ("b", papers, topic),
    ):
        model.asked.clear()
        model.name = model_name
        assert set(ModelGrader(model, store).grade(about, of).values()) == {8}
        asked.append(sum(len(question.papers) for question in model.asked))
    assert asked == [14, 0, 1, 14, 14]


def test_grades_beyond_the_scale_are_cut_and_those_of_unknown_keys_passed_over() -> None:
    def grades(_: Question) -> Json:
        return {
            "grades": [{"key": "P1", "grade": 99}, {"key": "[[P2]]", "grade": -3}, {"key": "P9", "grade": 5}]
        }

    papers = [builders.paper(0), builders.paper(1)]
    found = ModelGrader(scripted(grades=grades), MemoryAnswers()).grade(builders.topic(), papers)
    assert found == {papers[0].id: 10, papers[1].id: 0}


def test_a_model_that_is_away_grades_nothing() -> None:
    grader = ModelGrader(scripted(grades=away), MemoryAnswers())
    assert grader.grade(builders.topic(), [builders.paper(0)]) == {}


# Length


def test_a_brief_falls_to_its_length_by_what_is_needed_least_and_stays_sound() -> None:
    brief, most = sound()[0], 400
    short = shortened(brief, most)
    assert words(short) < words(brief)
    assert (short.minute, short.overview.decisions) == (brief.minute, brief.overview.decisions)
    assert short.themes
    assert {entry.paper_id for entry in short.catalog} == {paper.id for paper in MANY}


def test_a_themes_figures_are_not_told_again_where_something_else_is_left() -> None:
    brief = sound()[0]
    said = next(claim for claim in brief.themes[0].claims if "18.5%" in claim.text)
    method = replace(brief.methods[0], strength=(said,))
    told = replace(brief, methods=(method,), overview=replace(brief.overview, claims=(said,)))
    left = without_repeats(told)
    assert left.methods[0].strength == ()
    assert (left.overview.claims, left.themes) == ((said,), brief.themes)
