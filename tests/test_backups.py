"""A backup is whole or refused; restored, it sends nothing twice, and every row is accounted for."""

import datetime as dt
import json
import re
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from typer.testing import CliRunner

from service import doctor, wiring
from service.adapters.cron import Never
from service.cli import app
from service.delivery import Fact, State
from service.delivery.ledger import ask_mailer
from service.delivery.model import Event
from service.delivery.transactional import Queued
from service.endings import Ended
from service.operations import backups
from service.operations.backups import BackupRefused, Said
from service.papers import Window
from service.pipeline import publish_issue
from service.schedule import Rules, due, in_words
from service.settings import Settings
from service.store import LinkRefusal, Recorded, Store
from service.web.health import Tolerance, is_fine, readiness
from service.wiring import Service
from subscribers.database import checkpoint
from subscribers.preferences import Preferences, SubscriberStatus
from subscribers.roster import Joining, NotAdded, Roster
from subscribers.subscriber import UnknownSubscriber
from subscribers.subscriptions import AddressAsked
from subscribers.suppressions import Cause
from tests.fakes import ScriptedMailer
from tests.newsrooms import NOW, TOPICS, add_readers, delivery_context, save_issue
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
        with wiring.delivery_context(service) as room:
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


@pytest.fixture(scope="module")
def approved(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a service with an approved issue and its readers, to be copied."""
    place = Place(tmp_path_factory.mktemp("approved") / "here")
    place.folder.mkdir()
    shutil.copy(migrated, place.folder / "brief.db")
    service = place.opened()
    save_issue(service.store, TOPICS[:1])
    add_readers(service.roster, READERS)
    checkpoint(service.engine)
    service.engine.dispose()
    return place.folder


@pytest.fixture
def here(approved: Path, tmp_path: Path) -> Place:
    return Place(shutil.copytree(approved, tmp_path / "here"))


@pytest.fixture
def there(tmp_path: Path) -> Place:
    return Place(tmp_path / "there")


def states(place: Place, label: str = LABEL) -> Counter[str]:
    with closing(sqlite3.connect(place.folder / "brief.db")) as connection:
        query = "SELECT state, count(*) FROM deliveries WHERE issue_label = ? GROUP BY state"
        return Counter(dict(connection.execute(query, (label,)).fetchall()))


# -- nothing is sent twice -------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [1, 20, 40])
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
    service.store.plan(LABEL, NOW)
    service.store.claim(LABEL, "worker:1:1", 5, NOW)
    backups.restore(there.settings, here.back_up(), wiring.now())
    store = there.opened().store
    assert store.counts(LABEL) == {State.UNCERTAIN: READERS}
    later = NOW + dt.timedelta(days=900)
    room = delivery_context(store, mailer, now=later)
    assert store.undelivered(later) == []
    publish_issue(LABEL, wiring.message_maker(there.opened(), LABEL), room)
    assert mailer.sent == []


def test_what_was_to_be_resent_after_a_time_of_grace_is_held_as_well(here: Place, there: Place) -> None:
    service = here.opened()
    service.store.plan(LABEL, NOW)
    with service.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE deliveries SET state = 'uncertain', retry_at = '2026-06-03 03:00:00'"
        )
    backups.restore(there.settings, here.back_up(), wiring.now())
    assert there.opened().store.undelivered(wiring.now()) == []


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
        save_issue(service.store, TOPICS[:1], label=LATER)
        backups.restore(there.settings, here.back_up(), dt.datetime(2026, 6, 4, 3, tzinfo=dt.UTC))
        assert there.send(LATER) == {State.ACCEPTED: READERS}


def test_the_outbox_knows_exactly_what_left(here: Place) -> None:
    service = here.opened()
    service.store.plan(LABEL, NOW)
    here.back_up()
    here.send()
    for file in sorted((here.folder / "outbox").iterdir())[:3]:
        file.unlink()  # these never left
    service.engine.dispose()
    backups.restore(here.settings, here.folder / "backup.db", wiring.now(), ALL)
    service = here.opened()
    with wiring.delivery_context(service) as room:
        maker = wiring.message_maker(service, LABEL)
        assert ask_mailer(LABEL, maker, room) == READERS
    assert states(here) == {"accepted": READERS - 3, "waiting": 3}
    assert here.send() == {State.ACCEPTED: READERS}
    assert len(list((here.folder / "outbox").iterdir())) == READERS


def test_nothing_is_held_where_the_service_was_stopped(here: Place, there: Place) -> None:
    service = here.opened()
    service.store.plan(LABEL, NOW)
    done = backups.restore(there.settings, here.back_up(), wiring.now(), Said(was_stopped=True))
    assert done.held == 0
    assert states(there) == {"waiting": READERS}


def test_after_pg_restore_the_same_is_held(store: Store, roster: Roster) -> None:
    save_issue(store, TOPICS[:1])
    add_readers(roster, 3)
    store.plan(LABEL, NOW)
    assert store.hold(NOW, NOW + dt.timedelta(days=1)) == 3
    assert store.counts(LABEL) == {State.UNCERTAIN: 3}
    save_issue(store, TOPICS[:1], label="2026-W21")
    store.plan("2026-W21", NOW)
    assert store.counts("2026-W21") == {State.UNCERTAIN: 3}


def test_an_event_about_a_lost_delivery_is_taken_for_no_other(store: Store, roster: Roster) -> None:
    save_issue(store, TOPICS[:1])
    add_readers(roster, 3)
    store.hold(NOW, NOW + dt.timedelta(days=1))
    store.plan(LABEL, NOW)
    lost = Event("key", 1, LABEL, Fact.BOUNCED, NOW, suppresses=True)  # the first delivery that ever was
    assert store.record([lost], NOW) == Recorded(unknown=1)
    save_issue(store, TOPICS[:1], label="2026-W30")
    store.plan("2026-W30", NOW)
    ids = [line.id for label in (LABEL, "2026-W30") for line in store.lines(label)]
    assert len(set(ids)) == 6
    assert min(ids) > 1_000_000


@pytest.mark.parametrize(
    ("lost", "due", "held"),
    [
        (dt.timedelta(minutes=5), None, False),
        (dt.timedelta(days=1), None, True),
        (dt.timedelta(days=1), dt.timedelta(days=2), False),
        (dt.timedelta(days=1), dt.timedelta(hours=3), True),
    ],
    ids=["too short", "by hand", "due later", "due meanwhile"],
)
def test_an_issue_that_is_built_after_a_restore_is_held_where_it_may_have_left(
    store: Store,
    roster: Roster,
    engine: sa.Engine,
    lost: dt.timedelta,
    due: dt.timedelta | None,
    held: bool,
) -> None:
    taken = NOW - dt.timedelta(days=3)
    add_readers(roster, 3)
    store.hold(taken, taken + lost)
    if due:
        store.begin_build(Window.of_week("2026-W22"), taken + due, NOW)
    save_issue(store, TOPICS[:1])
    said = store.will_be_held(LABEL)
    (draft,) = store.agenda(NOW).issues
    assert (bool(said), draft.may_have_left) == (held, held)
    store.plan(LABEL, NOW)
    assert store.counts(LABEL) == {State.UNCERTAIN if held else State.WAITING: 3}


def test_what_is_held_after_a_restore_is_said_by_the_schedule_and_by_readiness(
    store: Store, roster: Roster, engine: sa.Engine
) -> None:
    add_readers(roster, 3)
    save_issue(store, TOPICS[:1])
    store.plan(LABEL, NOW)
    store.hold(NOW, NOW + dt.timedelta(minutes=1))
    words = " ".join(map(in_words, due(store.agenda(NOW), NOW, Rules(Never()))))
    assert "3 deliveries may have left before the restore" in words
    checks = readiness(engine, store, Tolerance(), NOW)
    assert "3 of 2026-W22" in checks["restore"]
    assert not is_fine(checks)
    store.resolve(LABEL, State.ACCEPTED, NOW)
    assert is_fine(readiness(engine, store, Tolerance(), NOW))


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
    assert list(dump(done.aside[0])) == before
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


# -- what lies in the way --------------------------------------------------------------------------------


def kill_while_writing(folder: Path) -> None:
    """Leave a journal beside the database, as a process does that was killed: every address is lost in it."""
    file, kept = folder / "brief.db", folder / "kept"
    kept.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("UPDATE subscribers SET address = 'lost' || id")
        for name in ("brief.db", "brief.db-wal", "brief.db-shm"):
            shutil.copy(folder / name, kept / name)
    for one in kept.iterdir():
        one.replace(file.with_name(one.name))


@pytest.mark.parametrize("is_there", [True, False])
def test_a_journal_that_a_kill_left_does_not_change_what_is_restored(here: Place, is_there: bool) -> None:
    backup = here.back_up()
    kill_while_writing(here.folder)
    if not is_there:
        (here.folder / "brief.db").rename(here.folder / "brief.db.bad")
    done = backups.restore(here.settings, backup, NOW, ALL)
    assert {one.name.partition("Z")[2] for one in done.aside} == ({""} if is_there else {"-wal", "-shm"})
    people = [line for line in dump(here.folder / "brief.db") if 'INTO "subscribers"' in line]
    assert people == [line for line in dump(backup) if 'INTO "subscribers"' in line]
    assert len(people) == READERS


def test_a_database_that_was_moved_aside_finds_its_journal_again(here: Place) -> None:
    backup = here.back_up()
    kill_while_writing(here.folder)
    done = backups.restore(here.settings, backup, NOW, ALL)
    assert sum("'lost" in line for line in dump(done.aside[0])) == READERS


def test_a_database_that_is_not_what_was_prepared_is_not_called_restored(here: Place) -> None:
    service, file = here.opened(), here.folder / "brief.db"
    service.store.plan(LABEL, NOW)
    prepared = backups._tally(file)
    backups._insist_on(file, prepared)
    service.store.claim(LABEL, "worker:1:1", 5, NOW)  # as many rows as before, in other states
    with pytest.raises(BackupRefused, match="other rows"):
        backups._insist_on(file, prepared)


def test_a_journal_beside_the_backup_is_refused(here: Place, there: Place) -> None:
    backup = here.back_up()
    backup.with_name("backup.db-wal").write_bytes(b"of another file")
    with pytest.raises(BackupRefused, match="move it away"):
        backups.restore(there.settings, backup, NOW)


@pytest.mark.parametrize(
    "damaged",
    [
        lambda whole: b"garbage!" * 20 + whole[160:],
        lambda whole: whole[:20_000],
        lambda whole: whole[:300],
        lambda whole: whole[:8192] + b"\xff" * 40_960 + whole[49_152:],
    ],
    ids=["header overwritten", "truncated", "nearly empty", "overwritten inside"],
)
def test_a_damaged_database_is_moved_aside_as_it_is_and_replaced(
    here: Place, damaged: Callable[[bytes], bytes]
) -> None:
    backup, file = here.back_up(), here.folder / "brief.db"
    file.write_bytes(damaged(file.read_bytes()))
    before = file.read_bytes()
    done = backups.restore(here.settings, backup, NOW, ALL)
    assert [one.read_bytes()[100:] for one in done.aside] == [before[100:]]
    assert states(here) == {}


def test_what_an_earlier_restore_moved_aside_is_not_overwritten(here: Place) -> None:
    backup = here.back_up()
    done = backups.restore(here.settings, backup, NOW, ALL)
    with pytest.raises(BackupRefused, match="another restore"):
        backups.restore(here.settings, backup, NOW, ALL)
    assert done.aside[0].exists()


# -- who may read it, and who may come in ----------------------------------------------------------------


def test_a_restored_database_is_for_its_owner_alone(here: Place, there: Place) -> None:
    backup = here.back_up()
    backup.chmod(0o644)
    backups.restore(there.settings, backup, NOW)
    assert (there.folder / "brief.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("said", [Said(), Said(was_stopped=True)])
def test_sessions_and_links_that_ended_since_the_backup_stay_ended(
    here: Place, there: Place, said: Said
) -> None:
    store = here.opened().store
    _, session = found_pair(store.sign_in(store.ask_sign_in("ann@example.org", NOW), NOW))
    link = store.ask_sign_in("ann@example.org", NOW)
    backups.restore(there.settings, here.back_up(), NOW, said)
    restored = there.opened().store
    assert restored.session_address(session, NOW) is None
    assert restored.sign_in(link, NOW) is LinkRefusal.UNKNOWN


def found_pair(found: tuple[str, str] | LinkRefusal) -> tuple[str, str]:
    assert not isinstance(found, LinkRefusal)
    return found


def test_after_pg_restore_every_admin_is_signed_out(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    store = here.opened().store
    _, session = found_pair(store.sign_in(store.ask_sign_in("ann@example.org", NOW), NOW))
    monkeypatch.setenv("BRIEF_DATA_DIR", str(here.folder))
    found = CliRunner().invoke(app, ["restored", "--taken", NOW.isoformat()])
    assert (found.exit_code, found.output.count("signed out")) == (0, 1)
    assert store.session_address(session, NOW) is None


# -- manifests -------------------------------------------------------------------------------------------


def test_a_file_that_is_no_manifest_is_not_overwritten_by_one(here: Place) -> None:
    other = here.folder / "notes.json"
    other.write_text('{"precious": true}')
    with pytest.raises(BackupRefused, match="another file"):
        backups.back_up(here.settings, here.folder / "notes", NOW)
    assert other.read_text() == '{"precious": true}'
    assert not (here.folder / "notes").exists()


def test_the_manifest_of_a_backup_that_is_gone_is_replaced(here: Place) -> None:
    here.back_up().unlink()
    assert backups.verified(here.back_up())


@pytest.mark.parametrize("content", ["[]", "null", "5", '"text"', "{}", '{"rows": []}'])
def test_a_manifest_that_is_another_thing_is_refused_in_plain_words(
    here: Place, there: Place, content: str
) -> None:
    backup = here.back_up()
    backup.with_name("backup.db.json").write_text(content)
    with pytest.raises(BackupRefused, match="can't be read") as refused:
        backups.restore(there.settings, backup, NOW)
    assert "Manifest" not in str(refused.value)


@pytest.mark.parametrize("taken_at", ["garbage", "2026-01-01T00:00", 5, None])
def test_a_manifest_without_a_time_is_refused(here: Place, there: Place, taken_at: object) -> None:
    backup = here.back_up()
    file = backup.with_name("backup.db.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"taken_at": taken_at}))
    with pytest.raises(BackupRefused, match="can't be read"):
        backups.restore(there.settings, backup, NOW)


# -- nobody changes a backup, and nobody is revived --------------------------------------------------------


def with_another_manifest(file: Path, statement: str) -> None:
    """Change a backup, and make its manifest anew as anybody can who knows its format."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA journal_mode=DELETE")
    manifest = file.with_name(f"{file.name}.json")
    said = json.loads(manifest.read_text())
    said |= {"sha256": backups._digest(file), "rows": backups._rows(file)}
    manifest.write_text(json.dumps(said))


ACTING = (
    "CREATE TRIGGER t AFTER INSERT ON admin_sessions BEGIN DELETE FROM audit_log; END",
    "CREATE VIEW v AS SELECT * FROM subscribers",
    "CREATE TABLE extra (x)",
    "CREATE INDEX extra ON subscribers (name)",
    "CREATE VIRTUAL TABLE v USING fts5(x)",
)


@pytest.mark.parametrize("statement", ["UPDATE subscribers SET name = 'Eve'", *ACTING])
def test_a_backup_that_somebody_changed_and_described_anew_is_refused(
    here: Place, there: Place, statement: str
) -> None:
    file = here.back_up()
    with_another_manifest(file, statement)
    with pytest.raises(BackupRefused, match="its manifest was changed"):
        backups.restore(there.settings, file, wiring.now())
    assert not (there.folder / "brief.db").exists()


@pytest.mark.parametrize("statement", ACTING)
def test_nothing_in_a_backup_may_act_by_itself(here: Place, there: Place, statement: str) -> None:
    file = here.back_up()
    with_another_manifest(file, statement)
    with pytest.raises(BackupRefused, match="no part of this service"):
        backups.restore(there.settings, file, wiring.now(), Said(any_key=True))
    assert not (there.folder / "brief.db").exists()


@pytest.mark.parametrize("statement", ACTING)
def test_the_doctor_finds_what_is_no_part_of_the_service(here: Place, statement: str) -> None:
    with closing(sqlite3.connect(here.folder / "brief.db")) as connection:
        connection.execute(statement)
    found = {one.check: one for one in doctor.examine(here.settings)}
    wrong = found.get("foreign objects") or found["tables"]
    assert wrong.verdict == "wrong"


def test_a_backup_without_a_signature_is_taken_only_by_who_says_so(here: Place, there: Place) -> None:
    file = here.back_up()
    manifest = file.with_name(f"{file.name}.json")
    said = json.loads(manifest.read_text())
    del said["mac"]
    manifest.write_text(json.dumps(said))
    with pytest.raises(BackupRefused, match="is not signed"):
        backups.restore(there.settings, file, wiring.now())
    assert backups.restore(there.settings, file, wiring.now(), Said(any_key=True)).ended is None


def test_a_restore_revives_nobody_where_the_database_before_it_is_there(here: Place) -> None:
    file, service = here.back_up(), here.opened()
    left, deleted, moved, suppressed = service.roster.subscribers(limit=4)
    service.subscriptions.leave(left.id, NOW, "a page")
    service.subscriptions.forget(deleted.id, NOW)
    moved = service.subscriptions.revoke_links(moved.id, NOW, "a page")
    service.roster.suppressions.add(suppressed.address, Cause.COMPLAINED, NOW, "spam")
    service.roster.put_subscriber(Joining("new@example.org", TOPICS[:1]), NOW)
    service.engine.dispose()
    done = backups.restore(here.settings, file, wiring.now(), ALL)
    assert done.ended == Ended(left=1, deleted=1, suppressed=1, revoked=1, unknown=1)
    again = here.opened()
    assert again.roster.find(left.address).standing is SubscriberStatus.LEFT
    assert again.roster.find(moved.address).link_generation == moved.link_generation
    assert again.roster.suppressions.all()[0].note == "spam"
    with pytest.raises(UnknownSubscriber):
        again.roster.find(deleted.address)
    with pytest.raises(NotAdded, match="was deleted"):
        again.roster.put_subscriber(Joining(deleted.address, TOPICS[:1]), NOW)


@pytest.mark.parametrize("stopped", [False, True])
def test_who_waited_in_the_backup_and_was_deleted_since_stands_in_no_file(here: Place, stopped: bool) -> None:
    service, wanted = here.opened(), Preferences(TOPICS[:1])
    asked, moving = "asked@example.org", "moving@example.org"
    request = service.subscriptions.join(asked, wanted, NOW, "a page")
    service.store.queue_emails([Queued("confirm", asked)], NOW)
    mover = service.roster.subscribers(limit=1)[0]
    change = service.subscriptions.ask_address_change(mover.id, moving, NOW, "a page")
    assert isinstance(change, AddressAsked)
    waits = service.subscriptions.join("waits@example.org", wanted, NOW, "a page")
    file = here.back_up()
    _, confirmed = service.subscriptions.accept(request, NOW, "a page")
    service.subscriptions.forget(confirmed.id, NOW)
    service.subscriptions.change_address(mover.id, change.code, NOW, "a page")
    service.subscriptions.forget(mover.id, NOW)
    service.engine.dispose()
    done = backups.restore(here.settings, file, wiring.now(), replace(ALL, was_stopped=stopped))
    assert done.ended is not None
    assert done.ended.deleted == 2
    content = (here.folder / "brief.db").read_bytes()
    assert not [one for one in (asked, moving, mover.address) if one.encode() in content]
    again = here.opened()
    assert again.roster.request_by_reference(waits.reference) == waits
    again.engine.dispose()


def test_a_restore_says_what_it_revives(here: Place, there: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    file = here.back_up()
    for name, value in (("DATA_DIR", str(there.folder)), ("SECRET_KEY", there.key)):
        monkeypatch.setenv(f"BRIEF_{name}", value)
    ran = CliRunner().invoke(app, ["restore", str(file)])
    assert "people who left, were deleted or suppressed, and links that were revoked" in " ".join(
        ran.output.split()
    )


def test_a_deleted_address_stands_in_no_file_of_the_database(here: Place) -> None:
    service = here.opened()
    one = service.roster.subscribers(limit=1)[0]
    service.subscriptions.forget(one.id, NOW)
    for file in here.folder.glob("brief.db*"):
        assert one.address.encode() not in file.read_bytes(), file
    service.engine.dispose()
