from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from service.cli.configuring import page
from service.settings import Settings, SettingsWrong, _content, read_settings

SOUND = "pWq3xTz8LmV5rKc1NfYh7BdGs2JuQe4A"
CONFIGURATION = Path(__file__).parents[1] / "docs" / "configuration.md"


def test_the_page_on_configuration_is_what_the_settings_say() -> None:
    assert CONFIGURATION.read_text("utf-8") == page(), "make docs"


def production(**changes: object) -> Settings:
    sound: dict[str, object] = {
        "environment": "production", "secret_key": SecretStr(SOUND), "mailer": "smtp",
        "base_url": "https://brief.example.org",
    }  # fmt: skip
    return Settings(_env_file=None, **(sound | changes))  # type: ignore[arg-type]  # named by the test


def test_production_takes_sound_settings() -> None:
    assert production().environment == "production"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"secret_key": SecretStr("")}, "BRIEF_SECRET_KEY"),
        ({"secret_key": SecretStr(f"{SOUND},short")}, "BRIEF_SECRET_KEY"),
        ({"secret_key": SecretStr("k" * 40)}, "BRIEF_SECRET_KEY: can be guessed"),
        ({"secret_key": SecretStr(f"{SOUND}-change-me")}, "BRIEF_SECRET_KEY: can be guessed"),
        ({"metrics_token": SecretStr("short")}, "BRIEF_METRICS_TOKEN"),
        ({"database_url": "postgresql+psycopg://brief:postgres@db/brief"}, "BRIEF_DATABASE_URL"),
        ({"smtp_password": SecretStr("Password")}, "BRIEF_SMTP_PASSWORD"),
        ({"base_url": "http://brief.example.org"}, "BRIEF_BASE_URL"),
        ({"mailer": "outbox"}, "BRIEF_MAILER"),
        ({"smtp_user": "brief", "smtp_host": "smtp.example.org"}, "BRIEF_SMTP_SECURITY"),
        ({"sendgrid_host": "http://sendgrid.example.org"}, "BRIEF_SENDGRID_HOST"),
    ],
)
def test_production_refuses_what_is_only_safe_on_your_own_machine(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        production(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"smtp_user": "brief", "smtp_host": "localhost"},
        {"smtp_user": "brief", "smtp_host": "smtp.example.org", "smtp_security": "starttls"},
        {"smtp_host": "relay.example.org"},
        {"sendgrid_host": "http://127.0.0.1:9000"},
    ],
)
def test_production_takes_plaintext_where_no_secret_crosses_the_network(changes: dict[str, object]) -> None:
    assert production(**changes)


@pytest.mark.parametrize(
    "url",
    [
        "https://ann:word@brief.example.org",
        "https://brief.example.org?page=1",
        "https://brief.example.org/a?",
        "https://brief.example.org/#top",
    ],
)
def test_links_are_made_from_a_base_url_without_user_query_and_fragment(url: str) -> None:
    with pytest.raises(SettingsWrong, match="BRIEF_BASE_URL: must end with"):
        read_settings(_env_file=None, base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://brief:Zx9@Qw7:secretpart@db/brief",
        "postgresql+psycopg://brief:Zx9@secretpart@db/brief",
        "postgresql+psycopg://brief:Zx9@db:secretpart/brief",
    ],
)
def test_a_database_url_that_can_not_be_read_is_refused_without_a_part_of_its_password(url: str) -> None:
    with pytest.raises(SettingsWrong, match="BRIEF_DATABASE_URL: can't be read") as refused:
        read_settings(_env_file=None, database_url=url)
    assert "secretpart" not in str(refused.value)
    assert "Zx9" not in str(refused.value)


def test_a_mark_that_an_editor_put_before_a_secret_is_no_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(SOUND, encoding="utf-8-sig")
    assert _content("BRIEF_SECRET_KEY", file) == SOUND


def test_no_secret_shows_in_the_settings_or_their_errors() -> None:
    assert SOUND not in repr(production())
    with pytest.raises(ValidationError) as refused:
        production(secret_key=SecretStr("weak-secret"))
    assert "weak-secret" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["secret_key", "smtp_password", "sendgrid_api_key", "openai_api_key", "database_url"]
)
def test_a_secret_is_read_from_the_file_that_a_variable_names(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("sqlite:///x\n")
    monkeypatch.setenv(f"BRIEF_{name.upper()}_FILE", str(tmp_path / "secret"))
    value = getattr(Settings(_env_file=None), name)
    assert (value.get_secret_value() if isinstance(value, SecretStr) else value) == "sqlite:///x"


def test_a_file_is_named_in_dot_env_as_well(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SOUND)
    (tmp_path / ".env").write_text(f"BRIEF_SECRET_KEY_FILE={tmp_path / 'secret'}\n")
    assert Settings(_env_file=tmp_path / ".env").secret_key.get_secret_value() == SOUND


def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEF_SECRET_KEY_FILE", "/nowhere/key")
    with pytest.raises(
        SettingsWrong, match="BRIEF_SECRET_KEY_FILE: /nowhere/key can't be read: No such file"
    ):
        Settings(_env_file=None)


def test_a_secret_that_is_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text(SOUND)
    monkeypatch.setenv("BRIEF_SECRET_KEY_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("BRIEF_SECRET_KEY", "k" * 40)
    with pytest.raises(SettingsWrong, match="both set"):
        Settings(_env_file=None)


def test_what_is_no_secret_comes_from_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "name").write_text("Somebody")
    monkeypatch.setenv("BRIEF_SENDER_NAME_FILE", str(tmp_path / "name"))
    assert Settings(_env_file=None).sender_name == "The arXiv Education Brief"
