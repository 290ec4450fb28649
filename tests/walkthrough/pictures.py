"""The pictures of README and docs: the demo's invented papers, on the pages and in an e-mail."""

import re
import subprocess
from pathlib import Path

from playwright.sync_api import Browser

from tests.deploy.proxies import free_port
from tests.walkthrough.lab import Lab, Typed, served
from tests.walkthrough.looking import PHONE, Seat, Seen, seated

DRAFT, SENT, TOPIC, EDITOR = "2026-W22", "2026-W23", "llm-post-train", "editor@example.org"


def taken(browser: Browser, lab: Lab, target: Path) -> str:
    """Run the demo in a folder of its own and take its pictures; their names and sizes."""
    target.mkdir(parents=True, exist_ok=True)
    folder, port = lab.folder.parent / "demo", free_port()
    folder.mkdir()
    environment = {
        "PATH": lab.environment["PATH"], "PYTHONPATH": lab.environment["PYTHONPATH"], "HOME": str(folder),
        "BRIEF_BASE_URL": f"http://127.0.0.1:{port}", "BRIEF_ADMINS": EDITOR, "BRIEF_BUILD_CRON": "never",
    }  # fmt: skip
    _said(folder, environment, "demo")
    environment["BRIEF_DATA_DIR"] = "var/demo"
    with (
        served(folder, port, environment),
        seated(browser, "", environment["BRIEF_BASE_URL"], Typed(), Seen()) as seat,
    ):
        _pages(seat, _said(folder, environment, "admin", "link", EDITOR), target)
        _emails(seat, _said(folder, environment, "show", SENT, "--topic", TOPIC, "--format", "html"), target)
    files = sorted(target.glob("*.png"))
    return ", ".join(f"{file.name} {file.stat().st_size // 1000} kB" for file in files)


def _pages(seat: Seat, said: str, target: Path) -> None:
    seat.page.goto(seat.base_url)
    seat.picture(target / "home.png", 1200, 820)
    seat.picture(target / "home-phone.png", PHONE, 740)
    link = re.search(r"http\S+/admin/sign-in/\S+", said)
    assert link, said
    seat.page.goto(link[0])
    seat.page.get_by_role("button", name="Sign in").click()
    seat.page.goto(f"{seat.base_url}/admin/issues/{DRAFT}")
    seat.picture(target / "issue.png", 1200, 820)


def _emails(seat: Seat, html: str, target: Path) -> None:
    seat.page.goto("about:blank")  # the pages' own policy would take the e-mail's styles away
    seat.page.set_content(html)
    seat.picture(target / "email.png", 720, 1120)
    seat.picture(target / "email-phone.png", PHONE, 740)


def _said(folder: Path, environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        ["brief", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"brief {words[0]}: {done.stdout}{done.stderr}"
    return done.stdout
