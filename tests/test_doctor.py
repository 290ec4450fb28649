"""What the doctor says of what operating needs."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from service import cli, wiring
from service.doctor import ask_model, examine
from service.settings import Settings, SettingsWrong, read_settings
from tests.adapters.openai_server import ModelServer, error
from tests.adapters.server_kinds import KINDS
from tests.test_operating import PUBLIC

PRODUCTION = {
    "environment": "production", "secret_key": SecretStr("qG7xZ0vN2mK9rT4bW6yL1sD8fH3jP5cA"),
    "base_url": "https://brief.example.org", "mailer": "sendgrid", "sendgrid_api_key": SecretStr("SG.x"),
    "sender_address": "brief@example.org",
}  # fmt: skip


def test_every_setting_that_production_refuses_is_listed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEF_ENVIRONMENT", "production")
    result = CliRunner().invoke(cli.app, ["doctor", "--json"])
    found = [one["detail"] for one in json.loads(result.stdout) if one["verdict"] == "wrong"]
    assert result.exit_code == 1
    assert [one.partition(":")[0] for one in found] == [
        "BRIEF_SECRET_KEY", "BRIEF_BASE_URL", "BRIEF_SENDER_ADDRESS", "BRIEF_MAILER",
    ]  # fmt: skip


def test_every_setting_that_can_not_be_read_is_listed_at_once() -> None:
    with pytest.raises(SettingsWrong) as caught:
        read_settings(_env_file=None, base_url="nowhere", smtp_port=0, list_id="<x>")
    assert len(caught.value.problems) == 3
    assert "and 2 more" in str(caught.value)


def verdicts(folder: Path, **changes: object) -> dict[str, str]:
    settings = Settings(_env_file=None, data_dir=folder, arxiv_url="http://127.0.0.1:9/", **changes)  # type: ignore[arg-type]  # named by the test
    return {finding.check: finding.verdict for finding in examine(settings)}


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({"sendgrid_webhook_key": "not a key"}, "events", "wrong"),
        ({"mailer": "sendgrid", "sendgrid_api_key": SecretStr("SG.x")}, "events", "warning"),
        ({"sendgrid_webhook_key": PUBLIC}, "events", None),
        ({}, "admins", "warning"),
        ({"publish": "auto"}, "admins", None),
        ({"admins": "ann@example.org"}, "admins", None),
        ({}, "postal address", None),
        (PRODUCTION, "postal address", "warning"),
        ({**PRODUCTION, "postal_address": "Sample Street 1"}, "postal address", None),
        ({"outbox_open": True}, "outbox", "warning"),
        ({"outbox_open": False}, "outbox", None),
        ({"sentry_dsn": SecretStr("https://key@sentry.example/1")}, "Sentry", "wrong"),
        ({}, "Sentry", None),
        ({"join": "domains"}, "join", "warning"),
        ({"join": "domains", "join_domains": "example.org"}, "join", None),
        ({"join_domains": "example.org"}, "join", "warning"),
        ({"join": "invited"}, "join", "warning"),
        ({"join": "invited", "admins": "ann@example.org"}, "join", None),
        ({"archive": "subscribers"}, "archive", "warning"),
        ({"archive": "subscribers", "join": "closed"}, "archive", None),
    ],
)
def test_the_doctor_finds(
    tmp_path: Path, changes: dict[str, object], check: str, verdict: str | None
) -> None:
    assert verdicts(tmp_path, **changes).get(check) == verdict


def test_the_doctor_asks_the_model_one_question_and_says_what_its_server_can_do(tmp_path: Path) -> None:
    with ModelServer() as server:
        server.answers = KINDS["DeepSeek"]()
        settings = Settings(data_dir=tmp_path, openai_base_url=server.url, openai_model="tide-1")
        found = {one.check: (one.verdict, one.detail) for one in ask_model(settings)}
        assert found["tide-1"][0] == "ok"
        assert found["answers"] == ("ok", "any JSON")
        assert found["thoughts"][1].startswith("up to 90 tokens")
        server.answers = lambda _: error(401, "invalid_api_key", "the key sk-invented-4711 was revoked")
        (finding,) = ask_model(settings)
        assert finding.verdict == "wrong"
        assert "it says: “the key … was revoked”" in finding.detail


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


def test_an_outbox_without_room_for_an_e_mail_is_found(
    tmp_path: Path, room: Callable[[int | None], None]
) -> None:
    assert verdicts(tmp_path)["mailer"] == "ok"
    room(1 << 16)
    assert verdicts(tmp_path)["mailer"] == "wrong"


@pytest.mark.parametrize(("mode", "verdict"), [(0o644, "warning"), (0o640, "warning"), (0o600, None)])
def test_a_dot_env_that_others_can_read_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, verdict: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").touch(mode)
    Path(".env").chmod(mode)
    assert verdicts(tmp_path).get(".env") == verdict
