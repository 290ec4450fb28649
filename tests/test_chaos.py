"""The storms of `make chaos` in a short form: every `make test` kills some senders too."""

from pathlib import Path

import pytest

from tests.chaos.storm import Weather, storm


@pytest.mark.parametrize(("mailer", "in_flight"), [("smtp", 4), ("sendgrid", 20)])
@pytest.mark.parametrize("senders", [1, 3])
def test_killed_at_random_moments_nobody_is_missed_nobody_gets_two_and_few_are_uncertain(
    database: str, mailer: str, in_flight: int, senders: int, tmp_path: Path
) -> None:
    left = storm(Weather(database, mailer, 400, 6, senders, in_flight), tmp_path)
    assert (left.missed, left.duplicates) == (0, 0)
    assert left.most_uncertain <= in_flight
