"""The admin pages of an issue's deliveries, and the queries under them."""

import csv
import io
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.delivery import Outcome, State
from service.store import Store
from subscribers.roster import Roster
from tests import builders
from tests.newsdesk import ADMINS, EDITOR, VIEWER, signed_in
from tests.newsrooms import NOW, add_readers, save_issue
from tests.readers import Answer, Place, Reader, open_place

LABEL = builders.WINDOW.label
PAGE = f"/admin/issues/{LABEL}/deliveries"


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    """A planned issue: one accepted, one uncertain, one failed, one refused, one skipped."""
    made = open_place(tmp_path, migrated, admins=ADMINS)
    store = made.service.store
    for name in ("ann", "ann.b", "anna", "berta"):
        made.subscriber(f"{name}@example.org")
    made.subscriber("carl@example.org", ["llm-agents"])
    store.plan(LABEL, made.clock.now)
    one, two, three, four = store.claim(LABEL, "here", 4, made.clock.now)
    outcomes = [
        (one, Outcome(State.ACCEPTED)),
        (two, Outcome(State.UNCERTAIN, "its worker stopped while sending")),
        (three, Outcome(State.FAILED, "451 try later")),
        (four, Outcome(State.REFUSED, "=550 no such mailbox")),
    ]
    store.settle(outcomes, made.clock.now)
    return made


@pytest.fixture
def ann(place: Place) -> Reader:
    return signed_in(place, EDITOR)


def words(page: Answer) -> str:
    return " ".join(page.text.split())


def looked_up(admin: Reader, address: str) -> Answer:
    return admin.press(admin.get(PAGE), "Look up", address=address)


def states(place: Place) -> dict[State, int]:
    return dict(place.service.store.status(LABEL).deliveries)


def test_the_page_shows_the_sum_that_always_holds(ann: Reader) -> None:
    assert (
        "<b>5</b> audience = <b>1</b> accepted + <b>1</b> refused + <b>1</b> failed + <b>1</b> uncertain + "
        "<b>1</b> skipped" in words(ann.get(PAGE))
    )


def test_a_sum_that_does_not_hold_is_told_loudly(place: Place, ann: Reader) -> None:
    with place.service.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM deliveries WHERE state = 'refused'"))
    assert "is not the audience of 5" in ann.get(PAGE).notice


def test_everybody_is_there_with_why_they_got_it_or_not(ann: Reader) -> None:
    page = words(ann.get(PAGE))
    for said in (
        "follows Robot Learning and Exoplanets", "its worker stopped while sending", "451 try later",
        "nothing new in the topics followed",
    ):  # fmt: skip
        assert said in page


def test_one_reader_is_looked_up_by_the_beginning_of_an_address(ann: Reader) -> None:
    page = looked_up(ann, "ANN.")
    assert "ann.b@example.org" in page.text
    assert "anna@example.org" not in page.text
    assert "berta@example.org" not in page.text


def test_no_address_stands_in_a_url(ann: Reader) -> None:
    path, sent = ann.get(PAGE).button("Look up")
    assert (path, "address" in sent) == (f"{PAGE}/search", True)


def test_a_viewer_looks_up_and_gets_no_buttons(place: Place) -> None:
    page = looked_up(signed_in(place, VIEWER), "ann")
    assert "ann@example.org" in page.text
    assert "Send again" not in page.text
    assert "CSV" not in page.text


def test_who_is_not_in_the_ledger_is_told_why(place: Place, ann: Reader) -> None:
    place.subscriber("late@example.org")
    assert "came after it was frozen" in looked_up(ann, "late@example.org").notice
    assert "No address on the roster" in looked_up(ann, "nobody@example.org").notice


def test_before_the_plan_a_reader_is_told_what_would_be(tmp_path: Path, migrated: Path) -> None:
    place = open_place(tmp_path, migrated, admins=ADMINS)
    place.subscriber("ann@example.org")
    notice = looked_up(signed_in(place), "ann@example.org").notice
    assert "this subscriber would get it: follows Robot Learning and Exoplanets" in notice


def test_rows_are_filtered_by_state(ann: Reader) -> None:
    page = ann.get(f"{PAGE}?state=failed").text
    assert "451 try later" in page
    assert "its worker stopped" not in page
    assert ann.get(f"{PAGE}?state=nonsense").status == 422


@pytest.mark.parametrize(("answer", "state"), [("It arrived", "accepted"), ("Send again", "waiting")])
def test_one_uncertain_delivery_is_resolved(place: Place, ann: Reader, answer: str, state: State) -> None:
    before = states(place)
    ann.press(ann.get(f"{PAGE}?state=uncertain"), answer)
    after = states(place)
    assert after.get(State.UNCERTAIN, 0) == 0
    assert after[State(state)] == before.get(State(state), 0) + 1
    act = place.service.store.noted()[0].act
    assert (act.actor, act.action, act.subject) == (EDITOR, f"resolved as {state}", f"issue {LABEL}")


def test_all_uncertain_deliveries_are_resolved_with_a_note(place: Place, ann: Reader) -> None:
    ann.press(ann.get(f"{PAGE}?state=uncertain"), "They arrived", note="asked the provider")
    assert State.UNCERTAIN not in states(place)
    assert "asked the provider" in {line.reason for line in place.service.store.lines(LABEL)}


def test_what_is_no_delivery_does_not_become_all_of_them(place: Place, ann: Reader) -> None:
    before = states(place)
    for id_ in ("x", "-1", "0", "99999999999999999999"):
        ann.press(ann.get(f"{PAGE}?state=uncertain"), "It arrived", id=id_)
        assert states(place) == before, id_


def test_what_failed_is_tried_again(place: Place, ann: Reader) -> None:
    ann.press(ann.get(PAGE), "Try everything that failed")
    assert states(place)[State.WAITING] == 1
    ann.press(ann.get(f"{PAGE}?state=refused"), "Try again")
    assert states(place)[State.WAITING] == 2


def test_nothing_else_is_tried_again(place: Place, ann: Reader) -> None:
    before = states(place)
    for state in ("accepted", "skipped", "nonsense"):
        assert ann.press(ann.get(PAGE), "Try everything that failed", state=state).status == 422, state
        assert states(place) == before, state


def test_the_sheet_holds_every_row_and_no_formula(place: Place, ann: Reader) -> None:
    answer = ann.press(ann.get(PAGE), "Download all")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 5
    assert "'=550 no such mailbox" in {row["reason"] for row in rows}
    assert place.service.store.noted()[0].act.action == "downloaded deliveries"


def test_the_overview_names_every_planned_issue(ann: Reader) -> None:
    page = words(ann.get("/admin/deliveries"))
    assert f"Issue {LABEL}" in page
    assert "<b>5</b> audience" in page


# -- the queries, on both databases -----------------------------------------------------------------------


@pytest.fixture
def planned(store: Store, roster: Roster) -> str:
    """An issue planned for 120 readers."""
    label = save_issue(store).label
    add_readers(roster, 120)
    store.plan(label, NOW)
    return label


def test_pages_by_key_hold_everybody_once(store: Store, planned: str) -> None:
    found, after = [], 0
    while page := store.page(planned, after=after, limit=50):
        found += [line.address for line in page]
        after = page[-1].id
    assert len(found) == len(set(found)) == 120


def test_pages_of_an_address_go_on_where_the_last_one_ended(store: Store, planned: str) -> None:
    first = store.page_of_address(planned, "reader1", limit=20)
    rest = store.page_of_address(planned, "reader1", after=first[-1].id, limit=20)
    addresses = [line.address for line in (*first, *rest)]
    assert len(addresses) == len(set(addresses)) == 31
    assert all(str(address).startswith("reader1") for address in addresses)


def test_a_search_takes_every_character_as_it_is(store: Store, planned: str) -> None:
    for begins in ("%", "_", "reader1%", "reader\\", "'", "é\U0010ffff"):
        assert list(store.page_of_address(planned, begins)) == [], begins
    (found,) = store.page_of_address(planned, "READER119@example.org")
    assert found.address == "reader119@example.org"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # PostgreSQL reads few rows without one
def test_a_search_reads_the_index_of_addresses(store: Store, planned: str) -> None:
    """Neither the ledger nor the roster is read through."""
    engine = store._engine
    statements: list[tuple[str, object]] = []

    def listener(_connection: object, _cursor: object, text: str, given: object, *_: object) -> None:
        if text.startswith("SELECT"):
            statements.append((text, given))

    sa.event.listen(engine, "before_cursor_execute", listener)
    store.page_of_address(planned, "reader1")
    sa.event.remove(engine, "before_cursor_execute", listener)
    text, given = statements[0]
    with engine.connect() as connection:
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given))  # type: ignore[arg-type]  # as the driver was given them
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan


def test_the_crowd_is_what_a_plan_would_freeze(store: Store, roster: Roster) -> None:
    label = save_issue(store).label
    add_readers(roster, 4)
    add_readers(roster, 2, ["robot-learning", "llm-post-train"])
    add_readers(roster, 1, ["exoplanets"])
    audience_summary = store.audience_summary(label, NOW.date())
    store.plan(label, NOW)
    counts = store.counts(label)
    assert audience_summary.readers == counts[State.WAITING]
    assert sum(audience_summary.by_reason.values()) == counts.get(State.SKIPPED, 0)
    assert sum(audience_summary.editions.values()) == audience_summary.readers


def test_late_deliveries_are_held_until_an_editor_sends_them(place: Place, ann: Reader) -> None:
    held = "UPDATE deliveries SET state = 'waiting', due_at = NULL, retry_at = NULL WHERE state = 'failed'"
    with place.service.engine.begin() as connection:
        connection.execute(sa.text(held))
    page = ann.get(PAGE)
    assert "1 of the waiting are held" in words(page)
    assert "Send the 1 late" not in signed_in(place, VIEWER).get(PAGE).text
    assert ann.press(page, "Send the 1 late ones now").status == 303
    assert place.service.store.held(LABEL) == 0
    assert "are held" not in words(ann.get(PAGE))
