"""CSRF tokens of forms: a signed field that says whose form it is, when it was shown and what it showed.

A POST without the csrf_token of its page is refused, so no other site can send one in a reader's name (CSRF),
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
LONGEST_TOKEN = 16_000


@dataclass(frozen=True, slots=True)
class SignedForm:
    """What a form brings back."""

    at: dt.datetime  # when its page was shown, UTC
    shown: Mapping[str, Any]

    def was_hasty(self, now: dt.datetime) -> bool:
        """Whether the form came back faster than anybody fills it in."""
        return now - self.at < QUICKEST


@dataclass(frozen=True)
class Forms:
    """Makes the CSRF tokens of forms and reads them. `keys` are the secret ones, oldest first."""

    keys: Sequence[str]
    _serializers: dict[str, URLSafeSerializer] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def csrf_token(
        self, action: str, now: dt.datetime, owner: str = "", shown: Mapping[str, Any] | None = None
    ) -> str:
        """A field for a form that does `action` for the subscriber of reference `owner`."""
        value = {"at": int(now.timestamp()), "owner": owner, "shown": dict(shown or {})}
        return str(self._serializer(action).dumps(value))

    def read(self, action: str, csrf_token: str, now: dt.datetime, owner: str = "") -> SignedForm | None:
        """What was signed; None when it is forged, of another form or subscriber, or older than a day."""
        if len(csrf_token) > LONGEST_TOKEN:
            return None
        try:
            value = self._serializer(action).loads(csrf_token)
        except BadData:
            return None
        at = dt.datetime.fromtimestamp(value["at"], dt.UTC)
        if value["owner"] != owner or not dt.timedelta(seconds=-60) <= now - at <= GOOD_FOR:
            return None
        return SignedForm(at, value["shown"])

    def _serializer(self, action: str) -> URLSafeSerializer:
        if action not in self._serializers:
            how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
            self._serializers[action] = URLSafeSerializer(
                list(self.keys), salt=f"form.{action}", signer_kwargs=how
            )
        return self._serializers[action]
