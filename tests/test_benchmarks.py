"""The benchmarks are run by hand; what they call is kept working here."""

from tests.benchmarks.senders import deliver_all
from tests.fakes import ScriptedMailer


def test_the_benchmark_of_delivery_delivers() -> None:
    mailer = ScriptedMailer()
    assert deliver_all(mailer, 20).seconds > 0
    assert len({message.recipient for message in mailer.sent}) == 20
