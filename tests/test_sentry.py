"""Sentry is left out unless it is wanted and installed; what leaves says nothing of readers."""

import sys
import types
from typing import Any

import pytest

from service.adapters import sentry


def event() -> dict[str, Any]:
    return {
        "message": "could not write to ada@example.org",
        "request": {"url": "https://brief.example.org/manage/token"},
        "user": {"ip_address": "203.0.113.7"},
        "exception": {
            "values": [{"type": "ValueError", "value": "Ada Sampleton typed this", "stacktrace": {}}]
        },
    }


def test_what_leaves_has_no_request_no_words_and_no_address() -> None:
    left = sentry.cleaned(event())
    assert left == {
        "message": "could not write to [address]",
        "exception": {"values": [{"type": "ValueError", "stacktrace": {}}]},
    }


def test_a_package_that_is_missing_is_said_in_words() -> None:
    with pytest.raises(sentry.SentryMissing, match="pip install sentry-sdk"):
        sentry.start("https://key@sentry.example/1", "production", package="a_package_that_is_not_there")


def test_it_is_started_without_personal_data() -> None:
    given: dict[str, Any] = {}
    package = types.ModuleType("invented_sentry")
    package.init = given.update  # type: ignore[attr-defined]  # as sentry_sdk has it
    sys.modules["invented_sentry"] = package
    try:
        sentry.start("https://key@sentry.example/1", "production", package="invented_sentry")
    finally:
        del sys.modules["invented_sentry"]
    assert given["send_default_pii"] is False
    assert given["include_local_variables"] is False
    assert given["before_send"](event(), {}) == sentry.cleaned(event())
