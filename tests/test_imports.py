import csv
import datetime as dt
import io

import pytest

from subscribers.imports import ImportRefused, RowResult, import_rows
from subscribers.roster import Roster

NOW = dt.datetime(2026, 6, 2, 3, tzinfo=dt.UTC)


def imported(roster: Roster, text: str) -> list[RowResult]:
    return list(import_rows(csv.DictReader(io.StringIO(text)), roster, NOW, "imported from a test"))


def test_every_row_is_reported_and_a_bad_row_stops_no_other(roster: Roster) -> None:
    results = imported(
        roster,
        "address,topics,name,length\n"
        "ada@example.org,llm-post-train,Ada,short\n"
        "nobody,llm-post-train,,\n"
        "bo@example.org,no-such-topic,,\n"
        "cy@example.org,llm-post-train,,tiny\n"
        "ADA@example.org,llm-post-train,,\n",
    )
    assert [(one.row, one.result) for one in results] == [
        (2, "added"), (3, "refused"), (4, "refused"), (5, "refused"), (6, "updated"),
    ]  # fmt: skip
    assert "not an e-mail address" in results[1].why
    assert "no topic 'no-such-topic'" in results[2].why
    assert "'tiny' is not a valid Length" in results[3].why
    assert roster.count() == 1


def test_a_file_without_the_needed_columns_is_refused_with_the_column(roster: Roster) -> None:
    with pytest.raises(ImportRefused, match="no column 'topics'"):
        imported(roster, "address,name\nada@example.org,Ada\n")
