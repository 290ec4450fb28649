"""The letter that asks the admins to approve an issue."""

from dataclasses import replace
from pathlib import Path

import pytest

from service.approvals import ask_about_held, ask_for_approval
from service.transactional import TransactionalSender
from subscribers.preferences import Frequency
from tests import builders
from tests.newsdesk import ADMINS, EDITOR, VIEWER
from tests.readers import SOON, Place, body_of, open_place

BASE = "http://127.0.0.1:8000"  # on this machine a one-click link may be http
LABEL = builders.WINDOW.label


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated, BASE, admins=ADMINS)


def ask(place: Place) -> str:
    """The plaintext of the letter, on one line."""
    assert ask_for_approval(place.service, LABEL, place.clock.now)
    return " ".join(body_of(place.letter("Please approve")).split())


def test_every_editor_gets_an_e_mail_with_a_link_to_the_issue(place: Place) -> None:
    words = ask(place)
    assert [str(one["to"]) for one in place.letters()] == [EDITOR]
    assert f"{BASE}/admin/issues/{LABEL}" in words
    assert "14 papers on Robot Learning and Exoplanets" in words
    assert "with no problems" in words


def test_the_audience_is_told_by_topic_and_by_reason(place: Place) -> None:
    place.subscriber("one@example.org", ["exoplanets"])
    place.subscriber("two@example.org", ["exoplanets", "robot-learning"])
    monthly = place.subscriber("three@example.org", ["exoplanets"])
    monthly_now = replace(monthly.preferences, frequency=Frequency.MONTHLY)
    subscriptions = place.app.app.state.pages_context.subscriptions
    subscriptions.change(monthly.id, monthly.preferences, monthly_now, place.clock.now, "test")
    words = ask(place)
    assert "2 readers would get it" in words
    assert "* Exoplanets: 2 * Robot Learning: 1" in words
    assert "* monthly: gets the last issue of a month: 1" in words


def test_what_is_wrong_is_told_before_it_goes_out(tmp_path: Path, migrated: Path) -> None:
    place = open_place(tmp_path, migrated, "http://brief.example.org", admins=ADMINS)
    words = ask(place)
    assert "9 different e-mails were checked, and there are problems with 9 of them" in words
    assert "List-Unsubscribe is not exactly one https address" in words


def test_a_reminder_has_a_message_id_of_its_own(place: Place) -> None:
    ask(place)
    first = {str(one["message-id"]) for one in place.letters()}
    place.clock.forward(days=1)
    ask(place)
    assert len({str(one["message-id"]) for one in place.letters()}) == 2 * len(first)


def test_nobody_is_asked_where_no_admin_is_set(tmp_path: Path, migrated: Path) -> None:
    place = open_place(tmp_path, migrated)
    assert not ask_for_approval(place.service, LABEL, place.clock.now)
    assert not ask_about_held(place.service, LABEL, 7, place.clock.now)
    assert place.letters() == []


def test_a_mailer_that_is_away_loses_no_question(place: Place) -> None:
    folder = place.service.settings.outbox
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("no folder")
    assert ask_for_approval(place.service, LABEL, place.clock.now)
    TransactionalSender(place.service, lambda: place.clock.now + SOON).send_due()
    folder.unlink()
    place.clock.forward(minutes=5)
    assert len(place.letters()) == 1


def test_every_admin_is_asked_about_deliveries_that_are_late(place: Place) -> None:
    ask_about_held(place.service, LABEL, 1200, place.clock.now)
    letters = list(place.letters())
    words = " ".join(body_of(place.letter(f"Issue {LABEL}: 1,200 deliveries are late and held")).split())
    assert sorted(str(one["to"]) for one in letters) == [EDITOR, VIEWER]
    assert f"{BASE}/admin/issues/{LABEL}/deliveries" in words
    assert "more than 12 hours ago" in words
