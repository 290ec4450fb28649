"""One number for a theme, wherever a brief counts its papers: minute, catalog, page."""

import re

import pytest

from service.briefs.extractive import ExtractiveWriter
from service.briefs.model import Brief
from service.briefs.writing import write_brief
from service.emails.levels import Level
from service.emails.views import TopicView
from service.issues import Issue
from tests import builders
from tests.adapters.mirror import PAPERS
from tests.weeks import assignments

needs_papers = pytest.mark.skipif(not PAPERS.exists(), reason=f"no real papers at {PAPERS}")


def agree(brief: Brief) -> None:
    """Every count of a theme's papers is the number of papers that the theme holds."""
    sizes = [len(theme.paper_ids) for theme in brief.themes]
    assert [sum(entry.theme == at for entry in brief.catalog) for at in range(len(sizes))] == sizes
    shown = TopicView(brief, Level.FULL, "https://brief.example/", on_web=True).catalog
    assert [len(group.papers) for group in shown][: len(sizes)] == sizes
    if brief.minute and brief.minute.question:
        total, *counted = map(int, re.findall(r"\d+(?= papers)|(?<=\()\d+(?=\))", brief.minute.question.text))
        assert (total, counted) == (len(brief.catalog), sizes)


@pytest.mark.parametrize("size", [1, 3, 11, 12, 14])
def test_a_sample_window_counts_a_theme_the_same_everywhere(size: int) -> None:
    window = [builders.paper(number) for number in range(size)]
    writer = ExtractiveWriter()
    agree(write_brief(writer, writer, builders.assignment(window)))


@pytest.mark.shared
def test_real_weeks_count_a_theme_the_same_everywhere(real_issues: tuple[Issue, ...]) -> None:
    for issue in real_issues:
        full = [brief for brief in issue.briefs if not brief.is_quiet]
        assert len(full) >= 9  # of ten; exoplanets are quiet in the first week
        for brief in full:
            agree(brief)


@pytest.mark.shared
@needs_papers
def test_a_first_window_of_real_papers_says_of_nothing_that_it_rose_or_fell() -> None:
    writer = ExtractiveWriter()
    first, second = (write_brief(writer, writer, one) for one in assignments("llm-post-train"))
    assert all(trend.is_first and not trend.rose for trend in first.trends)
    assert all(not trend.is_first for trend in second.trends)
