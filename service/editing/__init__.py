"""Editing: what editors change by hand in an issue before it goes out; nothing here is stored or sent.

edits      the edits as frozen values, as JSON and in words; EditRefused says in words why not
wording    an editor's own words: short, plain, without links, markup or instructions
lists      sentences and items that may be put into another order, or added to
sentences  a fact in other words keeps its citations, a new one gets them; readings rest on what is beside
additions  a paper put first among the notable ones or in the reading order, and into the catalog
papers     a brief without one paper: catalog, themes, citations, tables, reading order and every count
apply      edits that are saved together: edited(issue, edits, papers) -> Issue

An edit passes the gates that the writers pass: it may leave no new failure, and no section under its minimum.
"""

from service.editing.apply import edited
from service.editing.edits import (
    AddClaim,
    AddPaper,
    ChangeHeading,
    ChangeSubject,
    DropClaim,
    DropPaper,
    DropTopic,
    Edit,
    EditRefused,
    OrderNotable,
    Reorder,
    RewriteClaim,
    WriteIntroduction,
    WriteNote,
    edit_from_json,
    edit_to_json,
    in_words,
    place_of,
)
from service.editing.lists import HELD, MOVABLE, SENTENCES, list_at
from service.editing.wording import (
    HEADINGS,
    LONGEST_HEADING,
    LONGEST_NOTE,
    LONGEST_SENTENCE,
    LONGEST_SUBJECT,
)

__all__ = [
    "HEADINGS",
    "HELD",
    "LONGEST_HEADING",
    "LONGEST_NOTE",
    "LONGEST_SENTENCE",
    "LONGEST_SUBJECT",
    "MOVABLE",
    "SENTENCES",
    "AddClaim",
    "AddPaper",
    "ChangeHeading",
    "ChangeSubject",
    "DropClaim",
    "DropPaper",
    "DropTopic",
    "Edit",
    "EditRefused",
    "OrderNotable",
    "Reorder",
    "RewriteClaim",
    "WriteIntroduction",
    "WriteNote",
    "edit_from_json",
    "edit_to_json",
    "edited",
    "in_words",
    "list_at",
    "place_of",
]
