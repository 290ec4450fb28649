"""What a provider posts here: SendGrid's events, signed by it."""

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import Protocol

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from service.store import Recorded, Unavailable

log = logging.getLogger("service.web")


class Received(Protocol):
    """What became of a report."""

    @property
    def status(self) -> int: ...
    @property
    def why(self) -> str: ...
    @property
    def recorded(self) -> Recorded: ...
    @property
    def ignored(self) -> int: ...


TakeIn = Callable[[bytes, Mapping[str, str], dt.datetime], Received]


def router(take_in: TakeIn, clock: Callable[[], dt.datetime]) -> APIRouter:
    """`take_in` is given the exact bytes, the headers in lower case and the time."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/webhooks/sendgrid")
    async def sendgrid(request: Request) -> Response:
        raw, headers = await request.body(), {name.lower(): value for name, value in request.headers.items()}
        try:
            received = await run_in_threadpool(take_in, raw, headers, clock())
        except Unavailable as error:  # SendGrid tries again for a day
            log.warning("event=provider_events_put_off error=%s", type(error).__name__)
            return Response(status_code=503)
        _tell(received)
        return Response(status_code=204 if received.status == 200 else received.status)

    return routes


def _tell(received: Received) -> None:
    if received.status != 200:
        log.warning('event=provider_events_refused status=%d why="%s"', received.status, received.why)
        return
    done = received.recorded
    log.info(
        "event=provider_events applied=%d repeated=%d unknown=%d suppressed=%d ignored=%d",
        done.applied, done.repeated, done.unknown, done.suppressed, received.ignored,
    )  # fmt: skip
