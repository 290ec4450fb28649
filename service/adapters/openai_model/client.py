"""One question to an OpenAI-compatible server, and every way in which it can fail.

The ``openai`` package speaks the protocol. Retries, the total time and the reading of bodies are here: its
own retry repeats what an empty account refused, its time-out starts anew with every byte, and it hands on a
200 of any shape. What leaves this module is an answer of the schema, or a CallFailedError without the key.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import openai

from service.adapters.openai_model.budget import Budget, OpenAISettings
from service.adapters.openai_model.capabilities import Asked, Capabilities, tried_next
from service.adapters.openai_model.completions import Completion, completion_of, decoded
from service.adapters.openai_model.refusals import CallFailedError, Failure, Trouble, error_in, hear, short
from service.briefs.modelled.answers import read_answer
from service.briefs.modelled.asking import AnswerT, Prompt, Usage, tokens_of

LONGEST_ANSWER = 16_000_000  # bytes; a longer body is no chat completion, nor a stream of one
CONNECT_SECONDS = 10.0  # a server that takes longer to say hello is not there
FIRST_WAIT = 1.0  # seconds; doubled with every attempt
CUT_SHORT = 0.8  # of the tokens allowed; an answer cut off below met a limit of the server's own
LEAST_CUT = 256  # tokens; no server's own limit is lower

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Body:
    """What came back for one request."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Client:
    """Asks prompts of one server, and learns what it takes. Safe to use from several threads."""

    def __init__(
        self,
        settings: OpenAISettings,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self.capabilities = Capabilities()
        self._said = ""  # by which a capability was given up last
        self.answered: frozenset[str] = frozenset()  # formats in which an answer came
        self._client = openai.OpenAI(
            api_key=settings.api_key or "none",  # never the environment's
            base_url=settings.base_url,
            max_retries=0,
        )
        # Not the environment's either: another provider has no business with them.
        self._client.organization = self._client.project = None

    def close(self) -> None:
        self._client.close()

    def ask(self, prompt: Prompt[AnswerT], budget: Budget) -> AnswerT:
        """The server's answer; CallFailedError when there is none after every attempt that makes sense."""
        wanted = min(prompt.completion_tokens, self._settings.output_limit)
        attempt, asked_again = 1, False
        while isinstance(answer := self._try(prompt, wanted, budget), Failure):
            trouble = answer.trouble
            sensible = trouble.passes or (trouble.asks_again and not asked_again)
            if trouble is Trouble.CUT_OFF:
                wanted, before = max(wanted, self._most(prompt, budget)), wanted
                sensible = self._room(prompt, wanted) > before
            elif trouble is Trouble.TIMED_OUT:
                sensible = prompt.items == 1  # else halves of it are asked
            if attempt == self._settings.attempts or not sensible:
                if trouble.ends_all:
                    budget.end(answer)
                raise CallFailedError(answer)
            if trouble.passes:
                self._wait(answer, attempt, budget)
            attempt, asked_again = attempt + 1, asked_again or trouble.asks_again
        return answer

    def _wait(self, failure: Failure, attempt: int, budget: Budget) -> None:
        wished = failure.wait if failure.wait is not None else FIRST_WAIT * 2 ** (attempt - 1)
        seconds = min(max(wished, 0.0), self._settings.longest_wait)
        if seconds > budget.seconds_left:
            raise CallFailedError(Failure(Trouble.OUT_OF_TIME, f"last, {failure}"))
        self._sleep(seconds)

    def _room(self, prompt: Prompt[Any], wanted: int) -> int:
        room = self.capabilities.room(prompt.tokens, wanted)
        return min(room, self._settings.output_limit)

    def _most(self, prompt: Prompt[Any], budget: Budget) -> int:
        """The longest answer that the settings and the budget allow."""
        return min(self._settings.output_limit, budget.affordable(prompt.tokens))

    def _try(self, prompt: Prompt[AnswerT], wanted: int, budget: Budget) -> AnswerT | Failure:
        """One attempt, again at once in another way where the server says that it takes less."""
        while True:
            known = self.capabilities
            allowed = self._room(prompt, wanted)
            if allowed < (prompt.least_tokens if prompt.items > 1 else min(prompt.least_tokens, wanted)):
                advice = f"model {self._settings.model!r} has room for {allowed:,} tokens of an answer"
                return Failure(Trouble.TOO_LONG, advice, words=self._said)
            found = self._post(prompt, allowed, known, budget)
            if not isinstance(found, Body):
                return found
            heard = hear(found.status, found.content, found.headers, (self._settings.api_key, prompt.user))
            asked = Asked(
                prompt.tokens,
                allowed,
                had_temperature=self._settings.temperature is not None,
                answered_before=known.answer_format in self.answered,
            )
            following = tried_next(known, heard, asked)
            if isinstance(following, Trouble):
                return failure_of(following, heard.status, heard.words, heard.wait, self._settings)
            self._said = heard.words
            logger.info("the server says: %s", heard.words)
            self._learn(known, following)

    def _learn(self, known: Capabilities, found: Capabilities) -> None:
        """Keep what one request found out, unless another found out more meanwhile."""
        with self._lock:
            if self.capabilities == known:
                self.capabilities = found

    def _post(
        self, prompt: Prompt[AnswerT], allowed: int, known: Capabilities, budget: Budget
    ) -> AnswerT | Failure | Body:
        """An answer, a failure, or a refusal to be looked up."""
        seconds = min(self._settings.timeout, budget.seconds_left)
        with _reserved(prompt, allowed, budget) as took:
            body = self._sent(_request(self._settings, prompt, allowed, known), seconds)
            if isinstance(body, Failure):
                if body.trouble is Trouble.TIMED_OUT:
                    # The server may have worked on it, and charge for it.
                    took.append(Usage(prompt.tokens, 0))
                return body
            found = decoded(body.content) if body.status < 400 else None
            if body.status >= 400 or error_in(found):
                return body
            completion = completion_of(found)
            if completion is None:
                return self._no_completion(body, prompt)
            took.append(_usage(completion, prompt))
            self._note(completion, allowed)
            return self._answer(completion, prompt, known)

    def _no_completion(self, body: Body, prompt: Prompt[Any]) -> Failure:
        heard = hear(body.status, body.content, body.headers, (self._settings.api_key, prompt.user))
        words = short(heard.words) if body.content.strip()[:1] not in {b"{", b"["} else ""
        return Failure(Trouble.NO_COMPLETION, "is the base URL right?", words=words)

    def _note(self, completion: Completion, allowed: int) -> None:
        """Learn from an answer how much of it goes to thoughts, and where the server cuts it off."""
        known = self.capabilities
        thought, spent = completion.thought_tokens, completion.completion_tokens or 0
        found = replace(known, thoughts=max(known.thoughts, thought))
        if completion.is_cut_off and not thought and LEAST_CUT <= spent < CUT_SHORT * allowed:
            found = replace(found, output=min(spent, known.output or spent))
        if found != known:
            self._learn(known, found)

    def _answer(
        self, completion: Completion, prompt: Prompt[AnswerT], known: Capabilities
    ) -> AnswerT | Failure:
        if not completion.has_choices:
            return Failure(Trouble.EMPTY, "it holds no choices")
        if completion.is_filtered:
            return Failure(Trouble.FILTERED)
        if completion.refusal:
            return Failure(Trouble.REFUSED, words=short(completion.refusal))
        answer = read_answer(completion.texts, prompt, mends=not completion.is_cut_off)
        if answer is None:
            return Failure(_unread(completion))
        with self._lock:
            self.answered |= {known.answer_format}
        return answer

    def _sent(self, request: dict[str, Any], seconds: float) -> Body | Failure:
        try:
            return self._received(request, seconds)
        except openai.APIStatusError as error:
            return Body(error.status_code, error.response.headers, error.response.content)
        except (openai.APITimeoutError, httpx2.TimeoutException, TimeoutError):
            return Failure(Trouble.TIMED_OUT, f"{seconds:.0f} seconds are allowed for a request")
        except (openai.APIConnectionError, httpx2.HTTPError, OSError):
            # Said without the address: it can hold a user and a password.
            return Failure(Trouble.UNREACHABLE, "is the base URL right, and is the server running?")
        except OverflowError:
            return Failure(Trouble.NO_COMPLETION, f"it is over {LONGEST_ANSWER:,} bytes")

    def _received(self, request: dict[str, Any], seconds: float) -> Body:
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
        return Body(response.status_code, response.headers, b"".join(pieces))


def _unread(completion: Completion) -> Trouble:
    """Why nothing could be read from a completion."""
    if completion.is_cut_off:
        return Trouble.CUT_OFF
    if completion.finish == "error":
        return Trouble.SERVER_FAILED
    return Trouble.WRONG_SHAPE if completion.texts else Trouble.EMPTY


@contextmanager
def _reserved(prompt: Prompt[Any], allowed: int, budget: Budget) -> Iterator[list[Usage]]:
    most = Usage(prompt.tokens, allowed)
    budget.reserve(most)
    took: list[Usage] = []
    try:
        yield took
    finally:
        budget.settle(most, took[-1] if took else Usage())


def _request(
    settings: OpenAISettings, prompt: Prompt[Any], allowed: int, known: Capabilities
) -> dict[str, Any]:
    """A question as this server takes it."""
    system = prompt.system
    extra: dict[str, Any] = {}
    if known.answer_format == "json_schema":
        form = {"name": prompt.schema.__name__, "schema": prompt.schema.model_json_schema(), "strict": True}
        extra["response_format"] = {"type": "json_schema", "json_schema": form}
    else:
        system += f"\n\nAnswer with one JSON object of this schema and nothing else:\n{prompt.schema_text}"
        if known.answer_format == "json_object":
            extra["response_format"] = {"type": "json_object"}
    extra |= {known.limit: allowed} if known.limit else {}
    if known.temperature and settings.temperature is not None:
        extra["temperature"] = settings.temperature
    if known.stream:
        extra["stream"] = True
        extra |= {"stream_options": {"include_usage": True}} if known.stream_usage else {}
    return {"model": settings.model, "messages": _messages(system, prompt.user, known), **extra}


def _messages(system: str, user: str, known: Capabilities) -> list[dict[str, str]]:
    if not known.system:
        return [{"role": "user", "content": f"{system}\n\n{user}"}]
    return [{"role": "system", "content": system}, {"role": "user", "content": user}]


def _usage(completion: Completion, prompt: Prompt[Any]) -> Usage:
    """What the server counted, or an estimate where it counts nothing."""
    said = sum(map(tokens_of, completion.texts))
    return Usage(completion.prompt_tokens or prompt.tokens, completion.completion_tokens or said)


def failure_of(
    trouble: Trouble, status: int, words: str, wait: float | None, settings: OpenAISettings
) -> Failure:
    """A trouble with what to do about it and the server's own words."""
    advice = {
        Trouble.OUT_OF_MONEY: "add credit at the provider, or set another key",
        Trouble.KEY_WRONG: f"it answered {status}; check the key and what it may use",
        Trouble.MODEL_UNKNOWN: f"check the model {settings.model!r} and the base URL",
        Trouble.TOO_LONG: f"model {settings.model!r}",
    }.get(trouble, f"it answered {status}")
    return Failure(trouble, advice, wait if trouble.passes else None, words)
