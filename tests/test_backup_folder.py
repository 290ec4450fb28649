"""Backups by schedule: when they are due, which are kept, and who is told of one that failed."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service import doctor, wiring
from service.operations.backup_folder import taken_at, to_keep
from service.operations.backups import BackupRefused, verified
from service.schedule import BACK_UP, BACKUP_FAILED, BackUp, Rules, State, due
from service.scheduler import Scheduler
from service.settings import Settings
from service.web.health import Tolerance, is_fine, readiness
from service.web.metrics import Traffic, page
from service.wiring import Service
from tests.readers import NOW, Place, open_place

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
RULES = Rules(wiring.rules(Settings(_env_file=None, build_cron="never")).calendar, back_up=DAY)


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Iterator[Place]:
    place = open_place(tmp_path, migrated)
    yield place
    place.service.engine.dispose()


def scheduler(place: Place, folder: Path, **more: object) -> Scheduler:
    changes = {"backup_folder": folder, "backup_keep": 2, **more}
    settings = place.service.settings.model_copy(update=changes)
    service = Service(settings, place.service.engine, place.service.store, place.service.roster)
    return Scheduler(service, replace(RULES, back_up=wiring.rules(settings).back_up), clock=place.clock)


def test_a_backup_is_due_each_interval_and_one_that_failed_an_hour_later() -> None:
    def is_due(now: dt.datetime, **chores: dt.datetime) -> bool:
        kept = {BACK_UP if name == "good" else BACKUP_FAILED: at for name, at in chores.items()}
        return BackUp() in due(State(chores=kept), now, RULES)

    assert is_due(NOW)
    assert not is_due(NOW + DAY - HOUR, good=NOW)
    assert is_due(NOW + DAY, good=NOW)
    assert not is_due(NOW + DAY + HOUR / 2, good=NOW, failed=NOW + DAY)
    assert is_due(NOW + DAY + HOUR, good=NOW, failed=NOW + DAY)
    assert BackUp() not in due(State(), NOW, replace(RULES, back_up=None))


def test_the_newest_of_each_day_and_week_stays_and_always_the_newest() -> None:
    hourly = [NOW - number * 6 * HOUR for number in range(4 * 70)]
    for count in (1, 2, 7):
        kept = sorted(to_keep(hourly, count), reverse=True)
        assert kept[0] == NOW
        assert len({one.date() for one in kept}) == len(kept) <= 2 * count
        assert {one.date() for one in kept} >= {(NOW - day * DAY).date() for day in range(count)}
        assert len({one.isocalendar()[:2] for one in kept}) >= count
    assert to_keep([], 3) == frozenset()


def test_the_schedule_takes_signed_backups_and_deletes_old_ones(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    one = scheduler(place, folder)
    (folder.parent / "backups").mkdir()
    (folder / "mine.db").write_text("not ours")
    for _ in range(16):
        one.until_done()
        place.clock.forward(days=1)
    files = sorted(folder.glob("brief-*.db"))
    moments = [taken_at(file) for file in files]
    assert len(files) == 3, "two days, and the Sunday of the week before"
    assert moments[-1] == place.clock.now - DAY
    assert all(verified(file).mac for file in files)
    assert len(list(folder.glob("*.json"))) == 3
    assert (folder / "mine.db").exists()


@pytest.mark.parametrize("error", [BackupRefused("the disk is full"), OSError("odd"), RuntimeError("odd")])
def test_the_doctor_reports_a_backup_that_failed_for_whatever_reason(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    one = scheduler(place, tmp_path / "backups")
    monkeypatch.setattr("service.wiring.now", place.clock)

    def found() -> list[str]:
        return [each.verdict for each in doctor.examine(one.service.settings) if each.check == "backups"]

    with monkeypatch.context() as patched:
        patched.setattr("service.scheduler.back_up_into_folder", fail)
        one.until_done()
    checks = readiness(place.service.engine, place.service.store, Tolerance(), place.clock.now)
    assert (found(), is_fine(checks)) == (["wrong"], False)
    place.clock.forward(hours=1)
    one.until_done()
    assert found() == ["ok"]


def test_one_that_fails_is_told_everywhere_and_leaves_the_good_ones(place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    scheduler(place, folder).until_done()
    (good,) = folder.glob("brief-*.db")
    (tmp_path / "file").touch()
    place.clock.forward(days=1)
    broken = scheduler(place, tmp_path / "file" / "backups")
    broken.until_done()
    store, now = place.service.store, place.clock.now
    checks = readiness(place.service.engine, store, Tolerance(), now)
    assert "the last backup failed" in checks["backup"]
    assert not is_fine(checks)
    assert "brief_backup_failed 1" in page(store, Traffic(), now)
    findings = doctor.examine(broken.service.settings)
    assert [one.verdict for one in findings if one.check == "backups"] == ["wrong"]
    assert verified(good).mac
    place.clock.forward(hours=1)
    scheduler(place, folder).until_done()
    assert "backup" not in readiness(place.service.engine, store, Tolerance(), place.clock.now)
    assert "brief_backup_failed 0" in page(store, Traffic(), place.clock.now)
    on_postgresql = Settings(_env_file=None, database_url="postgresql://h/b", backup_folder=folder)
    assert wiring.rules(on_postgresql).back_up is None
