"""The fields of a visitor's form, however they were sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.exceptions import HTTPException as Unreadable
from starlette.formparsers import MultiPartException

MOST_FIELDS = 300  # of a form


@dataclass(frozen=True, slots=True)
class Fields:
    """The text fields of a visitor's form; files are passed over."""

    values: Mapping[str, Sequence[str]]

    def text(self, name: str) -> str:
        """The first value; empty when there is none."""
        return next(iter(self.texts(name)), "")

    def texts(self, name: str) -> Sequence[str]:
        return self.values.get(name, ())


async def fields(request: Request) -> Fields:
    """What was sent, urlencoded or multipart; 400 for what is neither or too much."""
    try:
        form = await request.form(max_fields=MOST_FIELDS, max_files=2)
    except (MultiPartException, ValueError) as error:
        raise HTTPException(400) from error
    values: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(value)
    return Fields(values)


async def fields_of_any(request: Request) -> Fields:
    """What was sent, in whatever form; nothing where it is no form that can be read."""
    try:
        return await fields(request)
    except Unreadable as error:
        if error.status_code != 400:
            raise
        return Fields({})


Form = Annotated[Fields, Depends(fields)]
Anything = Annotated[Fields, Depends(fields_of_any)]
