"""What the doctor says of what operating needs."""

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from service import wiring
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


def test_a_new_database_is_read_by_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "data")
    service = wiring.open_service(settings)
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in settings.data_dir.glob("brief.db*")}
    service.engine.dispose()
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700
    assert modes == dict.fromkeys(("brief.db", "brief.db-wal", "brief.db-shm"), 0o600)


@pytest.mark.parametrize(("folder", "file", "verdict"), [
    (0o755, 0o644, "warning"), (0o755, 0o600, None), (0o700, 0o644, None),
])  # fmt: skip
def test_a_database_that_others_can_read_is_warned_of(
    tmp_path: Path, folder: int, file: int, verdict: str | None
) -> None:
    (tmp_path / "brief.db").touch()
    (tmp_path / "brief.db").chmod(file)
    tmp_path.chmod(folder)
    assert verdicts(tmp_path).get("privacy") == verdict
