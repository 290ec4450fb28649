"""What the thirty invented full texts bring into briefs: rows of e-mails, lengths, ties to earlier briefs."""

import datetime as dt
from dataclasses import replace
from functools import cache
from pathlib import Path

import lxml.html

from service.briefs import Assignment
from service.briefs.claims import claims_in
from service.briefs.extractive import ExtractiveWriter
from service.briefs.extractive.sections import LIMITS_HEADING
from service.briefs.model import Brief, Earlier, Thread
from service.briefs.stated.table import row_of
from service.briefs.writing import write_brief
from service.emails import Renderer
from service.emails.checks import problems
from service.emails.facts import length
from service.emails.levels import Level
from service.emails.paragraphs import texts_in
from service.emails.tables import CELLS, IN_EMAILS, ROOM, as_csv
from service.emails.views import TopicView
from service.papers import Window, select
from service.papers.text import read_page
from service.web.threads import stories
from service.wiring import TEMPLATES
from subscribers.topics import load_topics
from tests.briefs_for_emails import SENDER, issue, recipient
from tests.invented_texts import invented_texts
from tests.latexml import words_at
from tests.readers import open_place
from tests.test_stated import Texts
from tests.test_threads import TOPIC as PAGE_TOPIC
from tests.test_threads import listed, publish

TOPIC = next(one for one in load_topics() if one.slug == "llm-post-train")
PAPERS = {one.paper.id: one.paper for one in invented_texts()}
PAGES = {one.paper.id: one.page for one in invented_texts()}
TEXTS = {id_: read_page(page, id_, PAPERS[id_].version) for id_, page in PAGES.items()}
BOTH = Window(dt.date(2026, 5, 25), dt.date(2026, 6, 5))
WRITER = ExtractiveWriter()
URL = "https://brief.example.org/issues/2026-W23/llm-post-train"


@cache
def written(window: Window = BOTH, earlier: tuple[Brief, ...] = ()) -> Brief:
    held = [one for one in PAPERS.values() if window.holds(one.submitted)]
    selection = select(TOPIC, window, held, seen=(), began=None)
    at = dt.datetime.combine(window.last, dt.time(12), dt.UTC)
    return write_brief(WRITER, WRITER, Assignment(selection, at, earlier, Texts(TEXTS)))


def in_two_weeks() -> tuple[Brief, Brief]:
    before = written(Window.of_week("2026-W22"))
    return before, written(Window.of_week("2026-W23"), (before,))


def test_the_email_shows_the_fullest_rows_of_the_strongest_theme_where_its_words_leave_room() -> None:
    brief = written()
    view = TopicView(brief, Level.FULL, URL)
    assert 2 <= len(view.fullest) <= 3
    rows = {row.paper_id: row for row in brief.table}
    for shown in view.fullest:
        assert shown.paper.paper_id in brief.themes[0].paper_ids
        assert CELLS <= len(shown.cells) <= len(IN_EMAILS)
        quoted = {cell.citation.evidence for cell in rows[shown.paper.paper_id].cells}
        assert {cell.words for cell in shown.cells} <= quoted
        assert all(cell.place and cell.place.url for cell in shown.cells)
    words = sum(len(text.split()) for text in texts_in(view._shown))
    assert words + sum(row.words for row in view.fullest) <= ROOM
    long = replace(brief.overview.claims[0], text="word " * ROOM) if brief.overview.claims else None
    assert not TopicView(brief, Level.DIGEST, URL).fullest
    assert not TopicView(brief, Level.FULL, URL, on_web=True).fullest
    if long:
        full = replace(brief, overview=replace(brief.overview, claims=(long,)))
        assert not TopicView(full, Level.FULL, URL).fullest


def test_both_parts_of_the_email_hold_the_rows_and_lead_to_the_whole_table() -> None:
    brief = written()
    edition = Renderer(SENDER, TEMPLATES).render_issue(issue(brief)).edition([TOPIC.slug])
    text, html = edition.text(recipient()), edition.html(recipient())
    assert "FROM THE TABLE OF THE WINDOW" in text
    assert "/llm-post-train#table" in text
    assert '/llm-post-train#table"' in html
    for row in TopicView(brief, Level.FULL, URL).fullest:
        for cell in row.cells:
            assert cell.words.split()[0] in text
            assert cell.place
            assert f'href="{cell.place.url}"' in html


def test_lengths_are_the_authors_pages_else_the_words_of_the_text_and_never_invented() -> None:
    brief = written()
    said = {one.paper_id: length(one).replace("\xa0", " ") for one in brief.catalog}
    for one in brief.catalog:
        if one.pages:
            assert said[one.paper_id] == f"{one.pages} pp."
        elif one.paper_id in brief.told:
            assert one.words == TEXTS[one.paper_id].words
        else:
            assert (one.words, said[one.paper_id]) == (None, "")
    entry = replace(brief.catalog[0], pages=None)
    told = {
        9_437: "about 9,000 words",
        12_600: "about 13,000 words",
        1_420: "about 1,400 words",
        20: "about 100 words",
    }
    for words, shown in told.items():
        assert length(replace(entry, words=words)).replace("\xa0", " ") == shown
    ordered = replace(brief, catalog=tuple(replace(one, pages=None, words=9_437) for one in brief.catalog))
    view = TopicView(ordered, Level.FULL, URL, on_web=True)
    named = [one.length for step in view.reading_order for one in step.papers]
    assert {one.replace("\xa0", " ") for one in [*named, *(row.length for row in view.table)]} == {
        "about 9,000 words"
    }
    assert "about 9,000 words" in as_csv(ordered)


def test_cells_are_what_the_papers_state_and_four_of_five_things_that_they_state_are_there() -> None:
    stated = right = limited = 0
    for one in invented_texts():
        row = row_of(one.paper, TEXTS[one.paper.id])
        held = {cell.column: cell.citation.evidence for cell in row.cells} if row else {}
        held.pop("result", "")
        for column, words in held.items():
            sentences = words.split(". ") if column == "limit" else [words]
            for said in sentences:
                assert any(said in truth for truth in one.truths.get(column, ())), (
                    one.paper.id,
                    column,
                    said,
                )
        stated, right, limited = stated + len(one.truths), right + len(held), limited + ("limit" in held)
    assert right >= 0.9 * stated
    assert limited >= 0.95 * len(TEXTS)


def test_every_quotation_stands_at_its_anchor_and_told_papers_with_a_section_on_limits_show_one() -> None:
    brief = written()
    cited = [one for claim in claims_in(brief) for one in claim.citations if one.anchor]
    cited += [cell.citation for row in brief.table for cell in row.cells if cell.citation.anchor]
    cited += [one.said for one in brief.cited if one.said]
    assert len(cited) > 100
    at = {id_: words_at(page) for id_, page in PAGES.items()}
    assert all("".join(one.evidence.split()) in at[one.paper_id][one.anchor] for one in cited)
    listed = [one.claims for one in brief.challenges if one.heading == LIMITS_HEADING]
    shown = {id_ for claim in claims_in(tuple(listed)) for id_ in claim.paper_ids}
    shown |= {one.paper_id for one in brief.notable if one.caveat}
    assert len(brief.told & shown) >= 0.95 * len(brief.told)


def test_papers_that_build_on_papers_of_earlier_briefs_or_dispute_them_are_told_with_their_words() -> None:
    before, brief = in_two_weeks()
    bonds = {
        (one.paper.id, bond.cited, {"builds": "builds on", "disputes": "disputes"}[bond.bond], bond.words)
        for one in invented_texts() for bond in one.bonds
    }  # fmt: skip
    assert len(brief.edges) > 1
    for edge in brief.edges:
        assert edge.said
        assert (edge.paper_id, edge.cited_id, edge.bond, edge.said.evidence) in bonds
        assert edge.issue == "2026-W22"
        assert edge.name == before.entry(edge.cited_id).handle
        assert "".join(edge.said.evidence.split()) in words_at(PAGES[edge.paper_id])[edge.said.anchor]
    told = TopicView(brief, Level.FULL, URL).news.edges
    assert told
    assert all(one.issue and one.issue.url == URL.replace("W23", "W22") for one in told)
    assert all(one.said.place and "#S" in (one.said.place.url or "") for one in told)
    edition = Renderer(SENDER, TEMPLATES).render_issue(issue(brief)).edition([TOPIC.slug])
    flat = " ".join(edition.text(recipient()).split())
    assert all(" ".join(one.said.words.split()) in flat for one in told)
    assert all(one.said.words in edition.html(recipient()) for one in told)


def test_what_came_of_a_paper_is_a_story_of_the_topics_page() -> None:
    before, brief = in_two_weeks()
    weeks = [(listed("2026-W23"), brief), (listed("2026-W22"), before)]
    found = stories(weeks, [one for one, _ in weeks])
    assert {one.name for one in brief.edges} == {one.question.removeprefix("What came of ") for one in found}
    for story in found:
        *said, first = story.steps
        assert [step.label for step in story.steps] == [*("2026-W23" for _ in said), "2026-W22"]
        assert all(step.place and step.place.url for step in said)
        assert first.is_public
        assert first.said


def test_what_a_thread_says_has_beside_it_what_its_paper_says_itself() -> None:
    before, brief = in_two_weeks()
    edge = brief.edges[0]
    earlier = Earlier("2026-W22", "It was told so.", (edge.cited_id,))
    claim = next(one for one in claims_in(brief.themes) if edge.paper_id in one.paper_ids)
    thread = Thread("Does it hold?", "contradicts", claim, (earlier,))
    threaded = replace(brief, news=replace(brief.news, threads=(thread,)))
    news = TopicView(threaded, Level.FULL, URL).news
    own = {one.said.words for one in news.threads[0].edges}
    assert own == {one.said.evidence for one in brief.edges_along(thread) if one.said}
    assert own
    assert not own & {one.said.words for one in news.edges}
    weeks = [(listed("2026-W23"), threaded), (listed("2026-W22"), before)]
    found = stories(weeks, [one for one, _ in weeks])
    story = next(one for one in found if one.question == "Does it hold?")
    assert [step.place.text for step in story.steps if step.place] == [edge.said and edge.said.section]


def test_the_topics_page_links_what_came_of_a_paper_to_the_passage(tmp_path: Path, migrated: Path) -> None:
    place = open_place(tmp_path, migrated)
    before, brief = in_two_weeks()
    for label, one in (("2026-W22", before), ("2026-W23", brief)):
        publish(place, label, one)
    (edge, *_) = brief.edges
    text = lxml.html.fromstring(place.reader().get(f"/topics/{PAGE_TOPIC}").text)
    links = text.xpath("//section[starts-with(h3, 'What came of')]//a/@href")
    assert edge.said
    assert brief.entry(edge.paper_id).text_url(edge.said.anchor) in links
    assert f"/issues/2026-W22/{PAGE_TOPIC}" in links
    page = lxml.html.fromstring(place.reader().get(f"/issues/2026-W23/{PAGE_TOPIC}").text)
    assert edge.said.evidence in " ".join(page.text_content().split())


def test_emails_with_rows_and_ties_pass_every_check() -> None:
    for brief in (written(), in_two_weeks()[1]):
        edition = Renderer(SENDER, TEMPLATES).render_issue(issue(brief)).edition([TOPIC.slug])
        assert problems(edition, recipient(), brief.generated_at) == ()
