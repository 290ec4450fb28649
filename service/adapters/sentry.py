"""Sentry, where it is wanted and installed: errors leave with their places, without what readers typed."""

import importlib
from typing import Any

from service import __version__
from service.logs import blotted


class SentryMissing(Exception):
    """The setting asks for Sentry, and its package is not installed."""


def start(dsn: str, environment: str, package: str = "sentry_sdk") -> None:
    """Report errors from now on; SentryMissing where the package is not installed."""
    try:
        sentry = importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise SentryMissing(
            "BRIEF_SENTRY_DSN is set, but its package is missing: pip install sentry-sdk, or leave it empty"
        ) from error
    sentry.init(
        dsn=dsn,
        environment=environment,
        release=__version__,
        send_default_pii=False,
        include_local_variables=False,  # they hold addresses and links
        max_request_body_size="never",
        before_send=lambda event, _hint: cleaned(event),
        before_breadcrumb=lambda _crumb, _hint: None,
    )


def cleaned(event: dict[str, Any]) -> dict[str, Any]:
    """An event without the request, whose address is a link, and without an error's own words."""
    kept = {name: value for name, value in event.items() if name not in {"request", "user", "extra"}}
    for error in kept.get("exception", {}).get("values", []):
        error.pop("value", None)
    return {name: _blotted(value) for name, value in kept.items()}


def _blotted(value: Any) -> Any:
    if isinstance(value, str):
        return blotted(value)
    if isinstance(value, list):
        return [_blotted(one) for one in value]
    if isinstance(value, dict):
        return {name: _blotted(one) for name, one in value.items()}
    return value
