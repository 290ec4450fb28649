"""How fast delivery is beside an earlier commit, both in one run: BENCH_AGAINST=5106590 make bench

python -m tests.benchmarks.against COMMIT [--rounds 7] [--messages 3000] [--only "SMTP, 4 connections"]

The commit is checked out into a folder of its own for as long as it takes. In each round both are run, the
other one first in the next: a machine that is busy meanwhile slows both. Ratios are of one round.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.history import say

HERE = Path(__file__).parents[2]
# What each commit runs with its own modules, and prints: seconds, and its processor's
SMTP = """
from tests.benchmarks.senders import {sender}, smtp_sink
with smtp_sink() as sink:
    spent = {sender}(sink, {connections})
"""
SENDGRID = """
import inspect
from pathlib import Path
from tempfile import TemporaryDirectory
from service.adapters.sendgrid_mailer import SendGridAccount, SendGridMailer
from tests.benchmarks.senders import MESSAGES, deliver_all
from tests.chaos.storm import Weather, provider
weather = Weather("", "sendgrid", MESSAGES, 0)
with TemporaryDirectory() as folder:
    # earlier commits were given the file of the log, and gave the address alone
    takes_file = "log" in inspect.signature(provider).parameters
    with provider(weather, Path(folder) / "log" if takes_file else Path(folder)) as at:
        account = SendGridAccount("SG.key", at if takes_file else at.address, 500)
        spent = deliver_all(SendGridMailer(account), MESSAGES)
"""
TOLD = "import json; print(json.dumps([spent.seconds, spent.cpu]))"
PARTS = {
    "SMTP, 4 connections": SMTP.format(sender="ours", connections=4),
    "SMTP, 16 connections": SMTP.format(sender="ours", connections=16),
    "SMTP, 4 connections, no ledger": SMTP.format(sender="ours_without_ledger", connections=4),
    "SendGrid, 500 a call": SENDGRID,
}


@dataclass(frozen=True)
class Pair:
    """What both took in one round: seconds, and those of their processors."""

    old: tuple[float, float]
    new: tuple[float, float]

    @property
    def rate(self) -> float:
        """How many times as many messages leave now."""
        return self.old[0] / self.new[0]

    @property
    def cpu(self) -> float:
        """How many times as much of the processor a message takes now."""
        return self.new[1] / self.old[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--messages", type=int, default=3_000)
    parser.add_argument("--only", choices=PARTS, action="append")
    asked = parser.parse_args()
    with checked_out(asked.commit) as old:
        say(f"\n{asked.messages:,} messages, {asked.rounds} rounds beside {asked.commit}, both in each\n")
        say("| | before | now | now is as fast | least-most | its processor a message | least-most | load |")
        say("|---|--:|--:|--:|--:|--:|--:|--:|")
        for part in asked.only or PARTS:
            pairs = [pair(old, part, asked.messages, number % 2) for number in range(asked.rounds)]
            say(row(part, pairs, asked.messages))


def row(part: str, pairs: Sequence[Pair], messages: int) -> str:
    before, now = (statistics.median(messages / one[0] for one in each) for each in _sides(pairs))
    rates, cpus = [each.rate for each in pairs], [each.cpu for each in pairs]
    load = os.getloadavg()[0]
    return f"| {part} | {before:,.0f}/s | {now:,.0f}/s | {_told(rates)} | {_told(cpus)} | {load:.1f} |"


def _sides(pairs: Sequence[Pair]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    return [each.old for each in pairs], [each.new for each in pairs]


def _told(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} x | {min(ratios):.2f}-{max(ratios):.2f}"


def pair(old: Path, part: str, messages: int, first: int) -> Pair:
    """One round; the other one is first in the next."""
    found = {tree: _run(tree, part, messages) for tree in ((old, HERE) if first else (HERE, old))}
    return Pair(found[old], found[HERE])


def _run(tree: Path, part: str, messages: int) -> tuple[float, float]:
    environment = {**os.environ, "PYTHONPATH": str(tree), "MESSAGES": str(messages)}
    ran = subprocess.run(
        [sys.executable, "-c", PARTS[part] + TOLD],
        cwd=tree,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    seconds, cpu = json.loads(ran.stdout)
    return seconds, cpu


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """The commit in a folder of its own, as a worktree that is removed again."""
    with tempfile.TemporaryDirectory(prefix="brief-bench-") as folder:
        tree, git = Path(folder) / "tree", ["git", "-C", str(HERE), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


if __name__ == "__main__":
    main()
