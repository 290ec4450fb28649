"""What reaches the log, and what never does."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import logs
from subscribers.links import Links, Purpose, Subject
from tests.readers import NOW

LINKS = Links("https://brief.example.org", ("k" * 32,))
SECRET = "a-secret-of-some-length"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, written = logging.getLogger(), io.StringIO()
    before, level = list(root.handlers), root.level
    logs.configure("json", "DEBUG", secrets=(SECRET, "short"), stream=written)
    yield written
    root.handlers[:] = before
    root.setLevel(level)


def line(stream: io.StringIO) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(stream.getvalue().splitlines()[-1])
    return found


def test_words_of_a_message_are_fields(stream: io.StringIO) -> None:
    logging.getLogger("brief.delivery").info(
        "event=chunk_settled issue=%s messages=%d seconds=0.250", "2026-W22", 5
    )
    said = line(stream)
    assert (said["level"], said["logger"], said["event"]) == ("info", "brief.delivery", "chunk_settled")
    assert (said["issue"], said["messages"], said["seconds"]) == ("2026-W22", 5, 0.25)
    assert said["time"].endswith("Z")


def test_any_other_message_is_one_field_on_one_line(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request\nreceived = yes")
    assert line(stream)["message"] == "Invalid HTTP request\nreceived = yes"
    assert len(stream.getvalue().splitlines()) == 1


def test_a_line_says_which_request_and_issue_it_is_about(stream: io.StringIO) -> None:
    with logs.about(request="r-1"), logs.about(issue="2026-W22"):
        logging.getLogger("x").info("event=made")
    assert (line(stream)["request"], line(stream)["issue"]) == ("r-1", "2026-W22")
    logging.getLogger("x").info("event=made")
    assert "issue" not in line(stream)


def test_of_an_exception_the_type_and_places_are_written_and_not_its_words(stream: io.StringIO) -> None:
    try:
        int("Ada Sampleton typed this")
    except ValueError:
        logging.getLogger("x").exception("event=broken")
    assert "Ada" not in stream.getvalue()
    assert line(stream)["error"] == "ValueError"
    assert "test_logs.py" in line(stream)["places"]


@pytest.mark.parametrize(
    "leak",
    [
        "ada@example.org", "To: <ada.l+x@mail.example.co.uk>", '"odd name"@example.org', "ada%40example.org",
        "jörg@bücher.example", "x=ada@example.org", "('ada@example.org', 1)",
        "postgresql+psycopg://brief:pass-word@db/brief", "Bearer abcdefgh12345678", "SG.abcdefgh.ijklmnop",
        "sk-abcdefgh12345678", f"key {SECRET}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["uvicorn.error", "apscheduler.scheduler", "service.web"])
def test_no_address_and_no_key_is_in_a_line_of_any_logger(stream: io.StringIO, leak: str, name: str) -> None:
    logging.getLogger(name).warning("event=odd what=%s", leak)
    logging.getLogger(name).warning("it went wrong: %s", leak)
    assert stream.getvalue().count("[") == 2
    for part in ("ada", "example.org", 'name\\"@', "bücher", "pass-word", "abcdefgh", SECRET):
        assert part not in stream.getvalue()


@pytest.mark.parametrize("purpose", list(Purpose))
def test_no_link_is_in_a_line(stream: io.StringIO, purpose: Purpose) -> None:
    subject = Subject("abcdef0123456789", 3, "2026-W22")
    url, token = LINKS.url(purpose, subject, NOW), LINKS.token(purpose, subject, NOW)
    logging.getLogger("x").info("event=odd path=%s token=%s", url, token)
    assert token not in stream.getvalue()
    logging.getLogger("x").info("event=request route=/manage/{token}")
    assert line(stream)["route"] == "/manage/{token}"


@given(st.emails())
def test_whatever_is_an_address_is_blotted_out(address: str) -> None:
    assert address not in logs.blotted(f"could not write to {address}")


def test_a_person_reads_text() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "event=request status=%d", (200,), None)
    assert logs.TextLines().format(record)[8:] == " info event=request status=200"


def test_arguments_that_do_not_fit_lose_no_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%d letters", ("some",), None)
    assert json.loads(logs.JsonLines().format(record))["message"] == "%d letters"
