"""What a look at a page finds in the walk-through: width, words cut or to the side, colours; else nothing."""

import pytest
from playwright.sync_api import Browser

from tests.walkthrough.lab import Typed
from tests.walkthrough.looking import Seen, seated

WORDS = "all of these words must be there to be read " * 3
PAGE = (
    "<!doctype html><html lang=en><title>Page</title><style>"
    "body { margin: 0; background: #fff; color: #111 } "
    "b, .row { white-space: nowrap; font-weight: 400 } STYLE</style><main><h1>Page</h1>BODY</main>"
)
CASES = (  # body, style, what is found
    (f"<p>{WORDS}</p>", "", ()),
    (f"<p class=row>{WORDS}</p>", "", ("360 px, light: the page is",)),
    (f"<p class=row>{WORDS}</p>", ".row { overflow: hidden }", ("360 px, dark: cut, p.row",)),
    (
        f"<p class=low>{WORDS}</p>",
        ".low { height: 1em; overflow: hidden }",
        ("360 px, light: cut below, p.low",),
    ),
    (
        f"<div class=wide tabindex=0><b>{WORDS}</b></div>",
        ".wide { overflow-x: auto }",
        ("360 px, light: scrolls to the side, div.wide",),
    ),
    (
        "<p>pale</p>",
        "@media (prefers-color-scheme: dark) { p { color: #ccc } }",
        ("360 px, dark: ('color-contrast'", "1200 px, dark: ('color-contrast'"),
    ),
    ("<a href='/x'></a>", "a { display: block; height: 9px }", ("1200 px, light: ('link-name'",)),
)


@pytest.mark.usefixtures("axe")  # where it is missing nothing can be judged
def test_a_look_finds_what_can_not_be_read(browser: Browser) -> None:
    for body, style, expected in CASES:
        seen = Seen()
        with seated(browser, "somebody", "http://127.0.0.1", Typed(), seen) as seat:
            seat.page.set_content(PAGE.replace("STYLE", style).replace("BODY", body))
            seat.look()
        assert seen.looks == 4
        missed = [one for one in expected if not any(one in found for found in seen.findings)]
        assert missed == [], seen.findings
        assert bool(seen.findings) == bool(expected), seen.findings
