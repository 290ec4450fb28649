"""What an editor is told before, at and after approving; and who is asked, how often."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from service.editing import WriteNote
from service.papers import Fetched
from service.schedule import AskForApproval, Draft, Hold, Rules, State, due, in_words
from service.scheduler import Scheduler
from service.store import Store
from service.web.health import Tolerance, readiness
from subscribers.roster import Roster
from tests import builders
from tests.newsdesk import EDITOR, VIEWER, signed_in
from tests.newsrooms import NOW, TOPICS, add_readers, save_issue
from tests.readers import Place, body_of, open_place
from tests.test_approval import Never

LABEL = builders.WINDOW.label
BASE = "http://127.0.0.1:8000"  # on this machine a one-click link may be http
OTHER = "eve@example.org"
HOUR = dt.timedelta(hours=1)
RULES = Rules(Never())
PATH = f"/admin/issues/{LABEL}"


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    """An issue that waits for approval, two editors and a viewer."""
    made = open_place(tmp_path, migrated, BASE, admins=f"{EDITOR}, {OTHER}, {VIEWER}=viewer")
    papers = tuple(builders.papers().values())
    made.service.store.store_fetched(
        builders.topic(), Fetched(builders.topic().slug, builders.WINDOW, papers, NOW), "test"
    )
    made.service.store.approve(LABEL, made.clock.now)
    made.service.store.withdraw(LABEL)
    return made


def scheduler(place: Place) -> Scheduler:
    return Scheduler(place.service, RULES, clock=place.clock)


def edit(place: Place, by: str, words: str) -> None:
    place.service.store.edit_issue(LABEL, WriteNote("exoplanets", words), by, place.clock.now)


def asked(place: Place) -> list[str]:
    """Who was asked until now, in the order of the e-mails; the outbox is emptied."""
    scheduler(place).until_done()
    found = [str(one["to"]) for one in place.letters() if "approve" in str(one["subject"])]
    for file in place.service.settings.outbox.glob("*.eml"):
        file.unlink()
    return sorted(found)


def test_editors_are_asked_and_viewers_are_not(place: Place) -> None:
    assert asked(place) == [EDITOR, OTHER]


def test_edits_of_an_hour_make_one_e_mail_and_not_to_who_made_them(place: Place) -> None:
    asked(place)
    for minute in range(10):
        place.clock.forward(minutes=1)
        edit(place, EDITOR, f"Note {minute}.")
        assert asked(place) == []
    place.clock.forward(minutes=50)
    scheduler(place).until_done()
    (told,) = place.letters()
    assert told["to"] == OTHER
    assert body_of(told).count("a note added, by ann@example.org") == 10


def test_where_the_only_editor_edited_nobody_is_asked_in_vain(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    asked(place)
    place.clock.forward(minutes=1)
    for number, by in enumerate((EDITOR, OTHER), 1):
        edit(place, by, f"Note number {number}.")
    place.clock.forward(hours=2)
    assert asked(place) == []
    assert "asked_in_vain" not in caplog.text
    place.clock.forward(hours=25)
    assert asked(place) == [EDITOR, OTHER]  # a reminder goes to everybody who may approve


@pytest.mark.parametrize("minutes", [0, 30, 59])
def test_no_issue_is_asked_about_twice_in_an_hour(minutes: int) -> None:
    draft = Draft(LABEL, builders.WINDOW, NOW, "another hash", last_asked_at=NOW)
    now = NOW + dt.timedelta(minutes=minutes)
    assert not any(isinstance(one, AskForApproval) for one in due(State(issues=(draft,)), now, RULES))
    later = due(State(issues=(draft,)), NOW + HOUR, RULES)
    assert any(isinstance(one, AskForApproval) for one in later)


# -- the page -----------------------------------------------------------------------------------------------


def words(place: Place) -> str:
    return " ".join(signed_in(place).get(PATH).text.split())


def test_before_the_click_the_page_says_who_gets_it_and_when(place: Place) -> None:
    place.subscriber(time_zone="UTC", hour=12)
    place.subscriber("bo@example.org", time_zone="Asia/Tokyo", hour=8)
    said = words(place)
    assert "2 readers get it, each at their own hour" in said
    assert "the first on 26 May 2026, 12:00 UTC, the last on 26 May 2026, 23:00 UTC" in said


def test_readers_of_one_hour_are_told_it_once(place: Place) -> None:
    place.subscriber(time_zone="UTC", hour=12)
    assert "each at their own hour: on 26 May 2026, 12:00 UTC." in words(place)


def test_approving_claims_nothing_that_is_not_so(place: Place) -> None:
    place.subscriber()
    ann = signed_in(place)
    ann.press(ann.get(PATH), "Approve")
    said = words(place)
    assert "not sent yet" not in said
    assert "“Send now” passes over readers’ hours" in said
    scheduler(place).until_done()
    assert "being delivered" in words(place)


def test_send_now_passes_over_the_hours_of_what_was_planned_meanwhile(place: Place) -> None:
    place.subscriber(hour=23)
    ann = signed_in(place)
    ann.press(ann.get(PATH), "Approve")
    page = ann.get(PATH)
    scheduler(place).until_done()
    assert place.service.store.undelivered(place.clock.now) == []
    assert ann.press(page, "Send now").status == 303
    assert place.service.store.undelivered(place.clock.now) == [LABEL]


# -- after a restore ----------------------------------------------------------------------------------------


def test_before_the_click_the_page_says_that_an_issue_is_held_after_a_restore(place: Place) -> None:
    place.subscriber()
    place.service.store.hold(place.clock.now, place.clock.now)
    said = words(place)
    assert "After the restore: it may have left after the backup of" in said
    assert "readers get it" not in said


def test_what_is_held_after_a_restore_is_said_on_the_page(place: Place) -> None:
    place.subscriber()
    place.service.store.approve(LABEL, place.clock.now)
    place.service.store.hold(place.clock.now, place.clock.now)
    place.service.store.plan(LABEL, place.clock.now, local_hours=True)
    said = words(place)
    assert "1 delivery is held: it may have left before the backup was restored" in said
    assert "After the restore" not in said


def test_what_is_held_after_a_restore_is_said_by_due_and_readiness(
    store: Store, roster: Roster, engine: object
) -> None:
    add_readers(roster, 3)
    store.hold(NOW, NOW)
    label = save_issue(store, TOPICS[:1]).label
    store.plan(label, NOW, local_hours=True)
    (hold,) = [one for one in due(store.agenda(NOW), NOW, RULES) if isinstance(one, Hold)]
    assert "3 deliveries may have left before the restore" in in_words(hold)
    assert "brief deliveries resolve 2026-W22" in in_words(hold)
    found = readiness(engine, store, Tolerance(), NOW)  # type: ignore[arg-type]  # a fixture's engine
    assert found["restore"].startswith("deliveries may have left before the restore (3 of 2026-W22)")
    store.resolve(label, next(iter(store.counts(label))).ACCEPTED, NOW)
    assert "restore" not in readiness(engine, store, Tolerance(), NOW)  # type: ignore[arg-type]  # as above
    assert not [one for one in due(store.agenda(NOW), NOW, RULES) if isinstance(one, Hold)]


def test_a_draft_without_a_question_before_is_asked_about_at_once() -> None:
    draft = Draft(LABEL, builders.WINDOW, NOW, "hash")
    assert AskForApproval(LABEL, "hash") in due(State(issues=(draft,)), NOW, RULES)
    held = replace(draft, by_hand=True)
    assert AskForApproval(LABEL, "hash") in due(State(issues=(held,)), NOW, replace(RULES, auto=True))
