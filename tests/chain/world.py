"""The chain put together.

brief → relay (Postfix: STARTTLS, sign-in) → receiver (Postfix, rspamd) → mailboxes (Dovecot) → IMAP.
What comes back goes the same way: the relay's and the receiver's reports, and what mailboxes answer.
"""

import email
import email.policy
import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx2

from tests.chain.dovecot import PASSWORD, Box, Dovecot, dovecot
from tests.chain.postfix import Postfix, postfix
from tests.chain.programs import free_port, listens, running, until
from tests.chain.verifier import dns, rspamd
from tests.readers import Reader

ROOT = Path(__file__).parents[2]
DOMAIN = "brief.example.org"
SENDER = f"brief@{DOMAIN}"
BOUNCES = f"bounces@{DOMAIN}"
RELAY_USER = f"relay@{DOMAIN}"
EDITOR = "editor@example.org"
JOINING = "ada@example.org"
FULL = "full@example.net"
GONE = "gone@example.net"
AWAY = "away@example.net"
# Whoever wrote it: an answer to lists and machines alike, again and again, with a status code in its words
REPLY = """\
require ["vacation", "editheader"];
deleteheader "List-Id"; deleteheader "List-Unsubscribe"; deleteheader "List-Unsubscribe-Post";
deleteheader "List-Archive"; deleteheader "List-Help"; deleteheader "Precedence";
deleteheader "Auto-Submitted";
vacation :days 1 :addresses ["away@example.net"] :subject "Re: your message"
  "550 5.1.1 User unknown? No: I am away until Monday.";
"""
BOXES = {
    JOINING: Box(),
    FULL: Box(bytes=1),
    AWAY: Box(sieve=REPLY),
    EDITOR: Box(),
    BOUNCES: Box(),
    SENDER: Box(),
    RELAY_USER: Box(),
    # the invented readers of the demo
    "ada.sampleton@example.org": Box(), "jorg.beispiel@example.com": Box(), "vera@example.net": Box(),
    "noone@example.org": Box(),
}  # fmt: skip


@dataclass(frozen=True)
class Chain:
    """The running chain."""

    folder: Path
    relay: Postfix
    receiver: Postfix
    mailboxes: Dovecot
    trusted: ssl.SSLContext
    environment: Mapping[str, str]

    def brief(self, *words: str) -> str:
        """A command of the service: what it says on standard output."""
        command = [sys.executable, "-m", "service.cli", *words]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"brief {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def told(self, *words: str) -> Any:
        """The same as JSON."""
        return json.loads(self.brief(*words, "--json"))

    @contextmanager
    def pages(self) -> Iterator[Reader]:
        """`brief serve`, which sends the transactional e-mails too, and somebody with a browser."""
        port = free_port()
        command = [sys.executable, "-m", "service.cli", "serve", "--no-scheduler", "--port", str(port)]
        with running(command, self.folder / "serve", self.environment):
            until(lambda: listens(port), "brief serve")
            # in production cookies are for https, which a proxy in front of this would speak
            cookies = CookieJar(DefaultCookiePolicy(secure_protocols=("http", "https")))
            where = f"http://127.0.0.1:{port}"
            with httpx2.Client(base_url=where, cookies=cookies, timeout=30) as client:
                yield Reader(client)

    def arrived(self, address: str, kind: str) -> EmailMessage:
        """The message of a kind in a mailbox, such as `confirm` or an issue's label; waits for it."""
        return until(lambda: self._of_kind(address, kind), f"{kind} for {address}")

    def _of_kind(self, address: str, kind: str) -> EmailMessage | None:
        """What it is stands in its Message-ID."""
        found = map(read, self.mailboxes.messages(address, self.trusted))
        return next((one for one in found if str(one["Message-ID"]).startswith(f"<{kind}.")), None)


def read(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


@contextmanager
def chain(folder: Path) -> Iterator[Chain]:
    """All of it, started and ended."""
    certificate, key = _certificate(folder)
    _dkim_key(folder)
    environment = _environment(folder)
    record = _published(environment, folder)
    boxes = Dovecot(folder / "dovecot", BOXES, DOMAIN)
    with ExitStack() as stack:
        records = {**record, f"_dmarc.{DOMAIN}": "v=DMARC1; p=reject; adkim=s"}
        names = stack.enter_context(dns(folder / "dns", records))
        milter = stack.enter_context(rspamd(folder / "rspamd", names))
        port = free_port()
        stack.enter_context(dovecot(boxes, certificate, key, port))
        taking = _receiver(folder, boxes, milter)
        receiver = stack.enter_context(postfix(folder / "receiver", "mx.example.net", taking, port))
        passing = _relay(folder, certificate, key, receiver)
        relay = stack.enter_context(postfix(folder / "relay", f"relay.{DOMAIN}", passing))
        set_ = {"BRIEF_SMTP_PORT": str(relay.port), "BRIEF_BOUNCE_IMAP_URL": boxes.url(BOUNCES)}
        trusted = ssl.create_default_context(cafile=certificate)
        yield Chain(folder, relay, receiver, boxes, trusted, {**environment, **set_})


def _relay(folder: Path, certificate: Path, key: Path, receiver: Postfix) -> dict[str, str]:
    """What takes our mail, from who signs in over TLS alone, and passes all of it on."""
    return {
        "relayhost": f"[127.0.0.1]:{receiver.port}",
        "mynetworks": "",
        "smtpd_tls_security_level": "encrypt",
        "smtpd_tls_cert_file": str(certificate),
        "smtpd_tls_key_file": str(key),
        "smtpd_sasl_auth_enable": "yes",
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": str(folder / "dovecot" / "run" / "sign-in"),
        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject",
    }


def _receiver(folder: Path, boxes: Dovecot, milter: int) -> dict[str, str]:
    known = folder / "mailboxes"
    known.write_text("".join(f"{address} here\n" for address in boxes.boxes))
    domains = sorted({address.rpartition("@")[2] for address in boxes.boxes})
    return {
        "mynetworks": "",
        "virtual_mailbox_domains": " ".join(domains),
        "virtual_mailbox_maps": f"texthash:{known}",
        "virtual_transport": f"lmtp:inet:127.0.0.1:{boxes.lmtp}",
        "recipient_delimiter": "+",
        "smtpd_milters": f"inet:127.0.0.1:{milter}",
        "milter_default_action": "tempfail",
    }


def _environment(folder: Path) -> dict[str, str]:
    values = {
        "ENVIRONMENT": "production", "DATA_DIR": str(folder / "var" / "demo"), "BUILD_CRON": "never",
        "SECRET_KEY": "chain-chain-0123456789-abcdefghijklm", "BASE_URL": f"https://{DOMAIN}",
        "ADMINS": EDITOR, "SENDER_ADDRESS": SENDER, "POSTAL_ADDRESS": "The Brief, 1 Example Road",
        "ARXIV_CONTACT": SENDER, "ARXIV_URL": "http://127.0.0.1:9/",
        "DKIM_KEY_FILE": str(folder / "dkim.pem"),
        "MAILER": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_SECURITY": "starttls", "SMTP_USER": RELAY_USER,
        "SMTP_PASSWORD": PASSWORD, "BOUNCE_ADDRESS": BOUNCES,
    }  # fmt: skip
    named = {f"BRIEF_{name}": value for name, value in values.items()}
    return {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "200",
        "SSL_CERT_FILE": str(folder / "tls.crt"), **named,
    }  # fmt: skip


def _published(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The DKIM record, as `brief doctor` says that it is to be published."""
    command = [sys.executable, "-m", "service.cli", "doctor", "--json"]
    told = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    ).stdout
    detail = next(one["detail"] for one in json.loads(told) if one["check"] == "DKIM")
    found = re.fullmatch(r"publish as TXT at (\S+): (.*)", detail)
    assert found, detail
    return {found[1]: found[2]}


def _certificate(folder: Path) -> tuple[Path, Path]:
    """For 127.0.0.1, trusted by who is told so."""
    certificate, key = folder / "tls.crt", folder / "tls.key"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
    asked += ["-days", "2", "-addext", "subjectAltName=IP:127.0.0.1"]
    _run(*asked, "-keyout", str(key), "-out", str(certificate))
    return certificate, key


def _dkim_key(folder: Path) -> None:
    asked = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    _run(*asked, "-out", str(folder / "dkim.pem"))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
