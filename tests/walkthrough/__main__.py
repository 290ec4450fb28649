"""`make walkthrough`: walk it, say what was typed and seen, and end with 1 where something was wrong."""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.adapters.mirror import PROGRAM
from tests.browser.judging import AXE, CHROMIUM, started
from tests.walkthrough import editing, joining, pictures
from tests.walkthrough.lab import PROJECT, Lab, open_lab, served
from tests.walkthrough.looking import Seen, seated
from tests.walkthrough.setting_up import cloned, initialized

MOST_TYPED = 40
NEEDED = {"a mirror of arXiv": PROGRAM, "Chromium": CHROMIUM, "axe-core (make judges)": AXE}


def main() -> None:
    options = argparse.ArgumentParser(prog="make walkthrough")
    options.add_argument("--venv", type=Path, help="an installed environment, in place of make install")
    options.add_argument("--pictures", type=Path, default=PROJECT / "docs/pictures", help="written into")
    given = options.parse_args()
    if missing := [f"{what}, which would be {file}" for what, file in NEEDED.items() if not file.exists()]:
        sys.exit(f"left out: the walk-through needs {'; '.join(missing)}")
    seen = Seen()
    with tempfile.TemporaryDirectory(prefix="walk") as name, sync_playwright() as playwright:
        browser = started(playwright)
        with open_lab(Path(name)) as lab:
            for words in _walk(browser, lab, seen, given.venv):
                _say(words)
            _say(pictures.taken(browser, lab, given.pictures))
        browser.close()
    _report(lab, seen)


def _walk(browser: Browser, lab: Lab, seen: Seen, venv: Path | None) -> Iterator[str]:
    """The chapters; what each came to."""
    began = time.monotonic()
    cloned(lab, venv)
    yield f"{_since(began)} cloned and installed"
    link = initialized(lab)
    yield f"{_since(began)} brief init answered"
    lab.typed.note("shell", f"brief serve --port {lab.port}")
    with (
        served(lab.folder, lab.port, lab.environment),
        seated(browser, "editor", lab.base_url, lab.typed, seen) as editor,
    ):
        editing.signed_in(editor, link)
        topics = editing.own_topics(editor)
        assert len(topics) == 3, topics
        yield f"{_since(began)} three own topics: a starter, a sentence, papers"
        people = editing.imported(editor, lab.folder.parent, topics)
        invitation = editing.invited(editor)
        names = list(topics.values())
        joining.joined(browser, lab, seen, invitation, names)
        people |= {address: names[: at + 1] for at, address in enumerate(joining.JOINING)}
        yield f"{_since(began)} {len(people)} people: imported, and joined by invitation"
        editing.built(editor, lab)
        editing.looked_at(editor, lab)
        yield f"{_since(began)} issue {lab.window.label} built and looked at"
        editing.approved_and_sent(editor, lab)
        joining.read(browser, lab, seen, people)
        yield f"{_since(began)} approved, sent, and read in {len(people)} inboxes"


def _report(lab: Lab, seen: Seen) -> None:
    _say(f"\nTyped, {len(lab.typed.entries)} of {MOST_TYPED} at most:")
    for where, words in lab.typed.entries:
        _say(f"  {where}: {words}")
    _say(f"\nLooked at {len(seen.pages)} pages in {seen.looks} ways: {', '.join(sorted(set(seen.pages)))}")
    for one in seen.findings:
        _say(f"  FOUND {one}")
    _say(f"{len(seen.findings)} findings")
    sys.exit(bool(seen.findings) or len(lab.typed.entries) > MOST_TYPED)


def _since(began: float) -> str:
    seconds = int(time.monotonic() - began)
    return f"{seconds // 60:2}:{seconds % 60:02}"


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - the report


if __name__ == "__main__":
    main()
