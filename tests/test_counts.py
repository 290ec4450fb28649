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
from tests.cases import every


def agree(brief: Brief) -> None:
    """Every count of a theme's papers is the number of papers that the theme holds."""
    sizes = [len(theme.paper_ids) for theme in brief.themes]
    assert [sum(entry.theme == at for entry in brief.catalog) for at in range(len(sizes))] == sizes
    shown = TopicView(brief, Level.FULL, "https://brief.example/", on_web=True).catalog
    assert [len(group.papers) for group in shown][: len(sizes)] == sizes
    if brief.minute and brief.minute.question:
        total, *counted = map(int, re.findall(r"\d+(?= papers)|\d+(?= on )", brief.minute.question.text))
        areas = [len(area.paper_ids) for area in brief.areas]
        assert (total, counted) == (len(brief.catalog), sizes + areas)


@every("size", [1, 3, 11, 12, 14])
def test_a_sample_window_counts_a_theme_the_same_everywhere(size: int) -> None:
    window = [builders.paper(number) for number in range(size)]
    writer = ExtractiveWriter()
    agree(write_brief(writer, writer, builders.assignment(window)))


@pytest.mark.shared
def test_real_weeks_count_a_theme_the_same_everywhere(real_issues: tuple[Issue, ...]) -> None:
    for issue in real_issues:
        full = [brief for brief in issue.briefs if not brief.is_quiet]
        assert len(full) >= len(issue.briefs) - 1 >= 3  # exoplanets are quiet in the first week
        for brief in full:
            agree(brief)


@pytest.mark.shared
def test_no_topic_has_a_real_paper_in_both_weeks(real_issues: tuple[Issue, ...]) -> None:
    first, second = ({brief.topic_slug: brief for brief in issue.briefs} for issue in real_issues)
    assert first.keys() == second.keys()
    assert [len(each["llm-post-train"].catalog) for each in (first, second)] == [77, 77]
    assert any(one.late for one in second["llm-post-train"].catalog)
    for slug, brief in first.items():
        then, now = ({one.paper_id for one in each.catalog} for each in (brief, second[slug]))
        assert not then & now, slug


@pytest.mark.shared
def test_a_first_window_of_real_papers_says_of_nothing_that_it_rose_or_fell(
    real_issues: tuple[Issue, ...],
) -> None:
    first, second = (
        next(brief for brief in issue.briefs if brief.topic_slug == "llm-post-train") for issue in real_issues
    )
    assert all(trend.is_first and not trend.rose for trend in first.trends)
    assert all(not trend.is_first for trend in second.trends)
