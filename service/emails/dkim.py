"""DKIM: a signature over an e-mail's headers and body (RFC 6376; Ed25519 by RFC 8463; RSA by RFC 8301).

Both List-Unsubscribe headers are signed, without which no provider offers one-click (RFC 8058, 4).
"""

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

SIGNED = (
    "from", "to", "subject", "date", "message-id", "mime-version", "content-type", "reply-to",
    "list-id", "list-archive", "list-unsubscribe", "list-unsubscribe-post", "feedback-id",
)  # fmt: skip
OVERSIGNED = (
    "from",
    "list-unsubscribe",
)  # named once more than they stand: a second one breaks the signature
DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
SELECTOR = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
SHORTEST_RSA = 2048  # bits


class KeyUnusable(ValueError):
    """A key or name that DKIM can't sign with; the message says why."""


@dataclass(frozen=True)
class DkimSigner:
    """Signs for one domain: ``<selector>._domainkey.<domain>`` is where its public key stands in the DNS."""

    domain: str
    selector: str
    algorithm: str  # "rsa-sha256" or "ed25519-sha256"
    public_key: str  # base64, as the DNS record has it
    _sign: Callable[[bytes], bytes]

    @property
    def record(self) -> str:
        """The TXT record to publish."""
        return f"v=DKIM1; k={self.algorithm.split('-')[0]}; p={self.public_key}"

    def header(self, head: bytes, body_hash: bytes, at: dt.datetime) -> bytes:
        """The DKIM-Signature header, its line end included, for other headers and a hash of the body."""
        fields = _fields(head)
        names = [name for name in SIGNED if name in fields]
        names += [name for name in OVERSIGNED if name in names]
        unsigned = (
            "DKIM-Signature: v=1; "
            f"a={self.algorithm}; c=relaxed/relaxed; d={self.domain}; s={self.selector};\r\n"
            f" t={int(at.timestamp())};\r\n{_folded(names)}\r\n bh={_base64(body_hash)};\r\n b="
        ).encode("ascii")
        signature = self._sign(_hashed(names, fields, unsigned))
        lines = re.findall(r".{1,70}", _base64(signature))
        return unsigned + "\r\n ".join(lines).encode("ascii") + b"\r\n"


def dkim_signer(key: bytes, domain: str, selector: str) -> DkimSigner:
    """A signer from a private key in PEM, RSA or Ed25519, without a password; KeyUnusable otherwise."""
    if not DOMAIN.fullmatch(domain):
        raise KeyUnusable(f"{domain!r} is not a domain that DKIM can sign for")
    if not SELECTOR.fullmatch(selector):
        raise KeyUnusable(f"{selector!r} is not a DKIM selector, such as brief2026")
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise KeyUnusable("the DKIM key is not a private key in PEM without a password") from error
    if isinstance(private, ed25519.Ed25519PrivateKey):
        raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return DkimSigner(domain, selector, "ed25519-sha256", _base64(raw), _by_ed25519(private))
    if isinstance(private, rsa.RSAPrivateKey) and private.key_size >= SHORTEST_RSA:
        der = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return DkimSigner(domain, selector, "rsa-sha256", _base64(der), _by_rsa(private))
    raise KeyUnusable(f"the DKIM key must be Ed25519, or RSA of at least {SHORTEST_RSA} bits")


def relaxed(body: bytes) -> bytes:
    """A body, or whole lines of one, in relaxed form but for empty lines at its end (RFC 6376, 3.4.4)."""
    return re.sub(rb" +(?=\r\n)", b"", re.sub(rb"[ \t]+", b" ", body))


def hash_of(relaxed_body: bytes) -> bytes:
    """SHA-256 of a body that is in relaxed form already: it runs for each e-mail."""
    lines = relaxed_body.rstrip(b"\r\n")
    return hashlib.sha256(lines + b"\r\n" if lines else b"").digest()


def _by_ed25519(private: ed25519.Ed25519PrivateKey) -> Callable[[bytes], bytes]:
    return lambda data: private.sign(hashlib.sha256(data).digest())


def _by_rsa(private: rsa.RSAPrivateKey) -> Callable[[bytes], bytes]:
    return lambda data: private.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _fields(head: bytes) -> dict[str, bytes]:
    """Each header by its name in small letters, in relaxed form. None of ours stands twice."""
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    fields = {}
    for line in unfolded.split(b"\r\n"):
        name, _, value = line.partition(b":")
        fields[name.decode("ascii").strip().lower()] = b" ".join(value.split())
    return fields


def _hashed(names: Iterable[str], fields: dict[str, bytes], unsigned: bytes) -> bytes:
    """What is signed: the headers in order, one that is named twice nothing the second time, and this one."""
    left = dict(fields)
    lines = [name.encode() + b":" + left.pop(name) for name in names if name in left]
    return b"\r\n".join([*lines, b"dkim-signature:" + _fields(unsigned)["dkim-signature"]])


def _folded(names: Iterable[str]) -> str:
    """``h=from:to:…;`` in lines of at most 76 characters, folded behind colons."""
    lines = [" h="]
    for name in names:
        if len(lines[-1]) + len(name) > 74:
            lines.append("  ")
        lines[-1] += f"{name}:"
    return "\r\n".join(lines)[:-1] + ";"


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
