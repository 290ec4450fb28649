from pathlib import Path

import pytest

from service.adapters.outbox_mailer import OutboxMailer
from service.delivery import MailerUnusable, Message, State

MESSAGE = Message(
    "2026-W22.abc@example.org", "brief@example.org", "ada@example.org", b"Subject: x\r\n\r\nbody\r\n"
)


def test_a_message_becomes_one_file_with_its_very_bytes(tmp_path: Path) -> None:
    (outcome,) = OutboxMailer(tmp_path / "outbox").send([MESSAGE])
    assert outcome.state is State.ACCEPTED
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == "2026-W22.abc.eml"
    assert file.read_bytes() == MESSAGE.content


def test_the_outbox_knows_what_it_sent(tmp_path: Path) -> None:
    mailer = OutboxMailer(tmp_path)
    assert not mailer.was_sent(MESSAGE.message_id)
    list(mailer.send([MESSAGE]))
    assert mailer.was_sent(MESSAGE.message_id)


def test_an_outbox_that_cannot_be_made_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MailerUnusable, match="can't be written"):
        list(OutboxMailer(tmp_path / "file" / "outbox").send([MESSAGE]))


def test_a_message_that_cannot_be_written_fails_and_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "2026-W22.abc.eml").mkdir()
    (outcome,) = OutboxMailer(tmp_path).send([MESSAGE])
    assert outcome.state is State.FAILED
    assert [one.name for one in tmp_path.iterdir()] == ["2026-W22.abc.eml"]
