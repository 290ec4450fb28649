"""Sealed forms: a signed field that says whose form it is, when it was shown and what it showed.

A POST without the seal of its page is refused, so no other site can send one in a reader's name (CSRF),
although no page sets a cookie. What the page showed comes back with it, so a stale page overwrites nothing.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

GOOD_FOR = dt.timedelta(hours=24)
QUICKEST = dt.timedelta(seconds=2)  # nobody fills in a form faster
LONGEST_SEAL = 16_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a form brings back."""

    at: dt.datetime  # when its page was shown, UTC
    shown: Mapping[str, Any]

    def was_hasty(self, now: dt.datetime) -> bool:
        """Whether the form came back faster than anybody fills it in."""
        return now - self.at < QUICKEST


@dataclass(frozen=True)
class Forms:
    """Seals forms and reads the seals. `keys` are the secret ones, oldest first."""

    keys: Sequence[str]
    _seals: dict[str, URLSafeSerializer] = field(default_factory=dict, init=False, repr=False, compare=False)

    def seal(
        self, action: str, now: dt.datetime, owner: str = "", shown: Mapping[str, Any] | None = None
    ) -> str:
        """A field for a form that does `action` for the subscriber of reference `owner`."""
        value = {"at": int(now.timestamp()), "owner": owner, "shown": dict(shown or {})}
        return str(self._serializer(action).dumps(value))

    def read(self, action: str, seal: str, now: dt.datetime, owner: str = "") -> Sealed | None:
        """What was sealed; None when it is forged, of another form or subscriber, or older than a day."""
        if len(seal) > LONGEST_SEAL:
            return None
        try:
            value = self._serializer(action).loads(seal)
        except BadData:
            return None
        at = dt.datetime.fromtimestamp(value["at"], dt.UTC)
        if value["owner"] != owner or not dt.timedelta(seconds=-60) <= now - at <= GOOD_FOR:
            return None
        return Sealed(at, value["shown"])

    def _serializer(self, action: str) -> URLSafeSerializer:
        if action not in self._seals:
            how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
            self._seals[action] = URLSafeSerializer(list(self.keys), salt=f"form.{action}", signer_kwargs=how)
        return self._seals[action]
