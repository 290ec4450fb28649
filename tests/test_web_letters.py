"""What the transactional e-mails about a subscription say, and their headers."""

import re
from pathlib import Path

import pytest

from service.emails import HTML_LIMIT
from subscribers.emails import TransactionalEmail
from subscribers.subscriber import Subscriber
from tests.readers import ADDRESS, BASE, Place, body_of, open_place


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated)


def queue(place: Place, email: TransactionalEmail, subscriber: Subscriber, about: str = "") -> None:
    place.app.app.state.pages_context.queue(email, subscriber, about=about)


@pytest.mark.parametrize("email", list(TransactionalEmail))
def test_an_e_mail_says_the_same_in_html_and_plaintext(place: Place, email: TransactionalEmail) -> None:
    queue(place, email, place.subscriber(), about="c0de")
    sent = place.letters()[-1]
    html, text = body_of(sent, "html"), body_of(sent)
    links = set(re.findall(rf'href="({BASE}/[a-z-]+/[^"]+)"', html))
    assert links <= set(re.findall(rf"{BASE}/\S+", text))
    assert "<mj-" not in html
    assert "{{" not in html + text
    assert len(html.encode()) <= HTML_LIMIT


@pytest.mark.parametrize("email", list(TransactionalEmail))
def test_an_e_mail_has_the_headers_of_an_automatic_one(place: Place, email: TransactionalEmail) -> None:
    queue(place, email, place.subscriber())
    sent = place.letters()[-1]
    assert sent["auto-submitted"] == "auto-generated"
    assert sent["to"] == ADDRESS
    assert all(sent.get_all(name) and len(sent.get_all(name)) == 1 for name in ("From", "Date", "Message-ID"))  # type: ignore[arg-type]  # all() asks first
    assert bool(sent["list-unsubscribe"]) is (email is TransactionalEmail.WELCOME)
    raw = sent.as_bytes()
    assert max(map(len, raw.splitlines())) <= 998


@pytest.mark.parametrize("email", [TransactionalEmail.CONFIRM, TransactionalEmail.CHANGE_ADDRESS])
@pytest.mark.parametrize("form", ["plain", "html"])
def test_who_did_not_ask_reads_that_nothing_happens_unless_they_confirm(
    place: Place, email: TransactionalEmail, form: str
) -> None:
    queue(place, email, place.subscriber())
    text = " ".join(body_of(place.letters()[-1], form).split())
    assert "If it wasn’t you, ignore this e-mail: nothing" in text
    assert "unless you confirm" in text


def test_the_welcome_has_only_the_topics_that_were_chosen(place: Place) -> None:
    queue(place, TransactionalEmail.WELCOME, place.subscriber(topics=("exoplanets",)))
    text = body_of(place.letters()[-1])
    assert "Exoplanets" in text
    assert "Robot Learning" not in text


@pytest.mark.parametrize("form", ["plain", "html"])
def test_the_welcome_thanks_arxiv_in_both_of_its_parts(place: Place, form: str) -> None:
    queue(place, TransactionalEmail.WELCOME, place.subscriber(topics=("exoplanets",)))
    assert "Thank you to arXiv for use of its" in " ".join(body_of(place.letters()[-1], form).split())


def test_the_welcome_to_a_topic_without_an_issue_comes_without_one(place: Place) -> None:
    queue(place, TransactionalEmail.WELCOME, place.subscriber(topics=("quantum-computing",)))
    assert "as soon as it is ready" in " ".join(body_of(place.letters()[-1]).split())


def test_the_welcome_says_of_which_topic_the_newest_issue_has_no_brief(place: Place) -> None:
    queue(place, TransactionalEmail.WELCOME, place.subscriber(topics=("exoplanets", "quantum-computing")))
    for form in ("plain", "html"):
        text = " ".join(body_of(place.letters()[-1], form).split())
        assert text.count("It contains no brief on") == 1
        assert "is below." in text
