import re
from pathlib import Path

import pytest

from service.emails import HTML_LIMIT
from subscribers.pages import Letter
from tests.readers import ADDRESS, BASE, Place, body_of, open_place


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated)


@pytest.mark.parametrize("letter", list(Letter))
def test_a_letter_says_the_same_in_html_and_plaintext(place: Place, letter: Letter) -> None:
    place.app.app.state.desk.letters.post(letter, place.subscriber(), place.clock.now, about="c0de")
    sent = place.letters()[-1]
    html, text = body_of(sent, "html"), body_of(sent)
    links = set(re.findall(rf'href="({BASE}/[a-z-]+/[^"]+)"', html))
    assert links <= set(re.findall(rf"{BASE}/\S+", text))
    assert "<mj-" not in html
    assert "{{" not in html + text
    assert len(html.encode()) <= HTML_LIMIT


@pytest.mark.parametrize("letter", list(Letter))
def test_a_letter_has_the_headers_of_an_automatic_one(place: Place, letter: Letter) -> None:
    place.app.app.state.desk.letters.post(letter, place.subscriber(), place.clock.now)
    sent = place.letters()[-1]
    assert sent["auto-submitted"] == "auto-generated"
    assert sent["to"] == ADDRESS
    assert all(sent.get_all(name) and len(sent.get_all(name)) == 1 for name in ("From", "Date", "Message-ID"))  # type: ignore[arg-type]  # all() asks first
    assert bool(sent["list-unsubscribe"]) is (letter is Letter.WELCOME)
    raw = sent.as_bytes()
    assert max(map(len, raw.splitlines())) <= 998


def test_a_letter_that_can_not_leave_is_one_line_in_the_log(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.service.settings.outbox.parent.mkdir(exist_ok=True)
    place.service.settings.outbox.write_text("a file where the folder should be")
    place.app.app.state.desk.letters.post(Letter.CONFIRM, place.subscriber(), place.clock.now)
    assert [one.getMessage() for one in caplog.records if one.name == "service.web"] == [
        "letter confirm did not leave: MailerUnusable"
    ]


def test_the_welcome_has_only_the_topics_that_were_chosen(place: Place) -> None:
    subscriber = place.subscriber(topics=("exoplanets",))
    place.app.app.state.desk.letters.post(Letter.WELCOME, subscriber, place.clock.now)
    text = body_of(place.letters()[-1])
    assert "Exoplanets" in text
    assert "Robot Learning" not in text


@pytest.mark.parametrize("form", ["plain", "html"])
def test_the_welcome_thanks_arxiv_in_both_of_its_parts(place: Place, form: str) -> None:
    place.app.app.state.desk.letters.post(
        Letter.WELCOME, place.subscriber(topics=("exoplanets",)), place.clock.now
    )
    assert "Thank you to arXiv for use of its" in " ".join(body_of(place.letters()[-1], form).split())


def test_the_welcome_to_a_topic_without_an_issue_comes_without_one(place: Place) -> None:
    subscriber = place.subscriber(topics=("quantum-computing",))
    place.app.app.state.desk.letters.post(Letter.WELCOME, subscriber, place.clock.now)
    assert "comes when it is ready" in " ".join(body_of(place.letters()[-1]).split())
