"""The audit log: who did what, when, and from where."""

from fastapi import APIRouter, Response

from service.web.admin.doors import Before, Viewer
from service.web.admin.frame import TheOffice

A_PAGE = 50

routes = APIRouter(include_in_schema=False)


@routes.get("/admin/log")
def log(visitor: Viewer, office: TheOffice, before: Before = None, subject: str = "") -> Response:
    found = office.store.noted(before=before, limit=A_PAGE + 1, subject=subject[:200])
    return office.page(
        visitor,
        "log.html",
        "Audit log",
        found=[(one, _path(one.act.subject)) for one in found[:A_PAGE]],
        last=found[A_PAGE - 1].id if len(found) > A_PAGE else None,
        is_first=before is None,
        subject=subject[:200],
    )


def _path(subject: str) -> str:
    """The page of what was acted on; empty where it has none."""
    kind, _, name = subject.partition(" ")
    folders = {"issue": "issues", "topic": "topics", "subscriber": "subscribers"}
    return f"/admin/{folders[kind]}/{name}" if kind in folders and name else ""
