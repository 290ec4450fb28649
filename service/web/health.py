"""Health: whether the process lives, and whether it can answer."""

import sqlalchemy as sa
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from service import migrations


def router(engine: sa.Engine) -> APIRouter:
    routes = APIRouter(prefix="/health", tags=["health"])

    @routes.get("/live")
    def live() -> dict[str, str]:
        """The process answers. For whoever restarts it when it does not."""
        return {"status": "ok"}

    @routes.get("/ready", responses={503: {}})
    def ready() -> Response:
        """The database answers and is of this version. For whoever sends readers here."""
        checks = readiness(engine)
        fine = all(verdict == "ok" for verdict in checks.values())
        return JSONResponse({"status": "ok" if fine else "not ready", "checks": checks}, 200 if fine else 503)

    return routes


def readiness(engine: sa.Engine) -> dict[str, str]:
    """What is needed to answer, and whether it is there."""
    try:
        standing = migrations.standing(engine)
    except sa.exc.SQLAlchemyError as error:
        return {"database": type(error).__name__, "migrations": "unknown"}
    current = standing is migrations.Standing.CURRENT
    return {"database": "ok", "migrations": "ok" if current else f"the database is {standing}"}
