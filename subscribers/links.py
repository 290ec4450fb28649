"""Links: signed with itsdangerous, one purpose each, one line, no address inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from itsdangerous import BadSignature, Signer


class Purpose(StrEnum):
    """What a link may do. The salt is the purpose, so a link for one opens no other."""

    MANAGE = "manage"
    LEAVE = "leave"
    WEB_VIEW = "web-view"


class LinkRefused(Exception):
    """A link that is forged, cut off, of another purpose, or signed with a key that is gone."""


@dataclass(frozen=True)
class Links:
    """Makes and reads links. Several keys allow rotation: the last signs, all of them are accepted."""

    base_url: str
    keys: Sequence[str]  # oldest first

    def __post_init__(self) -> None:
        if not self.keys or not all(self.keys):
            raise ValueError("links need at least one key that is not empty")
        signers = {purpose: Signer(list(self.keys), salt=f"link.{purpose}") for purpose in Purpose}
        object.__setattr__(self, "_signers", signers)

    def token(self, purpose: Purpose, subject: str) -> str:
        """``subject.signature``: URL-safe where the subject is."""
        return self._signer(purpose).sign(subject).decode()

    def read(self, purpose: Purpose, token: str) -> str:
        """The subject that was signed for this purpose; LinkRefused otherwise."""
        try:
            return self._signer(purpose).unsign(token).decode()
        except (BadSignature, UnicodeError) as refused:
            raise LinkRefused(f"this link can't be used to {purpose}") from refused

    def url(self, purpose: Purpose, subject: str) -> str:
        return f"{self.base_url}/{purpose}/{self.token(purpose, subject)}"

    def _signer(self, purpose: Purpose) -> Signer:
        signers: dict[Purpose, Signer] = self.__dict__["_signers"]
        return signers[purpose]
