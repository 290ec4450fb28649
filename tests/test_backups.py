"""A backup is whole or refused; restored, it sends nothing twice, and every row is accounted for."""

import datetime as dt
import json
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from service import backups, wiring
from service.archive import Archive, Recorded
from service.backups import BackupRefused, Said
from service.delivery import Fact, State
from service.delivery.events import Event
from service.pipeline import publish_issue
from service.publishing import ask_mailer
from service.settings import Settings
from service.wiring import Service
from subscribers.roster import Roster
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, post_room, save_issue
from tests.smtp_sink import sink

READERS = 40
LABEL, LATER = "2026-W22", "2026-W23"
ALL = Said(replace=True)


@dataclass
class Place:
    """A service in a folder, sending to an SMTP server."""

    folder: Path
    port: int = 0
    key: str = "k" * 40

    @property
    def settings(self) -> Settings:
        return Settings(
            data_dir=self.folder, secret_key=SecretStr(self.key), sender_address="brief@example.org",
            mailer="smtp" if self.port else "outbox", smtp_port=self.port or 25, smtp_connections=2,
        )  # fmt: skip

    def opened(self) -> Service:
        return wiring.open_service(self.settings)

    def send(self, label: str = LABEL) -> dict[State, int]:
        service = self.opened()
        with wiring.post_room(service) as room:
            status = publish_issue(label, wiring.message_maker(service, label), room)
        service.engine.dispose()
        return dict(status.deliveries)

    def back_up(self) -> Path:
        file = self.folder / "backup.db"
        backups.back_up(self.settings, file, wiring.now())
        return file


@dataclass
class Post:
    """What the server accepted, by Message-ID; calls `at` when so many have come."""

    moments: dict[int, Callable[[], object]] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    _one: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, _recipient: str, content: bytes) -> None:
        found = re.search(rb"^Message-ID: (<.*>)", content, re.MULTILINE)
        assert found
        with self._one:
            self.ids.append(found[1].decode())
            moment = self.moments.pop(len(self.ids), None)
        if moment:
            moment()


@pytest.fixture
def here(tmp_path: Path) -> Place:
    """A service with an approved issue and its readers."""
    place = Place(tmp_path / "here")
    service = place.opened()
    save_issue(service.archive, TOPICS[:1])
    add_readers(service.roster, READERS)
    service.engine.dispose()
    return place


@pytest.fixture
def there(tmp_path: Path) -> Place:
    return Place(tmp_path / "there")


def states(place: Place, label: str = LABEL) -> Counter[str]:
    with closing(sqlite3.connect(place.folder / "brief.db")) as connection:
        query = "SELECT state, count(*) FROM deliveries WHERE issue_label = ? GROUP BY state"
        return Counter(dict(connection.execute(query, (label,)).fetchall()))


# -- nothing is sent twice -------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [1, 7, 20, 39, 40])
def test_a_backup_taken_while_sending_and_restored_elsewhere_sends_nothing_twice(
    here: Place, there: Place, moment: int
) -> None:
    post = Post({moment: here.back_up})
    with sink(post) as server:
        here.port = there.port = server.port
        assert here.send() == {State.ACCEPTED: READERS}  # it goes on after the backup was taken
        backups.restore(there.settings, here.folder / "backup.db", wiring.now())
        found = there.send()
    assert len(post.ids) == READERS
    assert set(Counter(post.ids).values()) == {1}
    assert found.keys() <= {State.ACCEPTED, State.UNCERTAIN}
    assert sum(found.values()) == READERS
    assert found[State.UNCERTAIN] >= READERS - moment


def test_the_rows_that_are_held_are_never_due_again_by_themselves(here: Place, there: Place) -> None:
    service = here.opened()
    mailer = ScriptedMailer()
    service.archive.plan(LABEL, NOW)
    service.archive.claim(LABEL, "worker:1:1", 5, NOW)
    backups.restore(there.settings, here.back_up(), wiring.now())
    archive = there.opened().archive
    assert archive.counts(LABEL) == {State.UNCERTAIN: READERS}
    later = NOW + dt.timedelta(days=900)
    room = post_room(archive, mailer, now=later)
    assert archive.undelivered(later) == []
    publish_issue(LABEL, wiring.message_maker(there.opened(), LABEL), room)
    assert mailer.sent == []


def test_what_was_to_be_resent_after_a_time_of_grace_is_held_as_well(here: Place, there: Place) -> None:
    service = here.opened()
    service.archive.plan(LABEL, NOW)
    with service.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE deliveries SET state = 'uncertain', retry_at = '2026-06-03 03:00:00'"
        )
    backups.restore(there.settings, here.back_up(), wiring.now())
    assert there.opened().archive.undelivered(wiring.now()) == []


def test_an_issue_that_was_planned_after_the_backup_is_not_sent_again(here: Place, there: Place) -> None:
    post = Post()
    with sink(post) as server:
        here.port = there.port = server.port
        here.back_up()
        here.send()
        backups.restore(there.settings, here.folder / "backup.db", wiring.now())
        found = there.send()
    assert found == {State.UNCERTAIN: READERS}
    assert len(post.ids) == READERS


def test_an_issue_whose_week_was_not_over_is_sent(here: Place, there: Place) -> None:
    post = Post()
    with sink(post) as server:
        there.port = server.port
        service = here.opened()
        save_issue(service.archive, TOPICS[:1], label=LATER)
        backups.restore(there.settings, here.back_up(), dt.datetime(2026, 6, 4, 3, tzinfo=dt.UTC))
        assert there.send(LATER) == {State.ACCEPTED: READERS}


def test_the_outbox_knows_exactly_what_left(here: Place) -> None:
    service = here.opened()
    service.archive.plan(LABEL, NOW)
    here.back_up()
    here.send()
    for file in sorted((here.folder / "outbox").iterdir())[:3]:
        file.unlink()  # these never left
    service.engine.dispose()
    backups.restore(here.settings, here.folder / "backup.db", wiring.now(), ALL)
    service = here.opened()
    with wiring.post_room(service) as room:
        maker = wiring.message_maker(service, LABEL)
        assert ask_mailer(LABEL, maker, room) == READERS
    assert states(here) == {"accepted": READERS - 3, "waiting": 3}
    assert here.send() == {State.ACCEPTED: READERS}
    assert len(list((here.folder / "outbox").iterdir())) == READERS


def test_nothing_is_held_where_the_service_was_stopped(here: Place, there: Place) -> None:
    service = here.opened()
    service.archive.plan(LABEL, NOW)
    done = backups.restore(there.settings, here.back_up(), wiring.now(), Said(was_stopped=True))
    assert done.held == 0
    assert states(there) == {"waiting": READERS}


def test_after_pg_restore_the_same_is_held(archive: Archive, roster: Roster) -> None:
    save_issue(archive, TOPICS[:1])
    add_readers(roster, 3)
    archive.plan(LABEL, NOW)
    assert archive.hold(NOW, NOW + dt.timedelta(days=1)) == 3
    assert archive.counts(LABEL) == {State.UNCERTAIN: 3}
    save_issue(archive, TOPICS[:1], label="2026-W21")
    archive.plan("2026-W21", NOW)
    assert archive.counts("2026-W21") == {State.UNCERTAIN: 3}


def test_an_event_about_a_lost_delivery_is_taken_for_no_other(archive: Archive, roster: Roster) -> None:
    save_issue(archive, TOPICS[:1])
    add_readers(roster, 3)
    archive.hold(NOW, NOW + dt.timedelta(days=1))
    archive.plan(LABEL, NOW)
    lost = Event("key", 1, LABEL, Fact.BOUNCED, NOW, suppresses=True)  # the first delivery that ever was
    assert archive.record([lost], NOW) == Recorded(unknown=1)
    save_issue(archive, TOPICS[:1], label="2026-W30")
    archive.plan("2026-W30", NOW)
    ids = [line.id for label in (LABEL, "2026-W30") for line in archive.lines(label)]
    assert len(set(ids)) == 6
    assert min(ids) > 1_000_000


# -- whole or refused ------------------------------------------------------------------------------------


def dump(folder: Path) -> Iterator[str]:
    with closing(sqlite3.connect(folder)) as connection:
        yield from connection.iterdump()


def test_a_backup_holds_every_row_and_says_so(here: Place, tmp_path: Path) -> None:
    file = here.back_up()
    manifest = json.loads((here.folder / "backup.db.json").read_text())
    assert manifest["rows"]["subscribers"] == READERS
    assert list(dump(file)) == list(dump(here.folder / "brief.db"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in here.folder.glob("backup*")) == ["backup.db", "backup.db.json"]


def test_a_backup_overwrites_no_file(here: Place) -> None:
    here.back_up()
    with pytest.raises(BackupRefused, match="exists already"):
        here.back_up()


def test_a_backup_is_for_sqlite(here: Place) -> None:
    settings = here.settings.model_copy(update={"database_url": "postgresql+psycopg://db/brief"})
    with pytest.raises(BackupRefused, match="pg_dump"):
        backups.back_up(settings, here.folder / "b.db", NOW)
    with pytest.raises(BackupRefused, match="pg_restore"):
        backups.restore(settings, here.back_up(), NOW)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-4096]), "cut off or changed"),
        (
            lambda file: file.write_bytes(b"SQLite format 3\0" + file.read_bytes()[16:-1] + b"x"),
            "cut off or changed",
        ),
        (lambda file: file.unlink(), "missing"),
        (lambda file: file.with_name("backup.db.json").unlink(), "missing"),
        (lambda file: file.with_name("backup.db.json").write_text("{}"), "can't be read"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_and_nothing_changes(
    here: Place, there: Place, spoil: Callable[[Path], object], words: str
) -> None:
    file = here.back_up()
    spoil(file)
    with pytest.raises(BackupRefused, match=words):
        backups.restore(there.settings, file, NOW)
    assert not (there.folder / "brief.db").exists()


def test_a_database_that_is_there_is_kept_until_somebody_says_so_and_then_moved_aside(here: Place) -> None:
    file = here.back_up()
    with pytest.raises(BackupRefused, match="--yes"):
        backups.restore(here.settings, file, NOW)
    before = list(dump(here.folder / "brief.db"))
    done = backups.restore(here.settings, file, NOW, ALL)
    assert done.aside
    assert list(dump(done.aside)) == before
    assert not list(here.folder.glob("*.part*"))


def test_a_database_that_is_in_use_is_not_replaced(here: Place) -> None:
    file, service = here.back_up(), here.opened()
    with service.engine.connect(), pytest.raises(BackupRefused, match="in use"):
        backups.restore(here.settings, file, NOW, ALL)
    service.engine.dispose()
    assert states(here) == {}


def test_another_signing_key_is_refused_unless_it_is_meant(here: Place, there: Place) -> None:
    file, there.key = here.back_up(), "other" * 8
    with pytest.raises(BackupRefused, match="signing key"):
        backups.restore(there.settings, file, NOW)
    backups.restore(there.settings, file, NOW, Said(any_key=True))


def test_the_fingerprint_of_a_key_does_not_tell_it(here: Place) -> None:
    here.back_up()
    assert here.key not in (here.folder / "backup.db.json").read_text()
    assert len(backups.fingerprint(here.settings)) == 16
