"""A stand-in for SendGrid's v3 mail/send that keeps what it accepts, and answers as it is told.

As a program it appends the delivery of each message that it accepts to a file, before it answers.
"""

import argparse
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Accept = Callable[[dict[str, Any]], None]


class SendGridServer(ThreadingHTTPServer):
    """Listens on a free port of this machine. `answers` are given in turn, 202 when there are none."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, accept: Accept) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.accept = accept
        self.answers: list[int | str] = []
        self.calls: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.keeps_calls = True
        self.elsewhere = ""  # where redirects lead
        self.headers: dict[str, str] = {}  # of every answer, beside the usual ones
        self.scopes: list[str] = []  # of the key
        self.error = b'{"errors": [{"message": "as told to bad@example.org"}]}'

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """A client that was killed while it called is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: SendGridServer

    def do_GET(self) -> None:
        """What the key may do."""
        code = self.server.answers.pop(0) if self.server.answers else 200
        assert isinstance(code, int)
        assert self.path == "/v3/scopes"
        self._say(code, json.dumps({"scopes": self.server.scopes}).encode() if code == 200 else b"")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.keeps_calls:
            self.server.calls.append((dict(self.headers.items()), body))
        answer = self.server.answers.pop(0) if self.server.answers else self._judged(body)
        if answer in {"taken-and-cut", 202}:
            self.server.accept(body)
        if isinstance(answer, str):  # the connection is dropped
            self.close_connection = True
            return
        self._say(answer)

    def _judged(self, body: dict[str, Any]) -> int:
        bad = any(one["to"][0]["email"].startswith("bad") for one in body["personalizations"])
        return 400 if bad or len(body["personalizations"]) > 1000 else 202

    def _say(self, code: int, content: bytes = b"") -> None:
        content = content or (b"" if code == 202 else self.server.error)
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Message-Id", "standin")
        if 300 <= code < 400:
            self.send_header("Location", self.server.elsewhere)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def sendgrid_server(accept: Accept) -> Iterator[SendGridServer]:
    with SendGridServer(accept) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("log", type=Path)
    arguments.add_argument("--delay", type=float, default=0.0, help="seconds before each call is answered")
    given = arguments.parse_args()
    log = given.log.open("ab", buffering=0)

    def keep(body: dict[str, Any]) -> None:
        lines = [f"{one['headers']['Message-ID']}\n" for one in body["personalizations"]]
        log.write("".join(lines).encode())
        time.sleep(given.delay)

    with SendGridServer(keep) as server:
        server.keeps_calls = False
        print(server.url, flush=True)  # noqa: T201 - the address is what the program says
        server.serve_forever()


if __name__ == "__main__":
    main()
