"""`brief gallery` and `brief check` over the demo's issues."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from service.adapters import chromium as browsers
from service.adapters.chromium import Picture, View, chromium, find_chromium
from service.cli import printing
from service.cli.terminal import Refused
from tests.judges.tools import lacking

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def brief(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs a command of printing over the demo's issues in an empty folder; its exit code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRIEF_DATA_DIR", str(shutil.copytree(demo, "var/demo")))
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    printing.add_to(app)

    def run(*arguments: str) -> int:
        return app(arguments, standalone_mode=False) or 0

    return run


def without_chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "find_chromium", lambda: None)


def test_a_gallery_without_chromium_says_so_and_writes_the_rest(
    brief: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without_chromium(monkeypatch)
    brief("gallery", "2026-W23", "--out", "gallery")
    assert "Chromium is not on this machine" in capsys.readouterr().err
    kinds = {kind: len(list(Path("gallery").glob(f"*.{kind}"))) for kind in ("html", "txt", "eml", "png")}
    assert kinds == {"html": 5, "txt": 4, "eml": 4, "png": 0}  # three topics, all of them, and the index


def test_a_gallery_of_chosen_sets_has_just_these(
    brief: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_chromium(monkeypatch)
    brief("gallery", "2026-W23", "--out", "some", "--topics", "llm-post-train,robot-learning;exoplanets")
    assert sorted(file.name for file in Path("some").glob("*.eml")) == [
        "exoplanets.eml",
        "llm-post-train+robot-learning.eml",
    ]
    with pytest.raises(Refused, match="no papers on 'gardening'"):
        brief("gallery", "2026-W23", "--out", "some", "--topics", "gardening")


def test_a_gallery_with_chromium_has_every_view_and_a_contact_sheet(brief: Callable[..., int]) -> None:
    if find_chromium() is None:
        lacking("chromium", "apt-get install chromium")
    brief("gallery", "2026-W23", "--out", "gallery", "--topics", "exoplanets")
    pictures = {file.name for file in Path("gallery").glob("*.png")}
    assert pictures == {f"exoplanets.{view}.png" for view in printing.VIEWS} | {"contact.png"}
    assert all((Path("gallery") / name).read_bytes().startswith(PNG) for name in pictures)
    assert Path("gallery/index.html").read_text().count("<img ") == len(printing.VIEWS)


def test_a_picture_shows_dark_mode_and_pages_without_style() -> None:
    browser = find_chromium()
    if browser is None:
        lacking("chromium", "apt-get install chromium")
        return
    page = "<style>@media (prefers-color-scheme: dark) { body { background: #000 } }</style><p>Words"
    with chromium(browser) as opened:
        views = (View(400), View(400, dark=True), View(400, dark=True, styles=False))
        light, dark, bare = (opened.picture(page, view).parts[0] for view in views)
    assert dark != light
    assert dark != bare
    assert int.from_bytes(light[16:20], "big") == 400  # a PNG states its width there


def test_a_page_that_is_too_tall_for_one_picture_goes_on_in_another() -> None:
    browser = find_chromium()
    if browser is None:
        lacking("chromium", "apt-get install chromium")
        return
    phone = "<meta name=viewport content='width=device-width'><body style='margin:0'>"
    blue = phone + "{}<div style='height:3000px;background:blue'></div>"
    with chromium(browser) as opened:
        tall = opened.picture(blue.format("<div style='height:16000px'></div>"), View(390))
        low = opened.picture(blue.format(""), View(390))
    assert [int.from_bytes(part[20:24], "big") for part in tall.parts] == [16_000, 3_000]
    assert tall.parts[1] == low.parts[0]


def test_the_contact_sheet_links_every_part() -> None:
    shown = printing._figure("a", "phone-light", Picture((PNG, PNG, PNG), PNG))
    assert [f'href="a.phone-light{more}.png"' in shown for more in ("", "-2", "-3")] == [True] * 3


def test_a_browser_that_does_not_start_is_told_in_words() -> None:
    with pytest.raises(browsers.BrowserFailed, match="Chromium ended"), chromium("/bin/false") as opened:
        opened.picture("<p>", View(400))


def test_the_check_of_a_sound_issue_says_how_many_emails_it_saw(
    brief: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert brief("check", "2026-W23") == 0
    assert "nothing is wrong" in capsys.readouterr().out


def test_the_check_names_the_email_and_what_is_wrong(
    brief: Callable[..., int], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIEF_BASE_URL", "http://brief.example.org")  # one-click needs https
    assert brief("check", "2026-W23") == 1
    said = capsys.readouterr().out
    assert "must not be sent" in said
    assert "not exactly one https address" in said
