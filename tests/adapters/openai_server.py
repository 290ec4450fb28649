"""A server on loopback that speaks OpenAI's chat completions over real HTTP, and answers as a test wants.

    with ModelServer() as server:                 answers well: sound claims in the papers' own words
        server.script(reply(status=429), …)       the next answers, one a request; then well again
        server.answers = badly(invent_papers)     every answer made worse by a function
        server.requests                           what was asked, in order of arrival

It reads the papers from the prompt as a model would: by the marks, keys and labels that it finds there.
"""

import itertools
import json
import re
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

ENTRY = re.compile(r"^<([0-9a-f]{16}) (P\d+|C\d+)>$")
SENTENCE = re.compile(r"(?<=[.!?])\s+")
NTH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")

Json = dict[str, Any]
Lines = dict[str, list[str]]


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
        return str(self.body["messages"][1]["content"])

    @property
    def format(self) -> str:
        return str(self.body.get("response_format", {}).get("type", "text"))

    @property
    def task(self) -> str:
        """CardsAnswer, BriefAnswer or RepairsAnswer, by the schema."""
        if self.format == "json_schema":
            return str(self.body["response_format"]["json_schema"]["name"])
        return next(name for name in ("CardsAnswer", "BriefAnswer", "RepairsAnswer") if name in self.system)

    @property
    def entries(self) -> dict[str, Lines]:
        """What stands under each key: label to texts."""
        found: dict[str, Lines] = {}
        lines: Lines = {}
        for line in self.user.splitlines():
            if match := ENTRY.match(line):
                lines = found.setdefault(match[2], defaultdict(list))
            elif found and not line.startswith("<"):
                label, _, text = line.partition(": ")
                lines[label].append(text)
        return found


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
    """A sound answer to any of the three questions."""
    return completion(json.dumps(sound_answer(asked)))


def badly(spoil: Callable[[Json, Asked], Json]) -> Answers:
    """Sound answers, each spoiled by a function."""
    return lambda asked: completion(json.dumps(spoil(sound_answer(asked), asked)))


def sound_answer(asked: Asked) -> Json:
    match asked.task:
        case "CardsAnswer":
            return {"cards": [_card(key, lines) for key, lines in asked.entries.items()]}
        case "BriefAnswer" if any(key.startswith("C") for key in asked.entries):
            return _merged(asked.entries)
        case "BriefAnswer":
            return _brief(asked.entries)
        case _:
            return {"claims": list(_repaired(asked.entries))}


def _card(key: str, lines: Lines) -> Json:
    said = SENTENCE.split(lines["abstract"][0])
    parts = ("contribution", "method", "result", "limitation")
    findings = {part: _finding(said[place] if place < len(said) else "") for place, part in enumerate(parts)}
    return {"key": key, **findings}


def _finding(sentence: str) -> Json:
    return {"text": sentence, "quote": " ".join(sentence.rstrip(".").split()[:30])}


def _claims_of(entries: dict[str, Lines], part: str) -> Iterator[Json]:
    """One claim for each paper that says something under a part, each with its quote."""
    for key, lines in entries.items():
        if lines.get(part):
            text = lines[part][0]
            citation = {"key": key, "quote": lines[f"{part} quote"][0]}
            yield {"text": f"[[{key}]]: {text[:1].lower()}{text[1:]}", "citations": [citation]}


def _keys(claims: Iterable[Json]) -> list[str]:
    return list(dict.fromkeys(citation["key"] for claim in claims for citation in claim["citations"]))


def _take(claims: Iterator[Json], number: int) -> list[Json]:
    return list(itertools.islice(claims, number))


def _brief(entries: dict[str, Lines]) -> Json:
    results, methods = list(_claims_of(entries, "result")), _claims_of(entries, "method")
    limits, contributions = _claims_of(entries, "limitation"), _claims_of(entries, "contribution")
    each = max(1, -(-len(results) // 4))
    groups = [results[start : start + each] for start in range(0, len(results), each)]
    return _laid_out(groups, methods, limits, contributions)


def _laid_out(
    groups: list[list[Json]], methods: Iterator[Json], limits: Iterator[Json], news: Iterator[Json]
) -> Json:
    made = [(_take(methods, 1), _take(methods, 1), _take(limits, 1)) for _ in range(3)]
    pairs = [(_take(news, 1), _take(methods, 1)) for _ in range(6)]
    return {
        "themes": [
            {
                "heading": f"What the {NTH[number]} group of papers finds",
                "claims": claims,
                "papers": _keys(claims),
            }
            for number, claims in enumerate(groups[:6])
        ],
        "methods": [
            {
                "name": f"{NTH[number]} way of working",
                "how": how,
                "strength": strength,
                "trade_off": cost,
                "papers": [],
            }
            for number, (how, strength, cost) in enumerate(made)
            if how
        ],
        "notable": [
            {"key": why[0]["citations"][0]["key"], "why": why[0], "teaches": teaches[0]}
            for why, teaches in pairs
            if why and teaches
        ],
        "challenges": [
            {"heading": f"The {NTH[number]} open question", "claims": claims}
            for number in range(5)
            if (claims := _take(limits, 1))
        ],
        "overview": _take(news, 3),
        "reading_order": [
            {"purpose": "start with what is measured", "papers": _keys(groups[0][:3]) if groups else []}
        ],
    }


def _merged(entries: dict[str, Lines]) -> Json:
    """The claims of the parts, laid out anew: themes of all results, the rest in turn."""
    claims: dict[str, list[Json]] = defaultdict(list)
    for lines in entries.values():
        place = lines["from"][0].partition(":")[0]
        quotes = [(label.removeprefix("quote of "), text) for label in lines for text in lines[label]]
        citations = [{"key": key, "quote": text} for key, text in quotes if re.fullmatch(r"P\d+", key)]
        claims[place].append({"text": lines["claim"][0], "citations": citations})
    each = max(1, -(-len(claims["theme"]) // 5))
    groups = [claims["theme"][start : start + each] for start in range(0, len(claims["theme"]), each)]
    methods = iter([*claims["method"], *claims["strength of method"]])
    limits = iter([*claims["trade-off of method"], *claims["challenge"]])
    return _laid_out(groups, methods, limits, iter([*claims["notable"], *claims["overview"]]))


def _repaired(entries: dict[str, Lines]) -> Iterator[Json]:
    """Each refused claim replaced by what its first cited paper says, each heading by a plain one."""
    for key, lines in entries.items():
        if key.startswith("C"):
            number = int(key[1:])
            cited = next(
                (label.removeprefix("quote of ") for label in lines if label.startswith("quote of ")), ""
            )
            if lines.get("heading"):
                yield {
                    "number": number,
                    "text": f"another heading of the {NTH[number % 8]} kind",
                    "citations": [],
                }
            elif cited in entries:
                said = SENTENCE.split(entries[cited]["abstract"][0])[0]
                citation = {"key": cited, "quote": said.rstrip(".")}
                yield {"number": number, "text": f"[[{cited}]]: {said}", "citations": [citation]}
            else:
                yield {"number": number, "text": "", "citations": []}


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
