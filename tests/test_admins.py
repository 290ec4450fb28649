"""Who is an admin, and how long links and sessions of admins are good."""

import datetime as dt

import pytest
import sqlalchemy as sa

from service.admins import (
    IDLE_LIFETIME,
    LINK_LIFETIME,
    SESSION_LIFETIME,
    Admin,
    AdminsUnreadable,
    Role,
    is_over,
    read_admins,
)
from service.store import Act, LinkRefusal, Store
from tests.cases import every
from tests.test_cli import Brief, brief

__all__ = ["brief"]  # the fixture

NOW = dt.datetime(2026, 6, 2, 9, tzinfo=dt.UTC)
ANN = "ann@example.org"
MOMENT = dt.timedelta(seconds=1)


def test_admins_are_editors_unless_the_list_says_otherwise() -> None:
    assert read_admins(" Ann@Example.org, bob@example.org = viewer,cem@example.org=editor,") == {
        ANN: Admin(ANN, Role.EDITOR),
        "bob@example.org": Admin("bob@example.org", Role.VIEWER),
        "cem@example.org": Admin("cem@example.org", Role.EDITOR),
    }


@pytest.mark.parametrize("text", ["", " ", ",,"])
def test_an_empty_list_names_nobody(text: str) -> None:
    assert read_admins(text) == {}


@every(
    ("text", "words"),
    [
        ("ann", "not an e-mail address"),
        ("ann@example.org=boss", "a role is viewer or editor"),
        ("ann@example.org=", "a role is viewer or editor"),
        ("ann@example.org, ANN@example.org=viewer", "twice"),
        ("ann@example.org; bob@example.org", "not an e-mail address"),
    ],
)
def test_a_list_that_can_not_be_read_says_why(text: str, words: str) -> None:
    with pytest.raises(AdminsUnreadable, match=words):
        read_admins(text)


def test_only_an_editor_may_change_things() -> None:
    assert Role.EDITOR.allows(Role.EDITOR)
    assert Role.VIEWER.allows(Role.VIEWER)
    assert not Role.VIEWER.allows(Role.EDITOR)


def test_a_session_ends_when_it_is_idle_or_old() -> None:
    assert not is_over(NOW, NOW, NOW + IDLE_LIFETIME - MOMENT)
    assert is_over(NOW, NOW, NOW + IDLE_LIFETIME)
    late = NOW + SESSION_LIFETIME
    assert not is_over(NOW, late - MOMENT, late - MOMENT)
    assert is_over(NOW, late - MOMENT, late)


def test_a_link_opens_once_and_says_what_is_wrong_later(store: Store) -> None:
    token = store.ask_sign_in(ANN, NOW)
    assert store.sign_in_address(token, NOW) == ANN
    found = store.sign_in(token, NOW)
    assert not isinstance(found, LinkRefusal)
    assert store.session_address(found[1], NOW) == ANN
    assert store.sign_in(token, NOW) is LinkRefusal.USED
    assert store.sign_in("forged", NOW) is LinkRefusal.UNKNOWN
    late = store.ask_sign_in(ANN, NOW)
    assert store.sign_in(late, NOW + LINK_LIFETIME) is LinkRefusal.EXPIRED


def test_the_database_holds_no_token_and_no_session_id(store: Store, engine: sa.Engine) -> None:
    token = store.ask_sign_in(ANN, NOW)
    found = store.sign_in(token, NOW)
    assert not isinstance(found, LinkRefusal)
    with engine.connect() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM sign_ins").all())
        kept += str(connection.exec_driver_sql("SELECT * FROM admin_sessions").all())
    assert ANN in kept
    assert token not in kept
    assert found[1] not in kept


def test_a_session_that_is_used_lives_on_and_ends_at_sign_out(store: Store) -> None:
    found = store.sign_in(store.ask_sign_in(ANN, NOW), NOW)
    assert not isinstance(found, LinkRefusal)
    _, session = found
    for hours in range(1, 12):
        assert store.session_address(session, NOW + dt.timedelta(hours=hours)) == ANN
    assert store.session_address(session, NOW + SESSION_LIFETIME) is None
    store.sign_out(session)
    assert store.session_address(session, NOW) is None


def test_signing_out_everywhere_ends_sessions_and_open_links(store: Store) -> None:
    sessions = [store.sign_in(store.ask_sign_in(ANN, NOW), NOW) for _ in range(2)]
    token = store.ask_sign_in(ANN, NOW)
    assert store.sign_out_everywhere(ANN) == 2
    assert all(store.session_address(one[1], NOW) is None for one in sessions)  # type: ignore[index]  # both came in
    assert store.sign_in(token, NOW) is LinkRefusal.UNKNOWN


def test_old_links_and_sessions_are_forgotten(store: Store, engine: sa.Engine) -> None:
    store.sign_in(store.ask_sign_in(ANN, NOW), NOW)
    store.ask_sign_in(ANN, NOW + dt.timedelta(days=8))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sign_ins").scalar() == 1
        assert connection.exec_driver_sql("SELECT count(*) FROM admin_sessions").scalar() == 0


def test_the_audit_log_is_read_newest_first_a_page_at_a_time(store: Store) -> None:
    for number in range(5):
        store.note(Act(ANN, f"did {number}", "issue 2026-W22" if number % 2 else "topic x"), NOW)
    page = store.noted(limit=2)
    assert [one.act.action for one in page] == ["did 4", "did 3"]
    assert [one.act.action for one in store.noted(before=page[-1].id, limit=2)] == ["did 2", "did 1"]
    assert [one.act.action for one in store.noted(subject="issue 2026-W22")] == ["did 3", "did 1"]


def test_the_command_line_prints_a_link_for_an_admin(brief: Brief) -> None:
    ran = brief("admin", "link", "Ann@example.org", ADMINS=ANN)
    assert ran.code == 0, ran.err
    assert "http://127.0.0.1:8000/admin/sign-in/" in ran.out


@pytest.mark.parametrize(
    ("admins", "words"),
    [
        ("", "BRIEF_ADMINS is empty"),
        ("bob@example.org", "ann@example.org is no admin; add it to BRIEF_ADMINS, which names: bob@"),
        ("bob", "BRIEF_ADMINS: 'bob' is not an e-mail address"),
    ],
)
def test_a_link_for_nobody_says_what_to_set(brief: Brief, admins: str, words: str) -> None:
    ran = brief("admin", "link", ANN, ADMINS=admins)
    assert ran.code != 0
    assert words in " ".join(ran.err.split())
