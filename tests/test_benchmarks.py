"""The benchmarks are run by hand; what they call is kept working here."""

import sqlalchemy as sa

from service.archive import Archive
from service.delivery import State
from tests.benchmarks.history import fill, measured
from tests.benchmarks.senders import deliver_all
from tests.fakes import ScriptedMailer


def test_the_benchmark_of_delivery_delivers() -> None:
    mailer = ScriptedMailer()
    assert deliver_all(mailer, 20).seconds > 0
    assert len({message.recipient for message in mailer.sent}) == 20


def test_the_benchmark_of_history_asks_what_is_asked_again_and_again(
    archive: Archive, engine: sa.Engine
) -> None:
    fill(archive, engine, 3, 40)
    archive.keep_tallies()
    assert archive.counts("2026-W23") == {State.ACCEPTED: 18, State.SKIPPED: 2, State.WAITING: 20}
    assert set(measured(archive, engine, 1)) >= {"sweep", "metrics", "readiness", "admin's list"}
