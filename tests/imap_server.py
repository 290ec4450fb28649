"""An IMAP server for tests: one mailbox in memory, a real socket, and what imaplib needs of the protocol."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

LITERAL = re.compile(rb"BODY\.PEEK\[\]<0\.(\d+)>")


class Mailbox(socketserver.ThreadingTCPServer):
    """Messages, and which of them were seen."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.password = "geheim"
        self.messages: list[bytes] = []
        self.seen: set[int] = set()
        self.folders: list[str] = []

    @property
    def url(self) -> str:
        return f"imap://bounces%40example.org:geheim@127.0.0.1:{self.server_address[1]}/INBOX"


class Session(socketserver.StreamRequestHandler):
    """One client."""

    server: Mailbox

    def handle(self) -> None:
        self._say(b"* OK ready")
        for line in iter(self.rfile.readline, b""):
            tag, _, command = line.strip().partition(b" ")
            verb, _, rest = command.partition(b" ")
            if verb.upper() == b"UID":
                verb, _, rest = rest.partition(b" ")
            answer = getattr(self, f"on_{verb.decode().lower()}", self.on_noop)(rest)
            self._say(tag + b" " + (answer or b"OK done"))
            if verb.upper() == b"LOGOUT":
                return

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def on_noop(self, _: bytes) -> None: ...

    def on_capability(self, _: bytes) -> None:
        self._say(b"* CAPABILITY IMAP4rev1")

    def on_login(self, rest: bytes) -> bytes | None:
        right = rest.split(b" ")[-1].strip(b'"').decode() == self.server.password
        return None if right else b"NO [AUTHENTICATIONFAILED] wrong " + rest

    def on_select(self, rest: bytes) -> None:
        self.server.folders.append(rest.decode())
        self._say(b"* %d EXISTS" % len(self.server.messages))

    def on_logout(self, _: bytes) -> None:
        self._say(b"* BYE")

    def on_search(self, _: bytes) -> None:
        new = [n for n in range(1, len(self.server.messages) + 1) if n not in self.server.seen]
        self._say(b" ".join([b"* SEARCH", *(b"%d" % n for n in new)]))

    def on_fetch(self, rest: bytes) -> None:
        most = LITERAL.search(rest)
        assert most
        for uid in map(int, rest.partition(b" ")[0].split(b",")):
            content = self.server.messages[uid - 1][: int(most[1])]
            self.wfile.write(b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n" % (uid, uid, len(content)))
            self.wfile.write(content + b")\r\n")

    def on_store(self, rest: bytes) -> None:
        self.server.seen |= set(map(int, rest.partition(b" ")[0].split(b",")))


@contextmanager
def imap_server() -> Iterator[Mailbox]:
    with Mailbox() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
