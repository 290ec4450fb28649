"""An issue: its content hash, and what an edition of some topics holds of it."""

import datetime as dt
from dataclasses import replace

import pytest

from service.briefs.model import Brief
from service.issues import Issue
from subscribers.preferences import Length
from tests.briefs_for_emails import BUILT, WINDOW, brief, issue


def test_an_issue_that_is_read_back_has_the_same_content_hash() -> None:
    one = brief(papers=5)
    assert issue(one).content_hash == issue(Brief.from_json(one.to_json())).content_hash


def test_the_content_hash_does_not_depend_on_when_the_issue_was_put_together() -> None:
    later = Issue("2026-W21", WINDOW, BUILT + dt.timedelta(days=3), (brief(papers=5),))
    assert later.content_hash == issue(brief(papers=5)).content_hash


def test_one_changed_word_changes_the_content_hash() -> None:
    changed = replace(brief(papers=5), topic_name="LLM Post-train")
    assert issue(changed).content_hash != issue(brief(papers=5)).content_hash


def test_an_edition_keeps_the_issues_order_of_topics() -> None:
    three = issue(*(brief(slug, slug, papers=2) for slug in ("c", "a", "b")))
    assert three.for_topics(["a", "b", "c", "unknown"]).slugs == ("c", "a", "b")


def test_a_quiet_topic_is_left_out_of_an_edition_and_named() -> None:
    edition = issue(brief("a", papers=2), brief("b", papers=0)).for_topics({"a", "b"}, Length.SHORT)
    assert edition.slugs == ("a",)
    assert [quiet.topic_slug for quiet in edition.quiet] == ["b"]
    assert edition.length is Length.SHORT


@pytest.mark.parametrize("slugs", [[], ["b"], ["unknown"]])
def test_an_edition_of_quiet_topics_or_none_is_empty(slugs: list[str]) -> None:
    assert issue(brief("a", papers=2), brief("b", papers=0)).for_topics(slugs).is_empty


def test_an_issue_holds_one_brief_on_each_topic() -> None:
    with pytest.raises(ValueError, match="more than one brief on a"):
        issue(brief("a", papers=2), brief("a", papers=3))
