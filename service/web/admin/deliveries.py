"""Deliveries: the sum that always holds, who got an issue and who did not, and why."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from service.delivery import IssueStatus, State
from service.store import LedgerBroken, Line, sheet
from service.web.admin.authentication import Editor, Viewer
from service.web.admin.frame import HEADERS, AdminContext, Form, Sent, TheAdminContext, Visitor
from service.web.admin.issue import sentence, status_of
from service.web.admin.this_week import ORDER, status_line, sums
from subscribers.addresses import AddressRefused
from subscribers.audience import in_words
from subscribers.subscriber import UnknownSubscriber

ROWS_A_PAGE = 50
ISSUES_SHOWN = 30
LONGEST_NOTE = 200
MINUTE = dt.timedelta(minutes=1)

routes = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """Which rows the page shows."""

    lines: tuple[Line, ...]
    after: int = 0  # the last id of the page before
    state: State | None = None
    address: str = ""

    @property
    def next(self) -> int:
        """The last id, where there may be more; 0 where this is the end."""
        return self.lines[-1].id if len(self.lines) == ROWS_A_PAGE else 0


RowId = Annotated[int, Query(ge=0, lt=2**31)]


@routes.get("/admin/deliveries")
def all_issues(visitor: Viewer, context: TheAdminContext) -> Response:
    planned = [one for one in context.store.issues(ISSUES_SHOWN) if one.planned]
    listed = [(one, status_line(one), sums(one)) for one in planned]
    return context.page(visitor, "all-deliveries.html", "Deliveries", listed=listed)


@routes.get("/admin/issues/{label}/deliveries")
def deliveries(
    label: str, visitor: Viewer, context: TheAdminContext, state: State | None = None, after: RowId = 0
) -> Response:
    issue = status_of(context, label)
    lines = context.store.page(label, state=state, after=after, limit=ROWS_A_PAGE)
    return deliveries_page(visitor, context, issue, Shown(lines, after, state))


@routes.post("/admin/issues/{label}/deliveries/search")
def search(label: str, visitor: Viewer, sent: Form, context: TheAdminContext) -> Response:
    """Rows of addresses that begin so. Changes nothing: a POST, so that no address stands in a URL."""
    issue = status_of(context, label)
    address, after = sent.text("address").strip()[:254], _number(sent.text("after"))
    if not address:
        return context.go(f"/admin/issues/{label}/deliveries")
    lines = context.store.page_of_address(label, address, after=after, limit=ROWS_A_PAGE)
    words = "" if lines or after else why_missing(context, label, address)
    return deliveries_page(visitor, context, issue, Shown(lines, after, address=address), missing=words)


@routes.post("/admin/issues/{label}/deliveries/resolve")
def resolve(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Say what became of uncertain deliveries: one, or all of them."""
    issue = status_of(context, label)
    as_, ids = sent.text("as"), _ids(sent)
    if as_ not in {State.ACCEPTED, State.WAITING}:
        return _refused(visitor, context, issue, "Say whether they arrived or are to be sent again.")
    note = " ".join(sent.text("note").split())[:LONGEST_NOTE] or f"resolved by an editor as {as_}"
    changed = context.store.resolve(label, State(as_), context.clock(), ids, note)
    context.record(visitor, f"resolved as {as_}", f"issue {label}", _which(changed, ids))
    return context.go(f"/admin/issues/{label}/deliveries", said="resolved")


@routes.post("/admin/issues/{label}/deliveries/retry")
def retry(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Make failed, given-up or refused deliveries due at once: one, or all in a state."""
    issue = status_of(context, label)
    state, ids = sent.text("state"), _ids(sent)
    if state not in {State.FAILED, State.GIVEN_UP, State.REFUSED}:
        return _refused(visitor, context, issue, "Only what failed or was refused can be tried again.")
    changed = context.store.retry(label, (State(state),), ids, context.clock())
    context.record(visitor, f"retried {state}", f"issue {label}", _which(changed, ids))
    return context.go(f"/admin/issues/{label}/deliveries", said="retried")


@routes.post("/admin/issues/{label}/deliveries/release")
def release(label: str, visitor: Editor, context: TheAdminContext) -> Response:
    """Send what is held because it is late."""
    status_of(context, label)
    changed = context.store.release(label, context.clock())
    context.record(visitor, "released late deliveries", f"issue {label}", f"{changed:,}")
    return context.go(f"/admin/issues/{label}/deliveries", said="released")


@routes.post("/admin/issues/{label}/deliveries.csv")
def as_csv(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Every row as CSV, in pieces. Addresses leave the service, so it is written down who took them."""
    status_of(context, label)
    state = State(sent.text("state")) if sent.text("state") in set(State) else None
    context.record(visitor, "downloaded deliveries", f"issue {label}", state or "all")
    disposition = f'attachment; filename="deliveries-{label}.csv"'
    headers = {**HEADERS, "Content-Disposition": disposition}
    return StreamingResponse(
        sheet(context.store.lines(label, state)), 200, headers, "text/csv; charset=utf-8"
    )


def why_missing(context: AdminContext, label: str, address: str) -> str:
    """Why nobody with this address stands in the ledger."""
    try:
        found = context.roster.find(address)
    except (AddressRefused, UnknownSubscriber):
        return "No address on the roster begins so, or none of them is in the audience of this issue."
    if context.store.status(label).planned:
        return "Not in the audience: this subscriber came after it was frozen."
    topics, reason = context.store.why(label, found.id, context.clock().date())
    would = "would not get it: " if reason else "would get it: "
    words = in_words(topics, reason, names(context))
    return f"The issue is not planned yet. As things are, this subscriber {would}{words}."


def names(context: AdminContext) -> Mapping[str, str]:
    return {topic.slug: topic.name for topic in context.site.topics()}


def deliveries_page(  # noqa: PLR0913 - what the page shows
    visitor: Visitor,
    context: AdminContext,
    issue: IssueStatus,
    shown: Shown,
    *,
    missing: str = "",
    problem: str = "",
    status: int = 200,
) -> Response:
    label, named = issue.label, names(context)
    return context.page(
        visitor,
        "deliveries.html",
        f"Deliveries of {label}",
        status=status,
        problem=problem or _broken(context, label),
        issue=issue,
        status_line=status_line(issue),
        sums=sums(issue),
        states=[state for state in ORDER if issue.deliveries.get(state)],
        counts={str(state): count for state, count in issue.deliveries.items()},
        rows=shown,
        missing=missing,
        held=context.store.held(label),
        reasons={line.id: why(line, named) for line in shown.lines},
    )


def why(line: Line, named: Mapping[str, str]) -> str:
    """Why somebody got it or did not: the row's reason, else what they follow."""
    if line.reason and line.state is not State.ACCEPTED:
        return line.reason
    return in_words(line.topics, None, named)


def _broken(context: AdminContext, label: str) -> str:
    """What was wrong with the rows a minute ago: a bug, or somebody's hand in the database."""

    def audited() -> str:
        try:
            context.store.audited(label)
        except LedgerBroken as broken:
            return f"{sentence(str(broken))} Look at the rows before anything else."
        return ""

    return context.kept.get(("audit", label), audited, MINUTE).value


def _refused(visitor: Visitor, context: AdminContext, issue: IssueStatus, problem: str) -> Response:
    lines = context.store.page(issue.label, limit=ROWS_A_PAGE)
    return deliveries_page(visitor, context, issue, Shown(lines), problem=problem, status=422)


def _ids(sent: Sent) -> list[int]:
    """The deliveries that a form names; none for all of them."""
    given = [_number(text) for text in sent.texts("id")]
    return [one or -1 for one in given]  # what is no id must not become all of them


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _which(changed: int, ids: list[int]) -> str:
    return f"delivery {', '.join(map(str, ids))}: {changed} changed" if ids else f"{changed} changed"
