"""A folder of backups: one more by schedule, and which of the older ones are kept.

Of each of the last days and weeks that have any, the newest stays. Old ones are deleted only after a new one
was taken and verified, so the last good one always stays.
"""

import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path

from service.operations.backups import BackupRefused, Manifest, back_up
from service.settings import Settings

NAME = re.compile(r"brief-(\d{8}T\d{6}Z)\.db")  # by when it was taken, UTC
TIME = "%Y%m%dT%H%M%SZ"


def back_up_into_folder(settings: Settings, now: dt.datetime) -> Manifest:
    """Take a backup into the folder of the settings, then delete the old ones; BackupRefused says why not."""
    assert settings.backup_folder is not None
    folder = settings.backup_folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BackupRefused(f"BRIEF_BACKUP_FOLDER: {folder} can't be made: {error.strerror}") from error
    manifest = back_up(settings, folder / f"brief-{now.astimezone(dt.UTC):{TIME}}.db", now)
    taken = {file: moment for file in folder.iterdir() if (moment := taken_at(file))}
    kept = to_keep(taken.values(), settings.backup_keep)
    for file, moment in taken.items():
        if moment not in kept:
            _delete(file)
    return manifest


def taken_at(file: Path) -> dt.datetime | None:
    """When a backup of this folder was taken, by its name; None for other files."""
    named = NAME.fullmatch(file.name)
    return dt.datetime.strptime(named[1], TIME).replace(tzinfo=dt.UTC) if named else None


def to_keep(moments: Iterable[dt.datetime], count: int) -> frozenset[dt.datetime]:
    """The newest of each of the last `count` days and of the last `count` ISO weeks that have any."""
    days: dict[object, dt.datetime] = {}
    weeks: dict[object, dt.datetime] = {}
    for moment in sorted(moments):
        days[moment.date()] = weeks[moment.isocalendar()[:2]] = moment
    return frozenset([*sorted(days.values())[-count:], *sorted(weeks.values())[-count:]])


def _delete(file: Path) -> None:
    """The backup first: a manifest alone is known for what it is."""
    try:
        file.unlink(missing_ok=True)
        file.with_name(f"{file.name}.json").unlink(missing_ok=True)
    except OSError as error:
        words = f"{file} is old and can't be deleted: {error.strerror}"
        raise BackupRefused(words) from error
