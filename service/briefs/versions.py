"""Versions of a stored brief: JSON of an older one brought to the form of today, step by step.

1  until November 2026: claims were `quoted`, `counted` or `written`; notable papers had `why` and `teaches`
2  claims have a kind (fact, reading, definition) and an origin; the minute, what is new, decisions
3  citations of passages of full texts have an anchor and a section; how many full texts were read
4  the table of the window; who cites whom
5  the words of a full text that was read
6  an introduction of the editors', papers that they added
"""

import json
from typing import Any

SCHEMA_VERSION = 6


def upgraded(text: str | bytes) -> str | bytes:
    """The same brief as JSON of this version; as it came where it is of this version or no brief at all."""
    try:
        held = json.loads(text)
    except ValueError:
        return text
    if not isinstance(held, dict) or held.get("schema_version") not in (1, 2, 3, 4, 5):
        return text
    source = text if isinstance(text, str) else text.decode("utf-8", "surrogatepass")
    made = _from_first(held) if held["schema_version"] == 1 else held
    return json.dumps({**made, "schema_version": SCHEMA_VERSION, "stored": source})


def _from_first(held: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = _with_origins(held)
    for notable in made.get("notable", ()):
        notable["shows"], notable["why"] = notable["why"], notable.pop("teaches")
    for entry in made.get("glossary", ()):
        entry["term"], entry["meaning"] = entry.pop("acronym"), entry.pop("expansion")
    for step in made.get("overview", {}).get("reading_order", ()):
        step.pop("minutes", None)  # invented from the number of papers
    return made


def _with_origins(node: Any) -> Any:
    """Every claim with its origin in place of its old kind."""
    if isinstance(node, list):
        return [_with_origins(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {name: _with_origins(value) for name, value in node.items()}
    if "text" in made and "citations" in made and "kind" in made:
        made["origin"], made["kind"] = made["kind"], "fact"
    return made
