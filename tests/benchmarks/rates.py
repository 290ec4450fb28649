"""Workers and domains with a rate each: how long a batch takes, and that nobody waits in a circle.

python -m tests.benchmarks.rates [--readers 5000] [--workers 8] [--domains 50]

On PostgreSQL, where workers run beside each other. Wanted: no deadlock, and a batch of a bounded number of
statements, however many readers it puts off.
"""

import argparse
import datetime as dt
import statistics
import threading
import time
from collections.abc import Sequence

import sqlalchemy as sa

from service.delivery import ClaimRequest, Delivery, Outcome, State
from service.delivery.policy import Pace
from service.store import Store
from service.wiring import set_up
from subscribers.database import connect
from tests.benchmarks.history import PEOPLE, as_stored, say
from tests.newsrooms import NOW, TOPICS, save_issue
from tests.postgres import postgres_server

LABEL = "2026-W22"
BATCHES, SIZE = 12, 200  # of each worker; deliveries of each batch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=5_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--domains", type=int, default=50)
    asked = parser.parse_args()
    with postgres_server(durable=True) as address:
        engine = connect(address.format("postgres"))
        set_up(engine)
        rates = fill(Store(engine), engine, asked.readers, asked.domains)
        seconds, broken = work(engine, rates, asked.workers)
        say("| workers | domains | batches | a batch, median | the longest | broken | statements a batch |")
        say("|--:|--:|--:|--:|--:|--:|--:|")
        median, longest = 1000 * statistics.median(seconds), 1000 * max(seconds)
        say(
            f"| {asked.workers} | {asked.domains} | {len(seconds)} | {median:.0f} ms | {longest:.0f} ms | "
            f"{len(broken)} | {statements(engine, rates)} |"
        )
        for error in broken[:1]:
            say(f"\n{error}")
        engine.dispose()


def fill(store: Store, engine: sa.Engine, readers: int, domains: int) -> dict[str, float]:
    """An issue planned for readers of so many domains; what each domain may get a second."""
    save_issue(store, TOPICS[:1])
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(PEOPLE, {"readers": readers, "at": as_stored(NOW, engine)})
        domain = "'r' || id || '@d' || id % :domains || '.example'"
        apart = f"UPDATE subscribers SET address = {domain}, address_key = {domain}"  # noqa: S608 - ours
        connection.execute(sa.text(apart), {"domains": domains})
        follow = "INSERT INTO follows (subscriber_id, topic_slug) SELECT id, :slug FROM subscribers"
        connection.execute(sa.text(follow), {"slug": TOPICS[0]})
    store.plan(LABEL, NOW)
    return {f"d{number}.example": 2.0 for number in range(domains)}


def request(number: int, rates: dict[str, float]) -> ClaimRequest:
    pace = Pace(rate=100_000.0, domain_rates=rates, warm_up=(100_000,))
    return ClaimRequest(f"here:{number}:1", "smtp", pace, late=dt.timedelta(hours=1))


def work(engine: sa.Engine, rates: dict[str, float], workers: int) -> tuple[list[float], list[Exception]]:
    """Seconds of every batch, and what broke one."""
    seconds: list[float] = []
    broken: list[Exception] = []

    def one(number: int) -> None:
        store, settled = Store(engine), list[tuple[Delivery, Outcome]]()
        try:
            for batch in range(BATCHES):
                began = time.perf_counter()
                claims = store.settle_and_claim(
                    LABEL, request(number, rates), SIZE, settled, NOW + batch * SECOND
                )
                seconds.append(time.perf_counter() - began)
                settled = [(each, _outcome(batch)) for each in claims.deliveries]
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown
            broken.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds, broken


SECOND = dt.timedelta(seconds=1)


def _outcome(batch: int) -> Outcome:
    return Outcome((State.ACCEPTED, State.FAILED, State.WAITING)[batch % 3], "451" if batch % 3 else "250")


def statements(engine: sa.Engine, rates: dict[str, float]) -> int:
    """Of one batch that puts off as many readers as it looks at."""
    asked: list[str] = []

    def note(*given: Sequence[object]) -> None:
        asked.append(str(given[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    Store(engine).settle_and_claim(LABEL, request(0, rates), SIZE, (), NOW + BATCHES * SECOND)
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(asked)


if __name__ == "__main__":
    main()
