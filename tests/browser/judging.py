"""Debian's Chromium, started by Playwright, and what axe-core finds on one of its pages."""

import os
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-gpu-compositing", "--disable-dev-shm-usage")
EVERYTHING = 'iframes: false, resultTypes: ["violations"]'  # what is framed is an e-mail: it runs no script
COLOURS = f'{EVERYTHING}, runOnly: ["color-contrast"]'


def started(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)


def serious(page: Page, options: str = EVERYTHING) -> list[tuple[str, str]]:
    """The serious and critical findings, each with its first place; axe-core runs in the page already."""
    found = page.evaluate(f"axe.run(document, {{{options}}}).then(result => result.violations)")
    return [
        (one["id"], one["nodes"][0]["html"][:120])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
