"""Buckets and the warm-up in the database."""

import datetime as dt
import threading

import pytest

from service.archive import Archive, Claimant
from service.delivery.pace import Pace
from subscribers.roster import Roster
from tests.newsrooms import NOW, add_readers, save_issue

DAY = dt.timedelta(days=1)
LABEL = "2026-W22"


def planned(archive: Archive, roster: Roster, readers: int) -> None:
    save_issue(archive)
    add_readers(roster, readers)
    archive.plan(LABEL, NOW)


def claimed(archive: Archive, pace: Pace, now: dt.datetime, worker: str = "here:1:1") -> int:
    return len(archive.turn(LABEL, Claimant(worker, "smtp", pace), 1000, (), now).deliveries)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_workers_that_wake_at_midnight_share_the_new_days_allowance(archive: Archive, roster: Roster) -> None:
    planned(archive, roster, 200)
    pace = Pace(warm_up=(10, 50))
    assert claimed(archive, pace, NOW) == 10
    taken: list[int] = []
    together = threading.Barrier(4)

    def wake(worker: str) -> None:
        together.wait()
        taken.append(claimed(archive, pace, NOW + DAY, worker))

    workers = [threading.Thread(target=wake, args=(f"here:{number}:1",)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(taken) == [0, 0, 0, 50]
