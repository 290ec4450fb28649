"""What is wrong with a setting, in our words: a library's would speak of floats, literals and inputs."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

PREFIX = "BRIEF_"
# Variables that begin so and are no settings: the command line reads them itself
OTHERS = frozenset({"BRIEF_TRACEBACK"})

Limits = Mapping[str, Any]
WORDS: Mapping[str, Callable[[Limits], str]] = {
    "float_parsing": lambda _: "must be a number, such as 20 or 0.5",
    "float_type": lambda _: "must be a number, such as 20 or 0.5",
    "finite_number": lambda _: "must be a number, such as 20 or 0.5",
    "int_parsing": lambda _: "must be a whole number, such as 4",
    "int_type": lambda _: "must be a whole number, such as 4",
    "int_from_float": lambda _: "must be a whole number, such as 4",
    "int_parsing_size": lambda _: "is too large a number",
    "bool_parsing": lambda _: "must be true or false",
    "bool_type": lambda _: "must be true or false",
    "literal_error": lambda limits: f"must be {str(limits['expected']).replace(chr(39), '')}",
    "greater_than": lambda limits: f"must be above {_number(limits['gt'])}",
    "greater_than_equal": lambda limits: f"must be at least {_number(limits['ge'])}",
    "less_than": lambda limits: f"must be below {_number(limits['lt'])}",
    "less_than_equal": lambda limits: f"must be at most {_number(limits['le'])}",
    "path_type": lambda _: "must be a path",
    "string_type": lambda _: "must be text",
}


def in_words(error: Mapping[str, Any]) -> str:
    """One error of pydantic's, without the value: it may be a secret."""
    words = WORDS.get(error["type"])
    return words(error.get("ctx", {})) if words else str(error["msg"]).removeprefix("Value error, ")


def unknown(given: Iterable[str], settings: Collection[str], secrets: Collection[str]) -> Iterator[str]:
    """Variables that look like settings and are none, each with the nearest name that is one."""
    names = {f"{PREFIX}{name.upper()}" for name in settings}
    names |= {f"{PREFIX}{name.upper()}_FILE" for name in secrets}
    for name in sorted({one.upper() for one in given} - names - OTHERS):
        is_ours = name.startswith(PREFIX)
        near = get_close_matches(name, names, n=1, cutoff=0.6 if is_ours else 0.85) if name[:1] == "B" else []
        if is_ours or near:
            hint = f"did you mean {near[0]}?" if near else "brief settings lists them"
            yield f"{name}: there is no such setting; {hint}"


def _number(limit: float) -> str:
    return f"{limit:g}"
