"""Badges: what a paper's comment, journal reference and abstract say of its pages, its venue and its code."""

import re

from service.papers import Paper

_PAGES = re.compile(r"\b(\d{1,3})\s*(?:\+\s*\d{1,3}\s*)?(?:pages?|pp)\b", re.IGNORECASE)
_ACCEPTED = re.compile(
    r"\b(?:accepted|to\s+appear|published|presented|appears?|oral|spotlight|poster|camera[- ]ready)\b[^.;]*?"
    r"\b(?:at|in|by|to|for|as)\b\s+(?:the\s+)?(?P<venue>[A-Z][^.;,()]{1,60})"
)
_KNOWN = re.compile(
    r"\b(?P<venue>(?:NeurIPS|ICML|ICLR|ACL|EMNLP|NAACL|EACL|COLING|TACL|COLM|AAAI|IJCAI|AISTATS|UAI|KDD|WWW|SIGIR|"
    r"CVPR|ICCV|ECCV|WACV|SIGGRAPH|ICRA|IROS|CoRL|RSS|CCS|USENIX Security|ICSE|FSE|ISCA|TMLR|JMLR|"
    r"INTERSPEECH|ICASSP)(?:\s+(?:Findings|Workshop|Main))?(?:\s*['’]?\d{2,4})?)\b"
)
_NOT_YET = re.compile(r"\b(?:under\s+review|submitted|in\s+submission|rejected|withdrawn)\b", re.IGNORECASE)
_CODE = re.compile(
    r"\b(?:github|gitlab|huggingface|bitbucket|codeberg|zenodo)\.(?:com|co|org|io)\b|"
    r"\b(?:code|implementation|repository)\b[^.]{0,60}\b(?:available|released?|public|open[- ]sourced?)\b|"
    r"\b(?:release|open[- ]source|publish)\b[^.]{0,40}\b(?:code|implementation)\b",
    re.IGNORECASE,
)
LONGEST_VENUE = 40


def pages_of(paper: Paper) -> int | None:
    """The pages that the authors' comment gives, 1 to 999; None where it gives none."""
    found = _PAGES.search(paper.comment or "")
    return int(found[1]) or None if found else None


def venue_of(paper: Paper) -> str:
    """Where the paper appeared or was accepted, as its comment or journal reference says; else empty."""
    comment = paper.comment or ""
    if comment and not _NOT_YET.search(comment):
        found = _KNOWN.search(comment) or _ACCEPTED.search(comment)
        if found:
            return " ".join(found["venue"].split())[:LONGEST_VENUE].strip()
    reference = (paper.journal_reference or "").split(",")[0]
    return " ".join(reference.split())[:LONGEST_VENUE].strip()


def has_code(paper: Paper) -> bool:
    """Whether abstract or comment say that code is to be had."""
    return bool(_CODE.search(f"{paper.abstract} {paper.comment or ''}"))
