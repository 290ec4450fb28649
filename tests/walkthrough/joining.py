"""Readers: three who join by the invitation, and what all thirty get."""

import re
from email.message import EmailMessage

from playwright.sync_api import Browser

from tests.readers import body_of, path_in
from tests.walkthrough.lab import Lab
from tests.walkthrough.looking import Seat, Seen, seated

FILE = re.compile(r"\.(?:bib|ris|csv|json|xml|atom)$")  # what a browser saves
JOINING = (
    "dana.sampleton@lab.example.org",
    "emil.sampleton@lab.example.org",
    "fay.sampleton@lab.example.org",
)


def joined(browser: Browser, lab: Lab, seen: Seen, invitation: str, topics: list[str]) -> None:
    """Three people follow the link, choose, and confirm from their inboxes."""
    for number, address in enumerate(JOINING):
        with seated(browser, "reader", lab.base_url, lab.typed, seen) as reader:
            _join(reader, lab, invitation, address, topics[: number + 1])


def _join(reader: Seat, lab: Lab, invitation: str, address: str, topics: list[str]) -> None:
    reader.go(invitation)
    for closed in reader.page.locator("form.join details:not([open]) > summary").all():
        closed.click()
    for name in topics:
        reader.page.get_by_label(name, exact=True).check()
    reader.types("Your e-mail address", address)
    reader.press("Send me the confirmation e-mail")
    assert reader.heading == "Check your inbox", reader.heading
    confirmation = lab.inboxes.newest(address, "Please confirm")
    reader.go(path_in(confirmation, "confirm", lab.base_url))
    reader.page.get_by_label("Short").check()
    reader.press("Yes, send it")
    assert reader.heading == "You are in", reader.heading


def read(browser: Browser, lab: Lab, seen: Seen, people: dict[str, list[str]]) -> None:
    """Each of the thirty has their own topics, once; one of them follows the links of the e-mail."""
    issues = lab.inboxes.issues(len(people))
    assert issues.keys() == people.keys(), issues.keys() ^ people.keys()
    every = {name for names in people.values() for name in names}
    for address, names in people.items():
        _insist_on_topics(issues[address], set(names), every)
    with seated(browser, "reader", lab.base_url, lab.typed, seen) as reader:
        _follow_links(reader, lab, issues[JOINING[-1]])
        answering = [one for one in issues.values() if "/respond/" in body_of(one)]
        for message in answering[:1]:
            reader.go(path_in(message, "respond", lab.base_url))


def _insist_on_topics(message: EmailMessage, followed: set[str], every: set[str]) -> None:
    headings = every & set(body_of(message).splitlines())
    assert headings == followed, f"{message['to']} follows {followed} and got {headings}"
    assert "http" in body_of(message, "html")


def _follow_links(reader: Seat, lab: Lab, message: EmailMessage) -> None:
    """The web view, the archive behind it, and the settings; nothing that changes anything is pressed."""
    reader.go(path_in(message, "read/", lab.base_url))
    links = {one.get_attribute("href") or "" for one in reader.page.locator("a").all()}
    pages = sorted(one for one in links if one.startswith("/") and not FILE.search(one))
    for kind in ("/issues", "/topics/", "/papers/"):
        for path in [one for one in pages if kind in one][:2]:
            reader.go(path)
    reader.go(path_in(message, "manage", lab.base_url))
    own = "What was learnt, saved papers, and how to change it"
    for way in ("History of changes", own, "Unsubscribe…"):
        reader.follow(way)
        reader.page.go_back()
    archive = "/".join(path_in(message, "read/", lab.base_url).split("/")[:3])
    for question in ("", "?q=language+model", "?q=zebrafish"):
        reader.go(f"{archive}/search{question}")
    for path in ("/", "/issues", "/links", "/nowhere"):
        reader.go(path)
