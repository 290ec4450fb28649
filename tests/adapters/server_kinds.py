"""Ten kinds of servers that speak OpenAI's chat completions, each with its own limits and its own words.

The words are those of public issue reports and manuals of each server, shortened; numbers are ours.
KINDS holds an Answers for each: a sound answer where a request keeps to what it takes, else a refusal.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from service.briefs.modelled.asking import tokens_of
from tests.adapters.openai_server import Answers, Asked, Reply, completion, reply
from tests.sound_answers import sound_answer

OFFENDING = "Kelp forests shrink"  # how an abstract opens that a moderation does not let through


def tokens(asked: Asked) -> int:
    """What a request's messages and schema take, as the server counts them."""
    return tokens_of(json.dumps([asked.body["messages"], asked.body.get("response_format")]))


def limit(asked: Asked) -> int:
    """The tokens that a request allows its answer."""
    return int(asked.body.get("max_completion_tokens") or asked.body.get("max_tokens") or 0)


def said(asked: Asked) -> str:
    return json.dumps(sound_answer(asked.question))


def refused(status: int, body: object) -> Reply:
    return reply(status, body)


def error_of(message: str, **more: Any) -> dict[str, Any]:
    return {
        "error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}
    }


def openai(asked: Asked) -> Reply:
    """A model that thinks: 4,096 tokens of an answer at most, no temperature."""
    if limit(asked) > 4096:
        message = (
            f"max_tokens is too large: {limit(asked)}. This model supports at most 4096 completion tokens, "
            f"whereas you provided {limit(asked)}."
        )
        return refused(400, error_of(message, param="max_tokens", code="invalid_value"))
    if "temperature" in asked.body:
        message = "Unsupported value: 'temperature' does not support 0.2. Only the default is supported."
    return completion(said(asked))


def azure(asked: Asked) -> Reply:
    """An older version of its protocol, and a filter before the model."""
    if "max_completion_tokens" in asked.body:
        return refused(400, error_of("Unrecognized request argument supplied: max_completion_tokens"))
    if asked.format == "json_schema":
        message = "response_format value as json_schema is enabled only for api versions 2024-08-01 and later"
        return refused(400, error_of(message, code="BadRequest"))
    if OFFENDING in asked.user and asked.task == "CardsAnswer":
        message = (
            "The response was filtered due to the prompt triggering Azure OpenAI's content management "
            "policy. Please modify your prompt and retry."
        )
        inner = {
            "code": "ResponsibleAIPolicyViolation",
            "content_filter_result": {"violence": {"filtered": True}},
        }
        return refused(400, error_of(message, param="prompt", code="content_filter", innererror=inner))
    return completion(said(asked))


def vllm(asked: Asked) -> Reply:
    """A window of 7,000 tokens; the whole answer is taken for thoughts."""
    if tokens(asked) + limit(asked) > 7000:
        message = (
            f"This model's maximum context length is 7000 tokens. However, you requested "
            f"{tokens(asked) + limit(asked)} tokens ({tokens(asked)} in the messages, {limit(asked)} in the "
            "completion). Please reduce the length of the messages or completion."
        )
        body = {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": 400}
        return refused(400, body)
    message_of = {"role": "assistant", "content": None, "reasoning_content": said(asked)}
    return completion(None, choices=[{"index": 0, "message": message_of, "finish_reason": "stop"}])


def llama_cpp(asked: Asked) -> Reply:
    """No grammar for such schemas, a window of 7,000 tokens, thoughts that are never opened."""
    if asked.format != "text":
        message = "Failed to initialize samplers: failed to parse grammar"
        return refused(400, {"error": {"code": 400, "message": message, "type": "invalid_request_error"}})
    if tokens(asked) > 7000:
        message = "the request exceeds the available context size. try increasing the context size"
        inner = {"code": 500, "message": message, "type": "exceed_context_size_error"}
        return refused(500, {"error": inner | {"n_prompt_tokens": tokens(asked), "n_ctx": 7000}})
    return completion(f"First {{the cards}}, then I write.</think>\n```json\n{said(asked)}\n```\nDone.")


def ollama(asked: Asked) -> Reply:
    """Errors as a sentence, no counts, thoughts before the answer, no message of rules."""
    if asked.body["messages"][0]["role"] == "system":
        return refused(400, {"error": "template: System role not supported"})
    return completion(f"<think>\n{{\n</think>\n\n{said(asked)[:-1]},}}", usage=None)


def lm_studio(asked: Asked) -> Reply:
    """Schemas or text, and a window that is told in a sentence."""
    if asked.format == "json_object":
        return refused(400, {"error": "'response_format.type' must be 'json_schema' or 'text'"})
    if tokens(asked) > 7000:
        message = (
            f"Trying to keep the first {tokens(asked)} tokens when context the overflows. However, the model "
            "is loaded with context length of only 7000 tokens, which is not enough. Try to load the model "
            "with a larger context length, or provide a shorter input."
        )
        return refused(400, {"error": message})
    usage = {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None}
    return completion(said(asked), usage=usage)


def deepseek(asked: Asked) -> Reply:
    """A range for the limit, no schemas, thoughts in a place of their own."""
    if not 1 <= limit(asked) <= 4000:
        message = "Invalid max_tokens value, the valid range of max_tokens is [1, 4000]"
        return refused(400, error_of(message, code="invalid_request_error"))
    if asked.format == "json_schema":
        return refused(
            400, error_of("This response_format type is unavailable now", code="invalid_request_error")
        )
    message_of = {"role": "assistant", "content": said(asked), "reasoning_content": 'maybe {"cards": []}'}
    usage = {
        "prompt_tokens": 900,
        "completion_tokens": 300,
        "completion_tokens_details": {"reasoning_tokens": 90},
    }
    return completion(
        None, choices=[{"index": 0, "message": message_of, "finish_reason": "stop"}], usage=usage
    )


def gemini() -> Answers:
    """Errors in a list, schemas that are too deep, and a quota whose delay stands in the body."""
    limited: list[bool] = []

    def answer(asked: Asked) -> Reply:
        if asked.format == "json_schema":
            message = "A schema in GenerationConfig in the request exceeds the maximum allowed nesting depth."
            return refused(400, [{"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}])
        if not limited:
            limited.append(True)
            info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "13.5s"}
            message = "You exceeded your current quota, please check your plan and billing details."
            inner = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": [info]}
            return refused(429, [{"error": inner}])
        usage = {"prompt_tokens": 1000, "completion_tokens": None, "total_tokens": 1000}
        return completion(said(asked), finish="STOP", usage=usage)

    return answer


def openrouter() -> Answers:
    """What failed upstream inside HTTP 200, a moderation of one abstract, and little credit."""
    failed: list[bool] = []

    def answer(asked: Asked) -> Reply:
        if limit(asked) > 4200:
            message = (
                "This request requires more credits, or fewer max_tokens. You requested up to "
                f"{limit(asked)} tokens, but can only afford 4200."
            )
            return refused(402, {"error": {"message": message, "code": 402}})
        if not failed:
            failed.append(True)
            raw = "tide-1 is temporarily rate-limited upstream. Please retry shortly."
            inner = {"message": "Provider returned error", "code": 429, "metadata": {"raw": raw}}
            return refused(200, {"error": inner})
        if OFFENDING in asked.user and asked.task == "CardsAnswer":
            message = 'tide-1 requires moderation on Provider. Your input was flagged for "violence".'
            metadata = {"reasons": ["violence"], "flagged_input": "Kelp forests shri..."}
            return refused(403, {"error": {"message": message, "code": 403, "metadata": metadata}})
        return completion(said(asked))

    return answer


def mistral(asked: Asked) -> Reply:
    """No parameter that it does not know, and the answer as a list of parts."""
    if "max_completion_tokens" in asked.body:
        place = {"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "input": limit(asked)}
        detail = {"detail": [place | {"msg": "Extra inputs are not permitted"}]}
        return refused(
            422, {"object": "error", "message": detail, "type": "invalid_request_error", "code": None}
        )
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "{not yet"}]}
    parts = [thinking, {"type": "text", "text": said(asked)}]
    return completion(None, choices=[{"index": 0, "message": {"content": parts}, "finish_reason": "stop"}])


def streaming(asked: Asked) -> Reply:
    """A server that only streams."""
    if not asked.body.get("stream"):
        message = "parameter.enable_thinking must be set to false for non-streaming calls"
        return refused(400, error_of(message, code="invalid_parameter_error"))
    return Reply(200, {"Content-Type": "text/event-stream"}, "".join(_events(said(asked))).encode())


def _events(text: str) -> Iterator[str]:
    deltas: list[dict[str, str]] = [{"role": "assistant", "reasoning_content": "{hm"}]
    deltas += [{"content": text[at : at + 40]} for at in range(0, len(text), 40)]
    for delta in deltas:
        yield f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta, 'finish_reason': None}]})}\n\n"
    yield f"data: {json.dumps({'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]})}\r\n\r\n"
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    yield f": keep-alive\n\ndata: {json.dumps({'choices': [], 'usage': usage})}\n\ndata: [DONE]\n\n"


def tool_calling(asked: Asked) -> Reply:
    """A server that answers a schema by the arguments of a tool."""
    call = {"id": "1", "type": "function", "function": {"name": "json", "arguments": said(asked)}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    return completion(None, choices=[{"index": 0, "message": message, "finish_reason": "tool_calls"}])


KINDS: dict[str, Callable[[], Answers]] = {
    "OpenAI": lambda: openai,
    "Azure": lambda: azure,
    "vLLM": lambda: vllm,
    "llama.cpp": lambda: llama_cpp,
    "Ollama": lambda: ollama,
    "LM Studio": lambda: lm_studio,
    "DeepSeek": lambda: deepseek,
    "Gemini": gemini,
    "OpenRouter": openrouter,
    "Mistral": lambda: mistral,
    "streams only": lambda: streaming,
    "calls tools": lambda: tool_calling,
}
