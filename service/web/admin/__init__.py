"""The admin pages, in reading order. Pages of admins are server-rendered and need no script.

frame        Office, what every page works with; Office.page, how a template becomes a page; Visitor, who
             asks; SAID, what a page says after something was done, by code
forms        what a form sent: Sent.text, .texts, .file
doors        who may come in: `Viewer`, `Editor`; the guard of every POST; cookies
sign_in      sign in by an e-mailed link, sign out
this_week    /admin: the newest issues, what is due, checks, audience, deliveries
people       /admin/subscribers: look up, add, one subscriber
suppressing  /admin/subscribers/suppressed: addresses and domains
importing    /admin/subscribers/import: CSV
topics       /admin/topics: edit and try out
history      /admin/log: who did what; /admin/trends: charts with their tables

How a page is written:

    routes = APIRouter(include_in_schema=False)       # full paths: "/admin/…"; listed in MODULES below

    @routes.get("/admin/issues/{label}")
    def issue(label: str, visitor: Viewer, office: TheOffice) -> Response:
        return office.page(visitor, "issue.html", f"Issue {label}", status_of=office.store.status(label))

    @routes.post("/admin/issues/{label}/approve")
    def approve(label: str, visitor: Editor, sent: Form, office: TheOffice) -> Response:
        office.store.approve(label, office.clock())
        office.record(visitor, "approved", f"issue {label}", "hash 1f2e…")
        return office.go(f"/admin/issues/{label}", said="approved")

- Every route has `visitor: Viewer` or `visitor: Editor`, every POST `Editor`: a test walks all routes.
- Templates are templates/pages/admin/*.html: `{% extends "admin/base.html" %}`, block `main`. They may use
  `visitor`, `csrf`, `said`, `root`, `site`, `now` and the filters shown, day, moment.
- Each <form method="post"> begins with `<input type="hidden" name="csrf" value="{{ csrf }}">`, or the
  guard answers 403; its action begins with `{{ root }}/admin/`. admin.css says which
  classes there are (card, cards, wide, tag, note…).
- After a POST: `office.go(path, said=code)`; the code's words are in frame.SAID: add yours. To show a form
  again with what was wrong, answer `office.page(…, status=422, …)`.
- `office.record(visitor, action, subject, detail)` after each change. Subjects: "issue 2026-W22",
  "topic robot-learning", "subscriber 12": by id, and no address in subject or detail.
- No subscriber's address in a URL, a proxy would log it: a look-up by address is a POST that changes nothing,
  open to `Viewer`; its path ends in /search.
- A page with a frame: `office.page(…, framing=True)`; what is framed answers with headers=PREVIEW_HEADERS.
- Unknown issue, topic or subscriber: raise HTTPException(404), as the public pages do.
- Checks of an issue, as `brief check` makes them: service.issue_check (the CLI and the pages share it).
"""

from fastapi import Depends, FastAPI, Request, Response

from service.web.admin import (
    deliveries,
    doors,
    editing,
    history,
    importing,
    issue,
    people,
    preview,
    sign_in,
    suppressing,
    this_week,
    topics,
)
from service.web.admin.frame import Office

MODULES = (
    sign_in,
    this_week,
    issue,
    preview,
    editing,
    deliveries,
    people,
    suppressing,
    importing,
    topics,
    history,
)


def add_to(app: FastAPI, office: Office) -> None:
    """Every route of the admin pages, behind the guard."""
    app.state.office = office
    for module in MODULES:
        app.include_router(module.routes, dependencies=[Depends(doors.guard)])

    @app.exception_handler(doors.SignInNeeded)
    def sign_in_first(_: Request, __: doors.SignInNeeded) -> Response:
        return office.go("/admin/sign-in")

    @app.exception_handler(doors.NotAllowed)
    def not_allowed(_: Request, refused: doors.NotAllowed) -> Response:
        return office.page(refused.visitor, "refused.html", refused.title, status=403, words=refused.words)
