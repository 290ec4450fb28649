"""A reader on a phone without scripts: a word on a paper, what was learnt of it, and the next issue."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from service import wiring
from service.papers import Window
from service.pipeline import publish_issue
from tests import builders
from tests.browser.conftest import Looks, Visit, visiting
from tests.readers import Place, body_of, path_in, publish

FIRST, NEXT = builders.WINDOW.label, Window.of_week("2026-W22")


@pytest.fixture
def phone(browser: Browser, place: Place, axe: str) -> Iterator[Visit]:
    with visiting(browser, place, Looks(scripts=False, width=375, scheme="light"), axe) as visit:
        yield visit


def deliver_next(place: Place) -> None:
    publish(place.service, place.clock.now, NEXT)
    with wiring.delivery_context(place.service) as room:
        publish_issue(NEXT.label, wiring.message_maker(place.service, NEXT.label), room)


def test_a_word_on_a_paper_is_in_the_next_issue_with_its_reason(phone: Visit) -> None:
    place, base = phone.place, phone.place.links.base_url
    place.service.store.keep_papers(list(builders.papers().values()))
    place.subscriber()
    place.deliver()
    (letter,) = place.letters()
    assert "for you" not in body_of(letter, "html").casefold()
    found = re.search(rf'href="({base}/respond/[^"]+/issues/{FIRST})"', body_of(letter, "html"))
    assert found
    phone.go(found[1])
    assert phone.heading == "More or less like these papers"
    paper = builders.paper(0)
    phone.follow(paper.title)
    phone.press("More like this")
    assert phone.notice.startswith("You asked for more papers like this.")
    phone.follow("← Your own order")
    assert phone.heading == "Your own order"
    assert phone.page.get_by_role("heading", name="What speaks for a paper").is_visible()
    assert phone.page.get_by_role("link", name=paper.title).is_visible()
    deliver_next(place)
    issue = place.letters()[-1]
    for kind in ("html", "plain"):
        words = " ".join(body_of(issue, kind).split())
        assert "for you" in words.casefold()
        assert f"near to {paper.id}, which you marked" in words
    # the view in a browser shows the same block, and no link that is theirs alone
    phone.go(path_in(issue, "web-view", base))
    seen = phone.page.content()
    assert f"near to {paper.id}, which you marked" in " ".join(seen.split())
    assert "/respond/" not in seen
