"""The admin pages, in reading order. Pages of admins are server-rendered and need no script.

frame        AdminContext, what every page works with, and its .page, how a template becomes a page;
             Visitor, who asks; Sent, what a form sent; SAID, what a page says after a deed, by code
authentication  who may come in: `Viewer`, `Editor`; the check of every POST; cookies; sign in and out
this_week    /admin: the newest issues, what is due, checks, audience, deliveries
building     /admin/build: an issue is built, and how far it is
issue        /admin/issues/…: where it stands, and what an editor decides on it
preview      an issue as its readers get it, and test-sends
editing      changes by hand, several in one save
deliveries   who got it, who did not, and why
selecting    who is selected, in addresses, forms and words
people       /admin/subscribers: search, filters, CSV
subscriber   one of them: choices, deliveries, history
bulk         one change of all who are selected, with a dry run
adding       one by hand, or a CSV file
suppressed   addresses and domains that get no e-mail
inviting     /admin/subscribers/invitations: links with which people join
topics       /admin/topics: edit and try out
proposing    a new topic from a starter, a sentence or papers
history      /admin/log: who did what; /admin/trends: charts with their tables

How a page is written:

    routes = APIRouter(include_in_schema=False)       # full paths: "/admin/…"; listed in MODULES below

    @routes.get("/admin/issues/{label}")
    def issue(label: str, visitor: Viewer, context: TheAdminContext) -> Response:
        return context.page(visitor, "issue.html", f"Issue {label}", status_of=context.store.status(label))

    @routes.post("/admin/issues/{label}/approve")
    def approve(label: str, visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
        context.store.approve(label, context.clock())
        context.record(visitor, "approved", f"issue {label}", "hash 1f2e…")
        return context.go(f"/admin/issues/{label}", said="approved")

- Every route has `visitor: Viewer` or `visitor: Editor`, every POST `Editor`: a test walks all routes.
- Templates are templates/pages/admin/*.html: `{% extends "admin/base.html" %}`, block `main`. They may use
  `visitor`, `csrf`, `said`, `root`, `site`, `now` and the filters shown, day, moment.
- Each <form method="post"> begins with `<input type="hidden" name="csrf" value="{{ csrf }}">`, or the
  guard answers 403; its action begins with `{{ root }}/admin/`. admin.css says which
  classes there are (card, cards, wide, tag, note…).
- After a POST: `context.go(path, said=code)`; the code's words are in frame.SAID: add yours. To show a form
  again with what was wrong, answer `context.page(…, status=422, …)`.
- `context.record(visitor, action, subject, detail)` after each change. Subjects: "issue 2026-W22",
  "topic robot-learning", "subscriber 12": by id, and no address in subject or detail.
- No subscriber's address in a URL, a proxy would log it: a look-up by address is a POST that changes nothing,
  open to `Viewer`; its path ends in /search.
- A page with a frame: `context.page(…, framing=True)`; what is framed answers with headers=PREVIEW_HEADERS.
- Unknown issue, topic or subscriber: raise HTTPException(404), as the public pages do.
- Checks of an issue, as `brief check` makes them: service.issue_check (the CLI and the pages share it).
"""

from fastapi import Depends, FastAPI, Request, Response

from service.web.admin import (
    adding,
    authentication,
    building,
    bulk,
    deliveries,
    editing,
    history,
    inviting,
    issue,
    people,
    preview,
    proposing,
    subscriber,
    suppressed,
    this_week,
    topics,
)
from service.web.admin.frame import AdminContext

MODULES = (
    authentication,
    this_week,
    building,
    issue,
    preview,
    proposing,
    editing,
    deliveries,
    people,
    subscriber,
    bulk,
    adding,
    suppressed,
    inviting,
    topics,
    history,
)


def add_to(app: FastAPI, context: AdminContext) -> None:
    """Every route of the admin pages, behind the guard."""
    app.state.context = context
    for module in MODULES:
        app.include_router(module.routes, dependencies=[Depends(authentication.guard)])

    @app.exception_handler(authentication.SignInNeeded)
    def sign_in_first(_: Request, __: authentication.SignInNeeded) -> Response:
        return context.go("/admin/sign-in")

    @app.exception_handler(authentication.NotAllowed)
    def not_allowed(_: Request, refused: authentication.NotAllowed) -> Response:
        return context.page(refused.visitor, "refused.html", refused.title, status=403, words=refused.words)
