"""The checks that an e-mail must pass before it is sent: each is shown one e-mail that it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest

from service.emails import HTML_LIMIT, RenderedEdition, Renderer
from service.emails.checks import CHECKS, Sample, contrast, problems
from tests.argued_briefs import argued
from tests.briefs_for_emails import BUILT, SENDER, brief, issue, recipient

TEMPLATES = Path(__file__).parents[1] / "templates"


@pytest.fixture(scope="module")
def edition() -> RenderedEdition:
    printed = Renderer(SENDER, TEMPLATES).render_issue(issue(argued(), brief("agents", "Agents & Tools", 5)))
    return printed.edition(["llm-post-train", "agents"])


@pytest.fixture(scope="module")
def sound(edition: RenderedEdition) -> Sample:
    reader = recipient()
    return Sample(edition.subject, edition.html(reader), edition.text(reader), edition.message(reader, BUILT))


def found(sample: Sample) -> list[str]:
    return [detail for check in CHECKS for detail in check(sample)]


def test_a_sound_email_has_no_problem(edition: RenderedEdition, sound: Sample) -> None:
    assert problems(edition, recipient(), BUILT) == ()
    assert found(sound) == []


def test_a_problem_names_its_check(edition: RenderedEdition) -> None:
    (problem,) = problems(replace(edition, subject="Short"), recipient(), BUILT)
    assert problem.check == "subject"
    assert "5 characters" in problem.detail


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<!DOCTYPE html>", "", "no doctype"),
        ("<title>The arXiv Education Brief", "<title></title><b>", "no title"),
        ('<html lang="en"', "<html", "no language"),
        ("<h1", '<img src="logo.png"><h1', "no alt text"),
        ("<h1", "<mj-text>x</mj-text><h1", "<mj-text>"),
        ("<h1", "<!--topic--><h1", "a mark of the templates is left"),
        (recipient().manage_url, "slot-manage-slot", "a placeholder is left"),
        ('href="#topic-agents"', 'href="#topic-gone"', "leads nowhere"),
        ("https://arxiv.org/abs/2605.10001", "https://arxiv.org/ abs", "not a well-formed"),
        (">View in browser</a>", "></a>", "has no words"),
        ("color:#596069", "color:#a9a9a9", "has a contrast of 2."),
        ("Key Research Themes</h3>", "Key Themes</h3>", "lacks the heading"),
        ("<h1", "<!--back--><h1", "a mark of the templates is left"),
        ("https://arxiv.org/abs/2605.10001", "https://arxiv.org/abs/2605.99999", "lacks the link"),
        ("</body>", f"<!--{'x' * HTML_LIMIT}--></body>", "Gmail would clip it"),
    ],
)  # fmt: skip
def test_a_page_that_is_wrong_is_refused(sound: Sample, old: str, new: str, words: str) -> None:
    assert old in sound.html
    assert any(words in each for each in found(replace(sound, html=sound.html.replace(old, new))))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"List-Unsubscribe: <https:", b"List-Unsubscribe: <http:", "exactly one https address"),
        (b"List-Unsubscribe: <https", b"List-Unsubscribe: =?utf-8?q?=3Chttps", "List-Unsubscribe is encoded"),
        (b"List-Unsubscribe: <", b"List-Unsubscribe: <mailto:x@example.org>, <", "exactly one https address"),
        (b"Feedback-ID:", b"Feedback:", "Feedback-ID stands 0 times"),
        (b":brief:", b":full:", "Feedback-ID is not"),
        (b":brief:", b":", "Feedback-ID is not"),
        (b":brief:", b":brief:0123", "Feedback-ID is not"),
        (b":brief:", b":" + b"b" * 78 + b":", "Feedback-ID is not"),
        (b"Date:", b"Date: x\r\nDate:", "Date stands 2 times"),
        (b"Subject: ", b"Subject: Re: ", "reads back as another"),
        (b"\r\nTo:", b"\nTo:", "not CRLF"),
        (b"\r\n\r\n", b"\r\n\r\n" + b"x" * 77 + b"\r\n", "more than 76"),
    ],
)
def test_bytes_that_are_wrong_are_refused(sound: Sample, old: bytes, new: bytes, words: str) -> None:
    assert old in sound.message
    assert any(words in each for each in found(replace(sound, message=sound.message.replace(old, new, 1))))


def test_a_plaintext_in_another_order_is_refused(sound: Sample) -> None:
    first, second = (sound.text.index(f"[{number}]") for number in (1, 2))
    swapped = f"{sound.text[:first]}[2]{sound.text[first + 3 : second]}[1]{sound.text[second + 3 :]}"
    assert any("elsewhere than the HTML" in each for each in found(replace(sound, text=swapped)))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("000000", "ffffff") == pytest.approx(21)
    assert contrast("777777", "fff") == pytest.approx(4.48, abs=0.01)
