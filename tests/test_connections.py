"""Half-sent requests end, and keep nobody else out."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from service.web.headers import PatientProtocol, most_connections

HALF = b"GET / HTTP/1.1\r\nHost: x\r\n"
WHOLE = HALF + b"\r\n"
BODILESS = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"


class Hasty(PatientProtocol):
    head_within = 0.4
    body_within = 0.4
    most = 5


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def port() -> Iterator[int]:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = uvicorn.Server(uvicorn.Config(app, http=Hasty, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(10)


def opened(port: int, said: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(said)
    return connection


def heard(connection: socket.socket) -> bytes:
    """All that comes until the server closes; nothing where it resets."""
    found = b""
    with connection, contextlib.suppress(ConnectionError):
        while more := connection.recv(4096):
            found += more
    return found


@pytest.mark.parametrize("said", [b"", b"GET", HALF], ids=["nothing", "a word", "half"])
def test_a_request_that_never_ends_is_given_up(port: int, said: bytes) -> None:
    assert heard(opened(port, said)) == b""


def test_a_body_that_never_ends_is_given_up(port: int) -> None:
    assert b"200" not in heard(opened(port, BODILESS))


def test_who_drips_gets_no_more_time(port: int) -> None:
    connection, began = opened(port, b"GET / HTTP/1.1\r\n"), time.monotonic()
    with contextlib.suppress(OSError):
        while time.monotonic() - began < 15:
            connection.sendall(b"X-Drip: 1\r\n")
            time.sleep(0.1)
    connection.close()
    assert time.monotonic() - began < 15


def test_a_flood_of_halves_keeps_nobody_out(port: int) -> None:
    halves = [opened(port, HALF) for _ in range(40)]
    for _ in range(3):
        with opened(port, WHOLE) as one:
            assert one.recv(4096).startswith(b"HTTP/1.1 204")
    for half in halves:
        half.close()


def test_a_second_request_on_a_connection_has_its_own_time(port: int) -> None:
    with opened(port, WHOLE) as one:
        assert one.recv(4096).startswith(b"HTTP/1.1 204")
        time.sleep(0.2)
        one.sendall(WHOLE)
        assert one.recv(4096).startswith(b"HTTP/1.1 204")


def test_descriptors_are_left_for_everything_else() -> None:
    assert 8 <= most_connections() <= 4096
