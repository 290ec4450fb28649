"""Health: whether the process lives, can serve pages, and does what it is there for."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from service import migrations
from service.store import Store, Watched

OK = "ok"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """When health turns red."""

    overdue: dt.timedelta = dt.timedelta(hours=12)  # of the oldest delivery
    issue_age: dt.timedelta | None = None  # of the newest issue; None: any age


def router(engine: sa.Engine, tolerance: Tolerance, clock: Callable[[], dt.datetime]) -> APIRouter:
    routes = APIRouter(prefix="/health", tags=["health"])
    store = Store(engine)

    @routes.get("/live")
    def live() -> dict[str, str]:
        """The process answers. For whoever restarts it when it does not."""
        return {"status": OK}

    @routes.get("/pages", responses={503: {}})
    def pages() -> Response:
        """The database answers and is of this version. For whoever sends readers here."""
        return _answer(database(engine))

    @routes.get("/ready", responses={503: {}})
    def ready() -> Response:
        """Papers come, deliveries leave, and pages can be served. For whoever wakes an operator."""
        return _answer(readiness(engine, store, tolerance, clock()))

    return routes


def readiness(engine: sa.Engine, store: Store, tolerance: Tolerance, now: dt.datetime) -> dict[str, str]:
    """Every check with what it found; "ok", or "ok: …" with more to know, is green."""
    checks = database(engine)
    if not is_fine(checks):
        return checks
    try:
        watched = store.watched(now)
    except sa.exc.SQLAlchemyError as error:
        return {**checks, "database": type(error).__name__}
    checks |= {
        "queue": _queue(watched, tolerance, now),
        "fetch": _fetch(watched, now),
        "issue": _issue(watched, tolerance, now),
    }
    if watched.backup_failed_at:
        checks["backup"] = _backup(watched, now)
    return checks | {"restore": _restored(watched)} if watched.restored else checks


def database(engine: sa.Engine) -> dict[str, str]:
    """What is needed to serve a page, and whether it is there."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file and not Path(file).exists():  # a connection to a file that was removed would go on for long
        return {"database": "the file is gone", "migrations": "unknown"}
    try:
        standing = migrations.schema_status(engine)
    except sa.exc.SQLAlchemyError as error:
        return {"database": type(error).__name__, "migrations": "unknown"}
    current = standing is migrations.SchemaStatus.CURRENT
    return {"database": OK, "migrations": OK if current else f"the database is {standing}"}


def is_fine(checks: Mapping[str, str]) -> bool:
    return all(found == OK or found.startswith(f"{OK}: ") for found in checks.values())


def _queue(watched: Watched, tolerance: Tolerance, now: dt.datetime) -> str:
    if watched.overdue_since is None:
        return OK
    overdue = now - watched.overdue_since
    words = f"the oldest delivery has been due for {_span(overdue)}"
    return words if overdue > tolerance.overdue else f"{OK}: {words}"


def _fetch(watched: Watched, now: dt.datetime) -> str:
    if watched.fetch_failures:
        return f"the last fetch failed for {', '.join(watched.fetch_failures)}"
    return f"{OK}: papers came {_span(now - watched.fetched_at)} ago" if watched.fetched_at else OK


def _restored(watched: Watched) -> str:
    held = ", ".join(f"{count} of {label}" for label, count in watched.restored.items())
    return f"deliveries may have left before the restore ({held}): brief deliveries resolve"


def _backup(watched: Watched, now: dt.datetime) -> str:
    good = f"the last good one is {_span(now - watched.backed_up_at)} old" if watched.backed_up_at else "none"
    return f"the last backup failed ({good}); the log says why"


def _issue(watched: Watched, tolerance: Tolerance, now: dt.datetime) -> str:
    if watched.built_at is None:
        return f"{OK}: there is no issue yet"
    age = now - watched.built_at
    words = f"the newest issue was built {_span(age)} ago"
    is_old = tolerance.issue_age is not None and age > tolerance.issue_age
    return words if is_old else f"{OK}: {words}"


def _span(span: dt.timedelta) -> str:
    """A length of time in words: ``3 hours``."""
    seconds = max(span.total_seconds(), 0.0)
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _answer(checks: Mapping[str, str]) -> Response:
    fine = is_fine(checks)
    return JSONResponse({"status": OK if fine else "not ready", "checks": checks}, 200 if fine else 503)
