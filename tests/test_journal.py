"""A sender's journal: what was begun and what became of it, also when it was cut off."""

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from service.adapters.journal import COMPACT_AT, FileJournal
from service.delivery import Fault, MailerUnusable, Outcome, State
from tests.letters import letter

FIRST, SECOND = letter("a@example.org", 1).ledger_row, letter("b@example.org", 2).ledger_row
SENT = Outcome(State.ACCEPTED, "250 OK queued as Ü")


def journal(folder: Path, worker: str = "here:1:1") -> FileJournal:
    opened = FileJournal(folder, worker)
    opened.open()
    return opened


def file_of(folder: Path) -> Path:
    (file,) = folder.rglob("*.journal")
    return file


def test_what_was_begun_and_what_became_of_it_is_read_back(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.begin([FIRST, SECOND])
    written.note(SECOND, SENT)
    written.flush()
    assert journal(tmp_path, "other").read("here:1:1") == {(1, 1): None, (2, 1): SENT}


def test_odd_words_in_a_journal_of_an_earlier_version_are_read_as_words(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.begin([FIRST])
    with file_of(tmp_path).open("ab") as file:
        file.write(rb'1 1 ["refused", "554 no \ud800\u0000 here"]' + b"\n")
    assert journal(tmp_path, "other").read("here:1:1") == {(1, 1): Outcome(State.REFUSED, "554 no here")}


def test_an_outcome_is_written_with_what_is_begun_next(tmp_path: Path) -> None:
    written, reader = journal(tmp_path), journal(tmp_path, "other")
    written.begin([FIRST])
    written.note(FIRST, SENT)
    assert reader.read("here:1:1") == {(1, 1): None}
    written.begin([SECOND])
    assert reader.read("here:1:1") == {(1, 1): SENT, (2, 1): None}


def test_nothing_is_known_of_a_worker_without_a_journal(tmp_path: Path) -> None:
    assert journal(tmp_path).read("elsewhere:1:1") is None


@pytest.mark.parametrize("lost", range(1, 45))
def test_a_line_that_was_cut_off_says_nothing(tmp_path: Path, lost: int) -> None:
    written = journal(tmp_path)
    written.begin([FIRST])
    written.note(FIRST, SENT)
    written.flush()
    content = file_of(tmp_path).read_bytes()
    file_of(tmp_path).write_bytes(content[:-lost])
    assert written.read("here:1:1") in ({(1, 1): None}, {})


def test_a_journal_of_which_all_is_settled_is_removed(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.begin([FIRST])
    written.forget([FIRST])
    written.close()
    assert list(tmp_path.rglob("*.journal")) == []


def test_a_long_journal_is_cut_to_what_still_matters(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.begin([SECOND])
    while file_of(tmp_path).stat().st_size <= COMPACT_AT:
        written.begin([FIRST] * 1000)
        for _ in range(1000):
            written.note(FIRST, SENT)
    written.forget([FIRST])
    written.note(SECOND, SENT)
    written.flush()
    assert file_of(tmp_path).stat().st_size < 100
    assert written.read("here:1:1") == {(2, 1): SENT}


def test_a_journal_that_cannot_be_written_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MailerUnusable, match="journal"):
        journal(tmp_path / "file")


def test_journals_that_matter_no_more_are_removed_but_not_young_ones(tmp_path: Path) -> None:
    """The database may commit the last claim of a killed worker after its death."""
    for worker in ("dead:1:1", "asked:2:1", "young:3:1"):
        journal(tmp_path, worker).begin([FIRST])
    own = journal(tmp_path)
    own.begin([SECOND])
    for file in tmp_path.rglob("*.journal"):
        if "young" not in file.name:
            os.utime(file, (0, 0))
    own.tidy(lambda worker: worker == "asked:2:1")
    known = [own.read(one) is not None for one in ("here:1:1", "dead:1:1", "asked:2:1", "young:3:1")]
    assert known == [True, False, True, True]


@contextmanager
def no_descriptor_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    del monkeypatch
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def last_descriptor_taken(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The one that closing the old file set free, by another thread, before ours opens the new one."""

    def refused(*_: object) -> NoReturn:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patch:
        patch.setattr("service.adapters.journal.os.open", refused)
        yield


@pytest.mark.parametrize("trouble", [no_descriptor_left, last_descriptor_taken])
def test_a_journal_that_can_not_be_reopened_goes_on_and_writes_into_no_strangers_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[pytest.MonkeyPatch], AbstractContextManager[None]],
) -> None:
    written = journal(tmp_path)
    monkeypatch.setattr("service.adapters.journal.COMPACT_AT", 0)
    written.begin([FIRST, SECOND])
    with trouble(monkeypatch):
        written.forget([FIRST])
    with (tmp_path / "stranger").open("wb+") as stranger:
        written.begin([letter("c@example.org", 3).ledger_row])
        assert stranger.read() == b""
    assert set(written.read("here:1:1") or {}) >= {(2, 1), (3, 1)}
    written.forget([SECOND])
    assert set(written.read("here:1:1") or {}) == {(3, 1)}


def test_whose_fault_it_was_is_read_back(tmp_path: Path) -> None:
    written = journal(tmp_path)
    written.begin([FIRST])
    written.note(FIRST, Outcome(State.FAILED, "450 too fast", Fault.RATE))
    found = written.read("here:1:1")
    assert found is not None
    kept = found[1, 1]
    assert kept is not None
    assert kept.fault is Fault.RATE
    assert not kept.is_attempt
