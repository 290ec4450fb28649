"""The admin pages of subscribers: added, imported, suppressed; and the audit log."""

import csv
import io
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.delivery import State
from service.store.monitoring import received_rows
from service.web.admin.adding import MOST_PROBLEMS
from service.web.admin.people import A_PAGE
from subscribers.directory import Directory
from subscribers.roster import Roster
from subscribers.selection import Selection
from subscribers.suppressions import Cause
from tests.newsdesk import ADMINS, EDITOR, signed_in
from tests.newsrooms import join
from tests.readers import ADDRESS, NOW, Place, Reader, open_place
from tests.test_admin_selection import explained

PEOPLE = "/admin/subscribers"


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated, admins=ADMINS)


@pytest.fixture
def ann(place: Place) -> Reader:
    return signed_in(place)


def acts(place: Place) -> list[tuple[str, str, str]]:
    """What was done since signing in, newest first: action, subject, detail."""
    found = [one.act for one in place.service.store.noted()]
    return [(one.action, one.subject, one.detail) for one in found if one.action != "signed in"]


def upload(ann: Reader, content: bytes, name: str = "people.csv", action: str = "import") -> str:
    page = ann.get(f"{PEOPLE}/import")
    path, sent = page.button("Import")
    sent |= {"consent": ["summer school"], "action": [action]}
    answer = ann.post(path, {k: v[0] for k, v in sent.items()}, files={"file": (name, content, "text/csv")})
    return " ".join(answer.text.split())


# -- looking up --------------------------------------------------------------------------------------------


def test_a_whole_address_leads_to_its_page_and_never_into_an_address(place: Place, ann: Reader) -> None:
    subscriber = place.subscriber()
    answer = ann.press(ann.get(PEOPLE), "Show", words=ADDRESS)
    assert answer.headers["location"] == f"{PEOPLE}/{subscriber.id}"


def test_the_directory_reads_the_same_on_every_database(roster: Roster, engine: sa.Engine) -> None:
    for count, domain in ((5, "example.org"), (2, "b.example")):
        addresses = [f"reader{number:03}@{domain}" for number in range(count)]
        join(roster, addresses, ["exoplanets"], NOW)
    directory = Directory(engine)
    found = directory.page(Selection("reader00"), NOW.date(), limit=9)
    assert found[0].address == "reader001@b.example"
    assert len(found) == 7
    roster.suppressions.add(found[-1].address, Cause.OPERATOR, NOW)
    roster.suppressions.add("b.example", Cause.BOUNCED, NOW)
    held = directory.suppressed(found)
    causes = sorted(one.address + f": {held[one.id]}" for one in found if one.id in held)
    assert causes == [
        "reader000@b.example: bounced",
        "reader000@example.org: by the operator",
        "reader001@b.example: bounced",
    ]
    assert directory.came() == {NOW.date(): 7}
    assert directory.left() == {}


def test_what_was_received_is_read_by_index(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        plan = explained(connection, received_rows(["2026-W21", "2026-W22"], 7))
    assert "Index" in plan if engine.dialect.name == "postgresql" else "SEARCH" in plan and "SCAN" not in plan


# -- adding ------------------------------------------------------------------------------------------------


def form(**changes: object) -> dict[str, object]:
    return {
        "address": "New@Example.org",
        "name": "Ada",
        "consent": "a talk",
        "topics": ["exoplanets"],
    } | changes


def test_an_editor_adds_somebody_who_said_yes(place: Place, ann: Reader) -> None:
    answer = ann.press(ann.get(f"{PEOPLE}/add"), "Add", **form())
    added = place.service.roster.find("new@example.org")
    assert answer.headers["location"] == f"{PEOPLE}/{added.id}?said=added"
    assert (added.consent, added.name, added.topics) == ("a talk", "Ada", ("exoplanets",))
    assert acts(place) == [("added", f"subscriber {added.id}", "follows exoplanets")]
    assert "Added." in ann.get(answer.headers["location"]).notice


WRONG: tuple[tuple[dict[str, object], str], ...] = (
    ({"address": "nobody"}, "This is not an e-mail address."),
    ({"consent": " "}, "Say where they gave consent."),
    ({"topics": None}, "choose at least one topic"),
    ({"topics": ["<b>"]}, "there is no topic"),
    ({"length": "endless"}, "Not added yet"),
)


def test_what_is_wrong_with_an_addition_is_said(place: Place, ann: Reader) -> None:
    for changes, words in WRONG:
        answer = ann.press(ann.get(f"{PEOPLE}/add"), "Add", **form(**changes))
        assert answer.status == 422, changes
        assert words in answer.text, changes
    assert place.service.roster.count() == 0
    assert acts(place) == []


def test_somebody_who_is_known_is_not_added_again(place: Place, ann: Reader) -> None:
    subscriber = place.subscriber()
    answer = ann.press(ann.get(f"{PEOPLE}/add"), "Add", **form(address=ADDRESS))
    assert answer.status == 422
    assert f"{PEOPLE}/{subscriber.id}" in answer.text
    assert place.again(subscriber).version == subscriber.version


def test_who_is_suppressed_is_not_added(place: Place, ann: Reader) -> None:
    place.service.roster.suppressions.add("example.org", Cause.OPERATOR, NOW)
    answer = ann.press(ann.get(f"{PEOPLE}/add"), "Add", **form())
    assert (answer.status, place.service.roster.count()) == (422, 0)


# -- importing ---------------------------------------------------------------------------------------------

PEOPLE_CSV = b"address,topics\nada@example.org,exoplanets\nbroken,exoplanets\nbo@example.org,nothing-such\n"


def test_a_file_is_imported_and_its_bad_rows_are_shown(place: Place, ann: Reader) -> None:
    text = upload(ann, PEOPLE_CSV, name="../our people.csv")
    assert "<b>1</b> added" in text
    assert "<b>2</b> refused" in text
    assert "there is no topic" in text
    added = place.service.roster.find("ada@example.org")
    assert added.consent == "summer school"
    assert acts(place) == [("imported", "file our-people.csv", "1 added, 2 refused")]


def test_a_list_of_one_page_counts_who_is_on_it_now(place: Place, ann: Reader) -> None:
    assert "Nobody yet" in ann.get("/admin/subscribers").text  # and would be kept for minutes
    place.subscriber("newcomer@example.org")
    assert "1 subscriber" in ann.get("/admin/subscribers").text


def test_a_check_of_a_file_changes_nothing(place: Place, ann: Reader) -> None:
    text = upload(ann, PEOPLE_CSV, action="check")
    assert "What would happen" in text
    assert "<b>1</b> added" in text
    assert place.service.roster.count() == 0
    assert acts(place) == []


def test_only_some_of_many_bad_rows_are_shown(ann: Reader) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("address", "topics"), *[("broken", "x")] * (MOST_PROBLEMS + 5)])
    assert "5 more are not shown" in upload(ann, text.getvalue().encode())


def test_a_file_that_is_no_list_is_refused_in_words(place: Place, ann: Reader) -> None:
    for content in (b"", b"name\nAda\n", b"\x00\xff\xfe"):
        assert "This file can&#39;t be used" in upload(ann, content), content
    assert place.service.roster.count() == 0


# -- one subscriber ----------------------------------------------------------------------------------------


def test_the_page_of_a_subscriber_has_choices_deliveries_and_history(place: Place, ann: Reader) -> None:
    subscriber = place.subscriber(name="Ada <b>", consent="a talk & more")
    place.deliver()
    text = ann.get(f"{PEOPLE}/{subscriber.id}").text
    for words in ("Robot Learning", "Ada &lt;b&gt;", "a talk &amp; more", "2026-W21", str(State.ACCEPTED)):
        assert words in text
    assert "now follows" in text or "joined" in text


def test_nobody_has_no_page(ann: Reader) -> None:
    for path in ("0", "99", "9" * 30):
        assert ann.get(f"{PEOPLE}/{path}").status == 404, path


def test_an_address_is_suppressed_and_allowed_again(place: Place, ann: Reader) -> None:
    subscriber = place.subscriber()
    page = f"{PEOPLE}/{subscriber.id}"
    ann.press(ann.get(page), "Suppress", note=f"asked by phone, {ADDRESS}")
    assert Directory(place.service.engine).suppression(subscriber.id) is Cause.OPERATOR
    assert "Gets no e-mail: suppressed, by the operator" in ann.get(page).notice
    assert "active, suppressed" in ann.get(PEOPLE).text
    ann.press(ann.get(page), "Allow")
    assert Directory(place.service.engine).suppression(subscriber.id) is None
    assert acts(place) == [
        ("no longer suppressed", f"subscriber {subscriber.id}", ""),
        ("suppressed", f"subscriber {subscriber.id}", "asked by phone, [an address]"),
    ]


def test_a_domain_is_suppressed_and_allowed_from_the_list(place: Place, ann: Reader) -> None:
    answer = ann.press(ann.get(f"{PEOPLE}/suppressed"), "Suppress", target="@Example.ORG", note="a test list")
    page = ann.get(answer.headers["location"])
    assert "example.org" in page.text
    assert "a test list" in page.text
    ann.press(page, "Allow again")
    assert place.service.roster.suppressions.all() == ()
    assert [one[:2] for one in acts(place)] == [
        ("no longer suppressed", "domain example.org"),
        ("suppressed", "domain example.org"),
    ]


def test_an_address_on_the_list_is_not_in_the_audit_log(place: Place, ann: Reader) -> None:
    ann.press(ann.get(f"{PEOPLE}/suppressed"), "Suppress", target="some.body@example.net")
    assert acts(place) == [("suppressed", "an address", "")]
    bad = ann.press(ann.get(f"{PEOPLE}/suppressed"), "Suppress", target="not one")
    assert (bad.status, bad.text.count("neither an address nor a domain")) == (422, 1)


def test_a_long_list_of_suppressions_goes_on_by_key(place: Place, ann: Reader) -> None:
    for number in range(A_PAGE + 2):
        place.service.roster.suppressions.add(f"x{number:03}@example.net", Cause.BOUNCED, NOW)
    place.service.roster.suppressions.add("zzz.example", Cause.OPERATOR, NOW)
    page = ann.get(f"{PEOPLE}/suppressed")
    assert "x049@" in page.text
    assert "x050@" not in page.text
    more = ann.press(page, "More").text
    assert "x051@" in more
    assert "zzz.example" in more


# -- the audit log -----------------------------------------------------------------------------------------


def test_the_audit_log_shows_who_did_what_from_where(place: Place, ann: Reader) -> None:
    subscriber = place.subscriber()
    ann.press(ann.get(f"{PEOPLE}/{subscriber.id}"), "Suppress")
    text = ann.get("/admin/log").text
    for words in (EDITOR, "suppressed", f'href="{PEOPLE}/{subscriber.id}"', "203.0.113.7", "signed in"):
        assert words in text
    assert ADDRESS not in text


def test_the_audit_log_goes_on_by_key(place: Place, ann: Reader) -> None:
    for number in range(A_PAGE + 1):
        place.service.roster.suppressions.add(f"x{number:03}.example", Cause.OPERATOR, NOW)
        ann.post(f"{PEOPLE}/suppressed/remove", {"csrf": token(ann), "target": f"x{number:03}.example"})
    page = ann.get("/admin/log")
    assert "x050.example" in page.text
    assert "signed in" not in page.text
    (path,) = re.findall(r'href="(/admin/log\?before=\d+)"', page.text)
    assert "signed in" in ann.get(path).text
    assert "x000.example" in ann.get("/admin/log?subject=domain%20x000.example").text


def token(ann: Reader) -> str:
    return str(ann.get("/admin/log").button("Sign out")[1]["csrf"][0])


def test_an_international_address_is_found_on_the_command_line_too(place: Place) -> None:
    one, two = (place.subscriber(f"{name}@m\u00fcnchen.de") for name in ("bo", "bob"))
    held = place.service.roster.subscribers(search="M\u00fcnchen.de")
    assert [subscriber.id for subscriber in held] == [one.id, two.id]
