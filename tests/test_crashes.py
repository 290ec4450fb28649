"""A sender is killed at every step, and at random moments; started again, it misses and repeats nobody."""

import itertools
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from service import wiring
from service.adapters.journal import FileJournal
from service.adapters.outbox_mailer import OutboxMailer
from service.delivery import MessageMaker
from service.pipeline import publish_issue
from service.settings import Settings
from service.store import Store
from subscribers.roster import Roster
from tests.newsrooms import TOPICS, add_readers, maker, rows, save_issue

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
READERS = 21  # more than one batch of claims


def fork_sender(folder: Path, made: MessageMaker, deadly: int | None = None) -> int:
    """Start a sender as a process of its own; it kills itself at its n-th step where that is given."""
    if process := os.fork():
        return process
    try:
        _send(folder, made, deadly)
    finally:
        os._exit(1)  # the child must never run on into the test


def _send(folder: Path, made: MessageMaker, deadly: int | None) -> None:
    service = wiring.open_service(
        Settings(data_dir=folder, secret_key=SecretStr("k" * 40), sender_address="brief@example.org")
    )
    if deadly is not None:
        _count_steps(deadly)
    with wiring.delivery_context(service) as room:
        publish_issue("2026-W22", made, room)
    os._exit(0)


def _count_steps(deadly: int) -> None:
    """Every call to the database, journal or outbox is two steps: before it, and right after it."""
    steps = itertools.count()

    def step() -> None:
        if next(steps) == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            step()
            answer = call(*args, **kwargs)
            step()
            return answer

        return wrapper

    for owner, name in (
        (Store, "plan"), (Store, "settle_and_claim"), (Store, "settle"),
        (FileJournal, "begin"), (OutboxMailer, "_write"),
    ):  # fmt: skip
        setattr(owner, name, watched(getattr(owner, name)))


def ended(process: int) -> int:
    """The exit code of a sender, negative for the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def recipients(folder: Path) -> Counter[str]:
    """How many e-mails each address got; a file that is not whole would lack its last boundary."""
    found: Counter[str] = Counter()
    for file in (folder / "outbox").glob("*.eml"):
        content = file.read_bytes()
        assert content.rstrip().endswith(b"--")
        (to,) = [line for line in content.split(b"\r\n") if line.startswith(b"To: ")]
        found[to.removeprefix(b"To: ").decode()] += 1
    return found


def check(folder: Path, engine: sa.Engine, addresses: list[str]) -> None:
    assert recipients(folder) == Counter(addresses)
    assert [(address, state) for address, state, _ in rows(engine)] == [
        (one, "accepted") for one in addresses
    ]


@pytest.mark.parametrize("first", range(0, 96, 24))
def test_killed_at_step_after_step_nobody_is_missed_and_nobody_gets_two(
    first: int, tmp_path: Path, store: Store, roster: Roster, engine: sa.Engine
) -> None:
    made = maker(save_issue(store, TOPICS[:1]))
    addresses = add_readers(roster, READERS)
    engine.dispose()
    # Each run dies at another step: in planning, claiming, writing and settling, before and after the call.
    for deadly in range(first, first + 24, 3):
        assert ended(fork_sender(tmp_path, made, deadly)) in {-signal.SIGKILL, 0}
    assert ended(fork_sender(tmp_path, made)) == 0
    check(tmp_path, engine, addresses)


def test_a_run_that_is_never_killed_has_as_many_steps_as_are_tried(
    tmp_path: Path, store: Store, roster: Roster, engine: sa.Engine
) -> None:
    made = maker(save_issue(store, TOPICS[:1]))
    add_readers(roster, READERS)
    engine.dispose()
    assert ended(fork_sender(tmp_path, made, 93)) == -signal.SIGKILL
    assert ended(fork_sender(tmp_path, made, 94)) == 0


def test_killed_at_random_moments_nobody_is_missed_and_nobody_gets_two(
    tmp_path: Path, store: Store, roster: Roster, engine: sa.Engine
) -> None:
    made = maker(save_issue(store, TOPICS[:1]))
    addresses = add_readers(roster, 250)
    engine.dispose()
    moments = random.Random(20260602)
    for _ in range(10):
        sender = fork_sender(tmp_path, made)
        time.sleep(moments.uniform(0, 0.25))
        os.kill(sender, signal.SIGKILL)
        ended(sender)
    assert ended(fork_sender(tmp_path, made)) == 0
    check(tmp_path, engine, addresses)
