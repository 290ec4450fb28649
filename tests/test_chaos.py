"""The storms of `make chaos` in a short form: every `make test` kills some senders too."""

import smtplib
from pathlib import Path

import pytest

from tests.chaos.storm import Weather, accepted, provider, storm


@pytest.mark.parametrize(("mailer", "in_flight"), [("smtp", 4), ("sendgrid", 20)])
@pytest.mark.parametrize("senders", [1, 3])
def test_killed_at_random_moments_nobody_is_missed_nobody_gets_two_and_few_are_uncertain(
    database: str, mailer: str, in_flight: int, senders: int, tmp_path: Path
) -> None:
    left = storm(Weather(database, mailer, 200, 4, senders, in_flight), tmp_path)
    assert (left.missed, left.duplicates) == (0, 0)
    assert left.most_uncertain <= in_flight


def test_what_postfix_passes_on_twice_counts_once_and_what_it_took_twice_counts_twice(tmp_path: Path) -> None:
    head = "Received: from x (localhost [127.0.0.1])\r\n\tby relay.example.org (Postfix) with ESMTP id {}\r\n"
    with provider(Weather("", "smtp", 1, 0), tmp_path) as where:
        with smtplib.SMTP("127.0.0.1", int(where.address)) as session:
            for queue_id in ("4jdA", "4jdA", "4jdB"):
                received = head.format(queue_id) + "\tfor <x@example.org>; Tue, 2 Jun 2026 03:00:00 +0000\r\n"
                message = f"{received}Message-ID: <one@example.org>\r\n\r\nhello\r\n"
                session.sendmail("brief@example.org", ["x@example.org"], message)
        assert accepted(where.accepted) == {"one@example.org": 2}
