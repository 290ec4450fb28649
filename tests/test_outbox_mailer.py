"""The outbox as a mailer: one file for a message, with its very bytes, or a failure that says why."""

from pathlib import Path

import pytest

from service.adapters.outbox_mailer import OutboxMailer
from service.delivery import MailerUnusable, Outcome, State
from tests.letters import Begun, letter

MESSAGE = letter("ada@example.org")


def outcome(folder: Path) -> Outcome:
    ((_, found),) = OutboxMailer(folder).send([MESSAGE], Begun())
    return found


def test_a_message_becomes_one_file_with_its_very_bytes(tmp_path: Path) -> None:
    assert outcome(tmp_path / "outbox").state is State.ACCEPTED
    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == "id1.eml"
    assert file.read_bytes() == MESSAGE.content


def test_the_outbox_knows_what_it_sent(tmp_path: Path) -> None:
    mailer = OutboxMailer(tmp_path)
    assert not mailer.was_sent(MESSAGE.message_id)
    outcome(tmp_path)
    assert mailer.was_sent(MESSAGE.message_id)


def test_an_outbox_that_cannot_be_made_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MailerUnusable, match="can't be written"):
        outcome(tmp_path / "file" / "outbox")


def test_a_message_that_cannot_be_written_fails_and_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "id1.eml").mkdir()
    assert outcome(tmp_path).state is State.FAILED
    assert [one.name for one in tmp_path.iterdir()] == ["id1.eml"]
