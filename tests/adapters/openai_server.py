"""A server on loopback that speaks OpenAI's chat completions over real HTTP, and answers as a test wants.

with ModelServer() as server:                 answers well, as sound_answers does
    server.script(reply(status=429), …)       the next answers, one a request; then well again
    server.answers = badly(invent_papers)     every answer made worse by a function
    server.requests                           what was asked, in order of arrival
"""

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.sound_answers import FORMS, Json, Question, sound_answer


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: Json

    @property
    def system(self) -> str:
        return str(self.body["messages"][0]["content"])

    @property
    def user(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def format(self) -> str:
        return str(self.body.get("response_format", {}).get("type", "text"))

    @property
    def task(self) -> str:
        """CardsAnswer, OutlineAnswer, …, by the schema."""
        if self.format == "json_schema":
            return str(self.body["response_format"]["json_schema"]["name"])
        return next(name for name in FORMS if f'"title":"{name}","type"' in self.system)

    @cached_property
    def question(self) -> Question:
        return Question(self.task, self.system, self.user)


@dataclass(frozen=True)
class Reply:
    """One answer as it goes over the wire."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hold: bool = False  # until the server closes: the client gives up first
    drip: bool = False  # a byte at a time, for ever
    hang_up: bool = False  # close the connection without a word


Answers = Callable[[Asked], Reply]


def reply(status: int = 200, body: object = None, **headers: str) -> Reply:
    """A reply with a JSON body; ``retry_after="3"`` sends Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(
        status, named, json.dumps(body if body is not None else {"error": {"message": "no"}}).encode()
    )


def error(status: int, code: str, message: str = "no", **more: object) -> Reply:
    return reply(status, {"error": {"message": message, "type": code, "code": code, **more}})


def completion(
    content: str | None, finish: str = "stop", refusal: str | None = None, **changes: object
) -> Reply:
    """A chat completion that says this."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "tide-1",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }
    return reply(200, {key: value for key, value in (body | changes).items() if value is not None})


def well(asked: Asked) -> Reply:
    """A sound answer to any question."""
    return completion(json.dumps(sound_answer(asked.question)))


def badly(spoil: Callable[[Json, Question], Json]) -> Answers:
    """Sound answers, each spoilt by a function."""
    return lambda asked: completion(json.dumps(spoil(sound_answer(asked.question), asked.question)))


class ModelServer:
    """The server; its address is ``url`` as long as the ``with`` lasts."""

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self.answers: Answers = well
        self._script: deque[Reply | Answers] = deque()
        self._lock = threading.Lock()
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.model = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="model-server")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def script(self, *replies: Reply | Answers) -> None:
        """The next answers, one a request."""
        self._script.extend(replies)

    def tasks(self) -> list[str]:
        return [asked.task for asked in self.requests]

    def answer(self, asked: Asked) -> Reply:
        with self._lock:
            self.requests.append(asked)
            following = self._script.popleft() if self._script else self.answers
        return following if isinstance(following, Reply) else following(asked)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    model: ModelServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:  # the name is http.server's
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.server.model.answer(Asked(self.path, headers, json.loads(body))))

    def _send(self, answer: Reply) -> None:
        closing = self.server.model.closing
        if answer.hold:
            closing.wait()
        if answer.hold or answer.hang_up:
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(10**6 if answer.drip else len(answer.body)))
        self.end_headers()
        while answer.drip and not closing.wait(0.02):
            self.wfile.write(b" ")
            self.wfile.flush()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's
        """Say nothing."""
