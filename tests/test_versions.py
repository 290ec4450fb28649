"""Briefs stored by an earlier version of the service: read, delivered by their hash, and edited."""

import datetime as dt
import hashlib
import json
from typing import Any

import pytest
import sqlalchemy as sa

from service.briefs.grounding import Place, Section
from service.briefs.model import Brief
from service.briefs.versions import SCHEMA_VERSION, upgraded
from service.editing import DropClaim, WriteNote
from service.papers import Fetched
from service.store import Store
from tests import builders
from tests.newsrooms import NOW, save_issue

TOPICS = ("coastal-learning", "robot-learning")
LABEL = builders.WINDOW.label


def claim(number: int, which: int, kind: str = "quoted") -> dict[str, Any]:
    said = builders.sentence(number, which)
    citations = [{"paper_id": builders.paper(number).id, "evidence": said}]
    return {"text": f"{builders.handle(number)} reports: “{said}”", "citations": citations, "kind": kind}


def first_version(slug: str = TOPICS[0]) -> dict[str, Any]:
    """A brief as version 1 stored it, by hand."""
    entries = [json.loads(json.dumps(vars_of(number))) for number in range(3)]
    counted = {
        "text": "2 of the 3 papers speak of “sensors”.",
        "citations": [{"paper_id": builders.paper(n).id, "evidence": "sensor"} for n in (0, 1)],
        "kind": "counted",
    }
    ids = [builders.paper(number).id for number in range(3)]
    return {
        "topic_slug": slug, "topic_name": slug.title(), "title": "Coastal Learning: latest arXiv summary",
        "window_label": LABEL, "first": "2026-05-18", "last": "2026-05-22",
        "generated_at": "2026-05-23T06:00:00Z",
        "themes": [
            {"heading": "Few sensors", "claims": [counted, claim(0, 2), claim(1, 2)], "paper_ids": ids}
        ],
        "methods": [{
            "name": "Residuals", "how": [claim(0, 1)], "strength": [claim(1, 1)], "trade_off": [claim(0, 3)],
            "paper_ids": ids[:2],
        }],
        "notable": [{"paper_id": ids[2], "why": claim(2, 2, "written"), "teaches": claim(2, 0)}],
        "trends": [],
        "challenges": [{"heading": "Clouds", "claims": [claim(2, 3)]}],
        "overview": {
            "claims": [claim(1, 0)],
            "reading_order": [{"purpose": "Start with forecasts", "paper_ids": ids[:2], "minutes": 14}],
        },
        "glossary": [{
            "acronym": "SWS", "expansion": "shallow water solver",
            "citation": {"paper_id": ids[0], "evidence": "couples a shallow water solver"},
        }],
        "catalog": entries, "revisions": [], "filled": ["methods"], "note": "", "subject": "",
        "schema_version": 1,
        "metadata": {"writer": "openai", "model": "tide-1", "prompt_version": "1", "claims_written": 9},
    }  # fmt: skip


def vars_of(number: int) -> dict[str, Any]:
    held = builders.entry(number)
    return {
        "paper_id": held.paper_id, "version": 1, "handle": held.handle, "title": held.title,
        "authors": held.authors, "categories": held.categories, "submitted": held.submitted.isoformat(),
        "url": held.url, "line": held.line, "reason": held.reason, "theme": 0,
        "late": False, "revised": False,
    }  # fmt: skip


@pytest.fixture
def stored(store: Store, engine: sa.Engine) -> Store:
    """An issue of two briefs that version 1 built, stored and hashed."""
    fetched = Fetched(TOPICS[0], builders.WINDOW, tuple(builders.papers().values()), NOW)
    store.store_fetched(builders.topic(), fetched, "test")
    save_issue(store, TOPICS, label=LABEL, approved=False)
    held = [first_version(slug) for slug in TOPICS]
    words = json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    with engine.begin() as connection:
        for one in held:
            put = sa.text("UPDATE briefs SET content = :content WHERE topic_slug = :slug")
            connection.execute(put, {"content": json.dumps(one), "slug": one["topic_slug"]})
        put = sa.text("UPDATE issues SET content_hash = :hash")
        connection.execute(put, {"hash": hashlib.sha256(words.encode()).hexdigest()})
    return store


def contents(engine: sa.Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT content FROM briefs ORDER BY position"))
        return [json.loads(content) for (content,) in rows]


def test_claims_keep_their_words_under_the_new_names() -> None:
    brief = Brief.from_json(json.dumps(first_version()))
    assert brief.schema_version == SCHEMA_VERSION
    assert [(one.kind, one.origin) for one in brief.themes[0].claims] == [
        ("fact", "counted"), ("fact", "quoted"), ("fact", "quoted"),
    ]  # fmt: skip
    (notable,) = brief.notable
    assert notable.why
    assert (notable.shows.text, notable.shows.origin) == (claim(2, 2)["text"], "written")
    assert notable.why.text == claim(2, 0)["text"]
    assert (brief.glossary[0].term, brief.glossary[0].meaning) == ("SWS", "shallow water solver")
    assert brief.overview.reading_order[0].paper_ids == (builders.paper(0).id, builders.paper(1).id)
    assert (brief.minute, bool(brief.news)) == (None, False)


def test_what_is_of_this_version_or_no_brief_at_all_is_left_as_it_is() -> None:
    for text in (builders.brief().to_json(), "{broken", "[]", '{"schema_version": 99}', b'"x"'):
        assert upgraded(text) == text


def test_an_issue_of_the_first_version_keeps_its_hash_and_may_be_approved(stored: Store) -> None:
    status, issue = stored.status(LABEL), stored.issue(LABEL)
    assert issue.content_hash == status.content_hash
    assert stored.approve(LABEL, NOW, issue.content_hash).approved


def test_an_edit_is_stored_as_this_version_and_the_other_brief_as_it_was(
    stored: Store, engine: sa.Engine
) -> None:
    other = contents(engine)[1]
    made = stored.edit_issue(LABEL, WriteNote(TOPICS[0], "Read the first one first."), "ann@example.org", NOW)
    assert [one["schema_version"] for one in contents(engine)] == [SCHEMA_VERSION, 1]
    assert contents(engine)[1] == other
    assert stored.issue(LABEL).content_hash == made.content_hash == stored.status(LABEL).content_hash


def test_undoing_an_edit_brings_the_first_version_back_with_its_hash(
    stored: Store, engine: sa.Engine
) -> None:
    before, held = stored.status(LABEL).content_hash, contents(engine)
    drop = DropClaim(TOPICS[0], Place(Section.THEMES, 0, "claims", 2))
    edited = stored.edit_issue(LABEL, drop, "ann@example.org", NOW)
    assert len(edited.briefs[0].themes[0].claims) == 2
    assert stored.undo_edits(LABEL, NOW + dt.timedelta(hours=1)).content_hash == before
    assert contents(engine) == held
