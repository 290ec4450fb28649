"""What the command line did stands in the audit log: who, where, what, and no address."""

import os
import pwd
import socket
from pathlib import Path

import pytest

from service import wiring
from service.cli import building, terminal
from service.delivery.transactional import Queued
from service.pipeline import BuildReport
from service.settings import Settings
from service.store import Act
from service.wiring import Service
from tests.newsrooms import NOW, TOPICS, add_readers, save_issue
from tests.test_cli import Brief, brief

__all__ = ["brief"]
LABEL, LATER = "2026-W22", "2026-W23"
ISSUE = f"issue {LABEL}"
ADDRESS = "ada@example.org"
TOPIC = """
slug = "tactile-sensing"
name = "Tactile Sensing"
description = "Touch for robots."
categories = ["cs.RO"]
search_terms = ["tactile"]
ranking_terms = ["tactile"]
"""


@pytest.fixture
def service(brief: Brief) -> Service:
    """An issue that is planned for two readers."""
    assert brief("issues").code == 0
    opened = wiring.open_service(Settings(_env_file=None))
    save_issue(opened.store)
    add_readers(opened.roster, 2)
    opened.store.plan(LABEL, NOW, local_hours=True)
    return opened


def acts(service: Service) -> list[Act]:
    return [one.act for one in service.store.noted()]


COMMANDS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("approve", LABEL), "approved", ISSUE),
    (("send", LATER), "sent", f"issue {LATER}"),
    (("deliveries", "pause", LABEL), "paused", ISSUE),
    (("deliveries", "resume", LABEL), "resumed", ISSUE),
    (("deliveries", "retry", LABEL), "retried deliveries", ISSUE),
    (("deliveries", "resolve", LABEL, "--as", "accepted"), "resolved deliveries as accepted", ISSUE),
    (("deliveries", "release", LABEL), "released late deliveries", ISSUE),
    (("deliveries", "reconcile", LABEL), "reconciled", ISSUE),
    (("deliveries", "cancel", LABEL, "--yes"), "cancelled", ISSUE),
    (("subscribers", "add", ADDRESS, "--topic", TOPICS[0]), "added", "subscriber 3"),
    (("subscribers", "suppress", ADDRESS), "suppressed", "subscriber 3"),
    (("subscribers", "suppress", "nobody@example.org"), "suppressed", "an address"),
    (("subscribers", "forget", "reader0@example.org", "--yes"), "deleted", "subscriber 1"),
    (("subscribers", "export"), "exported", "all subscribers"),
    (("subscribers", "import", "readers.csv", "--consent", "a list"), "imported", "file readers.csv"),
    (("topics", "add", "topic.toml"), "added", "topic tactile-sensing"),
    (("topics", "remove", "exoplanets", "--yes"), "removed", "topic exoplanets"),
    (("restored", "--taken", "2026-06-02T03:00+00:00"), "restored", "the backup of 2026-06-02 03:00 UTC"),
)  # and what the log has for each


def test_a_command_is_in_the_audit_log(brief: Brief, service: Service) -> None:
    Path("readers.csv").write_text(f"address,topics\n{ADDRESS},{TOPICS[0]}\n", encoding="utf-8")
    Path("topic.toml").write_text(TOPIC, encoding="utf-8")
    save_issue(service.store, label=LATER)
    for number, (command, action, subject) in enumerate(COMMANDS, 1):
        ran = brief(*command)
        assert ran.code == 0, (command, ran.err)
        assert len(acts(service)) == number, command
        act = acts(service)[0]
        assert (act.action, act.subject) == (action, subject)
        assert act.actor == f"{terminal.operator()} (command line)"
        assert act.source == socket.gethostname()
        assert "@" not in f"{act.subject} {act.detail}"


def test_a_build_is_in_the_audit_log(after_build: Service) -> None:
    assert [(act.action, act.subject) for act in acts(after_build)] == [("built", ISSUE)]


@pytest.fixture
def after_build(service: Service) -> Service:
    building._record_build(service, LABEL, BuildReport(service.store.issue(LABEL), (), {}), over_edits=False)
    return service


def test_a_restore_is_in_the_audit_log_of_what_was_restored(brief: Brief, service: Service) -> None:
    assert brief("backup", "kept.db").code == 0
    service.engine.dispose()
    ran = brief("restore", "kept.db", "--yes")
    assert ran.code == 0, ran.err
    again = wiring.open_service(Settings(_env_file=None))
    assert [act.action for act in acts(again)] == ["restored"]


def test_approving_after_a_restore_says_that_the_issue_is_held(brief: Brief) -> None:
    assert brief("issues").code == 0
    store = wiring.open_service(Settings(_env_file=None)).store
    save_issue(store)
    assert "restore" not in brief("approve", LABEL).out
    store.hold(NOW, NOW)
    said = brief("approve", LABEL).out
    assert "it may have left after the backup of 2026-06-02 03:00 UTC was taken" in said


def test_what_only_looks_leaves_no_line(brief: Brief, service: Service) -> None:
    for command in (("deliveries", LABEL), ("subscribers", "list"), ("issues",), ("due",)):
        assert brief(*command).code == 0
    assert acts(service) == []


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", nameless)
    assert terminal.operator() == f"user {os.getuid()}"


def test_how_transactional_e_mails_stand_is_told(brief: Brief, service: Service) -> None:
    service.store.queue_emails([Queued("sign-in", ADDRESS)], NOW)
    assert brief("worker", "--once").code == 0
    ran = brief("deliveries", "transactional")
    assert "sign-in" in ran.out
    assert "failed" in ran.out
    assert "nobody took it in time" in ran.out
    assert ADDRESS not in ran.out
