"""Metrics for Prometheus: what is counted, and where it is shown; docs/metrics.md says what each means."""

import datetime as dt
import hmac
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.types import Scope

from service import __version__
from service.delivery.model import State
from service.store import Store, Watched
from service.store.reports import Figures
from subscribers.preferences import SubscriberStatus

TEXT = "text/plain; version=0.0.4; charset=utf-8"
STANDINGS = {
    "brief_issues": ("draft", "approved", "planned", "paused", "cancelled"),
    "brief_subscribers": tuple(SubscriberStatus),
}


@dataclass
class Traffic:
    """The requests that this process answered, by route and not by address."""

    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)  # method, route, status
    seconds: Counter[str] = field(default_factory=Counter)  # by route, as microseconds
    _one: threading.Lock = field(default_factory=threading.Lock)

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        known = method if method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
        with self._one:
            self.answers[known, route, status] += 1
            self.seconds[route] += round(1e6 * seconds)

    def lines(self) -> Iterator[str]:
        with self._one:
            answers, seconds = sorted(self.answers.items()), sorted(self.seconds.items())
        yield from _head("brief_requests_total", "counter", "Requests that this process answered.")
        for (method, route, status), count in answers:
            yield f'brief_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
        yield from _head("brief_request_seconds_total", "counter", "Seconds that answering them took.")
        for route, microseconds in seconds:
            yield f'brief_request_seconds_total{{route="{route}"}} {microseconds / 1e6:.6f}'


def router(
    store: Store,
    traffic: Traffic,
    token: str,
    is_from_here: Callable[[Scope], bool],
    clock: Callable[[], dt.datetime],
) -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        """For Prometheus, which brings the token; in development for this machine where none is set."""
        if token:
            given = request.headers.get("authorization", "").encode()
            if not hmac.compare_digest(given, f"Bearer {token}".encode()):
                raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
        elif not is_from_here(request.scope):
            raise HTTPException(404)
        return Response(page(store, traffic, clock()), media_type=TEXT)

    return routes


def page(store: Store, traffic: Traffic, now: dt.datetime) -> str:
    """Every metric in Prometheus' text format 0.0.4."""
    counted = {
        "brief_issues": ("Issues by where they stand.", store.issues_by_status()),
        "brief_subscribers": ("Subscribers by standing.", store.subscribers_by_status()),
    }
    lines = [
        *_head("brief_build_info", "gauge", "The version that runs."),
        f'brief_build_info{{version="{__version__}"}} 1',
        *(line for name, (words, counts) in counted.items() for line in _counts(name, words, counts)),
        *_times(store.watched(now), now),
        *traffic.lines(),
    ]
    return "\n".join(lines) + "\n" + exposition(store.figures(now))


def _counts(name: str, words: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield from _head(name, "gauge", words)
    for standing in STANDINGS[name]:
        yield f'{name}{{standing="{standing}"}} {counts.get(standing, 0)}'


def _times(watched: Watched, now: dt.datetime) -> Iterator[str]:
    yield from _head("brief_fetch_failures", "gauge", "Topics whose last fetch failed.")
    yield f"brief_fetch_failures {len(watched.fetch_failures)}"
    yield from _head("brief_backup_failed", "gauge", "1 where the last backup of the schedule failed.")
    yield f"brief_backup_failed {int(watched.backup_failed_at is not None)}"
    overdue = (now - watched.overdue_since).total_seconds() if watched.overdue_since else 0.0
    yield from _head("brief_overdue_seconds", "gauge", "How long the oldest delivery has been due.")
    yield f"brief_overdue_seconds {overdue:.3f}"
    times = {
        "brief_last_fetch_timestamp_seconds": ("When papers last came, 0 for never.", watched.fetched_at),
        "brief_last_build_timestamp_seconds": ("When an issue was last built.", watched.built_at),
        "brief_last_backup_timestamp_seconds": ("When a good backup was last taken.", watched.backed_up_at),
    }
    for name, (words, at) in times.items():
        yield from _head(name, "gauge", words)
        yield f"{name} {at.timestamp() if at else 0:.0f}"


def _head(name: str, kind: str, words: str) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"


def exposition(figures: Figures) -> str:
    """The figures in Prometheus' text format 0.0.4."""
    lines = [
        "# HELP brief_deliveries Deliveries in the ledger by state.",
        "# TYPE brief_deliveries gauge",
        *(f'brief_deliveries{{state="{state}"}} {figures.states.get(state, 0)}' for state in State),
        "# HELP brief_delivery_facts Deliveries by what the provider reported last.",
        "# TYPE brief_delivery_facts gauge",
        *(f'brief_delivery_facts{{fact="{fact}"}} {count}' for fact, count in sorted(figures.facts.items())),
        "# HELP brief_queue_age_seconds Age of the oldest plan with deliveries to send.",
        "# TYPE brief_queue_age_seconds gauge",
        f"brief_queue_age_seconds {figures.queue_age:.3f}",
        "# HELP brief_seconds_a_message Seconds between two settled deliveries, lately.",
        "# TYPE brief_seconds_a_message gauge",
        f"brief_seconds_a_message {figures.seconds_a_message:.6f}",
    ]
    return "\n".join(lines) + "\n"
