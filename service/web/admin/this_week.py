"""This week: what an admin looks at first."""

from fastapi import APIRouter, Response

from service.web.admin.doors import Viewer
from service.web.admin.frame import TheOffice

routes = APIRouter(include_in_schema=False)


@routes.get("/admin")
def this_week(visitor: Viewer, office: TheOffice) -> Response:
    return office.page(visitor, "this-week.html", "This week")
