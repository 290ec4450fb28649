"""What a topic's page tells over weeks: threads as stories, and a quarter's themes in numbers."""

from dataclasses import replace
from pathlib import Path

import lxml.html
import pytest

from service.briefs.model import Brief, Earlier, News, Theme
from service.papers import Window
from service.store import Built
from service.web.archive import Archive, Listed
from service.web.threads import MOST_STEPS, MOST_STORIES, QUARTER, Row, quarter, rows, stories
from tests import argued, builders
from tests.readers import NOW, Place, open_place

TOPIC = "robot-learning"


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated)


def publish(place: Place, label: str, brief: Brief, *, approved: bool = True) -> None:
    window = Window.of_week(label)
    made = replace(
        brief, topic_slug=TOPIC, topic_name="Robot Learning", window_label=label, first=window.first,
        last=window.last,
    )  # fmt: skip
    place.service.store.save_issue(window, [Built(made, ())], NOW)
    if approved:
        place.service.store.approve(label, NOW)


def listed(label: str) -> Listed:
    window = Window.of_week(label)
    return Listed(label, window.first, window.last, NOW, NOW, "hash", (TOPIC,))


def page(place: Place) -> lxml.html.HtmlElement:
    return lxml.html.fromstring(place.reader().get(f"/topics/{TOPIC}").text)


def words(node: lxml.html.HtmlElement) -> str:
    return " ".join(node.text_content().split())


def test_a_thread_tells_this_week_and_links_to_what_was_said_before(place: Place) -> None:
    publish(place, "2026-W20", argued.brief(news=News()))
    publish(place, "2026-W22", argued.brief())
    (story,) = page(place).xpath("//section[h3[@id='thread-1']]")
    assert words(story.xpath("./h3")[0]) == "Do explicit units help?"
    steps = [words(one) for one in story.xpath(".//li")]
    assert [one.partition("2026")[2] for one in steps] == [
        f" · goes on from what was said before {argued.THREAD.text}",
        " Models misread units in two of three gauges.",
    ]
    links = story.xpath(".//p[@class='kicker']/a/@href")
    assert links == [f"/issues/2026-W22/{TOPIC}", f"/issues/2026-W20/{TOPIC}"]
    assert f"/papers/{builders.paper(9).id}" in story.xpath(".//a/@href")


def test_an_earlier_issue_that_is_not_public_is_named_without_a_link(place: Place) -> None:
    publish(place, "2026-W20", argued.brief(news=News()), approved=False)
    publish(place, "2026-W22", argued.brief())
    (story,) = page(place).xpath("//section[h3[@id='thread-1']]")
    assert story.xpath(".//p[@class='kicker']/a/@href") == [f"/issues/2026-W22/{TOPIC}"]
    assert "2026-W20" in words(story)


def test_threads_with_one_question_are_one_story_newest_first() -> None:
    first = replace(argued.thread("2026-W18"), claim=replace(argued.THREAD, text="GaugeLM came first."))
    again = argued.thread("2026-W20", "do explicit units help?")
    weeks = [
        (listed("2026-W22"), argued.brief(news=News(threads=(again,)))),
        (listed("2026-W20"), argued.brief(news=News(threads=(first,)))),
    ]
    (story,) = stories(weeks, [one for one, _ in weeks])
    assert [step.label for step in story.steps] == ["2026-W22", "2026-W20", "2026-W20", "2026-W18"]
    assert [step.is_public for step in story.steps] == [True, True, True, False]


def test_a_thread_goes_on_from_the_thread_of_the_issue_and_papers_that_it_names() -> None:
    begun = argued.thread("2026-W18", "Do units help?")
    on, apart = (
        argued.thread("2026-W20", "Do units help in gaps?"),
        argued.thread("2026-W19", "Does gauging?"),
    )
    weeks = [
        (listed("2026-W22"), argued.brief(news=News(threads=(apart, on)))),
        (listed("2026-W20"), argued.brief(news=News(threads=(begun,)))),
    ]
    found = stories(weeks, [])
    assert [story.question for story in found] == ["Do units help in gaps?", "Does gauging?"]
    assert [step.label for step in found[0].steps] == ["2026-W22", "2026-W20", "2026-W20", "2026-W18"]


def test_stories_and_their_steps_are_bounded() -> None:
    earlier = tuple(Earlier(f"2025-W{week}", f"Said in {week}.", ()) for week in range(10, 40))
    threads = tuple(
        replace(argued.thread(""), question=f"Question {at}?", earlier=earlier) for at in range(30)
    )
    found = stories([(listed("2026-W22"), argued.brief(news=News(threads=threads)))], [])
    assert len(found) == MOST_STORIES
    assert {len(story.steps) for story in found} == {MOST_STEPS}
    assert [step.label for step in found[0].steps[:2]] == ["2026-W22", "2025-W39"]


def test_each_week_of_the_quarter_is_a_row_that_tells_its_themes_in_words(place: Place) -> None:
    for week in range(1, QUARTER + 3):
        publish(place, f"2026-W{week:02}", argued.brief())
    found = page(place)
    bars = found.xpath("//h2[@id='quarter']/following::table[1]//*[name()='svg']")
    assert len(bars) == QUARTER
    assert bars[1].get("aria-label") == (
        "Few sensors do where a solver helps: 2 papers; Radar warns crews of squalls: 1 paper"
    )
    assert [one.text for one in bars[1].xpath("./*/*[name()='title']")] == [
        "Few sensors do where a solver helps: 2", "Radar warns crews of squalls: 1"
    ]  # fmt: skip
    assert len(found.xpath("//details[summary='The themes in words']//ol")) == QUARTER
    assert not found.xpath("//script | //@style")


def test_bars_stand_behind_each_other_and_a_week_without_themes_is_no_row() -> None:
    weeks = [(listed("2026-W22"), argued.brief()), (listed("2026-W21"), argued.brief(themes=()))]
    (row,) = rows(weeks)
    assert isinstance(row, Row)
    assert [(bar.start, bar.papers) for bar in row.bars] == [(0, 2), (2, 1)]
    assert row.papers == 3


def test_a_topic_without_threads_has_no_such_section(place: Place) -> None:
    assert not page(place).xpath("//*[@id='threads'] | //*[@id='quarter']")


def test_words_of_strangers_stay_words(place: Place) -> None:
    bad = "<script>alert(1)</script>"
    thread = replace(
        argued.thread("2026-W20"), question=bad, claim=replace(argued.THREAD, text=bad, setting=bad),
        earlier=(Earlier(bad, bad, ()),),
    )  # fmt: skip
    for label in ("2026-W20", "2026-W22"):
        publish(
            place,
            label,
            argued.brief(news=News(threads=(thread,)), themes=(Theme(bad, (argued.TOLD,), ("x",)),)),
        )
    found = page(place)
    assert not found.xpath("//script")
    assert bad in found.text_content()


def test_a_brief_that_loses_its_approval_meanwhile_is_left_out(place: Place) -> None:
    archive = Archive(place.service.engine)
    (one, *_) = archive.issues(1, topic=TOPIC)
    assert quarter(archive, [replace(one, topics=())], TOPIC) == []
