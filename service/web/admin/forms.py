"""What an admin's form sent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException

MOST_FIELDS = 2_000
# Nobody types them, and PostgreSQL takes no NUL
UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
LONGEST_FIELD = 512 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields and files of a form; all untrusted."""

    data: FormData

    def text(self, name: str) -> str:
        """The first value; empty when there is none."""
        return next(iter(self.texts(name)), "")

    def texts(self, name: str) -> Sequence[str]:
        return [UNREADABLE.sub("", value) for value in self.data.getlist(name) if isinstance(value, str)]

    def file(self, name: str) -> UploadFile | None:
        """An uploaded file; None when none was chosen."""
        files = [value for value in self.data.getlist(name) if isinstance(value, UploadFile)]
        return next((file for file in files if file.filename), None)


async def read_form(request: Request) -> Sent:
    """What was sent, urlencoded or multipart, read once a request; 400 for what is neither or too much."""
    try:
        data = await request.form(max_fields=MOST_FIELDS, max_files=2, max_part_size=LONGEST_FIELD)
    except (MultiPartException, ValueError) as error:
        raise HTTPException(400) from error
    return Sent(data)


Form = Annotated[Sent, Depends(read_form)]
