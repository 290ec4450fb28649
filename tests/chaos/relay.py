"""A real Postfix between the senders and the sink: it refuses some readers, ends sessions, and goes down.

A tenth of the readers have no mailbox (550 5.1.1). Each such reader is one error too many: the next command
is answered 421. So is one session more than it allows. What it took waits in its queue for the sink.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chain.postfix import Postfix, postfix

TOO_MANY_ERRORS = 2  # a refused recipient is one, and DATA without a recipient after it another


def is_unknown(subscriber: int) -> bool:
    """Whether Postfix knows no mailbox of this reader."""
    return subscriber % 10 == 7


@contextmanager
def relay(folder: Path, sink_port: int, sessions: int) -> Iterator[Postfix]:
    """Postfix that allows so many sessions, and passes what it took on to the sink."""
    folder.mkdir()
    unknown = folder / "unknown"
    unknown.write_text("/^reader[0-9]*7@/ 550 5.1.1 no such mailbox\n")
    settings = {
        "relayhost": f"[127.0.0.1]:{sink_port}",
        "mynetworks": "127.0.0.0/8",
        "smtpd_recipient_restrictions": f"check_recipient_access regexp:{unknown}, permit_mynetworks, reject",
        "smtpd_hard_error_limit": str(TOO_MANY_ERRORS),
        "smtpd_error_sleep_time": "0",
        "smtpd_client_connection_count_limit": str(sessions),
        "smtpd_client_event_limit_exceptions": "",
        "minimal_backoff_time": "1s",
        "queue_run_delay": "1s",
    }
    with postfix(folder / "postfix", "relay.example.org", settings) as running:
        yield running


SAID = {
    "550 for a mailbox that does not exist": b" 550 5.1.1 ",
    "421 for too many errors in a session": b"too many errors after",
    "421 for too many sessions": b"Connection concurrency limit exceeded",
}


def trouble(running: Postfix) -> str:
    """How often it did what it is here for."""
    log = running.log.read_bytes()
    return ", ".join(f"{log.count(sign)} × {what}" for what, sign in SAID.items())


def restart(running: Postfix, moments: random.Random) -> None:
    """As an operator does it, or as a machine that loses its power."""
    (running.kill if moments.random() < 0.5 else running.stop)()
    running.start()
