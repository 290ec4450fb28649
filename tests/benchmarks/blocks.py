"""How many messages leave each second where every reader has a block For you, and where none has.

python -m tests.benchmarks.blocks

On SQLite, from the first claim to the last settled row, into a sink of SMTP. The two take turns, so that both
have the machine as it is. Wanted: .9 of the messages. It fails under the bar of
docs/for-you.md. MESSAGES and ROUNDS as for tests.benchmarks.delivery.
"""

import os
import random
import statistics
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa

from service.adapters.smtp_mailer import SmtpMailer, SmtpServer
from service.emails import Renderer
from service.emails.for_you import ForYou
from service.readers.picks import MOST, PICK
from service.store.for_you import ForYouRow
from service.wiring import TEMPLATES
from subscribers.database import connect, table
from tests.benchmarks.history import say
from tests.benchmarks.senders import MESSAGES, Spent, deliver_made, make_ledger, smtp_sink
from tests.chaos.storm import LABEL
from tests.newsrooms import SENDER

CONNECTIONS, PAPERS, WANTED, BAR = 4, 770, 0.9, 0.5
ROUNDS = int(os.environ.get("ROUNDS", "3"))


def for_you() -> ForYou:
    """Of invented words, as long as real ones."""
    title = "How the words of title {} tell what a paper is about".format
    names = [(f"2605.{at:05}", title(at)) for at in range(PAPERS)]
    words = {"papers": names, "rows": [name for name, _ in names], "terms": ["credit assignment"] * PAPERS}
    return Renderer(SENDER, TEMPLATES).for_you(words)


def picks(chance: random.Random) -> bytes:
    """Five papers, each near to one of the ten that it can be near to."""
    chosen = chance.sample(range(PAPERS), MOST)
    return b"".join(PICK.pack(one, (one + chance.randrange(10)) % PAPERS, one) for one in chosen)


def put_forward(folder: Path) -> None:
    """Five papers for each reader."""
    chance = random.Random(1)
    engine = connect(f"sqlite:///{folder / 'bench.db'}")
    rows = [
        {"subscriber_id": number, "issue_label": LABEL, "picks": picks(chance)}
        for number in range(1, MESSAGES + 1)
    ]
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.insert(table(ForYouRow)), rows)
    engine.dispose()


def deliver(made: ForYou, *, blocks: bool) -> Spent:
    with tempfile.TemporaryDirectory() as name, smtp_sink() as sink:
        folder = Path(name)
        make_ledger(folder, MESSAGES)
        if blocks:
            put_forward(folder)
        with SmtpMailer(SmtpServer("127.0.0.1", sink.port, connections=CONNECTIONS)) as mailer:
            return deliver_made(folder, mailer, MESSAGES, sink, (lambda: made) if blocks else None)


def main() -> int:
    made = for_you()  # once for an issue
    rounds = [(deliver(made, blocks=False), deliver(made, blocks=True)) for _ in range(ROUNDS)]
    for name, took in zip(("without", "with"), zip(*rounds, strict=True), strict=True):
        rate = statistics.median(MESSAGES / one.seconds for one in took)
        cpu = statistics.median(one.cpu / MESSAGES * 1e6 for one in took)
        say(f"{name:>8} the block: {rate:,.0f} messages a second, {cpu:,.0f} µs of processor each")
    ratios = [without.seconds / having.seconds for without, having in rounds]
    median = statistics.median(ratios)
    spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
    say(f"with it {median:.2f} of the messages ({spread}; wanted {WANTED}, bar {BAR})")
    return 0 if median >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
