"""A chat completion as servers send it, whole or in pieces: texts that may hold the answer, and its tokens.

Strict where nothing can be made of it, lenient elsewhere: counts may be null, the content a list of parts or
an object, the answer among the thoughts or in the arguments of a tool, and a stream may come unasked.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

THOUGHT = ("reasoning_content", "reasoning", "thinking", "thoughts")  # what servers call thoughts
SAFETY = ("content_filter", "safety", "sensitive", "prohibited", "recitation", "blocklist", "spii")
CUT = frozenset({"length", "max_tokens", "max_output_tokens"})


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer of a server."""

    texts: tuple[str, ...]  # where the answer may stand, the likeliest first
    finish: str
    refusal: str
    prompt_tokens: int | None
    completion_tokens: int | None
    thought_tokens: int
    has_choices: bool = True

    @property
    def is_filtered(self) -> bool:
        return self.finish.startswith(SAFETY)

    @property
    def is_cut_off(self) -> bool:
        return self.finish in CUT


def decoded(body: bytes) -> Any:
    """The JSON of a body, its pieces joined where it is a stream; None where it is neither."""
    text = body.decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    if text.startswith(("data:", "event:", ":", "id:")):
        return joined(_events(text))
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def _events(text: str) -> Iterator[Any]:
    """The JSON of a stream's events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = (line[5:].lstrip() for line in block.split("\n") if line.startswith("data:"))
        try:
            yield json.loads("\n".join(lines))
        except ValueError:  # [DONE], or a comment
            continue


def joined(pieces: Iterable[Any]) -> dict[str, Any]:
    """A completion from the pieces of a stream; an error among them is the whole of it."""
    message: dict[str, Any] = {"content": "", "reasoning_content": "", "tool_calls": []}
    whole: dict[str, Any] = {"choices": []}
    for piece in pieces:
        if not isinstance(piece, dict):
            continue
        if piece.get("error"):
            return piece
        whole["usage"] = piece.get("usage") or whole.get("usage")
        choice = next(iter(_listed(piece.get("choices"))), None)
        if isinstance(choice, dict):
            whole["choices"] = whole["choices"] or [{"message": message, "finish_reason": None}]
            _add(choice.get("delta") or choice.get("message"), message)
            finish = choice.get("finish_reason")
            whole["choices"][0]["finish_reason"] = finish or whole["choices"][0]["finish_reason"]
    return whole


def _add(delta: Any, message: dict[str, Any]) -> None:
    if not isinstance(delta, dict):
        return
    message["content"] += "".join(_spoken(delta.get("content")))
    message["reasoning_content"] += "".join(text for name in THOUGHT for text in _spoken(delta.get(name)))
    if delta.get("refusal"):
        message["refusal"] = f"{message.get('refusal', '')}{delta['refusal']}"
    for call in _listed(delta.get("tool_calls")):
        arguments = (call.get("function") or {}).get("arguments") if isinstance(call, dict) else None
        if isinstance(arguments, str):
            message["tool_calls"] = [{"function": {"arguments": _arguments(message) + arguments}}]


def _arguments(message: dict[str, Any]) -> str:
    return "".join(call["function"]["arguments"] for call in message["tool_calls"])


def completion_of(found: Any) -> Completion | None:
    """A decoded body as a completion; None where it is none."""
    if not isinstance(found, dict) or not isinstance(choices := found.get("choices") or [], list):
        return None
    if "choices" not in found or not all(isinstance(choice, dict) for choice in choices):
        return None
    choice = _named(choices[0] if choices else None)
    message, usage = _named(choice.get("message")), _named(found.get("usage"))
    refusal = message.get("refusal")
    return Completion(
        texts=tuple(text for text in _texts(choice, message) if text.strip()) or _thoughts(message),
        finish=str(choice.get("finish_reason") or "").lower(),
        refusal=refusal if isinstance(refusal, str) else "",
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        thought_tokens=_count(_named(usage.get("completion_tokens_details")).get("reasoning_tokens")) or 0,
        has_choices=bool(choices),
    )


def _texts(choice: dict[str, Any], message: dict[str, Any]) -> Iterator[str]:
    """The content, then what a tool was called with."""
    yield "".join(_spoken(message.get("content", choice.get("text"))))
    if isinstance(message.get("parsed"), dict):
        yield json.dumps(message["parsed"])
    for call in [*_listed(message.get("tool_calls")), {"function": message.get("function_call")}]:
        function = call.get("function") if isinstance(call, dict) else None
        arguments = function.get("arguments") if isinstance(function, dict) else None
        if isinstance(arguments, dict):
            yield json.dumps(arguments)
        elif isinstance(arguments, str):
            yield arguments


def _thoughts(message: dict[str, Any]) -> tuple[str, ...]:
    """The thoughts, for an answer that stands nowhere else: some servers take all of it for one."""
    found = ("".join(_spoken(message.get(name))) for name in THOUGHT)
    return tuple(text for text in found if text.strip())


def _spoken(content: Any) -> Iterator[str]:
    """The words of a content: a text, a list of parts without the thoughts among them, or an object."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            yield from _part(part)
    elif isinstance(content, dict):
        yield from _part(content)


def _part(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict) and part.get("type") not in {"thinking", "reasoning", "thought"}:
        text = part.get("text", part.get("content", part.get("output_text")))
        if isinstance(text, str):
            yield text
        elif "type" not in part:
            yield json.dumps(part)


def _named(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {}


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _count(found: Any) -> int | None:
    """Tokens as a server counts them; None where it counts nothing or nonsense."""
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        number = int(float(found))
    except (ValueError, OverflowError):
        return None
    return number if 0 < number < 10**9 else None
