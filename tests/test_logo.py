"""The logo: none by default, one https image with alt text where it is set."""

import re
from dataclasses import replace

import pytest

from service.emails import Renderer
from service.emails.checks import problems
from service.settings import Settings
from service.wiring import TEMPLATES, sender
from tests.briefs_for_emails import BUILT, SENDER, brief, issue, recipient

LOGO = "https://brief.example.org/logo.png"


def html_of(logo: str) -> str:
    printed = Renderer(replace(SENDER, logo_url=logo), TEMPLATES).render_issue(issue(brief(papers=3)))
    return printed.edition(["llm-post-train"]).html(recipient())


def test_an_email_holds_no_image_and_loads_nothing_by_default() -> None:
    html = html_of("")
    assert "<img" not in html
    assert not re.search(r"url\(|@import|<link|\.logo", html)


def test_a_logo_is_one_image_with_the_senders_name_and_its_heading_stays_text() -> None:
    html = html_of(LOGO)
    (image,) = re.findall(r"<img[^>]*>", html)
    assert f'src="{LOGO}"' in image
    assert f'alt="{SENDER.name}"' in image
    assert "The arXiv Education Brief</h1>" in html
    assert re.search(r"prefers-color-scheme: dark.*\.logo \{ background: #ffffff", html, re.DOTALL)


def test_a_logo_passes_the_checks_and_is_counted() -> None:
    printed = Renderer(replace(SENDER, logo_url=LOGO), TEMPLATES).render_issue(issue(brief(papers=3)))
    edition = printed.edition(["llm-post-train"])
    assert problems(edition, recipient(), BUILT) == ()
    assert len(edition.html(recipient()).encode()) <= edition.html_bytes


@pytest.mark.parametrize(
    "logo", ["http://example.org/a.png", "data:image/png;base64,AA==", 'https://x/"onload=']
)
def test_an_address_that_is_not_plain_https_is_refused(logo: str) -> None:
    with pytest.raises(ValueError, match="must be https"):
        replace(SENDER, logo_url=logo)


def test_the_setting_reaches_the_masthead() -> None:
    assert sender(Settings(logo_url=LOGO)).logo_url == LOGO
