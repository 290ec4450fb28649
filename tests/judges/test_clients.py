"""What mail clients lack of what our e-mails use: it may shrink, never grow.

UPDATE_EXPECTED=1 make test    writes tests/expected/clients.json anew; read the difference before committing.
"""

import json
import os
import subprocess
from pathlib import Path

from tests.judges.tools import package, program

EXPECTED = Path(__file__).parents[1] / "expected"
BASELINE = EXPECTED / "clients.json"
Lacks = dict[str, dict[str, list[str]]]


def lacks() -> Lacks:
    """By client, what it lacks (none) or half knows (partial)."""
    package("caniemail/package.json")
    command = [program("node", package="nodejs"), str(Path(__file__).parent / "clients.mjs")]
    files = [str(file) for file in sorted(EXPECTED.glob("*.html"))]
    answer: Lacks = json.loads(subprocess.run([*command, *files], check=True, capture_output=True).stdout)
    return answer


def test_gmail_apple_mail_and_outlook_lack_no_more_than_before() -> None:
    found = lacks()
    if os.environ.get("UPDATE_EXPECTED"):
        BASELINE.write_text(json.dumps(found, indent=1) + "\n")
    known: Lacks = json.loads(BASELINE.read_text())
    worse = {client: new for client, now in found.items() if (new := _worse(now, known.get(client, {})))}
    assert worse == {}
    assert {client.split(".")[0] for client in known} == {"gmail", "apple-mail", "outlook"}


def _worse(now: dict[str, list[str]], known: dict[str, list[str]]) -> list[str]:
    """What a client lacks now and did not lack, and what it half knows now and knew."""
    none, partial = set(known.get("none", [])), set(known.get("partial", []))
    return sorted({*now["none"]} - none | {*now["partial"]} - partial - none)
