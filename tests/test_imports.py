"""Imports of subscribers from CSV: every row is reported, and a bad row stops no other."""

import csv
import datetime as dt
import io
import itertools
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.additions import Result
from subscribers.csv_files import export_rows, neutralise, restore
from subscribers.database import connect
from subscribers.imports import ImportRefused, RowResult, detect_encoding, import_file, layout_of
from subscribers.preferences import Frequency, Length, Preferences, SubscriberStatus
from subscribers.roster import Joining, Roster
from subscribers.subscriptions import Subscriptions
from subscribers.suppressions import Cause
from tests.conftest import KEYS

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)
BEFORE = NOW - dt.timedelta(days=40)
TOPIC = "llm-post-train"
# On one database: how a file is read is the same for both
READS_FILES = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def imported(
    roster: Roster, file: Path, text: str, encoding: str = "utf-8", *, dry_run: bool = False
) -> list[RowResult]:
    file.write_bytes(text.encode(encoding))
    return list(import_file(file, roster, NOW, "a list", dry_run=dry_run))


def exported(roster: Roster) -> str:
    out = io.StringIO()
    rows = export_rows(roster.every_subscriber(), roster.suppressions.all())
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


@pytest.fixture
def everybody(roster: Roster) -> Roster:
    """Somebody in each standing, suppressed by address and by domain, and following nothing."""
    for name, standing in (
        ("ada", SubscriberStatus.ACTIVE),
        ("bo", SubscriberStatus.UNCONFIRMED),
        ("cy", SubscriberStatus.LEFT),
    ):
        roster.put_subscriber(Joining(f"{name}@example.org", (TOPIC,), standing=standing), BEFORE)
    for address in ("dee@example.org", "eve@example.net"):
        roster.put_subscriber(Joining(address, (TOPIC,)), BEFORE)
    roster.put_subscriber(Joining("fay@example.org", ("exoplanets",)), BEFORE)
    roster.remove_topic("exoplanets", BEFORE)
    roster.suppressions.add("dee@example.org", Cause.COMPLAINED, BEFORE, "pressed spam, +49 30")
    roster.suppressions.add("nobody@example.com", Cause.BOUNCED, BEFORE, "550")
    roster.suppressions.add("example.net", Cause.OPERATOR, BEFORE)
    return roster


def outcomes(results: list[RowResult]) -> list[tuple[int, str]]:
    return [(one.row, str(one.result)) for one in results]


def test_every_row_is_reported_and_a_bad_row_stops_no_other(roster: Roster, file: Path) -> None:
    results = imported(
        roster,
        file,
        "address,topics,name,length\n"
        "ada@example.org,llm-post-train,Ada,short\n"
        "nobody,llm-post-train,,\n"
        "bo@example.org,no-such-topic,,\n"
        "cy@example.org,llm-post-train,,tiny\n"
        "\n"
        "dee@example.org,,,\n"
        "ADA@example.org,llm-post-train,,\n",
    )
    assert outcomes(results) == [
        (2, "added"), (3, "refused"), (4, "refused"), (5, "refused"), (7, "refused"), (8, "refused"),
    ]  # fmt: skip
    assert [one.why for one in results[1:]] == [
        "'nobody' is not an e-mail address: An email address must have an @-sign.",
        "topics: there is no topic 'no-such-topic'",
        "length: 'tiny' is not one of full, short, minute",
        "topics: choose at least one topic, or leave",
        "row 2 has the same address, and the first counts",
    ]
    assert roster.count() == 1


def test_a_row_gives_every_preference_and_its_consent(roster: Roster, file: Path) -> None:
    imported(
        roster,
        file,
        "E-Mail;Topics;Frequency;Timezone;Hour;Paused_until;Consent\n"
        "ada@example.org;robot-learning, llm-post-train;monthly;Europe/Berlin;6;2026-07-01;paper form 7\n",
    )
    ada = roster.find("ada@example.org")
    assert ada.preferences == Preferences(
        ("llm-post-train", "robot-learning"),
        Length.SHORT,  # what several topics come in where nothing was chosen
        Frequency.MONTHLY,
        "Europe/Berlin",
        6,
        dt.date(2026, 7, 1),
    )
    assert (ada.standing, ada.consent, ada.confirmed_at) == (SubscriberStatus.ACTIVE, "paper form 7", NOW)
    assert [(one.source, one.change) for one in roster.history(ada.id)] == [
        ("import of people.csv", "joined")
    ]


def test_a_known_subscriber_keeps_what_a_row_leaves_empty(roster: Roster, file: Path) -> None:
    before, _ = roster.put_subscriber(Joining("ada@example.org", (TOPIC,), "Ada", Length.SHORT), NOW)
    text = "address,topics,name,length\nada@example.org,robot-learning,,\n"
    assert outcomes(imported(roster, file, text)) == [(2, "updated")]
    after = roster.find("ada@example.org")
    assert (after.topics, after.name, after.preferences.length) == (("robot-learning",), "Ada", Length.SHORT)
    assert (after.reference, after.version) == (before.reference, before.version + 1)
    assert [one.change for one in roster.history(after.id)] == [
        "joined", "now follows robot-learning", "no longer follows llm-post-train",
    ]  # fmt: skip


def test_importing_a_file_again_changes_nothing(roster: Roster, file: Path) -> None:
    text = "address,topics\nada@example.org,llm-post-train robot-learning\n"
    imported(roster, file, text)
    before = roster.find("ada@example.org")
    assert outcomes(imported(roster, file, text)) == [(2, "unchanged")]
    assert roster.find("ada@example.org") == before


def test_nobody_is_brought_back_who_left_was_deleted_or_is_suppressed(roster: Roster, file: Path) -> None:
    names = ("left", "deleted", "bounced")
    people = {name: roster.put_subscriber(Joining(f"{name}@example.org", (TOPIC,)), NOW)[0] for name in names}
    subscriptions = Subscriptions(roster.suppressions._engine, KEYS)
    subscriptions.leave(people["left"].id, NOW, "a page")
    subscriptions.forget(people["deleted"].id, NOW)
    roster.suppressions.add("bounced@example.org", Cause.BOUNCED, NOW)
    roster.suppressions.add("example.net", Cause.OPERATOR, NOW)
    rows = "".join(f"{name}@example.org,{TOPIC}\n" for name in names)
    results = imported(roster, file, f"address,topics\n{rows}new@example.net,{TOPIC}\n")
    assert {one.result for one in results} == {Result.SUPPRESSED}
    assert [one.why.partition(";")[0] for one in results] == [
        "has left", "was deleted", "bounced", "by the operator",
    ]  # fmt: skip


def test_a_dry_run_says_the_same_and_writes_nothing(
    roster: Roster, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subscribers.imports.ROWS_AT_ONCE", 2)  # so that a few rows are several batches
    roster.put_subscriber(Joining("known@example.org", (TOPIC,)), NOW)
    addresses = [
        "a@example.org",
        "known@example.org",
        "b@example.org",
        "A@example.org",
        "bad",
        "b@example.org",
    ]
    text = "address,topics\n" + "".join(f"{address},{TOPIC}\n" for address in addresses)
    rehearsed = imported(roster, file, text, dry_run=True)
    assert roster.count() == 1
    assert rehearsed == imported(roster, file, text)
    assert roster.count() == 3
    assert [str(one.result) for one in rehearsed].count("unchanged") == 1


@READS_FILES
def test_encoding_and_delimiter_are_detected(roster: Roster, file: Path) -> None:
    encodings = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
    for number, (encoding, delimiter) in enumerate(itertools.product(encodings, (",", ";", "\t"))):
        address = f"zoe{number}@example.org"
        header = delimiter.join(("name", "address", "topics"))
        row = delimiter.join(('"Zoë, O’Brien; Müller"', address, TOPIC))
        found = outcomes(imported(roster, file, f"{header}\r\n{row}\r\n", encoding))
        assert found == [(2, "added")], (encoding, delimiter)
        assert roster.find(address).name == "Zoë, O’Brien; Müller", (encoding, delimiter)


def test_bytes_that_no_other_encoding_knows_are_latin_1(file: Path) -> None:
    file.write_bytes(b"address,name\n" + b"x" * 200_000 + b"\x81\xe9")
    assert detect_encoding(file) == "latin-1"


@READS_FILES
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("address,name\nada@example.org,Ada\n", "no column 'topics'"),
        ("", "no column 'address'"),
        ("address,topics,address\n", "the column 'address' twice"),
    ],
)
def test_a_file_that_cannot_be_subscribers_is_refused_with_the_column(
    roster: Roster, file: Path, text: str, words: str
) -> None:
    with pytest.raises(ImportRefused, match=words):
        imported(roster, file, text)


@READS_FILES
def test_huge_fields_and_rows_are_refused_and_the_rows_after_them_go_on(roster: Roster, file: Path) -> None:
    rows = (
        f"ada@example.org,{TOPIC},{'x' * 3_000}",
        f"bo@example.org,{TOPIC},{'x' * 500_000}",
        f"cy@example.org,{TOPIC},Cy,and,more",
        f"dee@example.org,{TOPIC},Dee",
    )
    results = imported(roster, file, "address,topics,name\n" + "\n".join(rows))
    assert [one.why for one in results] == [
        "has a field of over 2,000 characters",
        "has a field of over 2,000 characters",
        "has 5 fields; the header has 3",
        "",
    ]
    assert roster.find("dee@example.org")


UNCLOSED = "line {} can't be read: a quote is not closed"


def test_a_quote_that_never_ends_swallows_no_later_row(roster: Roster, file: Path) -> None:
    lines = "".join(f"reader{number}@example.org,{TOPIC},x\n" for number in range(9_000))
    results = imported(roster, file, f'address,topics,name\nada@example.org,{TOPIC},"oh\n{lines}')
    assert results[0] == RowResult(2, Result.REFUSED, UNCLOSED.format(2))
    assert {one.result for one in results[1:]} == {Result.ADDED}
    assert len(results) == 9_001


@READS_FILES
def test_a_quote_that_is_not_closed_names_its_line_and_the_rows_after_it_go_on(
    roster: Roster, file: Path
) -> None:
    rows = (
        f'ada@example.org,{TOPIC},"Ada',
        f'bo@example.org,{TOPIC},"Bo"',
        f'cy@example.org,{TOPIC},"Cy\nof two lines"',
        f'"dee@example.org,{TOPIC},Dee',
        f"eve@example.org,{TOPIC},Eve",
        f'fay@example.org,{TOPIC},"Fay',
    )
    results = imported(roster, file, "address,topics,name\n" + "\n".join(rows))
    assert [one.why for one in results] == [
        UNCLOSED.format(2),
        "",
        "",
        UNCLOSED.format(6),
        "",
        UNCLOSED.format(8),
    ]
    assert roster.find("cy@example.org").name == "Cy of two lines"


@READS_FILES
def test_control_characters_leave_names(roster: Roster, file: Path) -> None:
    imported(roster, file, f'address,topics,name\nada@example.org,{TOPIC},"Ada\nBcc: \x07\u202ex"\n')
    assert roster.find("ada@example.org").name == "Ada Bcc: x"


@given(st.text("='+-@\t\rab ", max_size=6))
def test_what_is_neutralised_is_no_formula_and_can_be_restored(cell: str) -> None:
    assert neutralise(cell)[:1] not in {"=", "+", "-", "@", "\t", "\r"} or not cell
    assert restore(neutralise(cell)) == cell


def test_an_export_of_the_same_roster_changes_nothing_and_says_so(everybody: Roster, file: Path) -> None:
    before, text = list(everybody.every_subscriber()), exported(everybody)
    assert {str(one.result) for one in imported(everybody, file, text)} == {"unchanged"}
    assert list(everybody.every_subscriber()) == before
    assert exported(everybody) == text


def test_on_an_empty_roster_an_export_stands_as_it_stood(
    everybody: Roster, file: Path, migrated: Path, tmp_path: Path
) -> None:
    text = exported(everybody)
    shutil.copy(migrated, tmp_path / "empty.db")
    engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    other = Roster(engine, KEYS)
    assert {str(one.result) for one in imported(other, file, text)} == {"added"}
    assert exported(other) == text
    Subscriptions(engine, KEYS).prune(NOW)
    assert SubscriberStatus.LEFT is other.find("cy@example.org").standing
    engine.dispose()


def test_a_plain_list_brings_back_nobody_who_came_with_an_export(
    everybody: Roster, file: Path, migrated: Path, tmp_path: Path
) -> None:
    shutil.copy(migrated, tmp_path / "empty.db")
    engine = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    other = Roster(engine, KEYS)
    imported(other, file, exported(everybody))
    text = f"address,topics\ncy@example.org,{TOPIC}\ndee@example.org,{TOPIC}\nnew@example.net,{TOPIC}\n"
    assert {str(one.result) for one in imported(other, file, text)} == {"suppressed"}
    engine.dispose()


def test_an_old_export_throws_out_nobody_who_came_back_since(roster: Roster, file: Path) -> None:
    ada, _ = roster.put_subscriber(Joining("ada@example.org", (TOPIC,)), BEFORE)
    subscriptions = Subscriptions(roster.suppressions._engine, KEYS)
    subscriptions.leave(ada.id, BEFORE, "a page")
    old = exported(roster)
    back = subscriptions.join("ada@example.org", Preferences((TOPIC,)), NOW, "a page")
    subscriptions.accept(back, NOW, "e-mail")
    (result,) = imported(roster, file, old)
    assert (str(result.result), result.why) == ("unchanged", "came back since: confirmed on 2026-06-02")
    assert roster.find("ada@example.org").standing is SubscriberStatus.ACTIVE


@READS_FILES
@pytest.mark.parametrize("word", ["unsubscribed", "Left", "OPTED OUT"])
def test_who_has_left_in_another_program_leaves_here(roster: Roster, file: Path, word: str) -> None:
    roster.put_subscriber(Joining("ada@example.org", (TOPIC,)), BEFORE)
    imported(roster, file, f"Email Address,Topics,Status\nada@example.org,{TOPIC},{word}\n")
    assert roster.find("ada@example.org").standing is SubscriberStatus.LEFT


@READS_FILES
def test_a_state_that_nobody_knows_is_refused_aloud(roster: Roster, file: Path) -> None:
    rows = f"a@example.org,{TOPIC},maybe,\nb@example.org,{TOPIC},active,sometimes\n"
    results = imported(roster, file, f"address,topics,standing,left_at\n{rows}")
    assert [one.why.split(" is not ")[0] for one in results] == ["standing: 'maybe'", "left_at: 'sometimes'"]
    assert roster.count() == 0


@READS_FILES
def test_whose_consent_nobody_names_is_refused(roster: Roster, file: Path) -> None:
    file.write_text(f"address,topics,consent\na@example.org,{TOPIC},\nb@example.org,{TOPIC},form 7\n")
    first, second = import_file(file, roster, NOW, "")
    assert (str(first.result), str(second.result)) == ("refused", "added")
    assert "says nowhere that they said yes" in first.why


CYRILLIC = "Иван Петров"


@READS_FILES
@pytest.mark.parametrize("encoding", ["cp1251", "utf-8", "utf-16", "utf-32"])
def test_cyrillic_names_are_read(roster: Roster, file: Path, encoding: str) -> None:
    imported(roster, file, f"address,topics,name\nivan@example.org,{TOPIC},{CYRILLIC}\n", encoding)
    assert roster.find("ivan@example.org").name == CYRILLIC


@READS_FILES
@pytest.mark.parametrize("encoding", ["koi8-r", "cp866", "mac_cyrillic"])
def test_an_encoding_that_is_given_is_used(roster: Roster, file: Path, encoding: str) -> None:
    file.write_bytes(f"address,topics,name\nivan@example.org,{TOPIC},{CYRILLIC}\n".encode(encoding))
    list(import_file(file, roster, NOW, "a list", encoding=encoding))
    assert roster.find("ivan@example.org").name == CYRILLIC


@READS_FILES
@pytest.mark.parametrize(
    ("encoding", "words"), [("klingon", "no encoding 'klingon'"), ("utf-8", "not text in utf-8")]
)
def test_an_encoding_that_does_not_fit_is_refused(
    roster: Roster, file: Path, encoding: str, words: str
) -> None:
    file.write_bytes(b"address,topics,name\nzoe@example.org,llm-post-train,Zo\xeb\n")
    with pytest.raises(ImportRefused, match=words):
        list(import_file(file, roster, NOW, "a list", encoding=encoding))
    assert roster.count() == 0


AS_PROGRAMS_WRITE = (
    "address,topics,,,\nada@example.org,{0},,,\n",
    "address,topics\nada@example.org,{0},,,\n",
    "address,topics\n,,,,\nada@example.org,{0}\n,\n",
    "sep=;\naddress;topics\nada@example.org;{0}\n",
    '"sep=,"\r\naddress,topics\r\nada@example.org,{0}\r\n',
    "sep=\t\naddress\ttopics\nada@example.org\t{0}\n",
    "sep=;;;\n;;\naddress;topics;\nada@example.org;{0};\n",
    "\n\naddress,topics\nada@example.org,{0}\n",
    ",,,\r\naddress,topics\r\nada@example.org,{0}\r\n",
    "Email Address,Topics\nada@example.org,{0}\n",
    "E-mail;Topic\nada@example.org;{0}\n",
    "E-Mail-Adresse;Topic\nada@example.org;{0}\n",
    "Email address (required),Topics*\nada@example.org,{0}\n",
    "sep = ;\nPrimary Email;topics\nada@example.org;{0}\n;;\n,,\n",
    "Address,EMAIL,topics\nMain Street 1,ada@example.org,{0}\n",
    "address|topics\nada@example.org|{0}\n",
    "address,topics\nada@example.org,LLM-Post-Train\n",
    "address,topics,hour\nada@example.org,{0},8:00\n",
)


@READS_FILES
def test_a_file_as_programs_write_it_is_read(roster: Roster, file: Path) -> None:
    for number, text in enumerate(AS_PROGRAMS_WRITE):
        address = f"ada{number}@example.org"
        results = imported(roster, file, text.format(TOPIC).replace("ada@example.org", address))
        assert [str(one.result) for one in results] == ["added"], text
        ada = roster.find(address)
        assert (ada.topics, ada.preferences.hour) == ((TOPIC,), 8), text


TOPICS_AS_WRITTEN = (
    "robot-learning exoplanets", "robot-learning|exoplanets", "robot-learning; exoplanets",
    "Robot Learning; Exoplanets", "ROBOT LEARNING, exoplanets", "Exoplanets|robot-Learning",
    "Robot Learning\nExoplanets", "exoplanets, Robot  Learning", "robot_learning;exoplanets",
    "['robot-learning', 'exoplanets']", "Robot\u2011Learning\u00a0; \u201cExoplanets\u201d",
)  # fmt: skip


@READS_FILES
def test_topics_are_slugs_or_names(roster: Roster, file: Path) -> None:
    for number, cell in enumerate(TOPICS_AS_WRITTEN):
        imported(roster, file, f'address,topics\nada{number}@example.org,"{cell}"\n')
        found = roster.find(f"ada{number}@example.org").topics
        assert set(found) == {"robot-learning", "exoplanets"}, cell


HOURS = {
    "8": 8, "08:00": 8, "8:00:00": 8, "8.0": 8, "8 PM": 20, "12:00 AM": 0, "8 p.m.": 20, "20h": 20,
    "8 Uhr": 8, "08.00": 8,
}  # fmt: skip


@READS_FILES
def test_hours_are_read_as_spreadsheets_show_them(roster: Roster, file: Path) -> None:
    for number, (cell, hour) in enumerate(HOURS.items()):
        imported(roster, file, f"address,topics,hour\nada{number}@example.org,{TOPIC},{cell}\n")
        assert roster.find(f"ada{number}@example.org").preferences.hour == hour, cell


@READS_FILES
def test_an_hour_with_minutes_is_refused(roster: Roster, file: Path) -> None:
    (result,) = imported(roster, file, f"address,topics,hour\nada@example.org,{TOPIC},8:30\n")
    assert result.why == "hour: '8:30' is not an hour between 0 and 23"


def test_a_nul_costs_its_own_row_alone(roster: Roster, file: Path) -> None:
    rows = f"a@example.org,{TOPIC},A\nb@example.org,{TOPIC},B\0b\nc@example.org,{TOPIC},Zoë\n"
    results = imported(roster, file, f"address,topics,name\n{rows}")
    assert outcomes(results) == [(2, "added"), (3, "refused"), (4, "added")]
    assert results[1].why == "holds a NUL character: the file is damaged here"
    assert roster.find("c@example.org").name == "Zoë"


def test_columns_that_are_passed_over_are_named(file: Path) -> None:
    file.write_text("sep=;\n\nE-mail;Topics;First Name;Phone;\n")
    layout = layout_of(file)
    assert (layout.unknown, layout.delimiter, layout.line) == (("First Name", "Phone"), ";", 3)


@READS_FILES
def test_the_report_names_lines_and_masked_addresses(roster: Roster, file: Path) -> None:
    rows = f'ada@example.org,{TOPIC},"A\nB"\n\nbo@example.org,nope,\nnobody,{TOPIC},\n'
    text = f"sep=,\naddress,topics,name\n{rows}"
    results = imported(roster, file, text)
    assert [(one.line, one.address) for one in results] == [
        (3, "a…@example.org"), (6, "b…@example.org"), (7, "n…"),
    ]  # fmt: skip


def test_an_export_is_safe_in_a_spreadsheet_and_imports_as_it_was(
    roster: Roster, file: Path, tmp_path: Path
) -> None:
    text = (
        "address,topics,name,frequency\n"
        f"=cmd@example.org,{TOPIC},=1+1,monthly\n+x@example.org,{TOPIC},'t Hooft,\n"
    )
    imported(roster, file, text)
    before = {one.address: (one.name, one.preferences) for one in roster.every_subscriber()}
    out = exported(roster)
    assert "'=cmd@example.org,'=1+1," in out
    for address in before:
        roster.put_subscriber(Joining(address, ("robot-learning",), "Somebody"), NOW)
    assert {result for _, result in outcomes(imported(roster, file, out))} == {"updated"}
    assert {one.address: (one.name, one.preferences) for one in roster.every_subscriber()} == before
