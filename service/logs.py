"""Log lines: one JSON object an event with stable names, or text for a person; never an address or a link.

A message of ``name=value`` words, as ``event=chunk_settled issue=2026-W22 messages=500``, becomes fields of
those names; any other message is the field `message`. Whatever a library says passes here as well: of an
exception its type and places are written and not its words, and what looks like an address, a link or a key
is blotted out in every field.
"""

import datetime as dt
import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Literal, TextIO

from subscribers.links import Purpose

CONTEXT: ContextVar[Mapping[str, str]] = ContextVar("log context", default=MappingProxyType({}))
# They log addresses of other servers with what was asked, headers, or a line for every tick
CHATTY = {
    "alembic": logging.WARNING,
    "apscheduler": logging.WARNING,
    "arxiv": logging.WARNING,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
    "openai": logging.WARNING,
    "procrastinate": logging.WARNING,
    "psycopg.pool": logging.ERROR,  # that the database is away is said by queue_gone, once
    "python_http_client": logging.WARNING,
    "python_multipart": logging.CRITICAL,  # a line for every byte that it does not understand
}
PLACES = 8  # frames of an exception, the innermost first

WORD = re.compile(r'([a-z][a-z_]*)=("[^"]*"|\S*)')
WORDS = re.compile(rf"{WORD.pattern}(?: {WORD.pattern})*")
BLOTS = (
    (re.compile(r"(?:\"[^\"\n]{1,64}\"|[^\s@<>()\[\],;:\"]{1,64})(?:@|%40)[^\s@<>()\],;:\"']+"), "[address]"),
    (re.compile(rf"/({'|'.join(Purpose)})/(?!\{{)[^\s\"'<>]+"), r"/\1/[link]"),
    (re.compile(r"\b[\w-]{1,32}\.[0-9a-f]{1,8}\.[0-9a-f]{1,9}\.[\w-]{0,64}\.[\w-]{27,}"), "[link]"),
    (re.compile(r"\b(?:Bearer\s+|Basic\s+|SG\.|sk-)[\w.+/=-]{8,}"), "[key]"),
)


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """Every log line inside says what it is about, such as ``issue="2026-W22"``."""
    token = CONTEXT.set({**CONTEXT.get(), **fields})
    try:
        yield
    finally:
        CONTEXT.reset(token)


def configure(
    shape: Literal["json", "text"],
    level: str = "INFO",
    *,
    secrets: Sequence[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send every log line of the process to standard error in this shape; `secrets` never appear in one."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter((JsonLines if shape == "json" else TextLines)(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in CHATTY.items():
        logging.getLogger(name).setLevel(least)


def quoted(text: str) -> str:
    """Text as the value of a field in a message of ``name=value`` words."""
    return '"' + " ".join(text.replace('"', "'").split()) + '"'


def blotted(text: str, secrets: Sequence[str] = ()) -> str:
    """The text without addresses, links, keys and these secrets."""
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    for pattern, instead in BLOTS:
        text = pattern.sub(instead, text)
    return text


class JsonLines(logging.Formatter):
    """``{"time": …, "level": …, "logger": …, "event": …, …}``, one object a line."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(one for one in secrets if len(one) >= 8)  # a shorter one would blot out words

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.fields(record), ensure_ascii=False)

    def fields(self, record: logging.LogRecord) -> dict[str, str | int | float]:
        """What the line says, by name."""
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        fields: dict[str, str | int | float] = {
            "time": at.replace("+00:00", "Z"), "level": record.levelname.lower(), "logger": record.name,
        }  # fmt: skip
        said = {**CONTEXT.get(), **_said(_message(record)), **_error(record)}
        return fields | {name: self._clean(value) for name, value in said.items() if name not in fields}

    def _clean(self, value: str) -> str | int | float:
        if re.fullmatch(r"-?\d{1,15}", value):
            return int(value)
        if re.fullmatch(r"-?\d{1,15}\.\d{1,15}", value):
            return float(value)
        return blotted(value, self._secrets)


class TextLines(JsonLines):
    """``09:00:00 info event=request route=/ status=200``, for somebody who watches."""

    def format(self, record: logging.LogRecord) -> str:
        fields = self.fields(record)
        at, level, _ = str(fields.pop("time"))[11:19], fields.pop("level"), fields.pop("logger")
        message = fields.pop("message", None)
        words = [str(message)] if message is not None else []
        return " ".join([at, str(level), *words, *(f"{name}={value}" for name, value in fields.items())])


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that don't fit: the line is kept, without them
        return str(record.msg)


def _said(message: str) -> dict[str, str]:
    if not WORDS.fullmatch(message):
        return {"message": message}
    return {name: value.strip('"') for name, value in WORD.findall(message)}


def _error(record: logging.LogRecord) -> dict[str, str]:
    """Type and places of an exception: its words may hold what somebody typed."""
    if not record.exc_info or record.exc_info[1] is None:
        return {}
    error = record.exc_info[1]
    return {"error": type(error).__name__, "places": places(error)}


def places(error: BaseException) -> str:
    """Where an exception came from, innermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in frames[::-1][:PLACES])
