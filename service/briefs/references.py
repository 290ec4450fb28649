"""Papers for reference managers: BibTeX, RIS, CSL-JSON, and what Zotero's connector reads on a page.

Whatever has an id, a title, authors, categories and a day is one: papers of a brief, saved papers.

BibTeX as arXiv writes preprints (eprint, archivePrefix, primaryClass); RIS by its specification of 2011;
CSL-JSON by the schema csl-data.json of CSL 1.0.2; tags after Highwire Press, as Google Scholar's inclusion
guidelines list them; COinS (a Dublin Core ContextObject in a span, ocoins.info) where a page has many papers.
"""

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol, Self
from urllib.parse import quote, urlencode

import rispy  # type: ignore[import-untyped]  # it ships no types
from pylatexenc.latexencode import UnicodeToLatexEncoder

from service.briefs.model import Brief, CatalogEntry
from service.language import shown
from service.papers import Paper

BIBTEX, RIS = "application/x-bibtex", "application/x-research-info-systems"
CSL = "application/vnd.citationstyles.csl+json"
DOI = "10.48550/arXiv."  # of every paper of arXiv, followed by its id
PARTICLES = set("van von der den de del della di da dos du la le ten ter bin al".split())  # noqa: SIM905 - shorter
SUFFIXES = {"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"}
GROUPS = re.compile(r"\b(collaboration|consortium|team|group|project|survey|experiment)\b", re.IGNORECASE)
AS_THEY_ARE = {"{": r"{\textbraceleft}", "}": r"{\textbraceright}", '"': '"'}  # a value stands in braces
LIGATURES = re.compile(
    r"(?<=-)(?=-)|(?<=')(?=')|(?<=`)(?=`)|(?<=[?!])(?=`)|(?<=,)(?=,)|(?<=<)(?=<)|(?<=>)(?=>)"
)
LONGEST_TITLE, LONGEST_NAME = 500, 120


class Citable(Protocol):
    """A paper as reference managers keep it. Titles and names are untrusted text as arXiv gives them."""

    @property
    def paper_id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def authors(self) -> tuple[str, ...]: ...
    @property
    def categories(self) -> tuple[str, ...]: ...
    @property
    def submitted(self) -> dt.date: ...


@dataclass(frozen=True, slots=True)
class Reference:
    """A paper of no brief, to be cited."""

    paper_id: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    submitted: dt.date

    @classmethod
    def of(cls, paper: Paper) -> Self:
        others = (one for one in paper.categories if one != paper.primary_category)
        categories = (paper.primary_category, *others)
        return cls(paper.id, paper.title, paper.authors, categories, paper.submitted.date())


def reading_list(brief: Brief) -> tuple[CatalogEntry, ...]:
    """The papers of the brief's reading order, each once; of its notable papers where it has none."""
    steps = brief.overview.reading_order if brief.overview else ()
    ordered = [paper_id for step in steps for paper_id in step.paper_ids]
    ids = ordered or [one.paper_id for one in brief.notable]
    return tuple(brief.entries[one] for one in dict.fromkeys(ids) if one in brief.entries)


def bibtex(entries: Iterable[Citable]) -> str:
    """The papers as BibTeX: accents and signs as TeX's macros, other scripts in UTF-8."""
    keys: set[str] = set()
    return "\n".join(_bibtex(entry, _key(entry, keys)) for entry in entries)


def ris(entries: Iterable[Citable]) -> str:
    """The papers as RIS, in UTF-8."""
    text: str = rispy.dumps([_ris(entry) for entry in entries])
    return text


def csl(entries: Iterable[Citable]) -> str:
    """The papers as CSL-JSON, which Pandoc, Zotero and citeproc read; ids as in BibTeX."""
    keys: set[str] = set()
    return (
        json.dumps([_csl(entry, _key(entry, keys)) for entry in entries], ensure_ascii=False, indent=1) + "\n"
    )


Writer = Callable[[Iterable[Citable]], str]
#: What an address ends with: the media type, and who writes it. `.csl.json` stands before any `.json`.
FORMATS: Mapping[str, tuple[str, Writer]] = {
    ".bib": (BIBTEX, bibtex),
    ".ris": (RIS, ris),
    ".csl.json": (CSL, csl),
}


def coins(entry: Citable) -> str:
    """The title of an empty span of class Z3988, by which a page of many papers offers each."""
    fields = [
        ("ctx_ver", "Z39.88-2004"), ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"),
        ("rft_id", f"info:doi/{DOI}{entry.paper_id}"), ("rft.type", "preprint"),
        ("rft.title", _title(entry)), *(("rft.creator", inverted(author)) for author in _authors(entry)),
        ("rft.date", f"{entry.submitted:%Y-%m-%d}"), ("rft.publisher", "arXiv"),
        ("rft.identifier", f"https://arxiv.org/abs/{entry.paper_id}"),
    ]  # fmt: skip
    return urlencode(fields, quote_via=quote)


def tags(entry: Citable, abstract: str) -> Iterator[tuple[str, str]]:
    """Name and content of each tag of a paper's page."""
    yield "citation_title", _title(entry)
    for author in _authors(entry):
        yield "citation_author", inverted(author)
    yield "citation_publication_date", f"{entry.submitted:%Y/%m/%d}"
    yield "citation_online_date", f"{entry.submitted:%Y/%m/%d}"
    yield "citation_arxiv_id", entry.paper_id
    yield "citation_doi", f"{DOI}{entry.paper_id}"
    yield "citation_publisher", "arXiv"
    yield "citation_abstract_html_url", f"https://arxiv.org/abs/{entry.paper_id}"
    yield "citation_pdf_url", pdf_url(entry.paper_id)
    if abstract:
        yield "citation_abstract", abstract
    yield "DC.type", "preprint"


def pdf_url(paper_id: str) -> str:
    return f"https://arxiv.org/pdf/{paper_id}"


def inverted(name: str, *, suffix_last: bool = True) -> str:
    """``Ada van Lovelace`` as ``van Lovelace, Ada``; a group and a single name as they are."""
    words = name.split()
    if len(words) < 2 or "," in name or GROUPS.search(name):
        return name
    end = len(words) - 1 - (words[-1].lower() in SUFFIXES and len(words) > 2)
    begin = end
    while begin > 1 and words[begin - 1].lower() in PARTICLES:
        begin -= 1
    family, suffix, given = (
        " ".join(part) for part in (words[begin : end + 1], words[end + 1 :], words[:begin])
    )
    parts = (family, given, suffix) if suffix_last else (family, suffix, given)
    return ", ".join(part for part in parts if part)


def _bibtex(entry: Citable, key: str) -> str:
    authors = " and ".join(_bibtex_name(author) for author in _authors(entry))
    fields = {
        "title": f"{{{_tex(_title(entry))}}}",  # braces twice: names keep their capitals
        "author": authors,
        "year": str(entry.submitted.year),
        "month": str(entry.submitted.month),
        "eprint": entry.paper_id,
        "archivePrefix": "arXiv",
        "primaryClass": _tex(entry.categories[0]) if entry.categories else "",
        "doi": f"{DOI}{entry.paper_id}",
        "url": f"https://arxiv.org/abs/{entry.paper_id}",
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{{key},\n{lines}\n}}\n"


def _bibtex_name(author: str) -> str:
    """A name that BibTeX takes apart rightly; one that it would not stands in braces."""
    is_one = len(author.split()) == 1 or bool(GROUPS.search(author))
    is_whole = is_one or bool(re.search(r"\band\b|,", author, re.IGNORECASE))
    return f"{{{_tex(author)}}}" if is_whole else _tex(inverted(author, suffix_last=False))


def _ris(entry: Citable) -> dict[str, object]:
    return {
        "type_of_reference": "UNPB",
        "title": _title(entry),
        "authors": [inverted(author) for author in _authors(entry)],
        "year": str(entry.submitted.year),
        "date": f"{entry.submitted:%Y/%m/%d}",
        "publisher": "arXiv",
        "number": f"arXiv:{entry.paper_id}",
        "doi": f"{DOI}{entry.paper_id}",
        "urls": [f"https://arxiv.org/abs/{entry.paper_id}"],
    }


def _csl(entry: Citable, key: str) -> dict[str, object]:
    day = entry.submitted
    return {
        "id": key,
        "type": "article",
        "title": _title(entry),
        "author": [_csl_name(author) for author in _authors(entry)],
        "issued": {"date-parts": [[day.year, day.month, day.day]]},
        "publisher": "arXiv",
        "number": f"arXiv:{entry.paper_id}",
        "DOI": f"{DOI}{entry.paper_id}",
        "URL": f"https://arxiv.org/abs/{entry.paper_id}",
    }


def _csl_name(author: str) -> dict[str, str]:
    family, *given = inverted(author).split(", ") if "," not in author else [author]
    if not given:
        return {"literal": author}
    name = {"family": family, "given": given[0]}
    return name | ({"suffix": given[1]} if len(given) > 1 else {})


def _title(entry: Citable) -> str:
    return shown(entry.title, LONGEST_TITLE)


def _authors(entry: Citable) -> list[str]:
    return [name for author in entry.authors if (name := shown(author, LONGEST_NAME))]


def _key(entry: Citable, taken: set[str]) -> str:
    """``lovelace2026tides``, with a letter where that is taken: ASCII letters and digits alone."""
    first_author = next(iter(_authors(entry)), "")
    family = next(iter(reversed(inverted(first_author).partition(",")[0].split())), "")
    words = [_ascii(word) for word in re.split(r"[\s\-–:,/]+", _title(entry))]
    first = next((word for word in words if len(word) > 3), "paper")
    key = base = f"{_ascii(family) or 'anon'}{entry.submitted.year}{first}"
    number = 1
    while key in taken:
        number += 1
        key = f"{base}{number}"
    taken.add(key)
    return key


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


@cache
def _encoder() -> UnicodeToLatexEncoder:
    return UnicodeToLatexEncoder(
        non_ascii_only=False, unknown_char_policy="keep", unknown_char_warning=False,
        replacement_latex_protection="braces-all",
    )  # fmt: skip


def _tex(text: str) -> str:
    """The text as TeX sets it: what TeX would obey is escaped, accents are macros."""
    parts = re.split(r'([{}"])', text)  # BibTeX counts braces, escaped or not
    written = (AS_THEY_ARE.get(part) or str(_encoder().unicode_to_latex(part)) for part in parts)
    return LIGATURES.sub("{}", "".join(written))
