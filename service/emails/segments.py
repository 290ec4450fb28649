"""A claim's sentence cut at the papers it names, and the URLs that may stand beside it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from service.briefs.claims import Claim
from service.briefs.model import CatalogEntry
from service.language import shown

URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$()*+,;=%-]{1,480}")


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of text, and the paper it names, if it does."""

    text: str
    paper_id: str | None = None


def safe_url(url: str) -> str | None:
    """The URL where it is http(s) in plain URL characters, so it needs no escaping; None otherwise."""
    return url if URL.fullmatch(url) else None


def segments(
    claim: Claim,
    entries: dict[str, CatalogEntry],
    limit: int = 700,
    among: Iterable[str] | None = None,
) -> tuple[Segment, ...]:
    """A claim cut at the handles of the papers it cites; one that names none gets them appended.

    Of a reading, which cites none, ``among`` are the papers that it may name.
    """
    text = shown(claim.text, limit)
    papers = claim.paper_ids if among is None else dict.fromkeys(among)
    handles = {shown(entries[paper_id].handle, 60): paper_id for paper_id in papers if paper_id in entries}
    handles.pop("", None)
    parts = tuple(_cut(text, handles))
    if among is None and handles and not any(part.paper_id for part in parts):
        return (*parts, *_appended(handles))
    return parts


def _cut(text: str, handles: dict[str, str]) -> Iterable[Segment]:
    """The longest handle wins where one begins with another; inside a longer or hyphenated word is none."""
    if not handles:
        return [Segment(text)] if text else []
    longest_first = sorted(handles, key=lambda handle: (-len(handle), handle))
    pattern = rf"(?<![\w-])({'|'.join(map(re.escape, longest_first))})(?![\w]|-\w)"
    parts = re.split(pattern, text)
    return [Segment(part, handles.get(part) if i % 2 else None) for i, part in enumerate(parts) if part]


def _appended(handles: dict[str, str]) -> Iterable[Segment]:
    """`` (A, B, C and 4 more)``."""
    yield Segment(" (")
    for i, (handle, paper_id) in enumerate(list(handles.items())[:3]):
        if i:
            yield Segment(", ")
        yield Segment(handle, paper_id)
    yield Segment(f" and {len(handles) - 3} more)" if len(handles) > 3 else ")")
