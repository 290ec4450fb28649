"""What the doctor says of what operating needs."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from service.doctor import examine
from service.settings import Settings
from tests.test_operating import PUBLIC


def verdicts(folder: Path, **changes: object) -> dict[str, str]:
    settings = Settings(_env_file=None, data_dir=folder, arxiv_url="http://127.0.0.1:9/", **changes)  # type: ignore[arg-type]  # named by the test
    return {finding.check: finding.verdict for finding in examine(settings)}


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({"sendgrid_webhook_key": "not a key"}, "events", "wrong"),
        ({"mailer": "sendgrid", "sendgrid_api_key": SecretStr("SG.x")}, "events", "warning"),
        ({"sendgrid_webhook_key": PUBLIC}, "events", None),
        ({"outbox_open": True}, "outbox", "warning"),
        ({"outbox_open": False}, "outbox", None),
        ({"sentry_dsn": SecretStr("https://key@sentry.example/1")}, "Sentry", "wrong"),
        ({}, "Sentry", None),
    ],
)
def test_the_doctor_finds(
    tmp_path: Path, changes: dict[str, object], check: str, verdict: str | None
) -> None:
    assert verdicts(tmp_path, **changes).get(check) == verdict
