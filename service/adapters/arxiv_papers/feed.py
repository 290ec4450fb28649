"""Atom bytes from arXiv turned into papers; entries that can't be read are named, never lost in silence."""

import datetime as dt
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import arxiv  # type: ignore[import-untyped]  # it ships no types
from lxml import etree

from service.adapters.arxiv_papers.answers import PermanentError, TransientError
from service.papers import Paper

ATOM = "{http://www.w3.org/2005/Atom}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
ARXIV = "{http://arxiv.org/schemas/atom}"
DC = "{http://purl.org/dc/elements/1.1/}"

# https://info.arxiv.org/help/arxiv_identifier.html
PAPER_ID = re.compile(r"([0-9]{4}\.[0-9]{4,5}|[a-z-]+(?:\.[A-Z]{2})?/[0-9]{7})(?:v([1-9][0-9]*))?")
ID_PREFIX = re.compile(r"https?://arxiv\.org/abs/|oai:arXiv\.org:")
PREAMBLE = re.compile(r"arXiv:\S+\s+Announce Type:\s*(\S+)\s+Abstract:\s*", re.IGNORECASE)
# What authors file with the categories, MSC and ACM classes such as 68T07 and I.2.6, is none of arXiv's.
CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)?(?:\.(?:[A-Z]{2}|[a-z]+(?:-[a-z]+)?))?")
OUTER_COMMA = re.compile(r",(?![^()]*\))")

# Characters that XML 1.0 forbids, as UTF-8 bytes and as references: one in an abstract would spoil the page.
ILLEGAL_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
REFERENCE = re.compile(rb"&#(?:x([0-9a-fA-F]+)|([0-9]+));")
ENCODING = re.compile(rb"\s*<\?xml[^>]*\bencoding\s*=\s*[\"'](?!utf-?8)", re.IGNORECASE)
NOT_UTF8 = re.compile("[\udc80-\udcff]")  # how Python keeps a byte that is no UTF-8
SPOILT = "\ufdd0"  # stands for such a byte: XML may hold it, and no text does


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the query API: its papers, and how many the whole query matches."""

    total: int  # opensearch:totalResults
    start: int  # opensearch:startIndex
    papers: tuple[Paper, ...]
    unreadable: tuple[str, ...] = ()  # entries that are no paper: id or place, and reason

    @property
    def entries(self) -> int:
        return len(self.papers) + len(self.unreadable)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One entry of arXiv's daily announcement feed, rss.arxiv.org/atom/<category>.

    The feed doesn't say when a paper was submitted: `paper.submitted` is the day it was announced.
    """

    paper: Paper
    kind: str  # new, cross, replace or replace-cross


def read_page(body: bytes) -> Page:
    """Read an answer of the query API.

    TransientError when it is no whole feed; PermanentError with arXiv's words when it is an error.
    Format: https://info.arxiv.org/help/api/user-manual.html#_details_of_atom_results_returned
    """
    root = _root(body)
    entries = root.findall(f"{ATOM}entry")
    _refuse_error(entries)
    start = _number(root, "startIndex")
    papers: list[Paper] = []
    unreadable: list[str] = []
    for place, entry in enumerate(entries, start + 1):
        try:
            papers.append(_paper(entry))
        except (ValueError, OverflowError) as error:  # a date of the year 0 overflows
            unreadable.append(f"{_name(entry) or f'entry {place}'} ({str(error)[:120]})")
    return Page(_number(root, "totalResults"), start, tuple(papers), tuple(unreadable))


def read_announcements(body: bytes) -> tuple[Announcement, ...]:
    """Read a daily announcement feed; TransientError when it is no whole feed or an entry is malformed."""
    try:
        return tuple(_announcement(entry) for entry in _root(body).findall(f"{ATOM}entry"))
    except ValueError as error:
        raise TransientError(f"an announcement is malformed: {error}") from error


def newest(papers: Iterable[Paper]) -> tuple[Paper, ...]:
    """Every paper once, in its highest version, by submission and id."""
    found: dict[str, Paper] = {}
    for paper in papers:
        if paper.id not in found or found[paper.id].version < paper.version:
            found[paper.id] = paper
    return tuple(sorted(found.values(), key=lambda paper: (paper.submitted, paper.id)))


def error_words(body: bytes) -> str | None:
    """Return arXiv's own words where an answer is an error feed; None for anything else."""
    try:
        _refuse_error(_root(body).findall(f"{ATOM}entry"))
    except PermanentError as refusal:
        return str(refusal)
    except TransientError:
        return None
    return None


def excerpt(body: bytes) -> str:
    """Quote the first words of a body that is no feed, for an error message."""
    text = re.sub(r"<[^>]*>", " ", body[:2000].decode("utf-8", "replace"))
    return repr(_line(text)[:100])


def _root(body: bytes) -> etree._Element:
    if not body.strip():
        raise TransientError("an empty answer")
    if re.match(rb"\s*<(!doctype\s+)?html\b", body, re.IGNORECASE):
        raise TransientError(f"an HTML page instead of a feed: {excerpt(body)}")
    # Strict: no repair, no entities, no network, libxml2's limits against expansion.
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(_legal(body), parser=parser)
    except etree.XMLSyntaxError as error:
        raise TransientError(f"XML that is cut short or not well-formed ({error.msg})") from error
    if root.getroottree().docinfo.doctype:
        raise TransientError("XML with a document type, which no feed of arXiv has")
    if root.tag != f"{ATOM}feed":
        raise TransientError(f"a document <{etree.QName(root).localname}> instead of a feed")
    return root


def _legal(body: bytes) -> bytes:
    return REFERENCE.sub(_legal_reference, ILLEGAL_BYTES.sub(b"", _marked(body)))


def _marked(body: bytes) -> bytes:
    """The body with a mark in place of each byte that is no UTF-8, so that only its entry is lost."""
    if ENCODING.match(body):
        return body
    text = body.decode("utf-8", "surrogateescape")
    return NOT_UTF8.sub(SPOILT, text).encode() if NOT_UTF8.search(text) else body


def _legal_reference(match: re.Match[bytes]) -> bytes:
    code = int(match[1], 16) if match[1] else int(match[2])
    legal = (
        code in (9, 10, 13)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )
    return match[0] if legal else b""


def _refuse_error(entries: Iterable[etree._Element]) -> None:
    for entry in entries:
        identity = _text(entry, f"{ATOM}id")
        is_paper = ID_PREFIX.match(identity) is not None
        if "/api/errors" in identity or (_text(entry, f"{ATOM}title") == "Error" and not is_paper):
            raise PermanentError(
                f"arXiv answers: {_text(entry, f'{ATOM}summary')[:300] or 'an error without words'}"
            )


def _name(entry: etree._Element) -> str:
    """What an entry calls itself, for a log line."""
    return ID_PREFIX.sub("", _text(entry, f"{ATOM}id").replace(SPOILT, "?"), count=1)[:80]


def _paper(entry: etree._Element) -> Paper:
    if any(SPOILT in text for text in entry.itertext()):
        raise ValueError("bytes that are not UTF-8")
    result = _result(entry)
    paper_id, version = _identity(result.entry_id)
    title = _words(result.title)
    if not title:
        raise ValueError("no title")
    categories = tuple(filter(CATEGORY.fullmatch, result.categories))
    return Paper(
        id=paper_id,
        version=version,
        title=title,
        abstract=_words(result.summary),
        authors=tuple(name for author in result.authors if _is_name(name := _words(author.name))),
        categories=categories,
        primary_category=next(filter(CATEGORY.fullmatch, (result.primary_category or "", *categories)), ""),
        submitted=result.published,
        updated=result.updated,
        comment=_words(result.comment or "") or None,
        journal_reference=_words(result.journal_ref or "") or None,
        doi=_line(result.doi or "") or None,
    )


def _result(entry: etree._Element) -> arxiv.Result:
    """An entry as the arxiv package's own value.

    The package's reader of a whole feed repairs broken XML and skips entries, both without an error, and has
    no public name for one entry: so it is read here, and nothing of the package that is private is used.
    """
    published, updated = (_moment(entry.findtext(f"{ATOM}{name}")) for name in ("published", "updated"))
    primary = entry.find(f"{ARXIV}primary_category")
    return arxiv.Result(
        entry_id=entry.findtext(f"{ATOM}id") or "",
        updated=updated,
        published=published,
        title=entry.findtext(f"{ATOM}title") or "",
        authors=[arxiv.Result.Author(one.text or "") for one in entry.findall(f"{ATOM}author/{ATOM}name")],
        summary=entry.findtext(f"{ATOM}summary") or "",
        comment=entry.findtext(f"{ARXIV}comment") or "",
        journal_ref=entry.findtext(f"{ARXIV}journal_ref") or "",
        doi=entry.findtext(f"{ARXIV}doi") or "",
        primary_category=primary.get("term", "") if primary is not None else "",
        categories=[one.get("term", "") for one in entry.findall(f"{ATOM}category")],
    )


def _moment(text: str | None) -> dt.datetime:
    """A date of RFC 3339 in UTC; ValueError without one."""
    if not (text or "").strip():
        raise ValueError("no date of submission or update")
    found = dt.datetime.fromisoformat(str(text).strip())
    return (found if found.tzinfo else found.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def _identity(text: str) -> tuple[str, int]:
    match = PAPER_ID.fullmatch(ID_PREFIX.sub("", text.strip(), count=1))
    if not match:
        raise ValueError(f"no arXiv id: {text[:80]!r}")
    return match[1], int(match[2] or 1)


def _announcement(entry: etree._Element) -> Announcement:
    paper = _paper(entry)
    preamble = PREAMBLE.match(paper.abstract)
    kind = _text(entry, f"{ARXIV}announce_type") or (preamble[1] if preamble else "")
    creators = [_words(creator.text or "") for creator in entry.findall(f"{DC}creator")]
    return Announcement(
        replace(
            paper,
            abstract=paper.abstract[preamble.end() :] if preamble else paper.abstract,
            authors=tuple(
                name.strip() for names in creators for name in OUTER_COMMA.split(names) if _is_name(name)
            ),
        ),
        kind,
    )


def _text(element: etree._Element, tag: str) -> str:
    return _line(element.findtext(tag) or "")


def _number(root: etree._Element, name: str) -> int:
    text = _text(root, OPENSEARCH + name)
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise TransientError(f"a feed without opensearch:{name}")
    return int(text)


def _line(text: str) -> str:
    return " ".join(text.split())


def _words(text: str) -> str:
    """An author's words on one line: some are escaped once more than XML asks for (``&amp;amp;``)."""
    return _line(html.unescape(text))


def _is_name(text: str) -> bool:
    """Not the ":" after the name of a collaboration."""
    return any(character.isalpha() for character in text)
