"""What servers say when they refuse, read from whatever shape it comes in.

An error is `{"error": {"message": …}}` (OpenAI, DeepSeek, Azure, llama.cpp), `{"error": "…"}` (Ollama, LM
Studio), `[{"error": …}]` (Gemini), `{"object": "error", "message": …}` (vLLM), `{"detail": …}` (FastAPI,
Mistral), `{"base_resp": …}` (MiniMax) or plain text, and it comes with a status or inside HTTP 200.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any


class Trouble(Enum):
    """Why a request gave no answer that can be used; the value says it in words."""

    TIMED_OUT = "the language model did not answer in time"
    UNREACHABLE = "the language model's server can't be reached"
    RATE_LIMITED = "the language model's server is limiting requests"
    SERVER_FAILED = "the language model's server failed"
    REFUSED = "the language model declined to answer"
    FILTERED = "the provider's content filter stopped the answer"
    CUT_OFF = "the answer was cut off at the token limit"
    TOO_LONG = "the request is too long for the language model"
    WRONG_SHAPE = "the language model's answer did not have the agreed form"
    NO_COMPLETION = "the server's answer is no chat completion"
    EMPTY = "the language model's answer was empty"
    NOT_TAKEN = "the server did not accept this one request"
    KEY_WRONG = "the server did not accept the API key"
    OUT_OF_MONEY = "the provider's account has no credit left"
    MODEL_UNKNOWN = "the server does not know the model or the address"
    REJECTED = "the server did not accept the request"
    TOKEN_CEILING = "the token ceiling was reached"  # noqa: S105 - of tokens of text
    COST_CEILING = "the cost ceiling was reached"
    OUT_OF_TIME = "the time for the brief ran out"

    @property
    def passes(self) -> bool:
        """The same request may succeed a little later."""
        return self in {Trouble.TIMED_OUT, Trouble.UNREACHABLE, Trouble.RATE_LIMITED, Trouble.SERVER_FAILED}

    @property
    def asks_again(self) -> bool:
        """The same request may get another answer at once."""
        return self in {Trouble.CUT_OFF, Trouble.WRONG_SHAPE, Trouble.NO_COMPLETION, Trouble.EMPTY}

    @property
    def lies_in_content(self) -> bool:
        """Fewer papers in a request may succeed."""
        return self in LIES_IN_CONTENT

    @property
    def ends_all(self) -> bool:
        """No other request can succeed either."""
        return self in ENDS_ALL


LIES_IN_CONTENT = frozenset(
    {
        Trouble.CUT_OFF,
        Trouble.WRONG_SHAPE,
        Trouble.EMPTY,
        Trouble.REFUSED,
        Trouble.FILTERED,
        Trouble.TOO_LONG,
        Trouble.TIMED_OUT,
        Trouble.NOT_TAKEN,
    }
)
ENDS_ALL = frozenset(
    {
        Trouble.UNREACHABLE,
        Trouble.KEY_WRONG,
        Trouble.OUT_OF_MONEY,
        Trouble.MODEL_UNKNOWN,
        Trouble.REJECTED,
        Trouble.TOKEN_CEILING,
        Trouble.COST_CEILING,
        Trouble.OUT_OF_TIME,
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A trouble, what to do about it, how long the server asks to wait, and the server's own words."""

    trouble: Trouble
    advice: str = ""
    wait: float | None = None  # seconds
    words: str = ""  # short, without keys, addresses and what was asked

    def __str__(self) -> str:
        advice = f": {self.advice}" if self.advice else ""
        said = f"; it says: “{self.words.rstrip('.')}”" if self.words else ""
        return f"{self.trouble.value}{advice}{said}"


class CallFailedError(Exception):
    """A request gave no answer; holds neither the key nor the prompt."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


SHOWN = 240  # characters of a server's words that a person reads
READ = 6_000  # characters of them that rules are compared with
ECHOES = frozenset({"input", "body", "messages", "failed_generation", "request", "ctx", "url", "doc_url"})
SAID = (
    "raw",
    "message",
    "detail",
    "error",
    "msg",
    "status_msg",
    "error_msg",
    "errors",
    "description",
    "base_resp",
)
VAGUE = re.compile(r"(?:provider returned error|param incorrect|bad request|error)\W*", re.IGNORECASE)
SECRETS = re.compile(
    r"\b(?:sk|pk|gsk|xai|hf|AIza|org|proj|key|req|user)[-_][\w*.-]{6,}|\bAIza[\w-]{10,}"  # keys, accounts
    r"|(?i:\bbearer\s+\S+)|(?<=://)[^/\s@]+@|\b[\w.+-]+@[\w-]+\.[\w.]+"  # users of addresses, e-mail
    r"|\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{28,}"  # whatever else is long and drawn at random
)
REPEATED = 4  # words in a row that stand in the question are not shown: the server repeats it
ECHOED = 10  # words in a row of the question that say nothing of the refusal
DURATION = re.compile(
    r"(?:(\d+(?:\.\d+)?)\s*h\w*)?\s*(?:(\d+(?:\.\d+)?)\s*m(?:in\w*)?(?!s))?\s*"
    r"(?:(\d+(?:\.\d+)?)\s*s\w*)?\s*(?:(\d+(?:\.\d+)?)\s*ms)?",
    re.IGNORECASE,
)
ASKED_TO_WAIT = re.compile(r"(?:retry|again|wait|reset\w*)\W+(?:\w+\W+){0,2}?(?=\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Heard:
    """A refusal as the server put it."""

    status: int  # of HTTP, or the one that an error inside HTTP 200 gives
    words: str  # for a person: short, scrubbed
    everything: str  # for rules: code, type, parameter and message, in lower case
    parameter: str = ""
    wait: float | None = None  # seconds that it asks to wait


def hear(status: int, body: bytes, headers: Mapping[str, str], secrets: tuple[str, str]) -> Heard:
    """Read a refusal; ``secrets`` are the key and the question, which its words must not repeat."""
    key, question = secrets
    found = _parsed(body)
    found = (_failed_choice(found) if isinstance(found, dict) else None) or found
    inner = _error_of(found)
    code = inner.get("code") if isinstance(inner, dict) else None
    own = status if status >= 400 or not isinstance(code, int) else code
    spoken = without_secrets(" | ".join(_strings(found)), key, question, ECHOED)[:READ]
    parameter = inner.get("param") if isinstance(inner, dict) else ""
    return Heard(
        status=own if 400 <= own < 600 else 500,
        words=short(without_secrets(_message(found), key, question)),
        everything=spoken.lower(),
        parameter=parameter if isinstance(parameter, str) else "",
        wait=wait_wished(headers, found, spoken),
    )


def error_in(found: Any) -> bool:
    """Whether an answer that came as a success is an error in truth."""
    if isinstance(found, list):
        return bool(found) and error_in(found[0])
    if not isinstance(found, dict):
        return False
    if found.get("choices"):
        return _failed_choice(found) is not None
    failed = found.get("object") == "error" or found.get("error") or found.get("detail")
    state = found.get("base_resp")
    return bool(failed) or (isinstance(state, dict) and bool(state.get("status_code")))


def _failed_choice(found: dict[str, Any]) -> dict[str, Any] | None:
    """The error that stands in place of an answer, as gateways pass on what failed under way."""
    choices = found.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    error = choice.get("error") if isinstance(choice, dict) else None
    return error if isinstance(error, dict) else None


def short(words: str) -> str:
    """Words on one line, as much of them as a person wants to read."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return flat if len(flat) <= SHOWN else f"{flat[: SHOWN - 1].rstrip()}…"


def without_secrets(words: str, key: str, question: str, run: int = REPEATED) -> str:
    """Words without keys, accounts, addresses, and without runs of so many words of the question."""
    words = words.replace(key, "…") if key else words
    return _without_question(SECRETS.sub("…", words), question, run)


def _without_question(words: str, question: str, run: int) -> str:
    asked = " ".join(question.casefold().split())
    tokens = words.split()
    repeated = [False] * len(tokens)
    for at in range(len(tokens) - run + 1):
        said = " ".join(tokens[at : at + run]).casefold().strip(".,:;'\"()[]{}")
        if said and said in asked:
            repeated[at : at + run] = [True] * run
    kept = ("…" if gone else token for token, gone in zip(tokens, repeated, strict=True))
    return re.sub(r"…(?: …)+", "…", " ".join(kept))


def _parsed(body: bytes) -> Any:
    """JSON as it is; anything else as text without its tags."""
    text = body[:200_000].decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", text)


def _error_of(found: Any) -> Any:
    if isinstance(found, list) and found:
        return _error_of(found[0])
    if isinstance(found, dict):
        inner = found.get("error", found.get("base_resp", found))
        return inner if isinstance(inner, dict) else found
    return found


def _strings(found: Any) -> Iterator[str]:
    """Every text of an answer, with the names of numbers; what it echoes of the request is passed over."""
    if isinstance(found, str):
        yield found
        if found.lstrip()[:1] in {"{", "["}:  # a gateway's error holds the provider's, as text
            try:
                yield from _strings(json.loads(found))
            except ValueError:
                return
    elif isinstance(found, dict):
        for name, value in found.items():
            if name not in ECHOES and isinstance(value, int | float):
                yield f"{name}: {value}"
            elif name not in ECHOES:
                yield from _strings(value)
    elif isinstance(found, list):
        for one in found:
            yield from _strings(one)


def _message(found: Any) -> str:
    """The sentence of an answer that a person should read: the innermost that says something."""
    if isinstance(found, str):
        try:
            inner = json.loads(found) if found.lstrip()[:1] in {"{", "["} else None
        except ValueError:
            inner = None
        return _message(inner) or found if inner else found
    if isinstance(found, list):
        return "; ".join(filter(None, map(_message, found[:3])))
    if not isinstance(found, dict):
        return ""
    told = _message(found.get("metadata"))
    told = told if told and "raw" in found.get("metadata", {}) else ""
    said = [told, *(_message(found[name]) for name in SAID if name in found)]
    said += [found["param"]] if isinstance(found.get("param"), str) and " " in found["param"] else []
    said += [code] if isinstance(code := found.get("code") or found.get("type"), str) else []
    plain = [one for one in said if one.strip() and not VAGUE.fullmatch(one.strip())]
    place = ".".join(map(str, found["loc"])) if isinstance(found.get("loc"), list) else ""
    return f"{place}: {plain[0]}" if plain and place else next(iter([*plain, *filter(None, said)]), "")


def wait_wished(headers: Mapping[str, str], found: Any, spoken: str) -> float | None:
    """Seconds that a server asks to wait: by header (RFC 9110, 10.2.3), by a field or in its words."""
    by_header = retry_after(headers)
    if by_header is not None:
        return by_header
    for name, value in _fields(found):
        if name in {"retrydelay", "retry_after", "retryafter", "retry_after_ms", "retryafterms"}:
            unit = 1000 if name.endswith("ms") else 1
            seconds = _seconds(value if isinstance(value, str) else f"{value}s")
            return seconds / unit if seconds is not None else None
    match = ASKED_TO_WAIT.search(spoken)
    return _seconds(spoken[match.end() :]) if match else None


def _fields(found: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(found, dict):
        for name, value in found.items():
            if isinstance(value, str | int | float):
                yield name.lower(), value
            else:
                yield from _fields(value)
    elif isinstance(found, list):
        for one in found:
            yield from _fields(one)


def _seconds(text: str) -> float | None:
    """``45.8s``, ``1m2.5s``, ``500ms``, ``7.66 seconds`` in seconds; None for anything else."""
    text = text.strip()
    if plain := re.match(r"(\d+(?:\.\d+)?)\s*ms\b", text):
        return float(plain[1]) / 1000
    match = DURATION.match(text)
    parts = [float(part) if part else 0.0 for part in match.groups()] if match else []
    return parts[0] * 3600 + parts[1] * 60 + parts[2] + parts[3] / 1000 if any(parts) else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a header asks to wait, a date from the answer's own; None for none."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value := headers.get(name, "")):
            return float(value) / unit
    try:
        until, now = (parsedate_to_datetime(headers.get(name, "")) for name in ("retry-after", "date"))
        return (until - now).total_seconds()
    except (ValueError, TypeError):  # no dates, or one without a zone
        return None
