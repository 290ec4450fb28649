"""Subscribers who gave consent elsewhere: added one at a time, or imported from a CSV file."""

import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from fastapi import APIRouter, Response

from service.web.admin.authentication import Editor
from service.web.admin.frame import AdminContext, Form, Sent, TheAdminContext, Visitor
from service.web.admin.selecting import PEOPLE, SOURCE
from subscribers.additions import Result
from subscribers.addresses import AddressRefused, read_address
from subscribers.imports import COLUMNS, ImportRefused, RowResult, import_file, layout_of
from subscribers.preferences import Frequency, Length, PreferencesError, read_choices
from subscribers.roster import Joining, NotAdded, UnknownTopic
from subscribers.subscriber import Subscriber, UnknownSubscriber

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


@routes.get(f"{PEOPLE}/add")
def add_page(visitor: Editor, context: TheAdminContext) -> Response:
    return _add_page(visitor, context, Typed())


@routes.post(f"{PEOPLE}/add")
def add(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    typed = _typed(sent)
    if not typed.consent.strip():
        return _add_page(visitor, context, typed, {"consent": "Say where they gave consent."})
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
        return _import_page(visitor, context, consent, "Say where these people gave consent.")
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
