"""Debian's Dovecot with a folder of its own: mailboxes that Postfix fills over LMTP and that IMAP reads."""

import imaplib
import shutil
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chain.programs import free_port, listens, running, until

PASSWORD = "correct-horse"  # of every mailbox, and of the relay's user

CONFIGURATION = """\
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
mail_location = maildir:~/Maildir
recipient_delimiter = +
quota_full_tempfail = no
submission_host = 127.0.0.1:{submission}
postmaster_address = postmaster@{domain}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service auth {{
  unix_listener {folder}/run/sign-in {{
    mode = 0666
  }}
}}
protocol lmtp {{
  mail_plugins = quota sieve
}}
plugin {{
  quota = maildir:mailbox
  sieve = file:~/rules.sieve
  sieve_extensions = +editheader
}}
"""


@dataclass(frozen=True)
class Box:
    """A mailbox: how many bytes it holds (0: as many as come), and its owner's Sieve script."""

    bytes: int = 0
    sieve: str = ""


@dataclass
class Dovecot:
    """Running mailboxes, by address."""

    folder: Path
    boxes: Mapping[str, Box]
    domain: str
    lmtp: int = field(default_factory=free_port)
    imaps: int = field(default_factory=free_port)

    def url(self, address: str) -> str:
        """Where a mailbox is read."""
        return f"imaps://{address.replace('@', '%40')}:{PASSWORD}@127.0.0.1:{self.imaps}/INBOX"

    def messages(self, address: str, trusted: ssl.SSLContext) -> list[bytes]:
        """All messages of a mailbox, over IMAP; they stay unseen."""
        with imaplib.IMAP4_SSL("127.0.0.1", self.imaps, ssl_context=trusted) as session:
            session.login(address, PASSWORD)
            session.select("INBOX", readonly=True)
            found = session.uid("SEARCH", "ALL")[1][0].decode().replace(" ", ",")
            parts = session.uid("FETCH", found, "(BODY.PEEK[])")[1] if found else []
        return [one[1] for one in parts if isinstance(one, tuple)]

    def write(self, certificate: Path, key: Path, submission: int) -> Path:
        """Its configuration; `submission` is the port that takes vacation replies."""
        self.folder.mkdir()
        lines = []
        for address, box in self.boxes.items():
            home = self.folder / "mail" / address
            home.mkdir(parents=True)
            (home / "rules.sieve").write_text(box.sieve)
            rule = f"userdb_quota_rule=*:bytes={box.bytes}" if box.bytes else ""
            lines.append(f"{address}:{PASSWORD}:nobody:nogroup::{home}::{rule}")
        (self.folder / "users").write_text("\n".join(lines) + "\n")
        for path in (self.folder / "mail", *(self.folder / "mail").rglob("*")):
            shutil.chown(path, "nobody", "nogroup")
        written = self.folder / "dovecot.conf"
        written.write_text(
            CONFIGURATION.format(
                folder=self.folder,
                certificate=certificate,
                key=key,
                domain=self.domain,
                submission=submission,
                imaps=self.imaps,
                lmtp=self.lmtp,
            )
        )
        return written


@contextmanager
def dovecot(made: Dovecot, certificate: Path, key: Path, submission: int) -> Iterator[Dovecot]:
    """The same, running."""
    configuration = made.write(certificate, key, submission)
    with running(["/usr/sbin/dovecot", "-F", "-c", configuration], made.folder / "output"):
        until(lambda: listens(made.imaps) and listens(made.lmtp), "dovecot")
        yield made
