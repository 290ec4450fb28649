"""DKIM by the examples of its RFC; npm's mailauth verifies whole e-mails in tests/judges."""

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service import wiring
from service.delivery import MailerUnusable
from service.emails import DkimSigner, KeyUnusable, RenderedEdition, Renderer, dkim_signer
from service.emails.dkim import hash_of, relaxed
from service.settings import Settings
from tests.briefs_for_emails import BUILT, SENDER, brief, issue, recipient
from tests.cases import every

SHORT_KEY = 1024  # bits
TEMPLATES = Path(__file__).parents[1] / "templates"
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(scope="module")
def signer() -> DkimSigner:
    return dkim_signer(pem(ED25519), "mail.example.org", "brief")


@pytest.fixture(scope="module")
def edition() -> RenderedEdition:
    return Renderer(SENDER, TEMPLATES).render_issue(issue(brief(papers=3))).edition(["llm-post-train"])


def test_a_body_in_relaxed_form_is_that_of_the_rfc() -> None:
    assert relaxed(b" C \r\nD \t E\r\n\r\n\r\n").rstrip(b"\r\n") == b" C\r\nD E"  # RFC 6376, 3.4.5


def test_an_empty_line_at_the_end_changes_no_hash() -> None:
    assert hash_of(b"a\r\n") == hash_of(b"a\r\n\r\n")
    empty = b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="  # RFC 6376, 3.4.4: of nothing at all
    assert base64.b64encode(hash_of(b"")) == empty


def test_a_signed_message_is_the_unsigned_one_with_one_header_more(
    edition: RenderedEdition, signer: DkimSigner
) -> None:
    plain, signed = edition.message(recipient(), BUILT), edition.message(recipient(), BUILT, signer)
    assert signed.endswith(plain)
    header = signed.removesuffix(plain).decode("ascii")
    assert re.fullmatch(r"DKIM-Signature: (?:.{1,90}\r\n )+.{1,76}\r\n", header)
    named = re.sub(r"\s", "", header.split(" h=")[1].split(";")[0]).split(":")
    assert {"to", "subject", "date", "list-unsubscribe-post"} < set(named)
    assert named.count("from") == named.count("list-unsubscribe") == 2


def test_the_same_message_is_signed_with_the_same_bytes(edition: RenderedEdition, signer: DkimSigner) -> None:
    assert edition.message(recipient(), BUILT, signer) == edition.message(recipient(), BUILT, signer)


def test_the_body_hash_is_that_of_the_body_that_was_sent(
    edition: RenderedEdition, signer: DkimSigner
) -> None:
    message = edition.message(recipient(), BUILT, signer)
    stated = re.search(rb" bh=(.{44});", message)
    assert stated
    body = message.partition(b"\r\n\r\n")[2]
    assert base64.b64decode(stated[1]) == hash_of(relaxed(body))


def test_the_record_holds_the_public_key(signer: DkimSigner) -> None:
    public = base64.b64encode(ED25519.public_key().public_bytes_raw()).decode()
    assert signer.record == f"v=DKIM1; k=ed25519; p={public}"
    with pytest.raises(InvalidSignature):
        ED25519.public_key().verify(b"x" * 64, b"anything")


@every(
    ("make", "words"),
    [
        (lambda: dkim_signer(b"no key", "example.org", "s"), "not a private key in PEM"),
        (lambda: dkim_signer(pem(rsa.generate_private_key(65537, SHORT_KEY)), "example.org", "s"), "2048"),
        (lambda: dkim_signer(pem(ec.generate_private_key(ec.SECP256R1())), "example.org", "s"), "Ed25519"),
        (lambda: dkim_signer(pem(ED25519), "exa mple.org", "s"), "not a domain"),
        (lambda: dkim_signer(pem(ED25519), "example.org", "s; d=evil.org"), "not a DKIM selector"),
    ],
)
def test_a_key_or_name_that_cannot_sign_is_refused(make: Callable[[], DkimSigner], words: str) -> None:
    with pytest.raises(KeyUnusable, match=words):
        make()


def test_the_settings_name_the_key(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, sender_address="brief@mail.example.org")
    assert wiring.dkim(settings) is None
    keyed = settings.model_copy(update={"dkim_key_file": tmp_path / "dkim.pem"})
    with pytest.raises(MailerUnusable, match="BRIEF_DKIM_KEY_FILE"):
        wiring.dkim(keyed)
    (tmp_path / "dkim.pem").write_bytes(pem(ED25519))
    signer = wiring.dkim(keyed)
    assert signer is not None
    assert (signer.domain, signer.selector) == ("mail.example.org", "brief")
    assert replace(signer, selector="other").record == signer.record
