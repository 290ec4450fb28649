"""Settings: read with their errors told in words, and production refuses what is unsafe."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from service import wiring
from service.cli.configuring import page
from service.settings import Settings, SettingsWrong, read_settings
from service.settings.secrets import content_of
from tests.cases import every

SOUND = "pWq3xTz8LmV5rKc1NfYh7BdGs2JuQe4A"
CONFIGURATION = Path(__file__).parents[1] / "docs" / "configuration.md"


def test_the_page_on_configuration_is_what_the_settings_say() -> None:
    assert CONFIGURATION.read_text("utf-8") == page(), "make docs"


def production(**changes: object) -> Settings:
    sound: dict[str, object] = {
        "environment": "production", "secret_key": SecretStr(SOUND), "mailer": "smtp",
        "base_url": "https://brief.example.org", "sender_address": "brief@example.org",
    }  # fmt: skip
    return Settings(_env_file=None, **(sound | changes))  # type: ignore[arg-type]  # named by the test


def test_production_takes_sound_settings() -> None:
    assert production().environment == "production"


@every(
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
        ({"sender_address": "brief@localhost.localdomain"}, "BRIEF_SENDER_ADDRESS: localhost.localdomain"),
        ({"sender_address": "brief@news.lan"}, "BRIEF_SENDER_ADDRESS: news.lan"),
        ({"sender_address": "brief@news.example"}, "BRIEF_SENDER_ADDRESS: news.example"),
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
    assert content_of("BRIEF_SECRET_KEY", file) == SOUND


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


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("BRIEF_SENDR_ADDRESS", "did you mean BRIEF_SENDER_ADDRESS?"),
        ("BREIF_SEND_RATE", "did you mean BRIEF_SEND_RATE?"),
        ("BRIEFS_SEND_RATE", "did you mean BRIEF_SEND_RATE?"),
        ("BRIEF_SEND_RATES", "did you mean BRIEF_SEND_RATE?"),
        ("BRIEF_SECRET_KEYFILE", "did you mean BRIEF_SECRET_KEY_FILE?"),
        ("BRIEF_QQQQQQ", "brief settings lists them"),
        ("brief_admin", "did you mean BRIEF_ADMINS?"),
    ],
)
@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_name_that_is_no_setting_is_an_error_with_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, near: str, where: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if where == ".env":
        Path(".env").write_text(f"{name}=x\nOTHER_PROGRAM=y\n")
    else:
        monkeypatch.setenv(name, "x")
    with pytest.raises(SettingsWrong, match=f"{name.upper()}: there is no such setting; {re.escape(near)}"):
        read_settings()


def test_what_is_for_the_command_line_is_no_misspelt_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEF_TRACEBACK", "1")
    assert read_settings(_env_file=None)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SEND_RATE", "fast", "must be a number, such as 20 or 0.5"),
        ("SEND_RATE", "-1", "must be at least 0"),
        ("SEND_RATE", "inf", "must be a number"),
        ("SEND_RATE", "nan", "must be a number"),
        ("SMTP_PORT", "smtp", "must be a whole number, such as 4"),
        ("SMTP_PORT", "70000", "must be at most 65535"),
        ("SMTP_PORT", "25.5", "must be a whole number"),
        ("SMTP_TIMEOUT", "0", "must be above 0"),
        ("OUTBOX_OPEN", "perhaps", "must be true or false"),
        ("MAILER", "pigeon", "must be outbox, smtp or sendgrid"),
        ("ENVIRONMENT", "prod", "must be development or production"),
        ("SEND_DOMAIN_RATES", "gmail.com=fast", "must be written as gmail.com=20,yahoo.com=5"),
        ("WARM_UP", "slowly", "must be written as 500,1000,5000"),
    ],
)
def test_what_does_not_fit_is_said_in_our_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"BRIEF_{name}", value)
    with pytest.raises(SettingsWrong, match=f"BRIEF_{name}: {words}"):
        read_settings(_env_file=None)


def test_international_domains_are_kept_as_servers_and_links_take_them() -> None:
    held = Settings(
        _env_file=None, sender_address="brief@M\u00fcnchen.de", reply_to="Ann@b\u00fccher.example",
        base_url="https://m\u00fcnchen.de:8443/brief/", list_id="brief.m\u00fcnchen.de",
        dkim_domain="m\u00fcnchen.de", send_domain_rates="m\u00fcnchen.de=5",
    )  # fmt: skip
    assert (held.sender_address, held.reply_to) == (
        "brief@xn--mnchen-3ya.de", "Ann@xn--bcher-kva.example",
    )  # fmt: skip
    assert held.base_url == "https://xn--mnchen-3ya.de:8443/brief"
    assert (held.list_id, held.dkim_domain) == ("brief.xn--mnchen-3ya.de", "xn--mnchen-3ya.de")
    assert held.domain_rates == {"xn--mnchen-3ya.de": 5.0}
    assert wiring.sender(held).domain == "xn--mnchen-3ya.de"


@pytest.mark.parametrize("url", ["https://m\u00fc nchen.de", "https://\u00fc..de"])
def test_an_international_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsWrong, match="BRIEF_BASE_URL"):
        read_settings(_env_file=None, base_url=url)
