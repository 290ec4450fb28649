"""Starters: topics to begin with, by field, over arXiv's archives; and a topic as a TOML file."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from subscribers.topics import Topic, read_topic, to_mapping

CATALOGUE = Path(__file__).with_name("starters.toml")


class UnknownStarter(ValueError):
    """A name that no starter and no field has; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Starter:
    """A topic with the field that it belongs to."""

    field: str
    topic: Topic


@cache
def starters() -> tuple[Starter, ...]:
    """The catalogue, field by field."""
    tables = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["starters"]
    return tuple(_read(table) for table in tables)


def of_field(words: str) -> tuple[Starter, ...]:
    """The starters of a field, or of an arXiv archive such as ``astro-ph``; all for no words."""
    wanted = words.strip().casefold()
    found = tuple(one for one in starters() if wanted in one.field.casefold() or _is_in(one.topic, wanted))
    if not found:
        fields = ", ".join(dict.fromkeys(one.field for one in starters()))
        raise UnknownStarter(f"there is no field {words!r}; there are: {fields}")
    return found


def starter(slug: str) -> Topic:
    """A starter's topic by its slug."""
    found = next((one.topic for one in starters() if one.topic.slug == slug), None)
    if found is None:
        raise UnknownStarter(f"there is no starter {slug!r}; `brief topics starters` lists them")
    return found


def to_toml(topic: Topic) -> str:
    """The topic as a TOML file that `brief topics add` reads; a string of JSON is one of TOML."""
    lines = []
    for name, value in to_mapping(topic).items():
        if name == "examples":
            rows = (
                f"    {{ paper_id = {_json(one['paper_id'])}, title = {_json(one['title'])} }},"
                for one in value
            )
            lines += ["examples = [", *rows, "]"]
        elif isinstance(value, list):
            lines += [f"{name} = [", *(f"    {_json(one)}," for one in value), "]"]
        else:
            lines.append(f"{name} = {_json(value)}")
    return "\n".join(lines) + "\n"


def _read(table: Mapping[str, object]) -> Starter:
    return Starter(str(table["field"]), read_topic({key: table[key] for key in table if key != "field"}))


def _is_in(topic: Topic, archive: str) -> bool:
    return any(archive == category.split(".")[0].casefold() for category in topic.categories)


def _example(one: Mapping[str, str]) -> str:
    return f"    {{ paper_id = {_json(one['paper_id'])}, title = {_json(one['title'])} }},"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
