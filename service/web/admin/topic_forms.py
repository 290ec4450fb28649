"""A topic as a form: one entry a line, and problems beside the line that they are about."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.web.admin.frame import Sent
from subscribers.topics import Topic, TopicError, read_topic

TEXTS = ("slug", "name", "description", "papers_per_brief")
LISTS = ("categories", "search_terms", "ranking_terms", "excluded_terms", "examples")
PLACE = re.compile(r"(\w+)\[(\d+)\]")
LONGEST = 40_000  # characters of one field


@dataclass(frozen=True, slots=True)
class TopicForm:
    """What stands in the form, with what is wrong with it."""

    texts: Mapping[str, str]  # by field
    problems: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by field, each with its place

    @classmethod
    def of(cls, topic: Topic | None) -> "TopicForm":
        """A topic's form; an empty one for none."""
        if topic is None:
            return cls(dict.fromkeys((*TEXTS, *LISTS), "") | {"papers_per_brief": "77"})
        lists = {name: "\n".join(getattr(topic, name)) for name in LISTS if name != "examples"}
        examples = "\n".join(f"{one.paper_id} {one.title}" for one in topic.examples)
        texts = {name: str(getattr(topic, name)) for name in TEXTS}
        return cls({**texts, **lists, "examples": examples})

    @classmethod
    def sent(cls, sent: Sent, slug: str = "") -> "TopicForm":
        """The form as it came; the slug of a known topic can't be changed."""
        texts = {name: sent.text(name)[:LONGEST].replace("\r\n", "\n") for name in (*TEXTS, *LISTS)}
        return cls(texts | ({"slug": slug} if slug else {}))

    def read(self) -> "Topic | TopicForm":
        """The topic, or the form with every problem at its place."""
        try:
            return read_topic(self._mapping())
        except TopicError as error:
            problems: dict[str, list[str]] = {}
            for place, message in error.problems:
                name, words = self._placed(place, message)
                problems.setdefault(name, []).append(words)
            return TopicForm(self.texts, problems)

    def _mapping(self) -> dict[str, Any]:
        given: dict[str, Any] = {name: self.texts[name] for name in TEXTS}
        given |= {name: [line for _, line in self._lines(name)] for name in LISTS}
        given["examples"] = [_example(line) for line in given["examples"]]
        return given

    def _lines(self, name: str) -> list[tuple[int, str]]:
        """Each line that is not blank, with its number."""
        lines = enumerate(self.texts[name].split("\n"), 1)
        return [(number, line.strip()) for number, line in lines if line.strip()]

    def _placed(self, place: str, message: str) -> tuple[str, str]:
        """``search_terms[3]`` as its field, and the line where the entry stands."""
        found = PLACE.match(place)
        if found is None:
            return place, message
        lines = self._lines(found[1]) if found[1] in LISTS else []
        at = int(found[2])
        return found[1], f"Line {lines[at][0] if at < len(lines) else at + 1}: {message}"


def _example(line: str) -> dict[str, str]:
    paper_id, _, title = line.partition(" ")
    return {"paper_id": paper_id, "title": title.strip()}
