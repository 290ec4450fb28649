"""`brief subscribers …` and `brief audience`: the roster from the command line."""

import csv
import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TextIO

import typer

from service import wiring
from service.cli.rows import planned_audience
from service.cli.terminal import Refused, data_out, opened, out, print_json, private, record, table, to_json
from service.wiring import Service
from subscribers.additions import Result
from subscribers.audience import in_words
from subscribers.csv_files import Layout, export_rows
from subscribers.directory import Directory
from subscribers.imports import COLUMNS, ImportRefused, RowResult, import_file, layout_of
from subscribers.preferences import Frequency, Length
from subscribers.roster import Joining, Roster
from subscribers.subscriber import Subscriber, UnknownSubscriber
from subscribers.suppressions import Cause

app = typer.Typer(no_args_is_help=True, help="Add, import, show, suppress and delete subscribers.")
AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]
Address = Annotated[str, typer.Argument(help="e-mail address")]


def add_to(brief: typer.Typer) -> None:
    brief.command()(audience)
    brief.add_typer(app, name="subscribers")


@app.command()
def add(
    address: Address,
    topic: Annotated[
        list[str] | None, typer.Option(help="topic to follow, beside those followed; may be repeated")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="follow these topics alone, in place of those followed")
    ] = False,
    name: Annotated[str | None, typer.Option(help="name for the To header")] = None,
    length: Annotated[Length | None, typer.Option(help="full, short or minute")] = None,
    frequency: Annotated[
        Frequency | None, typer.Option(help="weekly or monthly; a new one gets weekly")
    ] = None,
    consent: Annotated[str, typer.Option(help="where they said yes")] = "added on the command line",
) -> None:
    """Add a subscriber who said yes, or change of a known one what is given here and nothing else."""
    joining = Joining(
        address,
        tuple(topic) if topic else None,
        name,
        length,
        frequency=frequency,
        consent=consent,
        adds_topics=not replace,
    )
    service = opened()
    roster = service.roster
    if not topic and not _is_known(roster, address):
        raise Refused(
            f"{address} would follow no topic: give --topic, such as those of `brief topics list`", 2
        )
    one, is_new = roster.put_subscriber(joining, wiring.now())
    done, follows = "added" if is_new else "changed", f"follows {', '.join(one.topics)}"
    record(service, done, f"subscriber {one.id}", follows)
    out.print(f"{'Added' if is_new else 'Updated'} {one.address}: {', '.join(one.topics)}")


def _is_known(roster: Roster, address: str) -> bool:
    try:
        roster.find(address)
    except UnknownSubscriber:
        return False
    return True


@app.command("list")
def list_subscribers(
    search: Annotated[str, typer.Option(help="only those whose address or name holds this")] = "",
    limit: Annotated[int, typer.Option(min=1, help="at most this many")] = 1000,
    as_json: AsJson = False,
) -> None:
    """List the subscribers."""
    service = opened()
    found = service.roster.subscribers(search=search, limit=limit)
    suppressed = Directory(service.engine).suppressed(found)
    if as_json:
        print_json([_values(one, suppressed.get(one.id)) for one in found])
        return
    shown = table("Address", "Name", "SubscriberStatus", "Length", "Frequency", "Topics")
    for one in found:
        chosen = (one.preferences.length, one.preferences.frequency, ", ".join(one.topics))
        shown.add_row(one.address, one.name or "", _status(one, suppressed.get(one.id)), *chosen)
    out.print(shown)
    out.print(f"{len(found)} of {service.roster.count()} subscribers")


@app.command()
def show(address: Address, as_json: AsJson = False) -> None:
    """Show one subscriber: choices, consent, and everything that changed."""
    service = opened()
    roster, directory = service.roster, Directory(service.engine)
    one = roster.find(address)
    history = [asdict(entry) for entry in roster.history(one.id)]
    values = _values(one, directory.suppression(one.id))
    if as_json:
        print_json(values | {"history": history})
        return
    for field, value in values.items():
        words = ", ".join(value) if isinstance(value, list) else value
        out.print(f"{field + ':':14} {'' if words is None else words}")
    for entry in history:
        out.print(f"{entry['at']:%Y-%m-%d %H:%M}  {entry['change']} ({entry['source']})")


@app.command("import")
def import_subscribers(
    file: Annotated[
        Path, typer.Argument(help=f"CSV with a header; needed: address, topics; known: {', '.join(COLUMNS)}")
    ],
    consent: Annotated[
        str, typer.Option(help="where they said yes, for rows without a consent of their own")
    ] = "",
    encoding: Annotated[str, typer.Option(help="such as cp1251; found out when not given")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would happen, write nothing")] = False,
    report: Annotated[
        Path | None, typer.Option(help="write what became of every row to this CSV file")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line, for every row")] = False,
) -> None:
    """Import subscribers from CSV; every row is reported, a bad row stops no other."""
    counts: Counter[Result] = Counter()
    try:
        layout = _layout(file, consent, encoding, quiet=as_json)
        service = opened()
        results = import_file(
            file, service.roster, wiring.now(), consent.strip(), dry_run=dry_run, encoding=layout.encoding
        )
        with _reporting(report) as lines:
            for one in results:
                counts[one.result] += 1
                _tell(one, lines, as_json=as_json)
    except (OSError, UnicodeDecodeError, csv.Error, ImportRefused) as error:
        why = error.strerror if isinstance(error, FileNotFoundError) else error
        raise Refused(f"{file} can't be imported: {why}", 2) from error
    words = ", ".join(f"{counts[result]} {result}" for result in Result if counts[result])
    if not dry_run:
        record(service, "imported", f"file {file.name}", words)
    if not as_json:
        out.print(f"{words or 'no rows'}{' (nothing was written)' if dry_run else ''}")
    if counts[Result.REFUSED]:
        raise typer.Exit(1)


def _layout(file: Path, consent: str, encoding: str, *, quiet: bool) -> Layout:
    """How the file is written, and what of it is passed over; Refused where nobody says who said yes."""
    layout = layout_of(file, encoding)
    if not consent.strip() and not {"consent", "standing"} & set(layout.header):
        raise Refused(
            f"{file} has no column consent: say where these people said yes, such as "
            '--consent "list at the spring school 2026"',
            2,
        )
    if not quiet:
        out.print(f"Read as {layout.encoding}, columns between {layout.delimiter!r}.", markup=False)
        for name in layout.unknown:
            out.print(f"line {layout.line}: the column {name!r} is not known and passed over", markup=False)
    return layout


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Option("--out", help="write to this file, not to standard output")
    ] = None,
) -> None:
    """Export the roster as CSV that is safe in a spreadsheet and that an import reads back."""
    service = opened()
    roster = service.roster
    rows = export_rows(roster.every_subscriber(), roster.suppressions.all())
    record(service, "exported", "all subscribers")
    if file is None:
        csv.writer(data_out(), lineterminator="\n").writerows(rows)
        return
    try:
        with private(file) as lines:
            csv.writer(lines).writerows(rows)
    except OSError as error:
        raise Refused(f"{file} can't be written: {error}") from error


@app.command()
def suppress(
    target: Annotated[str, typer.Argument(help="e-mail address, or a domain such as example.org")],
    why: Annotated[str, typer.Option(help="a note for yourself")] = "",
) -> None:
    """Send nothing to an address or to a domain, and let nobody add it."""
    service = opened()
    one = service.roster.suppressions.add(target, Cause.OPERATOR, wiring.now(), why)
    record(service, "suppressed", _subject(service, target))
    out.print(f"Suppressed the {one.kind} {one.value}")


@app.command()
def unsuppress(target: Annotated[str, typer.Argument(help="e-mail address or domain")]) -> None:
    """Allow an address or a domain again, also one that was deleted."""
    service = opened()
    if not service.roster.suppressions.remove(target):
        raise Refused(f"{target} is not suppressed", 2)
    record(service, "no longer suppressed", _subject(service, target))
    out.print(f"Allowed {target} again")


@app.command()
def suppressions(as_json: AsJson = False) -> None:
    """List the suppressed addresses and domains."""
    listed = opened().roster.suppressions
    if as_json:
        print_json([asdict(one) for one in listed.all()])
        return
    for one in listed.all():
        out.print(f"{one.value}: {one.cause}{f', {one.note}' if one.note else ''}")
    out.print(f"and {listed.count_deleted()} deleted subscribers, of whom only a keyed hash is kept")


@app.command()
def forget(
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", help="don't ask")] = False,
) -> None:
    """Delete a subscriber and all about them; only a keyed hash stays, so that no import brings them back."""
    service = opened()
    one = service.roster.find(address)
    if not yes:
        typer.confirm(f"Delete {one.address} for good?", abort=True)
    service.subscriptions.forget(one.id, wiring.now())
    record(service, "deleted", f"subscriber {one.id}")
    out.print(f"Deleted {one.address}")


def audience(
    issue: Annotated[str, typer.Argument(help="the issue, such as 2026-W22")],
    subscriber: Annotated[str | None, typer.Option(help="only this address, with the topics by name")] = None,
    as_json: AsJson = False,
) -> None:
    """Say who gets an issue and who does not, with the reason; once it is planned, by the ledger."""
    service, today = opened(), wiring.now().date()
    planned = service.store.status(issue).planned
    if subscriber is not None:
        one = service.roster.find(subscriber)
        counts = {_in_ledger(service, issue, one) if planned else _by_rules(service, issue, one, today): 1}
    elif planned:
        counts = dict(planned_audience(service, issue))
    else:
        reasons = service.store.preview(issue, today)
        counts = {reason or "gets it": count for reason, count in reasons.items()}
    if as_json:
        print_json(counts)
        return
    for words, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        out.print(words if subscriber else f"{count:>8}  {words}")


def _by_rules(service: Service, issue: str, one: Subscriber, today: dt.date) -> str:
    topics, reason = service.store.why(issue, one.id, today)
    return in_words(topics, reason, {topic.slug: topic.name for topic in service.roster.topics()})


def _in_ledger(service: Service, issue: str, one: Subscriber) -> str:
    lines = service.store.page_of_address(issue, one.address, limit=5)  # those that begin so
    line = next((line for line in lines if line.address == one.address), None)
    if line is None:
        return "no e-mail: joined after the audience was frozen"
    return f"{line.state}{f': {line.reason}' if line.reason else ''}"


def _subject(service: Service, target: str) -> str:
    """What the audit log calls it: a domain by name, an address by its subscriber's number or not at all."""
    domain = target.strip().removeprefix("@")
    if "@" not in domain:
        return f"domain {domain.lower()}"
    try:
        return f"subscriber {service.roster.find(target).id}"
    except UnknownSubscriber:
        return "an address"


@contextmanager
def _reporting(file: Path | None) -> Iterator[TextIO | None]:
    if file is None:
        yield None
        return
    with private(file) as lines:
        csv.writer(lines).writerow(("line", "address", "result", "why"))
        yield lines


def _tell(one: RowResult, lines: TextIO | None, *, as_json: bool) -> None:
    if lines:
        csv.writer(lines).writerow((one.line, one.address, one.result, one.why))
    if as_json:
        data_out().write(to_json(asdict(one)) + "\n")
    elif one.why and lines is None:
        address = f" {one.address}" if one.address else ""
        out.print(f"line {one.line}{address}: {one.result}: {one.why}", markup=False)


def _status(one: Subscriber, suppressed: Cause | None) -> str:
    """The standing, and what else keeps e-mail back."""
    words = [str(one.standing)]
    if suppressed:
        words.append(f"suppressed: {suppressed}")
    if until := one.preferences.paused_until:
        words.append(f"paused until {until}")
    return ", ".join(words)


def _values(one: Subscriber, suppressed: Cause | None) -> dict[str, object]:
    chosen = asdict(one.preferences)
    return {
        "address": one.address,
        "name": one.name,
        "standing": one.standing,
        **chosen,
        "topics": list(one.topics),
        "consent": one.consent,
        "joined_at": one.joined_at,
        "confirmed_at": one.confirmed_at,
        "left_at": one.left_at,
        "reference": one.reference,
        "suppressed": suppressed,
    }
