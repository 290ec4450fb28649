"""The bytes, judged by SpamAssassin, mailparser, postal-mime and mailauth."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from service.emails import DkimSigner
from tests.briefs_for_emails import SENDER, recipient
from tests.judges.conftest import Judged
from tests.judges.tools import node, package, program, ran

OFFLINE = "skip_rbl_checks 1\nuse_bayes 0\ndns_available no\n"
HIGHEST = 2.0  # of the 5 points that make spam
LIST_HEADERS = {
    "list-id": f'"{SENDER.name}" <{SENDER.mailing_list}>',
    "list-archive": f"<{SENDER.base_url}/issues>",
    "list-unsubscribe": f"<{recipient().one_click_url}>",
    "list-unsubscribe-post": "List-Unsubscribe=One-Click",
}


@pytest.fixture(scope="session")
def read(
    judged: Sequence[Judged], signers: Mapping[str, DkimSigner], tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """What each library reads in each e-mail."""
    for name in ("mailparser", "postal-mime", "mailauth"):
        package(f"{name}/package.json")
    dns = tmp_path_factory.mktemp("dns") / "records.json"
    records = {f"{one.selector}._domainkey.{one.domain}": one.record for one in signers.values()}
    dns.write_text(json.dumps(records))
    return node("messages.mjs", dns, *(one.file("eml") for one in judged))


def test_spamassassin_gives_two_points_at_most(judged: Sequence[Judged], tmp_path: Path) -> None:
    spamassassin = program("spamassassin", package="spamassassin")
    (tmp_path / "offline.cf").write_text(OFFLINE)
    messages = [one.file("eml").read_bytes().replace(b"\r\n", b"\n") for one in judged]
    mbox = b"\n".join(b"From judge@example.org Mon Jun  8 01:00:00 2026\n" + each for each in messages)
    command = [spamassassin, "--local", "--test-mode", "--mbox", f"--prefspath={tmp_path / 'offline.cf'}"]
    report = re.sub(r"\n[\t ]+", "", ran(command, mbox).decode("utf-8", "replace"))
    found = re.findall(r"^X-Spam-Status: \w+, score=(-?[\d.]+) .*?tests=(\S*)", report, re.MULTILINE)
    assert len(found) == len(judged)
    named = zip((one.name for one in judged), found, strict=True)
    assert [(name, *rules) for name, rules in named if float(rules[0]) > HIGHEST] == []


@pytest.mark.parametrize("library", ["mailparser", "postal"])
def test_other_libraries_read_both_parts_and_the_subject(
    judged: Sequence[Judged], read: list[dict[str, Any]], library: str
) -> None:
    for one, answer in zip(judged, read, strict=True):
        said = answer[library]
        assert said["subject"] == one.edition.subject
        for part, expected in (("text", one.file("txt")), ("html", one.file("html"))):
            assert said[part].replace("\r\n", "\n").rstrip() == expected.read_text("utf-8").rstrip()


@pytest.mark.parametrize("library", ["mailparser", "postal"])
def test_other_libraries_read_the_list_headers_as_they_are(read: list[dict[str, Any]], library: str) -> None:
    for answer in read:
        headers = answer[library]["headers"]
        assert {name: headers[name] for name in headers if name.startswith("list-")} == LIST_HEADERS


def test_mailauth_accepts_the_signature_and_sees_both_unsubscribe_headers_signed(
    read: list[dict[str, Any]], signers: Mapping[str, DkimSigner]
) -> None:
    assert {signer.algorithm for signer in signers.values()} == {"rsa-sha256", "ed25519-sha256"}
    for answer in read:
        (found,) = answer["dkim"]
        assert (found["result"], found["domain"]) == ("pass", SENDER.domain), found["why"]
        signed = [name.strip().lower() for name in found["keys"].split(":")]
        assert {"from", "list-unsubscribe", "list-unsubscribe-post"} <= set(signed)
