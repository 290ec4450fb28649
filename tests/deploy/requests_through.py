"""What a reader, a mailbox provider and a stranger ask through a proxy, and what must come back."""

import email
import email.policy
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import lxml.html
import requests
import uvicorn

from subscribers.database import connect
from subscribers.preferences import SubscriberStatus
from subscribers.roster import Roster
from tests.deploy.proxies import Proxy, free_port, running, wait_for

PATIENCE = 30.0  # seconds until an e-mail is written
READER, SPOOFED = "ada.sampleton@example.org", "203.0.113.9"


@contextmanager
def served(folder: Path, base_url: str) -> Iterator[int]:
    """The real service as docs/deploy starts it, with files for e-mails; its port."""
    port = free_port()
    environment = {
        "PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd()), "BRIEF_DATA_DIR": str(folder),
        "BRIEF_BASE_URL": base_url, "BRIEF_SENDER_ADDRESS": "brief@example.org", "BRIEF_BUILD_CRON": "never",
    }  # fmt: skip
    command = [sys.executable, "-m", "service.cli", "serve", "--port", str(port), "--proxies", "127.0.0.1"]
    with (folder.parent / "serve.log").open("w") as log:
        service = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(port, service, folder.parent / "serve.log")
            yield port
        finally:
            service.terminate()
            service.wait(20)


class Visitor:
    """Somebody behind the proxy, who lies about the own address."""

    def __init__(self, proxy: Proxy, base_url: str) -> None:
        self.proxy, self.base_url = proxy, base_url
        self._session = requests.Session()
        self._session.trust_env = False

    def ask(self, method: str, link: str, **more: Any) -> requests.Response:
        """A link of ours, asked of the proxy in place of its host."""
        parts = urlsplit(link if "://" in link else f"{self.base_url}{link}")
        address = f"{self.proxy.url}{parts.path}{'?' if parts.query else ''}{parts.query}"
        headers = {"Host": self.proxy.host, "X-Forwarded-For": SPOOFED, **more.pop("headers", {})}
        return self._session.request(
            method, address, headers=headers, timeout=30, verify=False, allow_redirects=False, **more
        )

    def press(self, page: requests.Response, link: str, **values: str) -> requests.Response:
        """Send the page's form whose button acts, as a browser would."""
        form = next(one for one in lxml.html.fromstring(page.text).forms if one.method == "POST")
        fields = [(name, value) for name, value in form.form_values() if name not in values]
        target = form.action or link
        origin = {"Origin": re.sub(r"(?<=[^/:])/.*", "", self.base_url)}
        return self.ask("POST", self._absolute(target), data=[*fields, *values.items()], headers=origin)

    def _absolute(self, target: str) -> str:
        return target if "://" in target else f"https://{self.proxy.host}{target}"


def life(visitor: Visitor, data: Path) -> Iterator[str]:
    """Join, confirm, manage and leave, all through the proxy; what was found right, one line each."""
    home = visitor.ask("GET", "/")
    assert home.status_code == 200, home.status_code
    for path in re.findall(r'(?:href|src)="(/[^"#]*/files/[^"]*|/files/[^"]*)"', home.text):
        assert visitor.ask("GET", f"https://{visitor.proxy.host}{path}").status_code == 200, path
    assert visitor.ask("GET", "/health/live").status_code == 200
    assert visitor.ask("GET", "/metrics").status_code == 404
    yield "home with its style, health; no metrics for strangers"
    joined = visitor.ask("POST", "/api/subscriptions", json={"email": READER, "topics": ["exoplanets"]})
    assert joined.status_code < 300, joined.text[:200]
    (confirmation,) = letters(data, 1)
    link = _link(confirmation, visitor, "confirm")
    assert visitor.press(visitor.ask("GET", link), link).status_code in {200, 303}
    yield "joined and confirmed by the link of the e-mail"
    welcome = letters(data, 2)[-1]
    manage = _link(welcome, visitor, "manage")
    page = visitor.ask("GET", manage)
    assert page.status_code == 200, page.status_code
    saved = visitor.press(page, manage, hour="9")
    assert saved.status_code in {200, 303}, saved.status_code
    yield "choices saved on the manage page"
    header = str(welcome["List-Unsubscribe"] or "")
    one_click = re.findall(r"<(https://[^>]+)>", header)
    leave = one_click[0] if one_click else _link(welcome, visitor, "leave|unsubscribe")
    assert visitor.ask("GET", leave).status_code == 200
    assert _status_of(data) is SubscriberStatus.ACTIVE, "a GET changed something"
    left = visitor.ask("POST", leave, data={"List-Unsubscribe": "One-Click"})
    assert left.status_code in {200, 202, 204}, left.status_code
    assert _status_of(data) is SubscriberStatus.LEFT
    yield "left by one click (RFC 8058), which a GET does not"


def _status_of(data: Path) -> SubscriberStatus:
    engine = connect(f"sqlite:///{data / 'brief.db'}")
    try:
        return Roster(engine, ["only to read"]).find(READER).standing
    finally:
        engine.dispose()


def letters(data: Path, count: int) -> list[EmailMessage]:
    """The e-mails so far, oldest first, once there are so many."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        files = sorted(data.glob("outbox/**/*.eml"), key=lambda file: file.stat().st_mtime)
        if len(files) >= count:
            read = (
                email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files
            )
            return list(read)
        time.sleep(0.2)
    raise AssertionError(f"{count} e-mails were expected in {PATIENCE:g} s")


def _link(letter: EmailMessage, visitor: Visitor, word: str) -> str:
    body = letter.get_body(("plain",))
    text = body.get_content() if body else ""
    found = re.search(rf"{re.escape(visitor.base_url)}/(?:{word})\S*", text)
    assert found, f"no link to {word} in: {text[:400]}"
    return found[0].rstrip(".>")


def address_seen(kind: str, way: str, folder: Path) -> str:
    """Which address the service believes a visitor to have, who claims another."""

    async def echo(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send(
                {"type": "http.response.body", "body": f"{scope['client'][0]} {scope['scheme']}".encode()}
            )

    port = free_port()
    config = uvicorn.Config(
        echo,
        port=port,
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1",
        log_level="error",
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        with running(kind, way, port, folder) as proxy:
            return Visitor(proxy, "https://example.org/brief").ask("GET", "https://x/brief/").text
    finally:
        server.should_exit = True
        thread.join()
