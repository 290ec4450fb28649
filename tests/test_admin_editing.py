"""Editing an issue on its page: several changes in one save, refused beside their fields, and undone."""

import threading
from collections.abc import Mapping
from dataclasses import replace

import lxml.html
import pytest
import sqlalchemy as sa

from service.briefs.extractive import ExtractiveWriter
from service.briefs.grounding import check, claims
from service.briefs.model import Brief
from service.delivery import State
from service.operations.rechecks import Rechecks
from service.papers import Fetched
from service.pipeline import BuildContext
from service.store import Built
from tests import builders
from tests.fakes import ScriptedPapers
from tests.newsdesk import EDITOR
from tests.readers import Answer, Place, Reader
from tests.scripted_model import GONE, ScriptedModel, Step, away, in_turn
from tests.sound_answers import Json, Question, sound_answer
from tests.test_admin_issue import ISSUE, LABEL, TOPIC, ann, logged, place, press, sweep

__all__ = ["ann", "place"]  # fixtures

FIRST = "themes[0].claims[0]"
SENTENCE = "TideNet lowers the forecast error by 18.5% on 12 harbours."


def save(admin: Reader, **changes: object) -> Answer:
    """Save the topic's form with these fields changed."""
    return saved(admin, changes)


def saved(admin: Reader, changes: Mapping[str, object]) -> Answer:
    page = admin.get(f"{ISSUE}/edit?topic={TOPIC}")
    return admin.press(page, "Save all changes", **changes)


def brief(at: Place) -> Brief:
    return at.service.store.issue(LABEL).briefs[0]


def problem(answer: Answer, field: str) -> str:
    """What is said beside a field."""
    element = lxml.html.fromstring(answer.text).get_element_by_id(f"problem-{field}")
    return " ".join(element.text_content().split())


def typed(answer: Answer, field: str) -> str:
    (element,) = lxml.html.fromstring(answer.text).xpath("//*[@name=$name]", name=field)
    return str(element.value)


def test_several_changes_are_one_save_and_one_undo(place: Place, ann: Reader) -> None:
    before = place.service.store.status(LABEL).content_hash
    press(ann, "Approve")
    changes = {
        "introduction": "Three calm papers on harbours lead this week.",
        "note": "Read the first one first.",
        f"text:{FIRST}": SENTENCE,
        "heading:themes[1].heading": "Watching life near shores",
        "drop": ["themes[2].claims[0]"],
        "position:themes[0]": "3",
        "new:overview.claims": "Cheap sensors are what the week is about.",
    }
    assert saved(ann, changes).status == 303
    made = brief(place)
    texts = {str(at): claim for at, claim in claims(made)}
    assert SENTENCE in {claim.text for claim in texts.values()}
    assert made.themes[0].heading == "Watching life near shores"
    assert made.overview.claims[-1].is_reading
    assert made.overview.claims[-1].origin == "edited"
    assert check(made, builders.papers()).failures == ()
    assert not place.service.store.status(LABEL).approved
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}")
    assert "1 save so far" in page.text
    assert ann.press(page, "Undo the last save").status == 303
    assert place.service.store.status(LABEL).content_hash == before
    acts = [action for _, action, _, _ in logged(place)]
    assert acts == ["approved", *["edited"] * len(changes), "undid a save"]


def test_undoing_the_last_save_keeps_the_earlier_ones(place: Place, ann: Reader) -> None:
    store = place.service.store
    save(ann, note="Read the first one first.")
    kept = store.status(LABEL).content_hash
    press(ann, "Leave Robot Learning out", f"{ISSUE}/edit?topic={TOPIC}")
    assert [one.topic_slug for one in store.issue(LABEL).briefs] == ["exoplanets"]
    press(ann, "Undo the last save", f"{ISSUE}/edit")
    assert store.status(LABEL).content_hash == kept
    assert [one.topic_slug for one in store.issue(LABEL).briefs] == [TOPIC, "exoplanets"]
    assert len(store.edits(LABEL)) == 1


def test_edits_of_an_earlier_version_are_read_and_undone_one_by_one(place: Place, ann: Reader) -> None:
    save(ann, note="First.")
    once = place.service.store.status(LABEL).content_hash
    save(ann, note="Second.")
    with place.service.engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.text("UPDATE edits SET save = NULL"))
    press(ann, "Undo the last save", f"{ISSUE}/edit")
    assert place.service.store.status(LABEL).content_hash == once


REFUSED: tuple[tuple[str, str, str], ...] = (
    (f"text:{FIRST}", "TideNet lowers the forecast error by 19% on 12 harbours.", "19% stands in nothing"),
    (f"text:{FIRST}", "TideNet says “we never fail in any harbour at all”.", "no cited paper says"),
    (f"text:{FIRST}", "TideNet beats ZorbNet on harbours.", "the name ZorbNet"),
    (f"text:{FIRST}", "TideNet outlasts KelpRank on 12 harbours.", "KelpRank is a paper that this claim"),
    (f"text:{FIRST}", "Read https://example.org about harbours.", "holds a link"),
    (f"text:{FIRST}", " ", "can't be empty"),
    ("heading:themes[0].heading", "Forecasts of 99 harbours", "99 stands in no paper"),
    ("position:themes[0].claims[0]", "first", "whole number"),
    ("new:themes[0].claims", "Harbours gained 77 pilots.", "77 stands in nothing"),
    ("pin", "kelp", "no arXiv id"),
    ("note", "See https://example.org\nand <b>think</b>", "holds a link"),
)


def test_what_a_gate_refuses_is_told_beside_its_field_and_nothing_is_saved(place: Place, ann: Reader) -> None:
    before = place.service.store.status(LABEL)
    for field, text, words in REFUSED:
        answer = saved(ann, {field: text, "introduction": "It stays typed."})
        assert answer.status == 422, (field, text)
        assert words in problem(answer, field), (field, text)
        assert "[0]" not in problem(answer, field)
        assert typed(answer, field).split() == text.split()
        assert typed(answer, "introduction") == "It stays typed."
    assert place.service.store.status(LABEL) == before
    assert logged(place) == []


def test_two_refused_fields_are_told_each_beside_its_own(ann: Reader) -> None:
    wrong = {f"text:{FIRST}": "TideNet won 19 prizes for harbours.", "subject": "x" * 65}
    answer = saved(ann, wrong)
    assert "19 stands in nothing" in problem(answer, f"text:{FIRST}")
    assert "65 characters" in problem(answer, "subject")


def test_a_fact_that_is_added_cites_its_paper_with_words_of_its_abstract(place: Place, ann: Reader) -> None:
    text = "TideNet couples a solver for shallow water with a residual that is learned."
    answer = saved(ann, {"new:themes[0].claims": text, "new-paper:themes[0].claims": builders.paper(0).id})
    assert answer.status == 303
    fact = brief(place).themes[0].claims[-1]
    assert (fact.text, fact.kind, fact.origin) == (text, "fact", "edited")
    assert fact.citations[0].evidence == builders.sentence(0, 1)


def test_the_editors_readings_and_introduction_are_marked_for_readers(place: Place, ann: Reader) -> None:
    reading = "Cheap sensors are what the week is about."
    saved(ann, {"new:overview.claims": reading, "introduction": "A calm week <3."})
    page = ann.get(f"{ISSUE}/preview?view=text").text
    frame = lxml.html.fromstring(ann.get(f"{ISSUE}/frame").text).text_content()
    for shown in (lxml.html.fromstring(page).text_content(), frame):
        words = " ".join(shown.split())
        assert f"Editors’ reading: {reading}" in words
        assert words.lower().index("from the editors") < words.lower().index("in this issue")
        assert "A calm week <3." in words
    press(ann, "Approve")
    assert "From the editors" in place.reader().get(f"/issues/{LABEL}").text


def test_an_edition_with_an_introduction_is_what_rendering_it_whole_gives(place: Place, ann: Reader) -> None:
    """Its placeholders hold no word of a brief: an introduction can't pass for one."""
    saved(ann, {"introduction": "slot-topics-slot & friends"})
    frame = ann.get(f"{ISSUE}/frame").text
    assert "slot-topics-slot &amp; friends" in frame
    assert frame.count("Key Research Themes") == 2


def test_a_counted_sentence_can_not_be_reworded(ann: Reader) -> None:
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}").text
    assert 'name="text:overview.claims[0]"' not in page
    answer = saved(ann, {"text:overview.claims[0]": "9 of 14 papers speak of kelp."})
    assert "counted by the program" in problem(answer, "text:overview.claims[0]")


def test_sentences_and_items_take_the_order_of_their_numbers(place: Place, ann: Reader) -> None:
    had = brief(place)
    saved(ann, {"position:notable[4]": "1", "position:themes[1].claims[2]": "1"})
    made = brief(place)
    assert [one.paper_id for one in made.notable][:2] == [had.notable[4].paper_id, had.notable[0].paper_id]
    assert [one.text for one in made.themes[1].claims][:2] == [
        had.themes[1].claims[2].text,
        had.themes[1].claims[0].text,
    ]


# -- papers ------------------------------------------------------------------------------------------------


def test_a_paper_of_the_brief_is_put_first(place: Place, ann: Reader) -> None:
    spare = builders.paper(4).id
    saved(ann, {"pin": f"https://arxiv.org/abs/{spare}v2", "pin-why": "It says how it fails."})
    first = brief(place).notable[0]
    assert first.paper_id == spare
    assert first.why
    assert (first.why.text, first.why.origin) == ("It says how it fails.", "edited")


def new_paper(place: Place, **changes: object) -> str:
    """A paper that nobody fetched yet, at a source that knows it."""
    made = builders.paper(
        3, **{"id": "2605.99999", "title": "GlowReef: Lighting Reefs With Algae", **changes}
    )
    source = ScriptedPapers({TOPIC: [made]}, place.clock.now)
    writer = ExtractiveWriter()
    room = BuildContext(place.service.store, source, writer, writer, place.clock)
    state = place.app.app.state
    state.context = replace(state.context, build_context=lambda: room)
    return made.id


def test_another_paper_is_fetched_joins_the_catalog_and_counts_in_nothing(place: Place, ann: Reader) -> None:
    had = brief(place)
    id_ = new_paper(place)
    assert saved(ann, {"pin": id_, "pin-to": "step:1"}).status == 303
    made = brief(place)
    assert made.overview.reading_order[1].paper_ids[0] == id_
    assert made.entry(id_).added
    assert made.overview.claims == had.overview.claims  # "2 of 14 papers …" still holds
    press(ann, "Approve")
    assert "added by the editors" in place.reader().get(f"/issues/{LABEL}/{TOPIC}").text
    assert place.reader().get(f"/papers/{id_}").status == 200
    saved(ann, {"drop-paper": [id_]})
    assert id_ not in brief(place).to_json()
    assert check(brief(place), builders.papers()).failures == ()


def test_an_added_paper_whose_save_is_undone_was_never_seen(place: Place, ann: Reader) -> None:
    id_ = new_paper(place)
    saved(ann, {"pin": id_})
    assert place.service.store.sightings(TOPIC, [id_])
    press(ann, "Undo the last save", f"{ISSUE}/edit")
    assert not place.service.store.sightings(TOPIC, [id_])


def test_a_paper_that_arxiv_does_not_give_is_refused_beside_its_field(place: Place, ann: Reader) -> None:
    new_paper(place)
    assert "arXiv has no paper 2605.88888" in problem(saved(ann, {"pin": "2605.88888"}), "pin")


def test_papers_claims_and_topics_are_left_out(place: Place, ann: Reader) -> None:
    spare = builders.paper(4).id
    changes: dict[str, object] = {"drop": ["themes[1].claims[0]"], "drop-paper": [spare]}
    assert saved(ann, changes).status == 303
    press(ann, "Leave Robot Learning out", f"{ISSUE}/edit?topic={TOPIC}")
    issue = place.service.store.issue(LABEL)
    assert [one.topic_slug for one in issue.briefs] == ["exoplanets"]
    assert spare not in issue.briefs[0].to_json()


# -- who comes second, and what is none of ours -------------------------------------------------------------


def test_who_comes_second_is_told_and_keeps_what_they_typed(place: Place, ann: Reader) -> None:
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}")
    ann.press(page, "Save all changes", note="First.")
    answer = ann.press(page, "Save all changes", note="Second.", **{f"text:{FIRST}": SENTENCE})
    assert (answer.status, "was changed since" in answer.notice) == (409, True)
    assert "Second." in answer.notice
    assert SENTENCE in answer.notice
    assert brief(place).note == "First."


def test_an_issue_on_its_way_can_not_be_edited(place: Place, ann: Reader) -> None:
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}")
    press(ann, "Approve")
    press(ann, "Send now")
    assert ann.press(page, "Save all changes", note="Too late.").status == 409
    assert "can’t be edited any more" in ann.get(f"{ISSUE}/edit").text
    sweep(place)
    assert place.service.store.counts(LABEL) == {State.ACCEPTED: 2}


def test_a_form_that_changes_nothing_or_is_none_of_ours_changes_nothing(place: Place, ann: Reader) -> None:
    before = place.service.store.status(LABEL)
    for changes, words in (
        ({}, "Nothing was changed"),
        ({"topic": "none"}, "no topic of this issue"),
        ({"drop": ["themes[99].claims[0]"]}, "Nothing was changed"),
        ({"drop-paper": ["9999.99999"]}, "holds nothing that this edit"),
        ({"new:themes": "A theme by itself."}, "takes no sentence by itself"),
        ({"pin": builders.paper(4).id, "pin-to": "step:9"}, "no such step"),
    ):
        answer = saved(ann, changes)
        assert (answer.status, words in answer.text) == (422, True), changes
    assert place.service.store.status(LABEL) == before


def test_a_section_that_is_full_takes_no_more(place: Place, ann: Reader) -> None:
    made = builders.brief(topic_slug=TOPIC, topic_name="Robot Learning")
    full = replace(made, notable=tuple(builders.notable(number) for number in (0, 3, 6, 8, 9, 1, 2, 5)))
    place.service.store.save_issue(builders.WINDOW, [Built(full, ())], place.clock.now)
    assert "holds 8 papers already" in problem(saved(ann, {"pin": builders.paper(4).id}), "pin")


@pytest.mark.usefixtures("place")
def test_every_sentence_and_heading_of_the_topic_has_its_field(ann: Reader) -> None:
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}").text
    for at, claim in claims(builders.brief()):
        assert f'name="drop" value="{at}"' in page
        assert (f'name="text:{at}"' in page) == (claim.origin != "counted")
    assert page.count('name="heading:') == 4 + 3 + 4 + 2


def stored(place: Place) -> None:
    fetched = Fetched(TOPIC, builders.WINDOW, tuple(builders.papers().values()), place.clock.now)
    place.service.store.store_fetched(builders.topic(slug=TOPIC), fetched, "test")


def test_each_change_is_in_the_audit_log_without_the_words(place: Place, ann: Reader) -> None:
    stored(place)
    saved(ann, {"note": "Write to editor@example.org.", "drop": [FIRST]})
    saved(ann, {"note": "A calm week.", "drop": [FIRST]})
    assert logged(place) == [
        (EDITOR, "edited", f"issue {LABEL}", "a note added; robot-learning"),
        (EDITOR, "edited", f"issue {LABEL}", f"a claim dropped; robot-learning: {FIRST}"),
    ]


# -- a model judges what editors wrote ----------------------------------------------------------------------


def judging(at: Place, model: ScriptedModel | None) -> Rechecks:
    """Have this model judge what editors write, in the server's place."""
    found: Rechecks = at.app.app.state.context.rechecks
    found.checker = lambda: model
    return found


def said_of(page: Answer, text: str) -> str:
    """What stands with the evidence of a sentence."""
    root = lxml.html.fromstring(page.text)
    (item,) = root.xpath("//ul[@class='sentences']/li[.//*[contains(text(), $text)]]", text=text)
    return " ".join(item.text_content().split())


def of(judgement: str, problem: str = "") -> Step:
    """The same verdict on every sentence."""
    better = {"text": "", "setting": "", "citations": ()}

    def answer(question: Question) -> Json:
        asked = sound_answer(question)["verdicts"]
        said = {"judgement": judgement, "problem": problem, "better": better}
        return {"verdicts": [{"id": one["id"], **said} for one in asked]}

    return answer


def test_a_fact_in_an_editor_s_words_is_judged_by_the_model_behind_the_page(
    place: Place, ann: Reader
) -> None:
    model = ScriptedModel({"check-edited": of("partial", "“lowers” is said of 11 harbours")})
    rechecks = judging(place, model)
    before = place.service.store.status(LABEL).content_hash
    assert save(ann, **{f"text:{FIRST}": SENTENCE}).status == 303
    saved_as = place.service.store.status(LABEL).content_hash
    rechecks.wait()
    (question,) = model.questions("check-edited")
    assert SENTENCE.removeprefix("TideNet") in question.user
    assert builders.paper(0).abstract.split(".")[0] in question.user
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}")
    told = said_of(page, SENTENCE)
    assert "The papers say a part of this" in told
    assert "“lowers” is said of 11 harbours" in told
    assert place.service.store.status(LABEL).content_hash == saved_as != before  # a verdict changes no word
    assert ann.press(page, "Undo the last save").status == 303
    assert save(ann, **{f"text:{FIRST}": SENTENCE}).status == 303
    rechecks.wait()
    assert len(model.questions("check-edited")) == 1  # the same words keep their verdict


def test_while_the_model_thinks_the_page_says_so_and_the_save_is_whole(place: Place, ann: Reader) -> None:
    open_ = threading.Event()

    def slow(question: Question) -> Json:
        open_.wait(30)
        return of("full")(question)  # type: ignore[return-value]

    rechecks = judging(place, ScriptedModel({"check-edited": slow}))
    assert save(ann, **{f"text:{FIRST}": SENTENCE}).status == 303
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}")
    assert "Being checked by a model" in said_of(page, SENTENCE)
    assert "checks what editors wrote here" in page.text
    open_.set()
    rechecks.wait()
    assert "The papers say this" in said_of(ann.get(f"{ISSUE}/edit?topic={TOPIC}"), SENTENCE)


def test_a_model_that_is_away_is_asked_again_by_a_button(place: Place, ann: Reader) -> None:
    rechecks = judging(place, ScriptedModel({"check-edited": in_turn(away, of("full"))}))
    assert save(ann, **{f"text:{FIRST}": SENTENCE}).status == 303
    rechecks.wait()
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}")
    assert "Not checked by a model" in said_of(page, SENTENCE)
    assert GONE.why.lower() in said_of(page, SENTENCE).lower()
    assert ann.press(page, "Check it now").status == 303
    rechecks.wait()
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}")
    assert "The papers say this" in said_of(page, SENTENCE)
    assert "Check it now" not in page.text
    assert "had edits checked" in [action for _, action, _, _ in logged(place)]


def test_a_check_that_breaks_loses_no_save_and_is_said(place: Place, ann: Reader) -> None:
    def broken(_: Question) -> Json:
        raise RuntimeError("https://secret.example/key")

    rechecks = judging(place, ScriptedModel({"check-edited": broken}))
    assert save(ann, **{f"text:{FIRST}": SENTENCE}).status == 303
    rechecks.wait()
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}")
    assert "The check broke off" in said_of(page, SENTENCE)
    assert "secret.example" not in page.text


def test_without_a_model_that_checks_nothing_is_asked_or_promised(place: Place, ann: Reader) -> None:
    judging(place, None)
    assert save(ann, **{f"text:{FIRST}": SENTENCE}).status == 303
    page = ann.get(f"{ISSUE}/edit?topic={TOPIC}")
    assert "Not checked by a model" in said_of(page, SENTENCE)
    assert "Check it now" not in page.text
