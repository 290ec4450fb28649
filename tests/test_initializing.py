"""`brief init`: at a real terminal beside a real SMTP server, and by options as a script runs it."""

import datetime as dt
import json
import os
import re
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from service import cli, migrations, wiring
from service.samples import SamplePapers
from service.settings import Settings, read_settings
from service.setup.env_file import EnvFile, quoted, rewritten
from service.setup.trying import try_mailer
from subscribers.database import connect
from subscribers.roster import Joining
from subscribers.topics import to_mapping
from tests import builders
from tests.cases import every
from tests.person import Person
from tests.sendgrid_server import sendgrid_server
from tests.smtp_sink import sink

PASSWORD, WRONG = "sesame-opens", "sesame-shut"  # the sink knows a password by its length
Brief = Callable[..., tuple[int, str]]
SCRIPT = (
    "--name", "Lab Brief", "--sender", "brief@example.org", "--base-url", "http://127.0.0.1:8000",
    "--admins", "ann@example.org", "--model-url", "-",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRIEF_ARXIV_URL", "http://127.0.0.1:9/api")
    before = os.umask(0o022)
    yield tmp_path
    os.umask(before)


@pytest.fixture
def brief(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Brief:
    """Runs `brief …` where no terminal is; its exit code, and all that it said."""

    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["brief", *arguments])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, "".join(capsys.readouterr())

    return run


def mode(file: str) -> int:
    return stat.S_IMODE(Path(file).stat().st_mode)


def test_a_lab_answers_fifteen_questions_and_a_wrong_password_is_asked_for_again(folder: Path) -> None:
    sent: list[str] = []
    with sink(lambda to, _: sent.append(to), password="p") as server:
        person = Person(folder)
        person.answers_to("Name of the newsletter", "Lab Brief")
        person.answers_to("Sender's e-mail address", "not an address")
        person.reads("is not an e-mail address")
        person.answers_to("Sender's e-mail address", "brief@lab.example.org")
        person.answers_to("Web address", "http://brief.lab.example.org")
        person.answers_to("Admins", "ann@example.org")
        person.answers_to("Who may join", "domains")
        person.answers_to("Domains that may join", "lab.example.org, *.bücher.example")
        person.answers_to("Who may read", "subscribers")
        person.answers_to("How to send e-mail", "smtp")
        person.answers_to("SMTP server", "127.0.0.1")
        person.answers_to("SMTP port", str(server.port))
        person.answers_to("SMTP encryption", "none")
        person.answers_to("SMTP user name", "brief")
        person.answers_to("SMTP password", WRONG)
        person.reads("refuses the login")
        person.reads("Check the user name and the password")
        person.types("\n")  # yes, change them
        for kept in ("How to send", "SMTP server", "SMTP port", "SMTP encryption", "SMTP user name"):
            person.answers_to(kept)
        person.answers_to("SMTP password", PASSWORD)
        person.reads("It works.")
        person.answers_to("Language model")
        person.answers_to("Topics to keep", "1, robot-learning")
        assert person.ends() == 0, person.screen
    assert person.answers == 15 + 1 + 6  # one address was none, and the mailer was answered twice
    assert sent == []
    assert PASSWORD not in person.screen
    assert WRONG not in person.screen
    assert "/admin/sign-in/" in person.screen
    assert len(person.screen.partition("Done:")[2].splitlines()) <= 8
    assert mode(".env") == 0o600
    assert not Path(".env.part").exists()
    settings = read_settings()
    assert (settings.sender_name, settings.sender_address) == ("Lab Brief", "brief@lab.example.org")
    assert settings.smtp_password.get_secret_value() == PASSWORD
    assert settings.arxiv_contact == "brief@lab.example.org"
    assert len(settings.secret_key.get_secret_value()) >= 32
    service = wiring.open_service(settings)
    assert {topic.slug for topic in service.roster.topics()} == {"llm-post-train", "robot-learning"}


def test_ctrl_c_keeps_the_answers_and_the_next_run_offers_them(folder: Path) -> None:
    person = Person(folder)
    person.answers_to("Name of the newsletter", "Lab # $HOME 'Brief'")
    person.answers_to("Sender's e-mail address", "brief@example.org")
    person.reads("Web address")
    person.interrupts()
    assert person.ends() == 128 + signal.SIGINT
    assert "Your answers are kept" in person.screen
    assert "Traceback" not in person.screen
    assert mode(".env.part") == 0o600
    assert not Path(".env").exists()

    person = Person(folder)
    person.answers_to("[Lab # $HOME 'Brief']")
    person.answers_to("[brief@example.org]")
    person.answers_to("Web address", "http://127.0.0.1:8000")
    person.answers_to("Admins")
    person.answers_to("Who may join", "friends")
    person.reads("must be open, domains, invited or closed")
    person.answers_to("Who may join")
    person.answers_to("Who may read")
    person.answers_to("How to send", "carrier pigeon")
    person.reads("must be outbox, smtp or sendgrid")
    person.types("outbox\n")
    person.reads("Language model")
    person.types("\x04")  # end of input
    assert person.ends() == 128 + signal.SIGINT
    assert "Traceback" not in person.screen
    assert EnvFile().stopped_at()["mailer"] == "outbox"


def test_without_a_terminal_the_missing_options_are_named_and_nothing_is_written(brief: Brief) -> None:
    code, said = brief("init", "--name", "Lab Brief", "--mailer", "smtp")
    assert code == 2
    assert "--sender, --base-url, --admins, --smtp-host, --smtp-port, --smtp-security" in said
    assert "--name" not in said
    assert "--smtp-password-file" not in said  # nobody signs in yet
    assert list(Path().iterdir()) == []


def test_a_script_sets_up_what_the_doctor_passes_and_a_build_goes_through(
    brief: Brief, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sink(lambda *_: None, password="p") as server:
        mail = (
            "--mailer", "smtp", "--smtp-host", "127.0.0.1", "--smtp-port", str(server.port),
            "--smtp-security", "none", "--smtp-user", "brief", "--smtp-password-file", "password",
        )  # fmt: skip
        Path("password").write_text(WRONG)
        code, said = brief("init", *SCRIPT, *mail, "--topics", "exoplanets")
        assert (code, Path(".env").exists(), WRONG in said) == (1, False, False)
        assert "refuses the login" in said
        Path("password").write_text(f"{PASSWORD}\n")
        code, said = brief("init", *SCRIPT, *mail, "--topics", "exoplanets")
        assert code == 0, said
        found = brief("doctor")[1]
    assert PASSWORD not in said
    assert re.search(r"mailer +│ ok", found)
    assert re.findall(r"(\w+) +│ wrong", found) == ["arXiv"]  # the network is off
    papers = SamplePapers(as_of=dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC))
    monkeypatch.setattr(
        wiring,
        "build_context",
        lambda service, _: wiring.sample_context(service, papers, wiring.now, recorded=False),
    )
    assert brief("build", "--week", "2026-W22")[0] == 0
    service = wiring.open_service(read_settings())
    assert [one.topic_slug for one in service.store.issue("2026-W22").briefs] == ["exoplanets"]


def test_a_second_run_takes_the_first_ones_answers_and_keeps_the_old_file(brief: Brief) -> None:
    Path(".env").write_text("# ours\nBRIEF_LOG_LEVEL=ERROR # loud enough\nOTHER=1\nBRIEF_MAILR=smtp\n")
    assert brief("init", *SCRIPT, "--mailer", "outbox", "--topics", "all")[0] == 2  # not without a word
    code, said = brief("init", *SCRIPT, "--mailer", "outbox", "--topics", "exoplanets", "--yes")
    assert code == 0, said
    assert "BRIEF_MAILR" in said
    assert Path(".env.bak").read_text().startswith("# ours\n")
    assert mode(".env.bak") == mode(".env") == 0o600
    first = Path(".env").read_text()
    assert first.startswith("# ours\nBRIEF_LOG_LEVEL=ERROR # loud enough\nOTHER=1\nBRIEF_SENDER_NAME=")
    assert brief("init", "--yes")[0] == 0
    assert Path(".env").read_text() == first
    assert brief("init", "--sender", "news@example.org", "--yes")[0] == 0
    assert Path(".env").read_text() == first.replace("ADDRESS=brief@", "ADDRESS=news@")


def test_the_key_that_links_were_signed_with_and_followed_topics_stay(brief: Brief) -> None:
    service = wiring.open_service(Settings(_env_file=None))
    (key,) = wiring.secret_keys(service.settings)
    service.roster.put_subscriber(Joining("ada@example.org", ("exoplanets",)), wiring.now())
    code, said = brief("init", *SCRIPT, "--mailer", "outbox", "--topics", "robot-learning", "--yes")
    assert code == 0, said
    assert "Kept exoplanets, which 1 subscribers follow" in said
    assert wiring.secret_keys(read_settings()) == (key,)
    assert {topic.slug for topic in service.roster.topics()} == {"exoplanets", "robot-learning"}


def test_a_database_of_an_earlier_release_is_migrated_and_keeps_its_own_topics(brief: Brief) -> None:
    Path("var").mkdir()
    engine = connect("sqlite:///var/brief.db")
    migrations.upgrade(engine, revision="0001")
    own = json.dumps(to_mapping(builders.topic(slug="our-own")))
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO topics (slug, position, definition) VALUES ('our-own', 0, :own)"),
            {"own": own},
        )
    engine.dispose()
    code, said = brief("init", *SCRIPT, "--mailer", "outbox", "--topics", "exoplanets", "--yes")
    assert code == 2
    assert "run brief migrate first" in said
    code, said = brief("init", *SCRIPT, "--mailer", "outbox", "--yes")
    assert code == 0, said
    service = wiring.open_service(read_settings())
    assert [topic.slug for topic in service.roster.topics()] == ["our-own"]


def test_a_variable_that_overrules_an_answer_is_named(brief: Brief, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEF_SENDER_NAME", "Another")
    code, said = brief("init", *SCRIPT, "--mailer", "outbox", "--yes")
    assert code == 0, said
    assert "The environment variable BRIEF_SENDER_NAME differs from your answer" in said


def test_production_is_chosen_where_it_takes_the_settings(brief: Brief) -> None:
    safe = ("--base-url", "https://brief.example.org", "--mailer", "sendgrid", "--sendgrid-key-file", "key")
    Path("key").write_text("SG.invented")
    code, said = brief("init", *SCRIPT, *safe, "--no-try", "--yes")
    assert code == 0, said
    assert read_settings().environment == "production"


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1))
@example("${HOME} $HOME ${:-x}")
@example("it's \"quoted\" # and \\' more\\")
@example(" a\nb\n")
def test_every_value_is_read_back_as_it_was(value: str) -> None:
    names = {"BRIEF_SENDER_NAME", "BRIEF_POSTAL_ADDRESS", "BRIEF_SMTP_USER"}
    text = rewritten("BRIEF_SMTP_USER=old\n# a comment\n", dict.fromkeys(sorted(names), value), names)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        held = Settings(_env_file=file.name)
    assert [held.sender_name, held.postal_address, held.smtp_user] == [value] * 3
    assert rewritten(text, dict.fromkeys(names, value), names) == text


def test_a_plain_value_is_written_as_it_is() -> None:
    assert quoted("https://brief.example.org/lab") == "https://brief.example.org/lab"


@every(
    ("answer", "words"),
    [(200, ""), (401, "does not know the key"), (403, ""), (500, "answers 500"), (302, "answers 302")],
)
def test_a_sendgrid_key_is_tried_without_sending(answer: int, words: str) -> None:
    with sendgrid_server(lambda _: pytest.fail("something was sent")) as server:
        server.scopes, server.answers = ["mail.send", "alerts.read"], [answer]
        settings = Settings(
            _env_file=None, mailer="sendgrid", sendgrid_api_key="SG.x", sendgrid_host=server.url
        )
        found = try_mailer(settings)
        assert words in found
        assert bool(found) is bool(words)
        server.scopes, server.answers = ["alerts.read"], [200]
        assert "may not send" in try_mailer(settings)


@every(
    ("changes", "advice"),
    [
        ({"smtp_port": 9}, "Nothing listens on port 9"),
        ({"smtp_host": "mail.invalid"}, "No server named mail.invalid"),
        ({"smtp_security": "starttls"}, "offers no STARTTLS"),
        ({"smtp_security": "tls"}, "does not begin with TLS"),
        ({"smtp_user": "brief", "smtp_password": WRONG}, "Check the user name"),
    ],
)
def test_what_fails_is_said_with_what_to_do(changes: dict[str, object], advice: str) -> None:
    with sink(lambda *_: None, password="p") as server:
        settings = Settings(_env_file=None, mailer="smtp", **{"smtp_port": server.port, **changes})  # type: ignore[arg-type]  # read by pydantic
        assert advice in try_mailer(settings)
