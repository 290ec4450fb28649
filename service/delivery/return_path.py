"""The return path: an envelope sender for each delivery, so that what comes back says which it was.

Variable envelope return paths (VERP): bounces+<delivery>-<signature>@example.org. Who has no such token can't
say that somebody's mail bounced.
"""

import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

SIGNED = 10  # hexadecimal digits: 40 bits, and a wrong guess changes nothing that lasts


@dataclass(frozen=True)
class ReturnPath:
    """The address for bounces, and the keys that sign: the newest is last."""

    address: str
    keys: Sequence[str]

    def of(self, delivery_id: int) -> str:
        """The envelope sender of a delivery."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{delivery_id:x}-{_signature(self.keys[-1], delivery_id)}@{domain}"

    def read(self, text: str) -> Iterator[int]:
        """Ids of the deliveries whose return paths stand in a text, in order; only what was signed here."""
        for number, signature in self._token.findall(text):
            delivery_id = int(number, 16)
            right = (_signature(key, delivery_id) for key in self.keys)
            if any(hmac.compare_digest(one, signature.lower()) for one in right):
                yield delivery_id

    @cached_property
    def _token(self) -> re.Pattern[str]:
        local, _, domain = self.address.rpartition("@")
        token = rf"\+([0-9a-f]{{1,15}})-([0-9a-f]{{{SIGNED}}})@"
        return re.compile(re.escape(local) + token + re.escape(domain), re.IGNORECASE)


def _signature(key: str, delivery_id: int) -> str:
    return hmac.digest(key.encode(), b"return-path:%d" % delivery_id, "sha256").hex()[:SIGNED]
