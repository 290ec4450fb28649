"""Papers that were briefed, and then withdrawn or revised: told in the next brief, on pages and feeds."""

import datetime as dt
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from typer.testing import CliRunner

from service import cli
from service.briefs import Assignment
from service.briefs.corrections import told
from service.briefs.extractive import ExtractiveWriter
from service.briefs.grounding import claims
from service.briefs.model import Brief, CorrectedClaim, Correction
from service.briefs.writing import write_brief
from service.issues import Issue
from service.papers import Paper, SourceError, Window, select
from service.pipeline import build_issue
from service.store import Store
from subscribers.preferences import Length
from tests import builders
from tests.briefs_for_emails import recipient
from tests.fakes import ScriptedPapers
from tests.newsrooms import printed
from tests.readers import BASE, NOW, Place, Reader, open_place, publish
from tests.test_pipeline import TOPIC, W22, W23, at, build_context, paper

WRITER = ExtractiveWriter()
W24 = Window.of_week("2026-W24")
SEEN = paper(0, 26)
GONE = replace(SEEN, version=2, updated=at(34), comment="Withdrawn by the authors: the gauges were wrong")


def built(store: Store, window: Window, papers: list[Paper], now: dt.datetime) -> Brief:
    report = build_issue(window, [TOPIC], build_context(store, papers, now), fresh=True)
    assert report.issue is not None
    return report.issue.briefs[0]


def after(store: Store, change: Paper) -> Brief:
    """The brief of the week after the one that told a paper, once the paper changed."""
    built(store, W22, [SEEN, paper(1, 27)], at(30))
    return built(store, W23, [change, paper(2, 33)], at(37))


def test_a_briefed_paper_that_is_withdrawn_is_told_in_the_next_brief_with_its_claims(store: Store) -> None:
    brief = after(store, GONE)
    (one,) = brief.corrections
    assert told(one).startswith(f"{SEEN.id}, briefed on 30 May, was withdrawn on 3 June: “Withdrawn by")
    assert (one.kind, one.issue, one.version) == ("withdrawn", "2026-W22", 2)
    first = store.issue("2026-W22").briefs[0]
    cited = {claim.text for _, claim in claims(first) if SEEN.id in claim.paper_ids}
    assert cited <= {claim.text for claim in one.claims}
    assert SEEN.id not in brief.entries


def test_it_is_told_once(store: Store) -> None:
    after(store, GONE)
    assert built(store, W24, [GONE, paper(3, 40)], at(44)).corrections == ()


def test_a_paper_that_is_withdrawn_weeks_after_its_brief_is_told_once_and_of_no_other_brief(
    store: Store,
) -> None:
    others = [paper(number, 27 + 7 * number) for number in range(1, 6)]
    gone = replace(GONE, updated=at(60))
    weeks = [Window.of_week(f"2026-W{22 + number}") for number in range(6)]
    found = []
    for number, week in enumerate(weeks):
        known = gone if number >= 4 else SEEN
        found.append(built(store, week, [known, *others], at(30 + 7 * number)).corrections)
    assert [len(one) for one in found] == [0, 0, 0, 0, 1, 0]
    assert (found[4][0].paper_id, found[4][0].issue) == (SEEN.id, "2026-W22")


def test_where_arxiv_knows_nothing_of_old_papers_the_brief_is_built(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    built(store, W22, [SEEN, paper(1, 27)], at(30))

    def away(_: object, ids: object) -> tuple[Paper, ...]:
        raise SourceError(f"arXiv answers nothing about {ids}")

    monkeypatch.setattr(ScriptedPapers, "by_ids", away)
    late = Window.of_week("2026-W26")
    assert built(store, late, [paper(2, 54)], at(58)).corrections == ()
    assert f"no look at papers of earlier briefs: arXiv answers nothing about ['{SEEN.id}'" in caplog.text


def test_what_a_quiet_week_corrects_is_told_by_the_next_brief_that_is_sent(store: Store) -> None:
    built(store, W22, [SEEN, paper(1, 27)], at(30))
    quiet = built(store, W23, [GONE], at(37))
    assert (quiet.is_quiet, len(quiet.corrections)) == (True, 1)
    assert built(store, W24, [GONE, paper(3, 40)], at(44)).corrections == quiet.corrections


def test_a_revision_is_told_where_title_numbers_or_claims_changed_and_else_is_not(store: Store) -> None:
    newer = replace(SEEN, version=2, updated=at(34))
    said = SEEN.abstract
    (number,) = re.findall(r"\b\d+(?:\.\d+)?\b", said)[:1]
    changes = {
        replace(newer, title=f"{SEEN.title} Revisited"): "its title is now",
        replace(newer, abstract=said.replace(number, "77")): f"no longer gives {number}",
        replace(newer, abstract="We study something else entirely, and in other words."): "no longer",
        replace(newer, abstract=f"{said} A sentence more."): "",
        replace(newer, abstract=said.replace("the", "teh", 1)): "",
        newer: "",
    }
    built(store, W22, [SEEN, paper(1, 27)], at(30))
    for change, what in changes.items():
        found = built(store, W23, [change, paper(2, 33)], at(37)).corrections
        assert [one.kind for one in found] == (["revised"] if what else []), change
        assert what in "".join(map(told, found))
        assert change.version == 2


def test_a_paper_that_no_brief_told_is_corrected_by_none(store: Store) -> None:
    built(store, W22, [paper(1, 27)], at(30))
    assert built(store, W23, [replace(GONE, id="2605.09999"), paper(2, 33)], at(37)).corrections == ()


def test_a_paper_held_beyond_the_look_back_is_named_in_the_run_metadata() -> None:
    held = replace(paper(4, 3), id="2605.00777")
    selection = select(TOPIC, W23, [held, paper(2, 33)], seen=(), began=W22.first)
    brief = write_brief(WRITER, WRITER, Assignment(selection, at(37)))
    assert "2605.00777 (submitted on 3 May)" in " ".join(brief.metadata.notes)
    assert held.id not in brief.entries


# Where readers see it


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated)


@pytest.fixture
def reader(place: Place) -> Reader:
    return place.reader()


CORRECTION = Correction(
    paper_id=builders.paper(0).id, version=2, kind="withdrawn", handle="TideNet", title="t",
    url="https://arxiv.org/abs/2605.00001",
    issue=builders.WINDOW.label, briefed_on=dt.date(2026, 5, 30), changed_on=dt.date(2026, 6, 3),
    why="“an error”",
    claims=(CorrectedClaim("t1", builders.brief().themes[0].claims[0].text),),
)  # fmt: skip
SAYS = f"{CORRECTION.paper_id}, briefed on 30 May, was withdrawn on 3 June: “an error”."


def test_e_mails_tell_it_at_every_length_with_what_was_written() -> None:
    brief = replace(builders.brief(), corrections=(CORRECTION,))
    rendered = printed(Issue("2026-W23", W23, NOW, (brief,)))
    for length in Length:
        edition = rendered.edition([brief.topic_slug], length)
        for part in (edition.text(recipient()), edition.html(recipient())):
            assert "was withdrawn on 3 June" in " ".join(part.split())
            assert "we wrote:" in " ".join(part.split())


def test_the_page_of_the_earlier_brief_says_it_beside_the_claim(place: Place, reader: Reader) -> None:
    publish(place.service, NOW, W23, corrections=(CORRECTION,))
    page = reader.get(f"/issues/{builders.WINDOW.label}/robot-learning").text
    claim = CORRECTION.claims[0].text.split()[-1]
    assert page.count(f"Correction: {SAYS}") >= 1
    assert page.index(claim) < page.index(f"Correction: {SAYS}")
    assert SAYS in page[: page.index('<h2 id="themes"')]
    later = reader.get("/issues/2026-W23/robot-learning").text
    assert f'href="{BASE}/issues/{builders.WINDOW.label}/robot-learning"' in later
    assert "we wrote:" in later


def test_feeds_tell_it_in_both_briefs_and_mark_the_earlier_one_as_changed(
    place: Place, reader: Reader
) -> None:
    publish(place.service, NOW, W23, corrections=(CORRECTION,))
    feed = json.loads(reader.get("/topics/robot-learning/feed.json").text)
    newer, earlier = feed["items"]
    assert "Corrections" in newer["content_html"]
    assert SAYS in earlier["content_html"]
    assert earlier["date_modified"] >= "2026-06-03"
    atom = etree.fromstring(reader.get("/topics/robot-learning/feed.atom").content)
    updated = atom.findall("{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}updated")
    assert updated[1].text >= "2026-06-03"


def test_the_command_lists_corrections_in_words_and_as_json(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(place.service, NOW, W23, corrections=(CORRECTION,))
    for name, value in (("DATA_DIR", tmp_path), ("DATABASE_URL", f"sqlite:///{tmp_path / 'brief.db'}")):
        monkeypatch.setenv(f"BRIEF_{name}", str(value))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(cli.app, ["corrections", "--topic", "robot-learning"])
    assert told.exit_code == 0, told.output
    assert "was withdrawn on 3 June" in " ".join(told.output.split())
    (one,) = json.loads(
        CliRunner().invoke(cli.app, ["corrections", "--topic", "robot-learning", "--json"]).output
    )
    assert (one["says"], one["briefed_in"]) == (SAYS, builders.WINDOW.label)
    nothing = CliRunner().invoke(cli.app, ["corrections", "--topic", "nope"])
    assert nothing.output.startswith("No correction")
