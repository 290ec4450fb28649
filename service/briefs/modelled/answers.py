r"""How a language model's words are read: the JSON of the agreed form, out of thoughts, fences and prose.

A well-formed answer is taken as it is. Else json-repair mends commas, quotes and brackets, and what comes out
must have the agreed form all the same: nothing is filled in. TeX that JSON swallowed (`\times` read as a tab
and "imes") is put back where the question's own text has it.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import json_repair
from pydantic import ValidationError

from service.briefs.modelled.asking import AnswerT, Prompt

#: How models end their thoughts: DeepSeek, Qwen, Mistral, Kimi, gpt-oss, Seed.
END_OF_THOUGHT = re.compile(
    r"</(?:think|thinking|thoughts?|reasoning|reflection|seed:think)>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>"
    r"|<\|channel\|>final(?:\s*<\|constrain\|>\s*json)?\s*<\|message\|>",
    re.IGNORECASE,
)
MOST_STARTS = 400  # braces at which an object is looked for in one text
ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')
MACRO = re.compile(r"\\[A-Za-z]+")
ACCENTED = re.compile(r"[^\W\d_]*\\\"\{?[A-Za-z]\}?[^\W\d_]*")
SWALLOWED = re.compile(r"([\b\f\n\r\t])([A-Za-z]+)|\\(\\[A-Za-z]+)")
LETTERS = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}


def read_answer(texts: Sequence[str], prompt: Prompt[AnswerT], *, mends: bool = True) -> AnswerT | None:
    """The answer in texts that a server gave, the likeliest first; None where none has the agreed form.

    ``mends`` False takes well-formed JSON alone: of an answer that was cut off, mending keeps a part.
    """
    tex = _Tex(prompt.user)
    for found in _objects(texts, mends=mends):
        if (answer := _validated(tex.restored(found), prompt.schema)) is not None:
            return answer
    return None


def _validated(found: Any, schema: type[AnswerT]) -> AnswerT | None:
    """An object of the form, or the one that is wrapped in it under a single name."""
    try:
        return schema.model_validate(found)
    except ValidationError:
        inner = next(iter(found.values())) if isinstance(found, dict) and len(found) == 1 else None
        return _validated(inner, schema) if isinstance(inner, dict) else None


def _objects(texts: Sequence[str], *, mends: bool) -> Iterator[Any]:
    """Everything that may be the answer: well-formed objects of all texts first, then mended ones."""
    escaped = [_escaped(text) for text in texts]
    for text in escaped:
        yield from _well_formed(text)
    for text in escaped if mends else ():
        found = _mended(text[_end_of_thought(text) :])
        yield from reversed(found) if isinstance(found, list) else [found]


def _end_of_thought(text: str) -> int:
    return max((match.end() for match in END_OF_THOUGHT.finditer(text)), default=0)


def _mended(text: str) -> Any:
    try:
        return json_repair.loads(text)
    except (RecursionError, ValueError):  # nested too deep
        return None


def _well_formed(text: str) -> Iterator[Any]:
    """The objects of a text, the last first: an answer follows its drafts; none stands in thoughts."""
    thought = _end_of_thought(text)
    yield from (found for end, found in reversed(list(_spans(text))) if end > thought)
    if thought:  # a brace among the thoughts may have swallowed what follows them
        yield from (found for _, found in reversed(list(_spans(text[thought:]))))


def _spans(text: str) -> Iterator[tuple[int, Any]]:
    """Where whole objects end, and what they hold; none within another."""
    decoder = json.JSONDecoder(strict=False)  # line breaks within strings are let through
    at = text.find("{")
    for _ in range(MOST_STARTS):
        if at < 0:
            return
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield end, found
        at = text.find("{", end)


def _escaped(text: str) -> str:
    r"""JSON in which a backslash that begins no escape stands for itself, as in ``\alpha``."""
    return ESCAPE.sub(lambda match: match[0] if match[1] else "\\\\", text)


class _Tex:
    """The TeX of a question, to put back what of it was lost in an answer."""

    def __init__(self, evidence: str) -> None:
        self._macros = frozenset(MACRO.findall(evidence))
        accented = {match[0] for match in ACCENTED.finditer(evidence)}
        self._accented = {word.replace('\\"', '"'): word for word in accented if len(word) > 3}

    def restored(self, value: Any) -> Any:
        """A decoded answer with its TeX as the question has it."""
        if not self._macros and not self._accented:
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {name: self.restored(one) for name, one in value.items()}
        return [self.restored(one) for one in value] if isinstance(value, list) else value

    def _text(self, text: str) -> str:
        text = SWALLOWED.sub(self._macro, text)
        for mangled, word in self._accented.items():
            text = text.replace(mangled, word) if '"' in text and word not in text else text
        return text

    def _macro(self, match: re.Match[str]) -> str:
        if match[3]:  # two backslashes for one
            return match[3] if match[3] in self._macros else match[0]
        macro = f"\\{LETTERS[match[1]]}{match[2]}"
        return macro if macro in self._macros else match[0]
