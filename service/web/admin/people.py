"""Subscribers: look up, add, suppress, and everything about one of them.

Addresses never stand in the address of a page, where proxies would log them: looking up is a POST that
changes nothing, pages go by id.
"""

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import APIRouter, HTTPException, Response

from service.web.admin.authentication import Before, Editor, Viewer
from service.web.admin.frame import AdminContext, Form, Sent, TheAdminContext, Visitor
from subscribers.additions import Result
from subscribers.addresses import AddressRefused, as_kept, read_address
from subscribers.imports import COLUMNS, ImportRefused, RowResult, import_file, layout_of
from subscribers.preferences import Frequency, Length, PreferencesError, read_choices
from subscribers.roster import Joining, NotAdded, UnknownTopic
from subscribers.subscriber import Subscriber, UnknownSubscriber
from subscribers.suppressions import Cause

A_PAGE = 50
SOURCE = "admin pages"
PEOPLE = "/admin/subscribers"
SHOWN_HISTORY = 100

routes = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Typed:
    """The form to add somebody, as it was typed."""

    address: str = ""
    name: str = ""
    topics: tuple[str, ...] = ()
    length: str = Length.FULL
    frequency: str = Frequency.WEEKLY
    consent: str = ""


@routes.get(PEOPLE)
def newest(visitor: Viewer, context: TheAdminContext, before: Before = None) -> Response:
    found = context.directory.newest(before=before, limit=A_PAGE + 1)
    values = _page(context, found) | {"search": "", "is_first": before is None}
    return context.page(visitor, "subscribers.html", "Subscribers", **values)


@routes.post(f"{PEOPLE}/search")
def search(visitor: Viewer, sent: Form, context: TheAdminContext) -> Response:
    """Addresses that begin so. A POST, so that no address stands in an address; it changes nothing."""
    start, after = sent.text("address").strip()[:254], sent.text("after")
    if not start:
        return context.go(PEOPLE)
    last = int(after) if after.isdecimal() and len(after) < 19 else None
    found = context.directory.beginning(start, after=last, limit=A_PAGE + 1)
    if len(found) == 1 and last is None and found[0].address.lower() == as_kept(start):
        return context.go(f"{PEOPLE}/{found[0].id}")
    values = _page(context, found) | {"search": start, "is_first": last is None}
    return context.page(visitor, "subscribers.html", "Subscribers", **values)


@routes.get(f"{PEOPLE}/add")
def add_page(visitor: Editor, context: TheAdminContext) -> Response:
    return _add_page(visitor, context, Typed())


@routes.post(f"{PEOPLE}/add")
def add(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    typed = _typed(sent)
    if not typed.consent.strip():
        return _add_page(visitor, context, typed, {"consent": "Say where they said yes."})
    try:
        known = context.roster.find(typed.address)
        return _add_page(visitor, context, typed, {"address": "This address is known already."}, known)
    except UnknownSubscriber:
        pass
    except AddressRefused:
        return _add_page(visitor, context, typed, {"address": "This is not an e-mail address."})
    try:
        added, _ = context.roster.put_subscriber(_joining(typed), context.clock(), SOURCE)
    except PreferencesError as error:
        return _add_page(visitor, context, typed, {one.field: one.message for one in error.problems})
    except (NotAdded, UnknownTopic) as error:
        return _add_page(visitor, context, typed, {"": str(error)})
    context.record(visitor, "added", f"subscriber {added.id}", f"follows {', '.join(added.topics)}")
    return context.go(f"{PEOPLE}/{added.id}", said="added")


@routes.get(PEOPLE + "/{subscriber_id:int}")
def one(subscriber_id: int, visitor: Viewer, context: TheAdminContext) -> Response:
    subscriber = _subscriber(context, subscriber_id)
    history = context.roster.history(subscriber_id)
    return context.page(
        visitor,
        "subscriber.html",
        subscriber.address,
        one=subscriber,
        names={topic.slug: topic.name for topic in context.site.topics()},
        cause=context.directory.suppression(subscriber_id),
        history=history[::-1][:SHOWN_HISTORY],
        left_out=max(0, len(history) - SHOWN_HISTORY),
        received=context.store.received(subscriber_id),
    )


@routes.post(PEOPLE + "/{subscriber_id:int}/suppress")
def suppress_one(subscriber_id: int, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    subscriber = _subscriber(context, subscriber_id)
    note = sent.text("note").strip()[:200]
    context.roster.suppressions.add(subscriber.address, Cause.OPERATOR, context.clock(), note)
    context.record(visitor, "suppressed", f"subscriber {subscriber_id}", note)
    return context.go(f"{PEOPLE}/{subscriber_id}", said="suppressed")


@routes.post(PEOPLE + "/{subscriber_id:int}/unsuppress")
def unsuppress_one(subscriber_id: int, visitor: Editor, context: TheAdminContext) -> Response:
    subscriber = _subscriber(context, subscriber_id)
    if context.roster.suppressions.remove(subscriber.address):
        context.record(visitor, "no longer suppressed", f"subscriber {subscriber_id}")
        return context.go(f"{PEOPLE}/{subscriber_id}", said="unsuppressed")
    return context.go(f"{PEOPLE}/{subscriber_id}", said="domain-suppressed")


def _subscriber(context: AdminContext, subscriber_id: int) -> Subscriber:
    try:
        return context.roster.subscriber(subscriber_id)
    except (UnknownSubscriber, OverflowError) as missing:
        raise HTTPException(404) from missing


def _page(context: AdminContext, found: Any) -> dict[str, Any]:
    """A page of subscribers, of which one more was asked for than is shown."""
    return {
        "found": found[:A_PAGE],
        "suppressed": context.directory.suppressed(found[:A_PAGE]),
        "last": found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        "count": context.kept.get("subscribers", context.roster.count).value,
    }


def _add_page(
    visitor: Visitor,
    context: AdminContext,
    typed: Typed,
    problems: dict[str, str] | None = None,
    known: Subscriber | None = None,
) -> Response:
    return context.page(
        visitor,
        "add-subscriber.html",
        "Add a subscriber",
        status=422 if problems else 200,
        typed=typed,
        problems=problems or {},
        known=known,
        topics=context.site.topics(),
        lengths=list(Length),
        frequencies=list(Frequency),
    )


def _typed(sent: Sent) -> Typed:
    return Typed(
        address=sent.text("address")[:300],
        name=sent.text("name")[:200],
        topics=tuple(sent.texts("topics")),
        length=sent.text("length"),
        frequency=sent.text("frequency"),
        consent=sent.text("consent")[:200],
    )


def _joining(typed: Typed) -> Joining:
    """PreferencesError for choices that can't be read."""
    choices = read_choices(
        {"topics": list(typed.topics), "length": typed.length, "frequency": typed.frequency}
    )
    address = read_address(typed.address).spelled
    return Joining(address, name=typed.name or None, consent=typed.consent.strip(), **choices)


LIST = f"{PEOPLE}/suppressed"
MOST_CHARACTERS = 300


@routes.get(LIST)
def suppressed(visitor: Viewer, context: TheAdminContext) -> Response:
    return _list(visitor, context)


@routes.post(f"{LIST}/search")
def more(visitor: Viewer, sent: Form, context: TheAdminContext) -> Response:
    """The page after an entry. A POST, so that no address stands in an address; it changes nothing."""
    return _list(visitor, context, after=(sent.text("kind"), sent.text("value")[:MOST_CHARACTERS]))


@routes.post(f"{LIST}/add")
def suppress(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    target, note = sent.text("target").strip()[:MOST_CHARACTERS], sent.text("note").strip()[:200]
    try:
        context.roster.suppressions.add(target, Cause.OPERATOR, context.clock(), note)
    except AddressRefused:
        return _list(visitor, context, typed=target, problem="This is neither an address nor a domain.")
    context.record(visitor, "suppressed", _subject(context, target), note)
    return context.go(LIST, said="suppressed")


@routes.post(f"{LIST}/remove")
def unsuppress(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    target = sent.text("target").strip()[:MOST_CHARACTERS]
    try:
        held = context.roster.suppressions.remove(target)
    except AddressRefused:
        held = False
    if held:
        context.record(visitor, "no longer suppressed", _subject(context, target))
    return context.go(LIST, said="unsuppressed" if held else "not-suppressed")


def _list(
    visitor: Visitor,
    context: AdminContext,
    after: tuple[str, str] = ("", ""),
    typed: str = "",
    problem: str = "",
) -> Response:
    found = context.directory.suppressions(after=after, limit=A_PAGE + 1)
    return context.page(
        visitor,
        "suppressed.html",
        "Suppressed",
        status=422 if problem else 200,
        found=found[:A_PAGE],
        last=found[A_PAGE - 1] if len(found) > A_PAGE else None,
        typed=typed,
        problem=problem,
    )


def _subject(context: AdminContext, target: str) -> str:
    """What the audit log calls it: a domain by name, an address by its subscriber's id or not at all."""
    if "@" not in target.removeprefix("@"):
        return f"domain {target.removeprefix('@').lower()}"
    try:
        return f"subscriber {context.roster.find(target).id}"
    except UnknownSubscriber:
        return "an address"


MOST_PROBLEMS = 200  # rows shown; the counts are of all
NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass
class Report:
    """What became of the rows of a file, or would."""

    name: str
    dry: bool
    encoding: str = ""
    unknown: tuple[str, ...] = ()  # columns that are passed over
    counts: Counter[Result] = field(default_factory=Counter)
    problems: list[RowResult] = field(default_factory=list)

    def take(self, results: Iterable[RowResult]) -> None:
        for one in results:
            self.counts[one.result] += 1
            if one.why and len(self.problems) < MOST_PROBLEMS:
                self.problems.append(one)

    @property
    def refused(self) -> int:
        """Rows that were not taken."""
        return self.counts[Result.REFUSED] + self.counts[Result.SUPPRESSED]


@routes.get(f"{PEOPLE}/import")
def page(visitor: Editor, context: TheAdminContext) -> Response:
    return _import_page(visitor, context)


@routes.post(f"{PEOPLE}/import")
def upload(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    file, consent = sent.file("file"), sent.text("consent").strip()[:200]
    if file is None:
        return _import_page(visitor, context, consent, "Choose a file.")
    if not consent:
        return _import_page(visitor, context, consent, "Say where these people said yes.")
    report = Report(_plain(file.filename or ""), dry=sent.text("action") != "import")
    try:
        with file.file as content:
            _import(content, report, consent, context)
    except ImportRefused as refused:
        return _import_page(visitor, context, consent, f"This file can't be used: {refused}.")
    if not report.dry:
        counts = ", ".join(f"{count} {result}" for result, count in sorted(report.counts.items()))
        context.record(visitor, "imported", f"file {report.name}", counts)
    return _import_page(visitor, context, consent, report=report)


def _import(content: BinaryIO, report: Report, consent: str, context: AdminContext) -> None:
    """Through a file on the disk: the import reads twice, to find the encoding."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / report.name
        with path.open("wb") as copy:
            shutil.copyfileobj(content, copy)
        try:
            layout = layout_of(path)
            report.encoding, report.unknown = layout.encoding, layout.unknown
            report.take(import_file(path, context.roster, context.clock(), consent, dry_run=report.dry))
        except UnicodeError as error:
            raise ImportRefused("its text can't be read; save it as UTF-8") from error


def _plain(name: str) -> str:
    """A name for the history: letters, digits, dots and hyphens of what the browser said."""
    return NOT_IN_A_NAME.sub("-", name)[-60:].strip(".-") or "upload.csv"


def _import_page(
    visitor: Visitor,
    context: AdminContext,
    consent: str = "",
    problem: str = "",
    report: Report | None = None,
) -> Response:
    return context.page(
        visitor,
        "import.html",
        "Import subscribers",
        status=422 if problem else 200,
        consent=consent,
        problem=problem,
        report=report,
        columns=COLUMNS,
    )
