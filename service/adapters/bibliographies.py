"""What a bibliography holds: BibTeX, RIS, and Zotero's exports as CSL JSON or CSV.

An arXiv id is found wherever reference managers put it: eprint, archiveID, DOI 10.48550/arXiv.…, URL, note.
"""

import csv
import io
import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rispy  # type: ignore[import-untyped]  # it ships no types
from bibtexparser.entrypoint import parse_string

from service.language import read

LARGEST = 20_000_000  # bytes
ID = r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}"
BARE_ID = re.compile(rf"\s*(?:arxiv:\s*)?({ID})(?:v\d+)?(?:\s*\[[\w.-]+\])?\s*", re.IGNORECASE)
NAMED_ID = re.compile(rf"arxiv(?:\.org/(?:abs|pdf|html)/|[.:]\s*|\s+)({ID})", re.IGNORECASE)
ID_FIELDS = {"eprint", "archiveid", "number", "arxivid", "arxiv"}  # may hold the id alone
TITLE_FIELDS = ("title", "primary_title", "Title")
ABSTRACT_FIELDS = ("abstract", "notes_abstract", "Abstract Note")

logging.getLogger("bibtexparser").setLevel(logging.ERROR)  # a block that can't be read is counted instead


class Unreadable(ValueError):
    """A file that is no bibliography; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: the arXiv id where it names one, else empty; title and abstract as text."""

    arxiv_id: str
    title: str
    abstract: str

    @property
    def text(self) -> str:
        return ". ".join(part for part in (self.title, self.abstract) if part)


def read_bibliography(file: Path) -> tuple[Entry, ...]:
    """The entries of a file in its order, none twice; Unreadable names the formats that can be read."""
    if file.stat().st_size > LARGEST:
        raise Unreadable(f"{file} is larger than {LARGEST // 1_000_000} MB; export a part of the library")
    try:
        found = read_entries(file.read_text("utf-8-sig"))
    except ValueError as error:
        raise Unreadable(f"{file} can't be read as BibTeX, RIS, CSL JSON or CSV: {error}") from error
    if not found:
        raise Unreadable(f"{file} holds no entry; BibTeX, RIS and Zotero's CSL JSON and CSV can be read")
    return found


def read_entries(text: str) -> tuple[Entry, ...]:
    """The entries of a bibliography's text in its order, none twice; Unreadable where it is none."""
    try:
        entries = [_entry(fields) for fields in _records(text)]
    except (ValueError, KeyError, AttributeError, csv.Error) as error:
        raise Unreadable(str(error)) from error
    return tuple(dict.fromkeys(entry for entry in entries if entry.arxiv_id or entry.title))


def arxiv_ids(text: str) -> tuple[str, ...]:
    """The arXiv ids in a list of words or lines, without versions, none twice."""
    return tuple(dict.fromkeys(found for word in re.split(r"[\s,;]+", text) if (found := arxiv_id(word))))


def arxiv_id(text: str) -> str:
    """The arXiv id that a text is or names, without its version; empty where there is none."""
    found = BARE_ID.fullmatch(text) or NAMED_ID.search(text)
    return found[1] if found else ""


def _records(text: str) -> Iterable[Mapping[str, Any]]:
    """The fields of each entry, by what the text itself looks like: names of files are often wrong."""
    start = text.lstrip()[:200]
    if re.search(r"^TY\s{2}-", start, re.MULTILINE):
        return _ris(text)
    if start.startswith(("[", "{")):
        held = json.loads(text)
        return held if isinstance(held, list) else held.get("items", [])
    if re.search(r"^\s*@\w+\s*[{(]", text, re.MULTILINE):
        library = parse_string(text)
        return [{field.key.lower(): field.value for field in entry.fields} for entry in library.entries]
    return list(csv.DictReader(io.StringIO(text)))


def _ris(text: str) -> Sequence[Mapping[str, Any]]:
    records: list[Mapping[str, Any]] = rispy.loads(text, skip_unknown_tags=True)
    return records


def _entry(fields: Mapping[str, Any]) -> Entry:
    if not isinstance(fields, Mapping):
        raise Unreadable("an entry holds no fields")
    flat = {name: _flat(value) for name, value in fields.items() if name and value}
    return Entry(_id_of(flat), _text(flat, TITLE_FIELDS), _text(flat, ABSTRACT_FIELDS))


def _flat(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _id_of(fields: Mapping[str, str]) -> str:
    for name, value in fields.items():
        if name.lower() in ID_FIELDS and (found := BARE_ID.fullmatch(value)):
            return found[1]
    named = (NAMED_ID.search(value) for name, value in fields.items() if name.lower() != "abstract")
    return next((found[1] for found in named if found), "")


def _text(fields: Mapping[str, str], names: Iterable[str]) -> str:
    held = next((fields[name] for name in names if fields.get(name)), "")
    return read(held.replace("{", "").replace("}", "") if "$" not in held else held).shown.strip()
