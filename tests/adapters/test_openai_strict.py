"""The OpenAI writer against a stand-in as strict as the provider, which refuses what it does not know."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from service.briefs.model import Brief
from tests.adapters.openai_server import (
    Asked,
    ModelServer,
    Reply,
    completion,
    error,
    reply,
    sound_answer,
    well,
)
from tests.adapters.test_openai_briefs import Desk, assert_whole, notes
from tests.builders import assignment, papers

PARAMETERS = {"model", "messages", "response_format", "max_completion_tokens"}  # a model that reasons
NOT_IN_SCHEMAS = {"default", "minLength", "maxLength", "oneOf", "allOf", "not", "if", "dependentRequired"}


def unfit(schema: Any, place: str = "schema") -> Iterator[str]:
    """What strict structured outputs refuse: platform.openai.com/docs/guides/structured-outputs."""
    if isinstance(schema, list):
        for each in schema:
            yield from unfit(each, place)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield f"{place}: additionalProperties must be false"
    if schema.get("type") == "object" and set(schema["required"]) != set(schema["properties"]):
        yield f"{place}: every property must be required"
    if "$ref" in schema and len(schema) > 1:
        yield f"{place}: $ref can't have siblings"
    yield from (f"{place}: {key} is not permitted" for key in sorted(NOT_IN_SCHEMAS & schema.keys()))
    for key, value in schema.items():
        yield from unfit(value, f"{place}.{key}")


@dataclass
class Strict:
    """Answers as the inner function does, after a look at every parameter; one at a time, none streamed."""

    inner: Callable[[Asked], Reply] = well
    refused: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        if unknown := sorted(asked.body.keys() - PARAMETERS):
            return self._refuse(unknown[0], f"Unsupported parameter: '{unknown[0]}'")
        form = asked.body["response_format"]
        if form["type"] == "json_schema" and (why := next(unfit(form["json_schema"]["schema"]), "")):
            return self._refuse("response_format", f"Invalid schema: {why}")
        if form["type"] == "json_schema" and not form["json_schema"].get("strict"):
            return self._refuse("response_format", "strict is missing")
        if [message["role"] for message in asked.body["messages"]] != ["system", "user"]:
            return self._refuse("messages", "unknown role")
        return self.inner(asked)

    def _refuse(self, parameter: str, words: str) -> Reply:
        self.refused.append(parameter)
        return error(400, "unsupported_parameter", words, param=parameter)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with ModelServer() as server:
        made = Desk(server)
        yield made
        for writer in made.made:
            writer.close()


def whole(brief: Brief) -> bool:
    """Whether the language model wrote it: nothing fell back, every paper is there and sound."""
    assert_whole(brief, tuple(papers().values()))
    return brief.metadata.writer == "openai" and "Written without" not in notes(brief)


def test_a_strict_server_refuses_one_parameter_once_and_then_writes(desk: Desk) -> None:
    strict = Strict()
    desk.server.answers = strict
    assert whole(desk.brief(assignment(), temperature=0.2))
    assert strict.refused == ["temperature"]
    assert all("stream" not in asked.body for asked in desk.server.requests)


def limited(headers: dict[str, str]) -> Reply:
    body = {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}}
    return reply(429, body, **headers)


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after_ms": "2500", "retry_after": "3"}, 2.5),
        ({"retry_after": "0"}, 0.0),
        ({"x_ratelimit_reset_requests": "1s"}, 1.0),
    ],
)
def test_a_rate_limit_is_waited_out(desk: Desk, headers: dict[str, str], waited: float) -> None:
    desk.server.answers = Strict()
    desk.server.script(limited(headers))
    assert whole(desk.brief())
    assert desk.waits == [waited]


@pytest.mark.parametrize(
    "answer",
    [
        completion('{"cards": [{"key": "P1", "contri', "stop"),
        completion('{"cards": [{"key": "P1"', "length"),
        completion('{"papers": []}'),
        completion('{"cards": "none"}'),
        completion("[]"),
        completion(None),
        completion(""),
        reply(200, {"choices": []}),
        reply(200, {"object": "error"}),
        Reply(200, {}, b'{"choices": [{"index": 0, "mess'),
        Reply(200, {"content-type": "text/event-stream"}, b"data: {}\n\ndata: [DONE]\n\n"),
        Reply(502, {}, b"<html>Bad gateway</html>"),
        reply(500),
    ],
)
def test_an_answer_that_breaks_is_asked_for_again_and_the_model_writes(desk: Desk, answer: Reply) -> None:
    desk.server.answers = Strict()
    desk.server.script(answer)
    assert whole(desk.brief())


@pytest.mark.parametrize(
    "answer",
    [
        completion(None, "content_filter"),
        completion('{"cards": [', "content_filter"),
        completion(None, refusal="I can't help with that."),
        error(400, "content_filter", "The response was filtered"),
        error(400, "invalid_prompt", "flagged"),
    ],
)
def test_a_question_that_is_refused_costs_no_brief(desk: Desk, answer: Reply) -> None:
    desk.server.answers = Strict(lambda asked: answer if " P1>" in asked.user else well(asked))
    assert_whole(desk.brief())


def test_every_question_refused_leaves_a_whole_brief_that_says_why(desk: Desk) -> None:
    desk.server.answers = Strict(lambda _: completion(None, refusal="No."))
    brief = desk.brief()
    assert_whole(brief)
    assert "declined" in notes(brief)


def test_more_fields_than_the_schema_has_are_the_wrong_form(desk: Desk) -> None:
    def more(asked: Asked) -> Reply:
        return completion(json.dumps(sound_answer(asked) | {"thoughts": "hidden"}))

    desk.server.answers = Strict(more)
    assert_whole(desk.brief())
