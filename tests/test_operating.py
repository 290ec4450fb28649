"""What operators and providers ask for: health, metrics, the webhook, ids of requests."""

import base64
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.testclient import TestClient

from service.adapters.sendgrid_events import LARGEST, SIGNATURE, TIMESTAMP
from service.delivery import Outcome, State
from service.papers import Window
from service.settings import Settings
from service.web.app import make_app
from service.web.headers import longest_body
from service.web.health import database
from service.wiring import Service
from subscribers.database import connect
from tests import builders
from tests.readers import BASE, NOW, Place, Reader, open_place, publish, visitor

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
LABEL = builders.WINDOW.label
METRICS = Path(__file__).parents[1] / "docs" / "metrics.md"


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated)


def served(place: Place, host: str = "203.0.113.7", **changes: object) -> TestClient:
    """A client of the service with other settings."""
    settings = Settings.model_construct(**(place.service.settings.model_dump() | changes))
    service = Service(settings, place.service.engine, place.service.store, place.service.roster)
    return visitor(make_app(service, place.clock), BASE, host)


def ready(client: TestClient) -> tuple[int, dict[str, str]]:
    answer = client.get("/health/ready")
    checks: dict[str, str] = answer.json()["checks"]
    return answer.status_code, checks


# -- ready -----------------------------------------------------------------------------------------------


def test_ready_is_green_and_says_what_it_looked_at(place: Place) -> None:
    status, checks = ready(served(place))
    assert status == 200
    assert list(checks) == ["database", "migrations", "queue", "fetch", "issue"]
    assert checks["issue"] == "ok: the newest issue was built 0 seconds ago"


def test_ready_turns_red_when_the_database_is_gone(place: Place) -> None:
    client = served(place)
    assert ready(client)[0] == 200
    (place.service.settings.data_dir / "brief.db").rename(place.service.settings.data_dir / "away.db")
    assert ready(client) == (503, {"database": "the file is gone", "migrations": "unknown"})
    assert client.get("/health/pages").status_code == 503
    assert client.get("/health/live").status_code == 200


def test_a_database_server_that_is_gone_is_red() -> None:
    engine = connect("postgresql+psycopg://127.0.0.1:1/brief")
    assert database(engine) == {"database": "OperationalError", "migrations": "unknown"}


def test_ready_turns_red_when_deliveries_are_overdue(place: Place) -> None:
    place.subscriber()
    place.service.store.plan(LABEL, place.clock.now)
    assert ready(served(place))[0] == 200
    place.clock.forward(hours=13)
    status, checks = ready(served(place))
    assert (status, checks["queue"]) == (503, "the oldest delivery has been due for 13 hours")
    assert served(place).get("/health/pages").status_code == 200
    assert ready(served(place, ready_queue_hours=14.0))[0] == 200


def test_a_delivery_that_is_put_off_is_overdue_from_then_on(place: Place) -> None:
    place.subscriber()
    store = place.service.store
    store.plan(LABEL, place.clock.now)
    (claimed,) = store.claim(LABEL, "worker:1:1", 9, place.clock.now)
    place.clock.forward(hours=20)
    store.settle([(claimed, Outcome(State.FAILED, "busy"))], place.clock.now)
    assert ready(served(place))[1]["queue"] == "ok"
    place.clock.forward(hours=13)
    assert ready(served(place))[0] == 503


def test_what_is_paused_is_not_overdue(place: Place) -> None:
    place.subscriber()
    place.service.store.plan(LABEL, place.clock.now)
    with place.service.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE issues SET halt = 'paused'")
    place.clock.forward(days=9)
    assert ready(served(place))[1]["queue"] == "ok"


def test_ready_turns_red_when_the_last_fetch_failed_and_green_when_papers_come(place: Place) -> None:
    store = place.service.store
    store.note_fetch("exoplanets", place.clock.now, failed=False)
    store.note_fetch("robot-learning", place.clock.now, failed=True)
    store.note_fetch("a-topic-that-was-removed", place.clock.now, failed=True)
    status, checks = ready(served(place))
    assert (status, checks["fetch"]) == (503, "the last fetch failed for robot-learning")
    store.note_fetch("robot-learning", place.clock.now, failed=False)
    assert ready(served(place))[0] == 200


def test_ready_turns_red_for_an_old_issue_only_where_a_setting_says_so(place: Place) -> None:
    place.clock.forward(days=11)
    assert ready(served(place))[0] == 200
    status, checks = ready(served(place, ready_issue_days=10.0))
    assert (status, checks["issue"]) == (503, "the newest issue was built 11 days ago")


# -- metrics ---------------------------------------------------------------------------------------------


def scraped(client: TestClient) -> str:
    answer = client.get("/metrics", headers={"Authorization": "Bearer a-token"})
    assert answer.status_code == 200
    return answer.text


def test_metrics_count_deliveries_issues_subscribers_and_requests(place: Place) -> None:
    place.subscriber()
    place.deliver()
    publish(place.service, place.clock.now, Window.of_week("2026-W22"))
    client = served(place, metrics_token=Settings(metrics_token="a-token").metrics_token)
    client.get("/manage/forged-token")
    text = scraped(client)
    for line in (
        'brief_deliveries{state="accepted"} 1', 'brief_issues{standing="planned"} 1',
        'brief_issues{standing="approved"} 1', 'brief_subscribers{standing="active"} 1',
        'brief_requests_total{method="GET",route="/manage/{token}",status="410"} 1',
        f"brief_last_build_timestamp_seconds {NOW.timestamp():.0f}",
    ):  # fmt: skip
        assert line in text.splitlines()
    assert "forged-token" not in text


def test_every_line_of_the_metrics_is_in_the_format(place: Place) -> None:
    client = served(place, metrics_token=Settings(metrics_token="a-token").metrics_token)
    client.get("/nowhere")
    text = scraped(client)
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\})? [0-9.eE+-]+')
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+", line) or sample.fullmatch(line), line
    assert text.endswith("\n")


def test_every_metric_is_documented_and_nothing_else(place: Place) -> None:
    client = served(place, metrics_token=Settings(metrics_token="a-token").metrics_token)
    exposed = dict(re.findall(r"# TYPE (\w+) (\w+)", scraped(client)))
    documented = re.findall(r"^\| `(brief_\w+)` \| (\w+) \|", METRICS.read_text("utf-8"), re.MULTILINE)
    assert dict(documented) == exposed


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", {"Host": "localhost:8000"}, 200),
        ("127.0.0.1", {"Host": "[::1]:8000"}, 200),
        ("::1", {"Host": "[::1]"}, 200),
        ("127.0.0.1", {"Host": "[::1"}, 404),
        ("127.0.0.1", {"Host": "brief.example.org"}, 404),
        ("127.0.0.1", {"Host": "localhost:8000", "X-Forwarded-For": "203.0.113.7"}, 404),
        ("203.0.113.7", {"Host": "localhost:8000"}, 404),
    ],
)
def test_without_a_token_only_this_machine_reads_the_metrics(
    place: Place, host: str, headers: dict[str, str], status: int
) -> None:
    assert served(place, host).get("/metrics", headers=headers).status_code == status


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "a-token", "Bearer a-token2"])
def test_a_wrong_token_reads_nothing(place: Place, given: str) -> None:
    client = served(place, "127.0.0.1", metrics_token=Settings(metrics_token="a-token").metrics_token)
    answer = client.get("/metrics", headers={"Authorization": given, "Host": "localhost"})
    assert answer.status_code == 401
    assert "brief_deliveries" not in answer.text


# -- the webhook -----------------------------------------------------------------------------------------


def report(raw: bytes, at: dt.datetime) -> dict[str, str]:
    """The headers that SendGrid signs a report with."""
    stamp = str(int(at.timestamp()))
    signature = base64.b64encode(KEY.sign(stamp.encode() + raw, ec.ECDSA(hashes.SHA256()))).decode()
    return {SIGNATURE: signature, TIMESTAMP: stamp, "Content-Type": "application/json"}


def uncertain(place: Place) -> int:
    """A delivery that may have left; its id."""
    place.subscriber()
    store = place.service.store
    store.plan(LABEL, place.clock.now)
    (claimed,) = store.claim(LABEL, "worker:1:1", 9, place.clock.now)
    store.settle([(claimed, Outcome(State.UNCERTAIN, "no answer"))], place.clock.now)
    return claimed.id


def events(delivery: int, **more: Any) -> bytes:
    one = {"event": "delivered", "timestamp": int(NOW.timestamp()), "delivery": str(delivery), "issue": LABEL}
    return json.dumps([one | more], indent=1).encode() + b"\r\n"


def test_what_sendgrid_reports_settles_a_delivery(place: Place) -> None:
    client, raw = served(place, sendgrid_webhook_key=PUBLIC), events(uncertain(place))
    answer = client.post("/webhooks/sendgrid", content=raw, headers=report(raw, place.clock.now))
    assert (answer.status_code, answer.content) == (204, b"")
    assert place.service.store.counts(LABEL) == {State.ACCEPTED: 1}


@pytest.mark.parametrize("spoil", ["unsigned", "changed", "late"])
def test_what_sendgrid_did_not_sign_just_now_changes_nothing(place: Place, spoil: str) -> None:
    client, raw = served(place, sendgrid_webhook_key=PUBLIC), events(uncertain(place))
    late = dt.timedelta(hours=1) if spoil == "late" else dt.timedelta()
    headers = {} if spoil == "unsigned" else report(raw, place.clock.now - late)
    answer = client.post("/webhooks/sendgrid", content=raw + b" " * (spoil == "changed"), headers=headers)
    assert answer.status_code == 401
    assert place.service.store.counts(LABEL) == {State.UNCERTAIN: 1}


def test_a_report_may_be_long_but_not_endless(place: Place) -> None:
    assert longest_body("/webhooks/sendgrid") == LARGEST
    client, delivery = served(place, sendgrid_webhook_key=PUBLIC), uncertain(place)
    for size, status in ((1 << 20, 204), (LARGEST, 413)):
        raw = events(delivery, filler="x" * size)
        answer = client.post("/webhooks/sendgrid", content=raw, headers=report(raw, place.clock.now))
        assert answer.status_code == status


def test_without_a_key_there_is_no_webhook(place: Place) -> None:
    raw = events(1)
    assert served(place).post("/webhooks/sendgrid", content=raw).status_code == 404


# -- ids of requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("from-the-proxy-1", True),
        ("short", False),
        ("ada@example.org", False),
        ("a.b.c.d" * 9, False),
        ("", False),
    ],
)
def test_an_answer_has_the_id_of_its_request(place: Place, given: str, kept: bool) -> None:
    reader: Reader = place.reader()
    answered = reader.get("/", **{"X-Request-ID": given}).headers["x-request-id"]
    assert (answered == given) is kept
    assert len(answered) >= 8
