"""What has to hold, in order: what was found, or AssertionError with what is wrong."""

import csv
import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from tests.chain.programs import until
from tests.chain.world import AWAY, BOUNCES, DOMAIN, EDITOR, FULL, GONE, JOINING, SENDER, Chain, read
from tests.readers import Reader

ISSUE = "2026-W22"  # the demo builds and approves it, and delivers the week after it
TOPIC = "exoplanets"
READERS = ("ada.sampleton@example.org", "jorg.beispiel@example.com", "vera@example.net", "noone@example.org")
FORGED = f"bounces+1-0123456789@{DOMAIN}"
REJECTED = "DMARC_POLICY_REJECT"
REPORT = """\
From: MAILER-DAEMON@mx.example.com
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <forged@mx.example.com>
Date: Tue, 02 Jun 2026 03:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; reader@example.com
Action: failed
Status: 5.1.1
--b--
"""


def statements(chain: Chain) -> Iterator[str]:
    """Try them all; what was found, one by one."""
    chain.brief("demo")
    with chain.pages() as reader:
        yield _joining(chain, reader)
        yield _sign_in(chain, reader)
    yield _issue(chain)
    yield _unsigned(chain)
    yield _changed(chain)
    _forge(chain)
    until(lambda: len(_came_back(chain)) >= 4, "two reports, a vacation reply and what was forged")
    chain.brief("scheduler", "--once")
    yield _unknown_mailbox(chain)
    yield _full_mailbox(chain)
    yield _vacation(chain)
    yield _forgery(chain)


def _joining(chain: Chain, reader: Reader) -> str:
    asked = {"email": JOINING, "topics": [TOPIC]}
    assert reader.client.post("/api/subscriptions", json=asked).status_code == 202
    confirmation = chain.arrived(JOINING, "confirm")
    _judged(confirmation)
    page = reader.press(reader.get(_link(confirmation, "confirm")), "Yes")
    assert page.status == 200, page.text
    _judged(chain.arrived(JOINING, "welcome"))
    return "who joins gets a confirmation and a welcome: DKIM and DMARC pass under p=reject"


def _sign_in(chain: Chain, reader: Reader) -> str:
    sent = reader.press(reader.get("/admin/sign-in"), "Send me a link", email=EDITOR)
    assert sent.status == 200, sent.text
    email = chain.arrived(EDITOR, "sign-in")
    _judged(email)
    entered = reader.press(reader.get(_link(email, "admin/sign-in")), "Sign in")
    assert entered.status == 303, entered.text
    assert reader.get("/admin").status == 200
    return "an admin's sign-in arrives and opens /admin: DKIM and DMARC pass"


def _issue(chain: Chain) -> str:
    for address in (FULL, GONE, AWAY):
        chain.brief("subscribers", "add", address, "--topic", TOPIC, "--consent", "invented")
    chain.brief("send", ISSUE)
    counts = chain.told("deliveries", ISSUE)["deliveries"]
    assert counts["accepted"] == len(READERS) + 4, counts
    emails = [chain.arrived(address, ISSUE) for address in (*READERS, JOINING)]
    for one in emails:
        _judged(one)
        assert one["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", one["List-Unsubscribe-Post"]
    scores = sorted(float(re.findall(r"\[(-?[\d.]+) /", str(one["X-Spamd-Result"]))[0]) for one in emails)
    assert scores[-1] < 4, scores
    return (
        f"an issue reaches {len(emails)} mailboxes: DKIM and DMARC pass; rspamd's score is {scores[0]} to "
        f"{scores[-1]} (it rejects at 15)"
    )


def _unsigned(chain: Chain) -> str:
    plain = f"From: The Brief <{SENDER}>\r\nTo: {JOINING}\r\nSubject: x\r\n"
    plain += f"Message-ID: <x@{DOMAIN}>\r\nDate: Tue, 02 Jun 2026 03:00:00 +0000\r\n\r\nhello\r\n"
    words = _refused(chain, plain.encode())
    return f"the same sender without a signature is refused, so the verifier can say no: {words}"


def _changed(chain: Chain) -> str:
    signed = next(
        raw for raw in chain.mailboxes.messages(JOINING, chain.trusted) if b"List-Unsubscribe-Post" in raw
    )
    assert b"text/plain" in signed
    words = _refused(chain, signed.replace(b"exoplanet", b"explanets", 1).replace(b"the", b"teh", 5))
    return f"an issue that somebody changed on its way is refused: {words}"


def _unknown_mailbox(chain: Chain) -> str:
    assert (_shown(chain, GONE)["suppressed"] or "").startswith("bounced"), _shown(chain, GONE)
    report = next(one for one in _came_back(chain) if GONE in one.as_string())
    assert f"MAILER-DAEMON@relay.{DOMAIN}" in str(report["From"]), report["From"]
    return f"a mailbox that does not exist: the relay's report suppresses it ({_delivery(chain, GONE)})"


def _full_mailbox(chain: Chain) -> str:
    assert _shown(chain, FULL)["suppressed"] is None
    told = _delivery(chain, FULL)
    assert "5.2.2" in told, told
    return f"a full mailbox: the receiver's report is noted and counts, and suppresses nobody yet ({told})"


def _vacation(chain: Chain) -> str:
    replies = [one for one in _came_back(chain) if AWAY in str(one["From"])]
    assert len(replies) == 1, [str(one["From"]) for one in _came_back(chain)]
    assert str(replies[0]["Auto-Submitted"]).startswith("auto-replied")
    assert _shown(chain, AWAY)["suppressed"] is None
    assert "accepted" in _delivery(chain, AWAY)
    return f"a vacation reply came to the return path and suppresses nobody ({_delivery(chain, AWAY)})"


def _forgery(chain: Chain) -> str:
    suppressed = [one["value"] for one in chain.told("subscribers", "suppressions")]
    assert suppressed == [GONE], suppressed
    return "a report that somebody forged, without the signature in its address, suppresses nobody"


def _forge(chain: Chain) -> None:
    with smtplib.SMTP("127.0.0.1", chain.receiver.port) as session:
        session.sendmail("", [FORGED], REPORT.format(to=FORGED))


def _judged(email: EmailMessage) -> None:
    """What the receiver's verifier says of a message stands in it (RFC 8601)."""
    results = " ".join(str(email["Authentication-Results"]).split())
    assert f"dkim=pass header.d={DOMAIN}" in results, results
    assert "dmarc=pass (policy=reject)" in results, results


def _refused(chain: Chain, message: bytes) -> str:
    """What the receiver says to a message that it must not take, because DMARC does not pass."""
    log = chain.folder / "rspamd" / "data" / "rspamd.log"
    before = log.read_text().count(REJECTED)
    with smtplib.SMTP("127.0.0.1", chain.receiver.port) as session:
        try:
            session.sendmail(SENDER, [JOINING], message)
        except smtplib.SMTPDataError as error:
            until(lambda: log.read_text().count(REJECTED) > before, f"{REJECTED} in rspamd's log")
            return f"{error.smtp_code} {_text(error.smtp_error)}"
    raise AssertionError("the receiver took a message that is not ours")


def _text(words: bytes | str) -> str:
    return words if isinstance(words, str) else words.decode()


def _came_back(chain: Chain) -> list[EmailMessage]:
    return [read(raw) for raw in chain.mailboxes.messages(BOUNCES, chain.trusted)]


def _shown(chain: Chain, address: str) -> Any:
    return chain.told("subscribers", "show", address)


def _delivery(chain: Chain, address: str) -> str:
    """How a delivery stands in the ledger: its state and why."""
    rows = csv.DictReader(chain.brief("deliveries", ISSUE, "--csv").splitlines())
    row = next(row for row in rows if row["address"] == address)
    return ": ".join(filter(None, (row["state"], row["reason"])))


def _link(email: EmailMessage, path: str) -> str:
    """The link in an e-mail that leads to a page, without the host."""
    part = email.get_body(("plain",))
    assert part is not None
    found = re.search(rf"https://{DOMAIN}(/{path}/\S+)", part.get_content())
    assert found, part.get_content()
    return urlsplit(found[1]).path
