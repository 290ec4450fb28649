"""The admin pages of topics: added, tried on papers, changed by one editor at a time, removed."""

import datetime as dt
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import lxml.html
import pytest

from service import wiring
from service.adapters.arxiv_papers import keep_week, last_weeks
from service.briefs.extractive import ExtractiveWriter
from service.papers import Fetched, Paper, Window
from service.pipeline import BuildContext
from service.setup.proposing import Proposals, Wish, corpus
from service.web.admin.topic_forms import TopicForm
from subscribers.terms import matches
from tests import builders
from tests.fakes import ScriptedPapers
from tests.newsdesk import ADMINS, VIEWER, signed_in
from tests.readers import NOW, Place, Reader, open_place

TOPICS = "/admin/topics"
ROBOTS = f"{TOPICS}/robot-learning"
SOUND = {
    "slug": "coastal-learning", "name": "Coastal Learning", "description": "Machine learning for coasts.",
    "categories": "cs.LG\nphysics.ao-ph", "search_terms": "harbour\n\ntide gauge*",
    "ranking_terms": "harbour^2", "excluded_terms": "", "examples": "2305.18290 A paper about\ttides",
    "papers_per_brief": "20",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated, admins=ADMINS)


@pytest.fixture
def ann(place: Place) -> Reader:
    return signed_in(place)


def acts(place: Place) -> list[tuple[str, str, str]]:
    found = [one.act for one in place.service.store.noted()]
    return [(one.action, one.subject, one.detail) for one in found if one.action != "signed in"]


def scripted(place: Place, answers: dict[str, Any]) -> ScriptedPapers:
    """Let try-outs ask this source in arXiv's place."""
    source, writer = ScriptedPapers(answers, NOW), ExtractiveWriter()
    room = BuildContext(place.service.store, source, writer, writer, place.clock)
    state = place.app.app.state
    state.context = replace(state.context, build_context=lambda: room)
    return source


def new_papers(count: int = 6) -> list[Paper]:
    """Papers of the last whole week before the readers' clock."""
    moment = dt.datetime(2026, 5, 19, 9, tzinfo=dt.UTC)
    return [builders.paper(number, submitted=moment, updated=moment) for number in range(count)]


def test_every_topic_is_listed_with_its_followers(place: Place, ann: Reader) -> None:
    place.subscriber(topics=("exoplanets",))
    text = ann.get(TOPICS).text
    for topic in place.service.roster.topics():
        assert f"{TOPICS}/{topic.slug}" in text
    assert "Followers: </span>1</td>" in text


def test_a_topic_is_added_and_read_back(place: Place, ann: Reader) -> None:
    answer = ann.press(ann.get(f"{TOPICS}/-/new"), "Add", **SOUND)
    assert answer.headers["location"] == f"{TOPICS}/coastal-learning?said=topic-added"
    topic = place.service.roster.topic("coastal-learning")
    assert topic.search_terms == ("harbour", "tide gauge*")
    assert topic.examples[0].title == "A paper about tides"
    assert acts(place) == [("added", "topic coastal-learning", "Coastal Learning: cs.LG, physics.ao-ph")]


def test_saving_a_form_as_it_is_changes_nothing(place: Place, ann: Reader) -> None:
    for before in place.service.roster.topics():
        page = ann.get(f"{TOPICS}/{before.slug}")
        assert ann.press(page, "Save").status == 303
        assert place.service.roster.topic(before.slug) == before


def test_a_form_holds_a_topic_whole() -> None:
    topic = builders.topic()
    assert TopicForm.of(topic).read() == topic


def test_a_change_is_saved_and_told_in_the_audit_log(place: Place, ann: Reader) -> None:
    before = place.service.roster.topic("robot-learning")
    terms = "\n".join([*before.search_terms[1:], "robot kitchen"])
    ann.press(ann.get(ROBOTS), "Save", search_terms=terms, papers_per_brief="30")
    after = place.service.roster.topic("robot-learning")
    assert (after.search_terms[-1], after.papers_per_brief) == ("robot kitchen", 30)
    told = f"search_terms: +robot kitchen, -{before.search_terms[0]}; papers_per_brief: 30"
    assert acts(place) == [("changed", "topic robot-learning", told)]


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"search_terms": "robot\n\n\nfine*tuning"}, "Line 4: "),
    ({"categories": "cs.LG\ncs.lg2"}, "Line 2: &#39;cs.lg2&#39; is no arXiv category; did you mean"),
    ({"examples": "12345 Title"}, "Line 1: &#39;12345&#39; is no arXiv id"),
    ({"examples": "2305.18290"}, "Line 1: missing"),
    ({"papers_per_brief": "4"}, "4 is not between 5 and 300"),
    ({"papers_per_brief": "many"}, "must be a whole number"),
    ({"name": ""}, "missing"),
    ({"name": "<script>" * 20}, "160 characters; at most 80"),
    ({"search_terms": ""}, "at least one is needed"),
)


def test_what_is_wrong_with_a_topic_stands_at_its_place(place: Place, ann: Reader) -> None:
    before = place.service.roster.topic("robot-learning")
    for changes, words in WRONG:
        answer = ann.press(ann.get(ROBOTS), "Save", **changes)
        assert answer.status == 422, changes
        assert words in answer.text, changes
        assert "<script>" not in answer.text, changes
        first = next(iter(changes.values())).split("\n")[0]
        assert first in answer.text or "&lt;script&gt;" in answer.text, changes
    assert place.service.roster.topic("robot-learning") == before
    assert acts(place) == []


def test_a_slug_that_is_taken_is_refused(place: Place, ann: Reader) -> None:
    before = place.service.roster.topic("robot-learning")
    answer = ann.press(ann.get(f"{TOPICS}/-/new"), "Add", **SOUND | {"slug": "robot-learning"})
    assert (answer.status, place.service.roster.topic("robot-learning")) == (422, before)


def test_a_topic_that_somebody_changed_meanwhile_is_not_overwritten(place: Place, ann: Reader) -> None:
    page = ann.get(ROBOTS)
    ann.press(ann.get(ROBOTS), "Save", name="Robots")
    answer = ann.press(page, "Save", description="Something else.")
    assert answer.status == 422
    assert "Somebody changed this topic" in answer.text
    assert place.service.roster.topic("robot-learning").name == "Robots"


def test_removing_a_topic_says_how_many_follow_it(place: Place, ann: Reader) -> None:
    subscriber = place.subscriber()
    page = ann.get(f"{ROBOTS}/remove")
    assert "1 active subscriber follows it" in page.text
    assert ann.press(page, "Remove it").headers["location"] == f"{TOPICS}?said=topic-removed"
    assert place.again(subscriber).topics == ("exoplanets",)
    assert ann.get(ROBOTS).status == 404
    assert acts(place) == [("removed", "topic robot-learning", "1 subscribers followed it")]
    assert place.service.roster.history(subscriber.id)[-1].source == "admin pages"


def test_a_viewer_sees_a_topic_without_a_form(place: Place) -> None:
    bob = signed_in(place, VIEWER)
    page = bob.get(ROBOTS)
    assert place.service.roster.topic("robot-learning").search_terms[0] in page.text
    assert "<textarea" not in page.text
    assert bob.get(f"{TOPICS}/-/new").status == 403


# -- trying out --------------------------------------------------------------------------------------------


def test_showing_a_topic_asks_nobody_and_writes_nothing(place: Place, ann: Reader) -> None:
    source = scripted(place, {"robot-learning": new_papers()})
    before = place.dump()
    assert "arXiv was not asked this question yet" in ann.get(ROBOTS).text
    assert source.asked == []
    assert place.dump() == before


def test_arxiv_is_asked_when_somebody_presses_the_button(place: Place, ann: Reader) -> None:
    source = scripted(place, {"robot-learning": new_papers()})
    before, seen = place.service.roster.topics(), place.service.store.sightings("robot-learning")
    page = ann.press(ann.get(ROBOTS), "Ask arXiv", ranking_terms="harbour\nbuoys\ncurrents")
    assert len(source.asked) == 1
    assert "TideNet" in page.text
    assert "<b>6</b> answered by arXiv" in page.text
    assert place.service.roster.topics() == before
    assert place.service.store.sightings("robot-learning") == seen
    ann.press(ann.get(ROBOTS), "Ask arXiv")
    assert len(source.asked) == 1


def test_each_search_term_is_counted_and_what_is_odd_is_told(place: Place, ann: Reader) -> None:
    given = {**SOUND, "search_terms": "harbour\nharbuor", "excluded_terms": "kelp"}
    papers = new_papers(14)
    scripted(place, {"coastal-learning": papers})
    page = ann.press(ann.get(f"{TOPICS}/-/new"), "Ask arXiv", **given)
    cells = lxml.html.fromstring(page.text).xpath("//div[@aria-label='Search terms']//tbody/tr")
    rows = {row[0].text_content(): ["".join(cell.xpath("text()")) for cell in row[1:]] for row in cells}
    held = sum(matches("harbour", one.text) for one in papers)
    assert rows["harbour"][0].split()[0] == str(held)
    assert rows["harbuor"][0] == "0"
    assert "did you mean harbour" in rows["harbuor"][2]
    assert "just outside" in page.text
    assert "excluded by" in page.text


def test_a_starter_fills_in_the_form_and_saves_nothing(place: Place, ann: Reader) -> None:
    before = place.service.roster.topics()
    page = ann.press(ann.get(f"{TOPICS}/-/new"), "Propose", starter="battery-materials")
    _, filled = page.button("Add")
    assert filled["slug"] == ["battery-materials"]
    assert "solid electrolyte*" in filled["search_terms"][0]
    assert place.service.roster.topics() == before


def test_what_arxiv_answered_before_is_shown_at_once(place: Place, ann: Reader) -> None:
    source = scripted(place, {})
    topic = place.service.roster.topic("robot-learning")
    window = Window.last_whole(NOW.date()).reading
    fetched = Fetched(topic.slug, window, tuple(new_papers()), NOW - dt.timedelta(days=1))
    place.service.store.store_fetched(topic, fetched, source.name)
    before = place.dump()
    assert "<b>6</b> answered by arXiv" in ann.get(ROBOTS).text
    tried = ann.press(ann.get(ROBOTS), "Try out", ranking_terms="canopies\ncoastal\nkelp^5")
    assert "KelpRank" in tried.text
    assert "kelp^5</textarea>" in tried.text
    assert place.dump() == before
    assert source.asked == []


def test_a_topic_is_tried_on_the_window_of_an_issue(place: Place, ann: Reader) -> None:
    source = scripted(place, {"robot-learning": list(builders.papers().values())})
    page = ann.get(ROBOTS)
    assert page.button("Try out")[1]["window"] == [Window.last_whole(NOW.date()).label]
    tried = ann.press(page, "Ask arXiv", window=builders.WINDOW.label)
    assert source.asked == [("robot-learning", builders.WINDOW.reading)]
    assert tried.button("Try out")[1]["window"] == [builders.WINDOW.label]


def test_the_newest_issue_s_window_is_tried_first_where_its_answer_is_kept(place: Place, ann: Reader) -> None:
    source = scripted(place, {})
    topic, papers = place.service.roster.topic("robot-learning"), tuple(builders.papers().values())
    fetched = Fetched(topic.slug, builders.WINDOW.reading, papers, NOW)
    place.service.store.store_fetched(topic, fetched, source.name)
    assert ann.get(ROBOTS).button("Try out")[1]["window"] == [builders.WINDOW.label]


def test_a_source_that_gives_no_answer_is_told_in_words(place: Place, ann: Reader) -> None:
    scripted(place, {"robot-learning": "arXiv is <busy>"})
    assert "arXiv gave no answer: arXiv is &lt;busy&gt;" in ann.press(ann.get(ROBOTS), "Ask arXiv").text


def test_a_new_topic_is_tried_before_it_is_added(place: Place, ann: Reader) -> None:
    scripted(place, {"coastal-learning": new_papers()})
    page = ann.press(ann.get(f"{TOPICS}/-/new"), "Ask arXiv", **SOUND)
    assert "TideNet" in page.text
    assert "coastal-learning" not in [one.slug for one in place.service.roster.topics()]
    assert ann.press(page, "Add").headers["location"].startswith(f"{TOPICS}/coastal-learning")


def test_two_try_outs_do_not_ask_at_the_same_time(place: Place, ann: Reader) -> None:
    source = scripted(place, {"robot-learning": new_papers()})
    with place.app.app.state.context.asking:
        page = ann.press(ann.get(ROBOTS), "Ask arXiv")
    assert "Another try-out is asking arXiv" in page.text
    assert source.asked == []


# -- proposing ----------------------------------------------------------------------------------------------


def kept_weeks(place: Place) -> None:
    """The last two weeks of arXiv as they are kept once they were read: invented papers."""
    source = wiring.arxiv_papers(place.service.settings)
    for number, week in enumerate(last_weeks(2, wiring.now().date())):
        moment = dt.datetime.combine(week.first, dt.time(9), dt.UTC)
        papers = [
            builders.paper(one, submitted=moment, updated=moment)
            for one in range(60 * number, 60 * number + 60)
        ]
        keep_week(source, week, place.service.settings.data_dir / "weeks", papers)


def test_a_topic_is_proposed_behind_the_page_which_says_how_far_it_is(
    place: Place, ann: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_weeks(place)
    go_on = threading.Event()

    def gated(*given: Any) -> Any:
        go_on.wait(30)
        return corpus(*given)

    monkeypatch.setattr("service.setup.proposing.corpus", gated)
    proposals: Proposals = place.app.app.state.context.proposals
    page = ann.get(f"{TOPICS}/-/new")
    answer = ann.press(page, "Propose", sentence="Forecasts of tides in harbours from cheap sensors")
    assert (answer.status, answer.headers["location"]) == (303, f"{TOPICS}/-/new/proposed")
    waiting = ann.get(f"{TOPICS}/-/new/proposed")
    assert "A topic is being proposed" in waiting.text
    assert "connect-src 'self'" in waiting.headers["content-security-policy"]
    assert 'name="search_terms"' not in waiting.text
    assert "Somebody else" in proposals.begin("carl@example.org", Wish("Anything")).problem
    go_on.set()
    proposals.wait()
    root = lxml.html.fromstring(ann.get(f"{TOPICS}/-/new/proposed").text)
    assert "harbour" in root.get_element_by_id("search_terms").value
    assert root.get_element_by_id("description").value.startswith("Forecasts of tides")
    assert acts(place) == []  # nothing is saved
    assert not proposals.asking.locked()


def test_a_proposal_that_can_t_be_had_is_said_and_may_be_asked_again(
    place: Place, ann: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("secret")

    proposals: Proposals = place.app.app.state.context.proposals
    for given, words in (
        ({}, "Give a sentence"),
        ({"seed_papers": "not-an-id"}, "no arXiv id"),
        ({"sentence": "Tides"}, "The proposal broke off"),
    ):
        monkeypatch.setattr("service.setup.proposing.corpus", broken)
        ann.press(ann.get(f"{TOPICS}/-/new"), "Propose", **given)
        proposals.wait()
        page = ann.get(f"{TOPICS}/-/new/proposed")
        assert words in page.text
        assert "secret" not in page.text
    assert not proposals.asking.locked()


def test_a_proposal_that_is_gone_leads_to_an_empty_form(ann: Reader) -> None:
    answer = ann.get(f"{TOPICS}/-/new/proposed")
    assert (answer.status, answer.headers["location"]) == (303, f"{TOPICS}/-/new")
