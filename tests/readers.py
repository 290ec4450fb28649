"""A reader of the pages: the real application over a real SQLite, an outbox for a mailbox, and a clock.

place = open_place(folder, migrated)  the service with one issue delivered to nobody yet
reader = place.reader()               somebody who clicks: reader.get(path), reader.press(page, "Save", ...)
place.letters()                       every e-mail that left, oldest first
"""

import datetime as dt
import email
import email.policy
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import lxml.html
import sqlalchemy as sa
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.testclient import TestClient

from service import wiring
from service.briefs.model import Brief
from service.papers import Sighting, Window
from service.pipeline import publish_issue
from service.settings import Settings
from service.store import Built
from service.transactional import TransactionalSender
from service.transactional.writing import MOST
from service.web.app import make_app
from service.wiring import Service
from subscribers.links import Links
from subscribers.preferences import Length
from subscribers.roster import Joining
from subscribers.subscriber import Subscriber
from tests import builders

BASE = "http://testserver"
NOW = dt.datetime(2026, 5, 26, 9, 0, tzinfo=dt.UTC)
TOPICS = ("robot-learning", "exoplanets")
ADDRESS = "ada.sampleton@example.org"
SOON = dt.timedelta(seconds=MOST)  # then every e-mail is due that was queued until now


class Loop:
    """One event loop for all requests of a test: starting one for each takes longer than many an answer."""

    def __init__(self) -> None:
        self._opened = ExitStack()
        self._portal: BlockingPortal | None = None

    def portal(self) -> BlockingPortal:
        if self._portal is None:
            self._portal = self._opened.enter_context(start_blocking_portal())
        return self._portal

    def close(self) -> None:
        self._portal = None
        self._opened.close()


LOOP = Loop()


def visitor(app: Any, base: str, host: str) -> TestClient:
    """Somebody of this host who asks the application for pages."""
    client = TestClient(app, base, client=(host, 50_000))
    client.portal = LOOP.portal()
    return client


@dataclass
class Clock:
    """A clock that a test sets."""

    now: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += dt.timedelta(**by)


@dataclass
class Answer:
    """A page as its reader has it."""

    path: str
    status: int
    text: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def heading(self) -> str:
        return str(lxml.html.fromstring(self.text).xpath("string(//h1)")).strip()

    @property
    def notice(self) -> str:
        return " ".join(
            str(lxml.html.fromstring(self.text).xpath("string(//*[contains(@class, 'note')])")).split()
        )

    def button(self, label: str) -> tuple[str, dict[str, list[str]]]:
        """Where the form of this button goes, and what it sends as it stands."""
        (button,) = lxml.html.fromstring(self.text).xpath(
            f"//button[starts-with(normalize-space(), '{label}')]"
        )
        form = next(button.iterancestors("form"))
        sent: dict[str, list[str]] = {}
        for name, value in form.form_values():
            sent.setdefault(name, []).append(value)
        if button.get("name"):
            sent[button.get("name")] = [button.get("value")]
        return button.get("formaction") or form.get("action") or self.path, sent


class Reader:
    """Somebody with a browser."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client

    def get(self, path: str, **headers: str) -> Answer:
        return self._answer(path, self.client.get(path, headers=headers, follow_redirects=False))

    def press(self, page: Answer, label: str, **changes: Any) -> Answer:
        """Press a button of a page, with these fields changed; None leaves one out."""
        path, sent = page.button(label)
        given: dict[str, Any] = {**sent, **changes}
        return self.post(path, {name: value for name, value in given.items() if value is not None})

    def post(self, path: str, data: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        return self._answer(path, self.client.post(path, data=data, follow_redirects=False, **more))

    def _answer(self, path: str, got: Any) -> Answer:
        return Answer(path, got.status_code, got.text, got.headers, got.content)


@dataclass
class Place:
    """The service, its clock and its outbox."""

    service: Service
    clock: Clock
    app: Any
    links: Links
    _tables: sa.MetaData = field(default_factory=sa.MetaData)

    def reader(self, host: str = "203.0.113.7") -> Reader:
        return Reader(visitor(self.app, BASE, host))

    def subscriber(self, address: str = ADDRESS, topics: Sequence[str] = TOPICS, **more: Any) -> Subscriber:
        """A reader of everything in full, unless told otherwise."""
        joining = Joining(address, tuple(topics), **{"length": Length.FULL, **more})
        subscriber, _ = self.service.roster.put_subscriber(joining, self.clock.now)
        return subscriber

    def again(self, subscriber: Subscriber) -> Subscriber:
        """The subscriber as the database has it now."""
        return self.service.roster.subscriber(subscriber.id)

    def letters(self) -> list[EmailMessage]:
        """Every e-mail that left; what is queued leaves now."""
        TransactionalSender(self.service, lambda: self.clock.now + SOON).send_due()
        folder = self.service.settings.outbox
        files = (
            sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns) if folder.exists() else []
        )
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]

    def letter(self, subject: str) -> EmailMessage:
        """The newest letter whose subject begins so."""
        return [one for one in self.letters() if str(one["subject"]).startswith(subject)][-1]

    def deliver(self) -> None:
        """The newest issue to its audience."""
        label = builders.WINDOW.label
        with wiring.delivery_context(self.service) as room:
            publish_issue(label, wiring.message_maker(self.service, label), room)

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        if not self._tables.tables:
            self._tables.reflect(self.service.engine)
        with self.service.engine.connect() as connection:
            return {
                name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
                for name, table in sorted(self._tables.tables.items())
            }


def body_of(letter: EmailMessage, subtype: str = "plain") -> str:
    """One part of a letter as its reader sees it."""
    body = letter.get_body((subtype,))
    assert isinstance(body, EmailMessage), f"the letter has no part {subtype}"
    return str(body.get_content())


def path_in(letter: EmailMessage, purpose: str = "", base: str = BASE) -> str:
    """The path of the first link in a letter's plaintext, or of the one for a purpose."""
    found = re.search(rf"{base}(/{purpose}[^\s]*)", body_of(letter))
    assert found, "the letter has no such link"
    return found[1]


def open_place(folder: Path, migrated: Path, base_url: str = BASE, admins: str = "", **more: Any) -> Place:
    """A service in a folder of its own, with one approved issue of two topics; `more` are settings."""
    shutil.copy(_published(migrated), folder / "brief.db")
    settings = _settings(folder, base_url, admins, **more)
    service = wiring.open_service(settings)
    clock = Clock()
    return Place(service, clock, make_app(service, clock), Links(base_url, wiring.secret_keys(settings)))


def place_on(folder: Path, database: str, **more: Any) -> Place:
    """A service on a migrated database of any kind, without an issue; `more` are settings."""
    settings = _settings(folder, **more).model_copy(update={"database_url": database})
    service, clock = wiring.open_service(settings), Clock()
    return Place(service, clock, make_app(service, clock), Links(BASE, wiring.secret_keys(settings)))


NOBODY: dict[str, Any] = {"arxiv_url": "http://127.0.0.1:9/api/query", "arxiv_interval": 0}  # nobody answers


def _settings(folder: Path, base_url: str = BASE, admins: str = "", **more: Any) -> Settings:
    return Settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'brief.db'}",
        base_url=base_url,
        secret_key="k" * 40,
        admins=admins,
        postal_address="Invented Society, 1 Example Street, Sampletown",
        **NOBODY | more,
    )


@cache
def _published(migrated: Path) -> Path:
    """A copy of a migrated database with the issue that every place has, made once."""
    folder = migrated.with_name("published")
    folder.mkdir()
    made = Path(shutil.copy(migrated, folder))
    service = wiring.open_service(_settings(folder))
    publish(service, NOW)
    with service.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    service.engine.dispose()
    return made


def publish(service: Service, now: dt.datetime, window: Window = builders.WINDOW, **changes: Any) -> None:
    """Save and approve an issue of the builders' brief, on two topics."""
    names = {topic.slug: topic.name for topic in service.roster.topics()}
    briefs = [
        builders.brief(
            topic_slug=slug, topic_name=names[slug], window_label=window.label, first=window.first,
            last=window.last, **changes,
        )
        for slug in TOPICS
    ]  # fmt: skip
    service.store.save_issue(window, [Built(brief, _sightings(brief)) for brief in briefs], now)
    service.store.approve(window.label, now)


def _sightings(brief: Brief) -> tuple[Sighting, ...]:
    return tuple(Sighting(entry.paper_id, 1, brief.window_label, taken=True) for entry in brief.catalog)
