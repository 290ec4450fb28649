"""Subscribers found by any part of an address or a name, filtered, paged and downloaded."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.store import bounced
from service.store.tables import BounceRow
from service.web.admin.people import A_PAGE
from subscribers import directory
from subscribers.database import table
from subscribers.directory import newest_first
from subscribers.preferences import SubscriberStatus
from subscribers.selection import Bounces, Selection, State, ids_of
from subscribers.suppressions import Cause
from tests.newsdesk import ADMINS, VIEWER, signed_in
from tests.newsrooms import join
from tests.readers import NOW, Answer, Place, Reader, place_on

PEOPLE = "/admin/subscribers"
ADDRESSES = re.compile(r'/admin/subscribers/\d+">([^<]+)</a>')


@pytest.fixture
def place(tmp_path: Path, database: str) -> Iterator[Place]:
    place = place_on(tmp_path, database, admins=ADMINS)
    yield place
    place.service.engine.dispose()


@pytest.fixture
def ann(place: Place) -> Reader:
    return signed_in(place)


def shown(page: Answer) -> list[str]:
    """The addresses that a page lists, in its order."""
    return ADDRESSES.findall(page.text)


def look_for(ann: Reader, **asked: str) -> Answer:
    """As a browser does, which sends the form again where it is told to."""
    page = ann.get(PEOPLE)
    answer = ann.press(page, "Show", **asked)
    if answer.status == 307:
        _, sent = page.button("Show")
        return ann.post(answer.headers["location"], {**sent, **asked})
    return ann.get(answer.headers["location"]) if answer.status == 303 else answer


# -- searching ---------------------------------------------------------------------------------------------

FOUND: tuple[tuple[str, set[str]], ...] = (
    (" ADA", {"Ada@example.org", "cicada_1@mail.example.net"}),
    ("cada_1@", {"cicada_1@mail.example.net"}),
    ("a_1", {"cicada_1@mail.example.net"}),  # no pattern: _ and % are themselves
    ("a%1", set()),
    (".NET", {"cicada_1@mail.example.net"}),
    ("m\u00fcnchen", {"bo@xn--mnchen-3ya.de"}),  # as people write it
    ("bo@m\u00fcnchen.de", {"bo@xn--mnchen-3ya.de"}),
    ("\u00e9milie", {"emilie@example.org"}),  # by name, whatever a database knows of capitals
    ("\u00c9MILIE", {"emilie@example.org"}),
    ("du ch\u00e2", {"emilie@example.org"}),
    ("example.org ada", {"Ada@example.org"}),  # each part must be there, in any order
    ("emilie bo", set()),
)  # fmt: skip


def test_any_part_of_an_address_or_a_name_finds_a_subscriber(place: Place, ann: Reader) -> None:
    place.subscriber("Ada@example.org", name="Ada Lovelace")
    place.subscriber("cicada_1@mail.example.net")
    place.subscriber("bo@m\u00fcnchen.de")
    place.subscriber("emilie@example.org", name="\u00c9milie du Ch\u00e2telet")
    for words, expected in FOUND:
        page = look_for(ann, words=words)
        is_own = page.heading != "Subscribers"  # a whole address leads to its page
        assert ({page.heading} if is_own else set(shown(page))) == expected, words


def test_what_is_looked_for_stands_in_no_address(place: Place, ann: Reader) -> None:
    place.subscriber("ada@example.org")
    answer = ann.press(ann.get(PEOPLE), "Show", words="ada", topic="exoplanets")
    assert (answer.status, answer.headers["location"]) == (307, f"{PEOPLE}/search?topic=exoplanets")
    page = look_for(ann, words="ada", topic="exoplanets")
    assert shown(page) == ["ada@example.org"]
    assert "ada" not in "".join(re.findall(r'(?:href|action)="([^"]*)"', page.text))


# -- filtering ---------------------------------------------------------------------------------------------


def mixed(place: Place) -> dict[str, tuple[set[str], set[State], set[Bounces]]]:
    """Subscribers of every kind; by address the topics, states and bounces that hold of each."""
    roster, subscriptions = place.service.roster, place.service.subscriptions
    today, known = NOW.date(), {}
    for number, topics in enumerate(product((["exoplanets"], ["exoplanets", "llm-agents"]), range(8))):
        address, kind = f"r{number}@{'b' if number % 3 else 'a'}.example", topics[1]
        one = place.subscriber(
            address,
            topics[0],
            standing=SubscriberStatus.UNCONFIRMED if kind == 1 else SubscriberStatus.ACTIVE,
            paused_until=today + dt.timedelta(days=9) if kind in {2, 3} else None,
        )
        states, bounces = {State.UNCONFIRMED if kind == 1 else State.ACTIVE}, {Bounces.NONE}
        if kind in {3, 4}:
            subscriptions.leave(one.id, NOW, "a page")
            states = {State.LEFT}
        states |= {State.PAUSED} if kind in {2, 3} else set()
        if kind in {5, 6}:
            _came_back(place, one.id)
            bounces = {Bounces.SOME}
        if cause := {6: Cause.BOUNCED, 7: Cause.COMPLAINED}.get(kind):
            roster.suppressions.add(address, cause, NOW)
            bounces.add(Bounces.STOPPED if kind == 6 else Bounces.SPAM)
        if kind in {6, 7} or not number % 3:
            states.add(State.SUPPRESSED)
        known[address] = (set(topics[0]), states, bounces)
    roster.suppressions.add("a.example", Cause.OPERATOR, NOW)
    return known


def _came_back(place: Place, subscriber_id: int) -> None:
    row = {
        "subscriber_id": subscriber_id,
        "issue_label": "2026-W20",
        "weight": "soft",
        "reason": "",
        "at": NOW,
    }
    with place.service.engine.begin() as connection:
        connection.execute(sa.insert(table(BounceRow)), row | {"reason": ""})


def test_filters_combine_with_each_other_and_with_the_search(place: Place, ann: Reader) -> None:
    known = mixed(place)
    look = directory.Directory(place.service.engine, bounced())
    for words, topic, state, bounces in product(
        ("", "r1"), ("", "exoplanets", "llm-agents"), (None, *State), (None, *Bounces)
    ):
        asked = Selection(words, topic, state, bounces)
        expected = {
            address
            for address, (topics, states, came_back) in known.items()
            if words in address
            and (not topic or topic in topics)
            and (not state or state in states)
            and (not bounces or bounces in came_back)
        }
        assert {one.address for one in look.page(asked, NOW.date())} == expected, asked
    answer = look_for(ann, words="r1", topic="llm-agents", state="active", bounces="none")
    assert set(shown(answer)) == {
        address for address, (topics, states, came_back) in known.items()
        if "r1" in address and "llm-agents" in topics and State.ACTIVE in states and Bounces.NONE in came_back
    }  # fmt: skip


def test_filters_stand_in_the_address_of_their_page(place: Place, ann: Reader) -> None:
    place.subscriber("ada@example.org", ["exoplanets"])
    answer = ann.press(ann.get(PEOPLE), "Show", topic="exoplanets", state="active")
    assert answer.headers["location"] == f"{PEOPLE}?topic=exoplanets&state=active"
    page = ann.get(answer.headers["location"])
    assert shown(page) == ["ada@example.org"]
    assert ann.press(page, "Show").headers["location"] == page.path
    assert (
        "No subscriber following Exoplanets, paused"
        in ann.get(f"{PEOPLE}?topic=exoplanets&state=paused").text
    )


def test_a_filter_that_is_none_is_refused_and_is_not_everybody(place: Place, ann: Reader) -> None:
    place.subscriber("ada@example.org")
    for query in ("state=asleep", "bounces=x", "topic=%00", "topic=%3Cb%3E"):
        assert ann.get(f"{PEOPLE}?{query}").status == 422, query
    page = ann.get(PEOPLE)
    for field in ("state", "bounces"):
        for button in ("Show", "Download", "Try it out"):
            assert ann.press(page, button, **{field: "asleep", "note": "x"}).status == 422, (field, button)
    assert shown(ann.get(f"{PEOPLE}?topic=nothing-such")) == []


# -- paging ------------------------------------------------------------------------------------------------


def test_pages_of_a_selection_have_each_of_it_once_newest_first(place: Place, ann: Reader) -> None:
    join(
        place.service.roster,
        [f"reader{n:03}@example.org" for n in range(2 * A_PAGE + 3)],
        ["exoplanets"],
        NOW,
    )
    expected = [f"reader{n:03}@example.org" for n in reversed(range(2 * A_PAGE + 3))]
    for start in (PEOPLE, f"{PEOPLE}?topic=exoplanets&state=active&bounces=none"):
        page, found = ann.get(start), []
        while True:
            found += shown(page)
            onwards = re.findall(r'href="([^"]+)">Earlier', page.text)
            if not onwards:
                break
            page = ann.get(onwards[0].replace("&amp;", "&"))
        assert found == expected, start
    page, found = look_for(ann, words="reader", topic="exoplanets"), []
    found += shown(page)
    while "Earlier ones" in page.text:
        page = ann.press(page, "Earlier ones")
        found += shown(page)
    assert found == expected
    assert shown(ann.press(page, "Newest")) == expected[:A_PAGE]


def test_a_page_of_a_topic_is_a_range_of_its_index_however_deep(engine: sa.Engine) -> None:
    today, is_postgresql = NOW.date(), engine.dialect.name == "postgresql"
    asked = {
        "everybody": Selection(),
        "a topic": Selection(topic="exoplanets"),
        "a topic and a state": Selection(topic="exoplanets", state=State.LEFT),
        "a topic and a search": Selection("ada", topic="exoplanets"),
    }
    with engine.connect() as connection:
        for name, selection in asked.items():
            rows = newest_first(ids_of(selection, today, bounced()), 1000, 50)
            plan = explained(connection, rows)
            if is_postgresql:
                assert "Index" in plan, (name, plan)
            else:
                assert "SEARCH" in plan, (name, plan)
                assert "SCAN" not in plan, (name, plan)
                assert "TEMP B-TREE" not in plan, (name, plan)


def explained(connection: sa.Connection, question: sa.Select[tuple[object]]) -> str:
    """How the database would answer; PostgreSQL is told not to read small tables whole."""
    text = question.compile(connection, compile_kwargs={"literal_binds": True})
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET enable_seqscan = off")
        rows = connection.exec_driver_sql(f"EXPLAIN {text}".replace("%%", "%").replace("%", "%%"))
        return "\n".join(row[0] for row in rows)
    return "\n".join(str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))


# -- as a file ---------------------------------------------------------------------------------------------


def test_what_is_filtered_comes_as_csv_that_no_spreadsheet_runs(
    place: Place, ann: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "AT_ONCE", 2)
    formulas = ("=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1")
    for number, name in enumerate(formulas):
        place.subscriber(f"r{number}@example.org", ["exoplanets"], name=name, consent="=cmd|' /C calc'!A0")
    place.subscriber("other@example.org", ["llm-agents"])
    place.service.roster.suppressions.add("r1@example.org", Cause.OPERATOR, NOW, "=1+1")
    page = look_for(ann, words="r example", topic="exoplanets")
    answer = ann.press(page, "Download")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["address"] for row in rows] == [f"r{n}@example.org" for n in (4, 3, 2, 1, 0)]
    assert not [cell for row in rows for cell in row.values() if re.match(r"[=+\-@\t\r]", cell)]
    assert [row["suppressed_note"] for row in rows if row["suppressed"]] == ["'=1+1"]
    (act,) = [one.act for one in place.service.store.noted() if one.act.action != "signed in"]
    assert (act.action, act.detail) == ("downloaded subscribers", "matching “…”, following Exoplanets")


def test_a_viewer_looks_and_takes_nothing_away(place: Place) -> None:
    place.subscriber("ada@example.org")
    bob = signed_in(place, VIEWER)
    page = look_for(bob, words="example")
    assert shown(page) == ["ada@example.org"]
    assert "Download" not in page.text
    assert "Change all" not in page.text
