"""Subscribers: found by any part of an address or a name, filtered, and downloaded as CSV.

Filters stand in the address of a page. What is looked for never does, since it may be somebody's address and
proxies log those: a search is a POST that changes nothing, pages go by id.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from service.web.admin.authentication import Before, Editor, Viewer
from service.web.admin.frame import HEADERS, AdminContext, Form, TheAdminContext, Visitor
from service.web.admin.selecting import (
    PEOPLE,
    Filters,
    address_of,
    filter_values,
    in_log,
    names,
    selection_of,
)
from subscribers.addresses import as_kept
from subscribers.csv_files import export_rows
from subscribers.selection import Selection

A_PAGE = 50

routes = APIRouter(include_in_schema=False)


@routes.get(PEOPLE)
def listed(visitor: Viewer, context: TheAdminContext, asked: Filters, before: Before = None) -> Response:
    return _page(visitor, context, asked, before)


@routes.post(f"{PEOPLE}/search")
def search(visitor: Viewer, sent: Form, context: TheAdminContext, filtered: Filters) -> Response:
    """Who matches the words and the filters. A form goes on to the address that has its filters."""
    asked = selection_of(sent)
    if not asked.words:
        return context.go(address_of(asked))
    if replace(asked, words="") != filtered:  # 307: the same form once more, so that the words stay in it
        there = f"{context.site.root}{address_of(asked, '/search')}"
        return RedirectResponse(there, 307, headers=HEADERS)
    text = sent.text("before")
    return _page(visitor, context, asked, int(text) if text.isdecimal() and len(text) < 19 else None)


@routes.post(f"{PEOPLE}/export")
def as_csv(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Who is selected as CSV, in pieces. Addresses leave the service: it is written down who took them."""
    asked = selection_of(sent)
    told = in_log(asked, names(context))
    context.record(visitor, "downloaded subscribers", "", told)
    headers = {**HEADERS, "Content-Disposition": 'attachment; filename="subscribers.csv"'}
    return StreamingResponse(_sheet(context, asked), 200, headers, "text/csv; charset=utf-8")


def _sheet(context: AdminContext, asked: Selection) -> Iterator[str]:
    """As `brief subscribers export` writes it, a page of rows at a time."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerows(export_rows(()))
    for page in context.directory.every(asked, context.clock().date()):
        held = context.directory.address_suppressions(page)
        lines.writerows(islice(export_rows(page, held), 1, None))
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _page(visitor: Visitor, context: AdminContext, asked: Selection, before: int | None) -> Response:
    found = context.directory.page(asked, context.clock().date(), before=before, limit=A_PAGE + 1)
    if _is_whole_address(asked) and len(found) == 1 and found[0].address.lower() == as_kept(asked.words):
        return context.go(f"{PEOPLE}/{found[0].id}")
    last = found[A_PAGE - 1].id if len(found) > A_PAGE else None
    is_whole = before is None and last is None  # one page holds all: no kept count, which lags, is needed
    return context.page(
        visitor,
        "subscribers.html",
        "Subscribers",
        found=found[:A_PAGE],
        suppressed=context.directory.suppressed(found[:A_PAGE]),
        count=len(found) if is_whole else context.kept.get("subscribers", context.roster.count).value,
        is_first=before is None,
        last=last,
        earlier=address_of(asked, before=last or 0),
        **filter_values(context, asked),
    )


def _is_whole_address(asked: Selection) -> bool:
    return "@" in asked.words and asked == Selection(asked.words)
