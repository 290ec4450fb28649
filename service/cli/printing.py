"""`brief gallery` and `brief check`: an issue's e-mails to look at, and what is wrong with them."""

import base64
from collections.abc import Mapping
from contextlib import ExitStack
from html import escape
from pathlib import Path
from typing import Annotated

import typer

from service import wiring
from service.adapters.chromium import BrowserFailed, Chromium, Picture, View, chromium, find_chromium
from service.cli.terminal import Refused, err, opened, out, print_json, table, watched
from service.emails import RenderedEdition, RenderedIssue
from service.emails.checks import (
    IssueCheck,
    Problem,
    TopicSet,
    alone_and_all,
    edition_name,
    offered_topics,
    sample_reader,
)
from service.issue_check import check_issue
from service.issues import Issue
from service.wiring import Service
from subscribers.preferences import Length

VIEWS = {
    "phone-light": View(390),
    "phone-dark": View(390, dark=True),
    "desktop-light": View(1000),
    "desktop-dark": View(1000, dark=True),
    "images-off": View(1000, images=False),
    "styles-stripped": View(1000, styles=False),
}


def add_to(app: typer.Typer) -> None:
    for command in (gallery, check):
        app.command()(command)


def gallery(
    issue: Annotated[str, typer.Argument(help="the issue, such as 2026-W22")],
    target: Annotated[Path, typer.Option("--out", help="folder to write into")],
    topics: Annotated[
        str, typer.Option(help="sets of topics: a,b;c  (each topic alone, and all, when left out)")
    ] = "",
    length: Annotated[Length, typer.Option(help="full, short or minute")] = Length.FULL,
) -> None:
    """Write an issue's e-mails as HTML, plaintext, .eml and, with Chromium, pictures and a contact sheet."""
    service = opened()
    printed = wiring.renderer(service.settings).render_issue(service.store.issue(issue))
    sets = _asked(topics, printed.issue) if topics else alone_and_all(printed.issue)
    editions = {edition_name(slugs, printed.issue): printed.edition(slugs, length) for slugs in sets}
    browser = find_chromium()
    try:
        target.mkdir(parents=True, exist_ok=True)
        _write_gallery(editions, service, target, browser)
    except OSError as error:
        raise Refused(f"{error.filename or target} can't be written: {error.strerror}") from error
    except BrowserFailed as error:
        raise Refused(f"the e-mails are written, the pictures are not: {error}") from error
    if browser is None:
        err.print("Chromium is not on this machine, so there are no pictures; the rest is written.")
    out.print(f"Wrote {len(editions)} e-mails into {target}; open {target / 'index.html'}")


def check(
    issue: Annotated[str, typer.Argument(help="the issue, such as 2026-W22")],
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Check every e-mail that readers would get, and each topic alone; exit code 1 for a problem."""
    service = opened()
    found = watched_check(service, issue).found
    if as_json:
        print_json({name: [[one.check, one.detail] for one in wrong] for name, wrong in found.items()})
    else:
        _print_problems(issue, found)
    if any(found.values()):
        raise typer.Exit(1)


def watched_check(service: Service, label: str, rendered: RenderedIssue | None = None) -> IssueCheck:
    """What is wrong with an issue's e-mails, while the terminal shows how far the check is."""
    with watched() as watch:
        return check_issue(service, label, wiring.now(), rendered, watch)


def _asked(text: str, issue: Issue) -> list[TopicSet]:
    """``a,b;c`` as sets of topics that the issue has papers on."""
    offered = offered_topics(issue)
    sets = [tuple(slug.strip() for slug in part.split(",") if slug.strip()) for part in text.split(";")]
    for slug in (slug for each in sets for slug in each):
        if slug not in offered:
            raise Refused(f"issue {issue.label} has no papers on {slug!r}; it has: {', '.join(offered)}")
    return [each for each in sets if each]


def _print_problems(label: str, found: Mapping[str, tuple[Problem, ...]]) -> None:
    wrong = {name: each for name, each in found.items() if each}
    if not wrong:
        out.print(f"Issue {label}: {len(found)} different e-mails checked, nothing is wrong.")
        return
    shown = table("E-mail", "Check", "What is wrong", title=f"Issue {label} must not be sent like this")
    for name, each in wrong.items():
        for one in each:
            shown.add_row(name, one.check, one.detail)
    out.print(shown)


def _write_gallery(
    editions: dict[str, RenderedEdition], service: Service, target: Path, browser: str | None
) -> None:
    label = next(iter(editions.values())).edition.issue.label
    reader, now = sample_reader(service.settings.base_url, label), wiring.now()
    for name, edition in editions.items():
        (target / f"{name}.html").write_text(edition.html(reader), encoding="utf-8")
        (target / f"{name}.txt").write_text(edition.text(reader), encoding="utf-8")
        (target / f"{name}.eml").write_bytes(edition.message(reader, now))
    with ExitStack() as stack, watched() as watch:
        opened_browser = stack.enter_context(chromium(browser)) if browser else None
        rows = []
        for done, (name, edition) in enumerate(editions.items()):
            watch(f"Picturing {name}", done, len(editions))
            pictures = _pictures(opened_browser, edition.html(reader), name, target) if opened_browser else {}
            rows.append(_row(name, edition, pictures))
        page = SHEET.format(title=f"Gallery of {label}", rows="".join(rows))
        (target / "index.html").write_text(page, encoding="utf-8")
        if opened_browser:
            _write_parts(opened_browser.picture(page, View(1400)), "contact", target)


def _pictures(browser: Chromium, html: str, name: str, target: Path) -> dict[str, Picture]:
    """Write the picture of every view; their small ones are for the contact sheet."""
    taken = {view_name: browser.picture(html, view) for view_name, view in VIEWS.items()}
    for view_name, picture in taken.items():
        _write_parts(picture, f"{name}.{view_name}", target)
    return taken


def _write_parts(picture: Picture, stem: str, target: Path) -> None:
    """The whole page; what is too tall for one picture goes on in `stem-2.png` and so forth."""
    for number, part in enumerate(picture.parts, 1):
        (target / _part_name(stem, number)).write_bytes(part)


def _part_name(stem: str, number: int) -> str:
    return f"{stem}.png" if number == 1 else f"{stem}-{number}.png"


SHEET = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px/1.4 system-ui,sans-serif;margin:24px;background:#f3f1ec;color:#22262b}}
h2{{margin:28px 0 4px}}figure{{display:inline-block;vertical-align:top;margin:8px 14px 8px 0}}
img{{display:block;height:440px;border:1px solid #aaa}}figcaption{{font-size:13px}}</style></head>
<body><h1>{title}</h1>{rows}</body></html>
"""


def _row(name: str, edition: RenderedEdition, pictures: dict[str, Picture]) -> str:
    links = " · ".join(f'<a href="{escape(name)}.{kind}">{kind}</a>' for kind in ("html", "txt", "eml"))
    facts = f"{escape(edition.subject)}<br>{edition.level.value}, {edition.html_bytes:,} bytes · {links}"
    figures = "".join(_figure(name, view, picture) for view, picture in pictures.items())
    return f"<h2>{escape(name)}</h2><p>{facts}</p>{figures}"


def _figure(name: str, view: str, picture: Picture) -> str:
    stem = escape(f"{name}.{view}")
    data = base64.b64encode(picture.small).decode("ascii")
    image = f'<img src="data:image/png;base64,{data}" alt="{escape(name)}, {view}">'
    numbers = range(2, len(picture.parts) + 1)
    more = "".join(f' · <a href="{_part_name(stem, number)}">part {number}</a>' for number in numbers)
    return f'<figure><a href="{stem}.png">{image}</a><figcaption>{view}{more}</figcaption></figure>'
