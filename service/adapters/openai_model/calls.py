"""One question to an OpenAI-compatible server, and every way in which it can fail.

The ``openai`` package speaks the protocol. Retries, the total time and the reading of answers are here: its
own retry repeats what an empty account refused, its time-out starts anew with every byte, and it hands on a
200 of any shape. What leaves this module is an answer of the schema, or a CallFailedError without the key.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai
from pydantic import BaseModel, Field, ValidationError

from service.adapters.openai_model.failures import CallFailedError, Failure, Trouble
from service.adapters.openai_model.settings import OpenAISettings
from service.adapters.openai_model.spending import Spending
from service.briefs.modelled.asking import AnswerT, Prompt, Usage, tokens_of

LONGEST_ANSWER = 4_000_000  # bytes; a longer body is no chat completion
CONNECT_SECONDS = 10.0  # a server that takes longer to say hello is not there
FIRST_WAIT = 1.0  # seconds; doubled with every attempt
TIDY_CODE = re.compile(r"[a-z][a-z0-9_.]{1,60}")
CODES = {
    "insufficient_quota": Trouble.OUT_OF_MONEY,  # comes as a 429
    "billing_hard_limit_reached": Trouble.OUT_OF_MONEY,
    "context_length_exceeded": Trouble.TOO_LONG,
    "content_filter": Trouble.FILTERED,  # comes as a 400 from Azure
    "invalid_prompt": Trouble.FILTERED,  # comes as a 400 from models that reason
    "model_not_found": Trouble.MODEL_UNKNOWN,
}
STATUSES = {
    401: Trouble.KEY_WRONG,
    402: Trouble.OUT_OF_MONEY,
    403: Trouble.KEY_WRONG,
    404: Trouble.MODEL_UNKNOWN,
    408: Trouble.SERVER_FAILED,
    409: Trouble.SERVER_FAILED,
    413: Trouble.TOO_LONG,
    429: Trouble.RATE_LIMITED,
}
THOUGHTS = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class _Completion(BaseModel):
    """As much of a chat completion as is used; more strictly read than the openai package reads it."""

    choices: list[_Choice]
    usage: _Usage | None = None


@dataclass(frozen=True, slots=True)
class Dialect:
    """What of the protocol a server takes; each is given up when the server says that it doesn't."""

    answer_format: str = "json_schema"  # then "json_object", then "text"
    limit: str = "max_completion_tokens"  # then "max_tokens", which older servers know
    temperature: bool = True

    def without(self, parameter: str) -> "Dialect | None":
        """The next dialect for a server that refused a parameter; None when there is none."""
        if parameter == "temperature" and self.temperature:
            return Dialect(self.answer_format, self.limit, temperature=False)
        if parameter == "max_completion_tokens" and self.limit == "max_completion_tokens":
            return Dialect(self.answer_format, "max_tokens", self.temperature)
        if parameter == "response_format" and self.answer_format != "text":
            simpler = "json_object" if self.answer_format == "json_schema" else "text"
            return Dialect(simpler, self.limit, self.temperature)
        return None


class Caller:
    """Asks prompts of one server. Safe to use from several threads."""

    def __init__(
        self,
        settings: OpenAISettings,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._clock = clock
        self._dialect = Dialect()
        self._dialect_lock = threading.Lock()
        self._client = openai.OpenAI(
            api_key=settings.api_key or "none",  # never the environment's
            base_url=settings.base_url,
            max_retries=0,
        )
        # Not the environment's either: another provider has no business with them.
        self._client.organization = self._client.project = None

    def close(self) -> None:
        self._client.close()

    def ask(self, prompt: Prompt[AnswerT], spending: Spending) -> AnswerT:
        """The server's answer; CallFailedError when there is none after every attempt that makes sense."""
        allowed = min(prompt.completion_tokens, self._settings.completion_limit)
        attempt, asked_again = 1, False
        while isinstance(answer := self._try(prompt, allowed, spending), Failure):
            trouble = answer.trouble
            sensible = trouble.passes or (trouble.asks_again and not asked_again)
            if attempt == self._settings.attempts or not sensible:
                if trouble.ends_all:
                    spending.end(answer)
                raise CallFailedError(answer)
            if trouble.passes:
                self._wait(answer, attempt, spending)
            if trouble is Trouble.CUT_OFF:
                allowed = min(2 * allowed, self._settings.completion_limit)
            attempt, asked_again = attempt + 1, asked_again or trouble.asks_again
        return answer

    def _wait(self, failure: Failure, attempt: int, spending: Spending) -> None:
        wished = failure.wait if failure.wait is not None else FIRST_WAIT * 2 ** (attempt - 1)
        seconds = min(max(wished, 0.0), self._settings.longest_wait)
        if seconds > spending.seconds_left:
            raise CallFailedError(Failure(Trouble.OUT_OF_TIME, f"last, {failure}"))
        self._sleep(seconds)

    def _try(self, prompt: Prompt[AnswerT], allowed: int, spending: Spending) -> AnswerT | Failure:
        """One attempt, again at once in a simpler dialect where the server refuses a part of the protocol."""
        while True:
            dialect = self._dialect
            request = _request(self._settings, prompt, allowed, dialect)
            with _reserved(prompt, allowed, spending) as took:
                body = self._post(request, dialect, min(self._settings.timeout, spending.seconds_left))
                if isinstance(body, bytes):
                    return read_answer(body, prompt, took)
                if isinstance(body, Failure) and body.trouble is Trouble.TIMED_OUT:
                    # The server may have worked on it, and charge for it.
                    took.append(Usage(prompt.tokens, 0))
            if not isinstance(body, Dialect):
                return body
            with self._dialect_lock:
                if self._dialect == dialect:
                    self._dialect = body

    def _post(self, request: dict[str, Any], dialect: Dialect, seconds: float) -> bytes | Failure | Dialect:
        """The body of a 200, what went wrong, or the dialect to ask in instead."""
        try:
            return self._body(request, seconds)
        except openai.APIStatusError as error:
            return simpler_dialect(error, dialect) or status_failure(error, self._settings)
        except (openai.APITimeoutError, httpx2.TimeoutException, TimeoutError):
            return Failure(Trouble.TIMED_OUT, f"{seconds:.0f} seconds are allowed for a request")
        except (openai.APIConnectionError, httpx2.HTTPError, OSError):
            # Said without the address: it can hold a user and a password.
            return Failure(Trouble.UNREACHABLE, "is the base URL right, and is the server running?")
        except OverflowError:
            return Failure(Trouble.NO_COMPLETION, f"it is over {LONGEST_ANSWER:,} bytes")

    def _body(self, request: dict[str, Any], seconds: float) -> bytes:
        """The whole body within the seconds, however slowly its bytes come."""
        pieces, size, deadline = [], 0, self._clock() + seconds
        timeout = httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
        streaming = self._client.chat.completions.with_streaming_response
        with streaming.create(**request, timeout=timeout) as response:
            for piece in response.iter_bytes():
                pieces.append(piece)
                size += len(piece)
                if self._clock() > deadline:
                    raise TimeoutError
                if size > LONGEST_ANSWER:
                    raise OverflowError
        return b"".join(pieces)


@contextmanager
def _reserved(prompt: Prompt[Any], allowed: int, spending: Spending) -> Iterator[list[Usage]]:
    most = Usage(prompt.tokens, allowed)
    spending.reserve(most)
    took: list[Usage] = []
    try:
        yield took
    finally:
        spending.settle(most, took[-1] if took else Usage())


def _request(settings: OpenAISettings, prompt: Prompt[Any], allowed: int, dialect: Dialect) -> dict[str, Any]:
    system = prompt.system
    extra: dict[str, Any] = {}
    schema = prompt.schema.model_json_schema()
    if dialect.answer_format == "json_schema":
        form = {"name": prompt.schema.__name__, "schema": schema, "strict": True}
        extra["response_format"] = {"type": "json_schema", "json_schema": form}
    else:
        system += f"\n\nAnswer with one JSON object of this schema and nothing else:\n{prompt.schema_text}"
        if dialect.answer_format == "json_object":
            extra["response_format"] = {"type": "json_object"}
    if dialect.temperature and settings.temperature is not None:
        extra["temperature"] = settings.temperature
    messages = [{"role": "system", "content": system}, {"role": "user", "content": prompt.user}]
    return {"model": settings.model, "messages": messages, dialect.limit: allowed, **extra}


def read_answer(body: bytes, prompt: Prompt[AnswerT], took: list[Usage]) -> AnswerT | Failure:
    """An answer from a chat completion, with what it took put into ``took``."""
    try:
        completion = _Completion.model_validate_json(body)
    except ValidationError:
        return Failure(Trouble.NO_COMPLETION, "is the base URL right?")
    said = "".join(choice.message.content or "" for choice in completion.choices[:1])
    took.append(_usage(completion, prompt, said))
    if not completion.choices:
        return Failure(Trouble.EMPTY, "it holds no choices")
    choice = completion.choices[0]
    if choice.finish_reason == "content_filter":
        return Failure(Trouble.FILTERED)
    if choice.message.refusal:
        return Failure(Trouble.REFUSED)
    if choice.finish_reason == "length":
        return Failure(Trouble.CUT_OFF)
    return _parsed(said, prompt)


def _parsed(said: str, prompt: Prompt[AnswerT]) -> AnswerT | Failure:
    """The JSON object in a text; servers without schemas wrap it in thoughts, fences or politeness."""
    said = THOUGHTS.sub("", said)
    if not said.strip():
        return Failure(Trouble.EMPTY)
    first, last = said.find("{"), said.rfind("}")
    try:
        return prompt.schema.model_validate_json(said[first : last + 1])
    except ValidationError:
        return Failure(Trouble.WRONG_SHAPE)


def _usage(completion: _Completion, prompt: Prompt[Any], said: str) -> Usage:
    """What the server counted, or an estimate where it counts nothing."""
    if completion.usage and completion.usage.prompt_tokens:
        return Usage(completion.usage.prompt_tokens, completion.usage.completion_tokens)
    return Usage(prompt.tokens, tokens_of(said))


def simpler_dialect(error: openai.APIStatusError, dialect: Dialect) -> Dialect | None:
    """The dialect to ask in instead, where a server refuses a part of the protocol."""
    if error.status_code not in {400, 404, 415, 422, 501} or _code(error) == "context_length_exceeded":
        return None
    words = f"{error.param} {error.code} {error.message}"
    for parameter in ("max_completion_tokens", "temperature", "response_format"):
        if parameter in words:
            return dialect.without(parameter)
    if "json_schema" in words or "structured output" in words.lower():
        return dialect.without("response_format")
    return None


def status_failure(error: openai.APIStatusError, settings: OpenAISettings) -> Failure:
    """What a status means. The server's own words stay out: some repeat the key or the prompt in them."""
    code, status = _code(error), error.status_code
    trouble = (
        CODES.get(code)
        or STATUSES.get(status)
        or (Trouble.SERVER_FAILED if status >= 500 else Trouble.REJECTED)
    )
    advice = {
        Trouble.OUT_OF_MONEY: "add credit at the provider, or set another key",
        Trouble.KEY_WRONG: f"it answered {status}; check the key and what it may use",
        Trouble.MODEL_UNKNOWN: f"check the model {settings.model!r} and the base URL",
        Trouble.TOO_LONG: f"model {settings.model!r}",
    }.get(trouble, f"it answered {status} {code}".rstrip())
    return Failure(trouble, advice, retry_after(error.response.headers) if trouble.passes else None)


def _code(error: openai.APIStatusError) -> str:
    """The error's code or type, where it is an identifier and not a sentence."""
    codes = (error.code, getattr(error, "type", None))
    return next((code for code in codes if isinstance(code, str) and TIDY_CODE.fullmatch(code)), "")


def retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds that a server asks to wait (RFC 9110 10.2.3), a date from the answer's own; None for none."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value := headers.get(name, "")):
            return float(value) / unit
    try:
        until, now = (parsedate_to_datetime(headers.get(name, "")) for name in ("retry-after", "date"))
        return (until - now).total_seconds()
    except (ValueError, TypeError):  # no dates, or one without a zone
        return None
