"""The HTML, judged by the Nu HTML checker, npm's mjml in strict mode, Chromium and axe-core."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from service.emails import Level
from tests.judges.conftest import Judged
from tests.judges.tools import BROWSERS, node, package, program, ran

# What MJML writes for Outlook and Apple Mail, and the checker can't know.
KNOWN = (
    (r"Attribute “xmlns:[vo]” not allowed here", "Outlook's VML and AdminContext namespaces, on the root"),
    (r"“mso-table-[lr]space”", "Outlook's gap between tables"),
    (r"“mso-padding-alt”", "Outlook's padding; twice"),
    (r"“supported-color-schemes”", "Apple Mail's older name of color-scheme"),
    (r"Attribute “vertical-align” not allowed", "on a cell, for Outlook"),
)
SERIOUS = {"serious", "critical"}
CLASS = re.compile(r'\b(?:css-)?class="([^"]+)"')


@pytest.fixture(scope="session")
def opened(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """What Chromium and axe-core say of each e-mail: light, dark, on a phone and without <style>."""
    package("axe-core/axe.min.js")
    package("playwright-core/package.json")
    browser = program(*BROWSERS, package="chromium")
    return node("browser.mjs", browser, *(one.file("html") for one in judged))


def views(opened: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every view of every e-mail."""
    return [view | {"file": each["file"]} for each in opened for view in each["views"]]


def test_the_nu_html_checker_finds_nothing_but_what_mjml_writes_for_outlook(
    judged: Sequence[Judged],
) -> None:
    jar = package("vnu-jar/build/dist/vnu.jar")
    java = program("java", package="default-jre-headless")
    files = [one.file("html") for one in judged]
    answer = ran([java, "-jar", jar, "--errors-only", "--stdout", "--format", "json", *files], codes=(0, 1))
    messages = [found["message"] for found in json.loads(answer)["messages"]]
    assert messages, "the checker finds Outlook's namespaces at least: did it run?"
    assert not [one for one in messages if not any(re.search(known, one) for known, _ in KNOWN)]


def test_the_templates_pass_npms_mjml_in_strict_mode(judged: Sequence[Judged]) -> None:
    package("mjml/package.json")
    files = sorted(judged[0].folder.glob("*.mjml"))
    assert len(files) == 3 * len(Level)
    assert [found for found in node("templates.mjs", *files) if found["problems"]] == []


def test_the_editions_that_are_judged_hold_every_class_of_the_templates(judged: Sequence[Judged]) -> None:
    """What the templates write for every week at every level of detail is on some page that is judged."""
    written = [file.read_text("utf-8") for file in judged[0].folder.glob("*.mjml")]
    judged_pages = [one.file("html").read_text("utf-8") for one in judged]
    wanted = {name for text in written for found in CLASS.findall(text) for name in found.split()}
    held = {name for text in judged_pages for found in CLASS.findall(text) for name in found.split()}
    assert len(wanted) > 10
    assert wanted - held == set()


def test_a_browser_renders_them_in_standards_mode(opened: list[dict[str, Any]]) -> None:
    assert {view["mode"] for view in views(opened)} == {"CSS1Compat"}


def test_axe_finds_nothing_serious_light_dark_or_without_style(opened: list[dict[str, Any]]) -> None:
    found = [
        (view["file"], view["view"], finding["id"], finding["html"][:200])
        for view in views(opened)
        for finding in view["findings"]
        if finding["impact"] in SERIOUS
    ]
    assert found == []
    assert {"light", "dark", "unstyled", "unstyled dark"} < {view["view"] for view in views(opened)}


def test_nothing_scrolls_sideways_on_a_phone_of_360_pixels(opened: list[dict[str, Any]]) -> None:
    assert [(view["file"], view["view"]) for view in views(opened) if view["overflow"] > 0] == []


def test_no_request_leaves_the_page(opened: list[dict[str, Any]]) -> None:
    assert [url for each in opened for url in each["asked"]] == []
