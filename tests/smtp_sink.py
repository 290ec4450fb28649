"""An SMTP server for tests that pipelines, keeps what it accepts, and misbehaves as it is told.

What it does is chosen by the recipient's local part: see REPLIES, FINAL and `_data`. As a program it appends
the Message-ID of each message that it accepts to a file, before it answers. What a Postfix passes on counts
once for each time that it took the message: killed, it passes on again what it had not noted as passed.
"""

import argparse
import contextlib
import re
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

Accept = Callable[[str, bytes], None]
OF_POSTFIX = re.compile(rb"^Received: [^;]*?\(Postfix\) with \w+ id (\w+)", re.MULTILINE)
REPLIES = {
    "unknown": b"550 5.1.1 <unknown@example.org> no such user\r\n",
    "busy": b"451 4.3.0 try again later\r\n",
    "relay": b"554 5.7.1 relay access denied\r\n",
    "login": b"530 5.7.0 authentication required\r\n",
    "more": b"354 more\r\n",
}
FINAL = {
    "spam": b"554 5.6.0 refused for its content\r\n",
    "policy": b"550 5.7.26 refused by policy\r\n",
    "full": b"452 4.3.1 the disk is full\r\n",
    "asks": b"354 go on\r\n",
    "waits": b"100 continue\r\n",
    "hums": b"000 hm\r\n",
    "nul": b"554 5.6.0 no \x00\x1b[2J here\r\n",
}


class Sink(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        accept: Accept,
        *,
        pipelining: bool = True,
        tls: ssl.SSLContext | None = None,
        password: str = "",
        eager: bool = False,
    ) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.accept, self.pipelining, self.tls, self.password = accept, pipelining, tls, password
        self.eager = eager  # answers 354 to DATA although it refused the recipient
        self.sessions = 0
        self.blanket = b""  # what every recipient is answered
        self.says: dict[str, bytes] = {}  # what one recipient is answered at RCPT
        self.ends: dict[str, bytes] = {}  # what one recipient's message is answered
        self.cap = 0  # messages in a session; 0: as many as come
        self.cap_reply = b""  # to MAIL after those; 421 ends the session
        self.takes = 0  # messages in all, after which `blanket` begins; 0: it holds from the start
        self.taken = 0
        self.senders: list[str] = []  # of envelopes, in order
        self.asked: list[str] = []  # recipients at RCPT, in order
        self.dropped: set[str] = set()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def drops_now(self, recipient: str) -> bool:
        """Whether to drop the connection: once for each recipient."""
        first = recipient not in self.dropped
        self.dropped.add(recipient)
        return first


class Conversation(socketserver.BaseRequestHandler):
    """One session."""

    server: Sink
    request: socket.socket

    def handle(self) -> None:
        # each reply is a write of its own: the second would wait for the client's delayed acknowledgement
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.sessions += 1
        self._messages = 0
        self._greet()
        with contextlib.suppress(OSError):  # the client is gone, or was dropped
            self._converse()
        self.request.close()

    def _greet(self) -> None:
        self._open()
        self._say(b"220 sink ESMTP\r\n")
        self._recipient = ""
        self._refused = False

    def _open(self) -> None:
        self._lines: BinaryIO = self.request.makefile("rb")

    def _converse(self) -> None:
        for line in iter(self._lines.readline, b""):
            verb = line[:4].upper()
            if verb == b"QUIT":
                return
            if verb == b"DATA":
                if not self._data():
                    return
            elif verb == b"STAR":
                self._start_tls()
                self._converse()
                return
            else:
                answer = self._answer(verb, line)
                self._say(answer)
                if answer.startswith(b"421"):
                    return

    def _answer(self, verb: bytes, line: bytes) -> bytes:
        if verb == b"EHLO":
            offers = [b"sink", b"SIZE 10000000"]
            offers += [b"PIPELINING"] * self.server.pipelining
            plain = not isinstance(self.request, ssl.SSLSocket)
            offers += [b"STARTTLS"] * (self.server.tls is not None and plain)
            offers += [b"AUTH PLAIN"] * bool(self.server.password)
            return b"".join(b"250-%s\r\n" % one for one in offers[:-1]) + b"250 %s\r\n" % offers[-1]
        if verb == b"AUTH":
            return b"235 2.7.0 welcome\r\n" if line.strip().endswith(b"==") else b"535 5.7.8 wrong\r\n"
        if verb == b"MAIL" and self.server.cap and self._messages >= self.server.cap:
            self._refused = True
            return self.server.cap_reply
        if verb == b"MAIL":
            self._refused = False
            self.server.senders.append(re.sub(rb".*<(.*)>.*", rb"\1", line.strip()).decode())
        if verb == b"RCPT":
            return b"503 5.5.1 MAIL first\r\n" if self._refused else self._receive(line)
        return b"250 2.0.0 OK\r\n"

    def _receive(self, line: bytes) -> bytes:
        self._recipient = re.sub(rb".*<(.*)>.*", rb"\1", line.strip()).decode()
        if self._kind == "pensive":
            time.sleep(0.2)
        server = self.server
        server.asked.append(self._recipient)
        blanket = server.blanket if server.taken >= server.takes else b""
        usual = server.says.get(self._recipient) or REPLIES.get(self._kind, b"250 2.1.5 OK\r\n")
        reply = blanket or usual
        self._refused = not reply.startswith(b"2")
        if self._kind == "cut-early" and self.server.drops_now(self._recipient):
            raise ConnectionError
        return reply

    @property
    def _kind(self) -> str:
        return self._recipient.partition("@")[0].rstrip("0123456789")

    def _data(self) -> bool:
        """Take a message; whether the session goes on."""
        if self._refused and not self.server.eager:
            self._say(b"503 5.5.1 no recipient\r\n")
            return True
        self._say(b"354 go on\r\n")
        content = self._body()
        if content is None:
            return False
        if self._refused:
            assert content == b"", "a refused recipient got a body"
            self._say(b"554 5.5.1 no recipient\r\n")
            return True
        if self._kind == "cut":
            return False
        if self._kind == "late":
            time.sleep(0.5)
        if self._kind == "drips":
            while True:  # until the client has given up
                self._say(b"2")
                time.sleep(0.1)
        if self._kind == "slow":
            self.request.settimeout(60)
            self._lines.read()  # no answer until the client has given up
        reply = self.server.ends.get(self._recipient) or FINAL.get(self._kind)
        if reply is None:
            self._messages += 1
            self.server.taken += 1
            self.server.accept(self._recipient, content)
            reply = b"250 2.0.0 OK\r\n"
        self._say(reply)
        return self._kind != "bye"

    def _body(self) -> bytes | None:
        """Up to the dot on a line of its own; None where the client is gone before it."""
        lines: list[bytes] = []
        for line in iter(self._lines.readline, b""):
            if line == b".\r\n":
                return b"".join(lines)
            lines.append(line)
        return None

    def _start_tls(self) -> None:
        assert self.server.tls is not None
        self._say(b"220 go on\r\n")
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self._open()

    def _say(self, reply: bytes) -> None:
        self.request.sendall(reply)


@contextmanager
def sink(accept: Accept, **options: object) -> Iterator[Sink]:
    with Sink(accept, **options) as server:  # type: ignore[arg-type]  # the options of Sink
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("log", type=Path)
    arguments.add_argument("--delay", type=float, default=0.0, help="seconds before each message is accepted")
    given = arguments.parse_args()
    log = given.log.open("ab", buffering=0)
    queue_ids: set[bytes] = set()

    def keep(_recipient: str, content: bytes) -> None:
        if (queue_id := OF_POSTFIX.search(content)) and queue_id[1] in queue_ids:
            return
        queue_ids.update(queue_id.groups() if queue_id else ())
        message_id = re.search(rb"^Message-ID: (<.*>)", content, re.MULTILINE)
        assert message_id
        time.sleep(given.delay)
        log.write(message_id[1] + b"\n")

    with Sink(keep) as server:
        print(server.port, flush=True)  # noqa: T201 - the address is what the program says
        server.serve_forever()


if __name__ == "__main__":
    main()
