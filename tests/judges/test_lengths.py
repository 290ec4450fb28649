"""How long an e-mail of the size that the form describes is: in a phone's screens, and in words."""

import struct
from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.adapters.chromium import View, chromium, find_chromium
from service.briefs.claims import Citation
from service.briefs.tables import Cell, Row
from service.emails import RenderedIssue, Renderer
from service.emails.tables import IN_EMAILS
from service.wiring import TEMPLATES
from subscribers.preferences import Length
from tests.argued_briefs import argued_issue
from tests.briefs_for_emails import SENDER, recipient
from tests.judges.tools import lacking

PHONE = 375, 667  # pixels
STATED = "A run of the largest model takes 52 hours on 16 A100 GPUs", "S5.p1", "§5 Limitations"
BEFORE_TABLES = "NOTABLE PAPERS TO READ FIRST"


@pytest.fixture(scope="module")
def printed() -> RenderedIssue:
    return Renderer(SENDER, TEMPLATES).render_issue(argued_issue(3))


def heights(pages: list[str]) -> Iterator[int]:
    """Of each page on a phone, in pixels."""
    browser = find_chromium()
    if browser is None:
        lacking("chromium", "apt-get install chromium")
        return
    with chromium(browser) as opened:
        for page in pages:
            parts = opened.picture(page, View(PHONE[0])).parts
            yield sum(struct.unpack(">I", part[20:24])[0] for part in parts)  # a PNG states its height there


def test_one_topic_in_full_has_14_phone_screens_and_three_in_short_8(printed: RenderedIssue) -> None:
    wanted = ((1, Length.FULL, 14), (3, Length.SHORT, 8), (3, Length.MINUTE, 4))
    editions = [printed.edition([f"topic-{n}" for n in range(count)], length) for count, length, _ in wanted]
    found = heights([edition.html(recipient()) for edition in editions])
    for (count, length, most), height in zip(wanted, found, strict=True):
        assert height <= most * PHONE[1], f"{count} topics, {length}: {height / PHONE[1]:.2f} screens"


def test_the_words_before_the_table_are_those_of_the_writer(printed: RenderedIssue) -> None:
    text = printed.edition(["topic-0"]).text(recipient())
    assert len(text[: text.index(BEFORE_TABLES)].split()) <= 1_200


def test_rows_of_the_table_stand_only_where_14_phone_screens_hold_them() -> None:
    made = argued_issue(1)
    (brief,) = made.briefs
    ids = [one for one in brief.themes[0].paper_ids if one in brief.told][:3]
    rows = tuple(Row(one, tuple(Cell(column, Citation(one, *STATED)) for column in IN_EMAILS)) for one in ids)
    full = replace(brief, table=rows)
    short = replace(full, methods=(), challenges=brief.challenges[:-1])
    issues = [replace(made, briefs=(one,)) for one in (full, short)]
    editions = [Renderer(SENDER, TEMPLATES).render_issue(one).edition([brief.topic_slug]) for one in issues]
    texts = [edition.text(recipient()) for edition in editions]
    assert ["FROM THE TABLE" in text for text in texts] == [False, True]
    for height in heights([edition.html(recipient()) for edition in editions]):
        assert height <= 14 * PHONE[1], f"{height / PHONE[1]:.2f} screens"
