"""Editing: what editors change by hand in an issue before it goes out; nothing here is stored or sent.

wording   an editor's own words: short, plain, without links, markup or instructions
papers    a brief without one paper: catalog, themes, citations, tables, reading order and every count
apply     the edits as frozen values: drop a claim, paper or topic, reorder, reword, write a note;
          edited(issue, edit, papers) -> Issue; EditRefused says in words why not

An edit passes the gates that the writers pass: it may leave no new failure, and no section under its minimum.
"""

from service.editing.apply import (
    HEADINGS,
    LONGEST_HEADING,
    LONGEST_NOTE,
    LONGEST_SUBJECT,
    ChangeHeading,
    ChangeSubject,
    DropClaim,
    DropPaper,
    DropTopic,
    Edit,
    EditRefused,
    OrderNotable,
    WriteNote,
    edit_from_json,
    edit_to_json,
    edited,
    in_words,
    place_of,
)

__all__ = [
    "HEADINGS",
    "LONGEST_HEADING",
    "LONGEST_NOTE",
    "LONGEST_SUBJECT",
    "ChangeHeading",
    "ChangeSubject",
    "DropClaim",
    "DropPaper",
    "DropTopic",
    "Edit",
    "EditRefused",
    "OrderNotable",
    "WriteNote",
    "edit_from_json",
    "edit_to_json",
    "edited",
    "in_words",
    "place_of",
]
