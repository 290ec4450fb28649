"""Whether arXiv or the authors withdrew a paper, told by what is said and of what.

Said of this paper as a whole: "We withdraw this paper because …", "12 pages; withdrawn by the authors",
"This submission has been withdrawn by arXiv administrators". Not of it: "Withdrawn drugs are …", "Retracted
articles on inflation …", "withdrawn from a conference", "we withdraw the assumption".
"""

import re

from service.papers.model import Paper

_PAPER = (
    r"(?:paper|submission|article|manuscript|preprint|e-?print|work|note|draft|document|version|contribution)"
)
_THIS = r"(?:this|our|the\s+present|the\s+current|the\s+above|present)"
_OUT = r"(?:withdrawn|retracted)"
_NOT_FROM = r"(?!\s*-)(?!\s+(?:prior\s+to|before|from\s+(?!arxiv|the\s+arxiv)))"
_ADVERB = (
    r"(?:(?:now|temporarily|hereby|therefore|thus|hence|unfortunately|voluntarily|officially|since|being|been|be"
    r"|also|regretfully|formally|sadly|permanently)\s+)*"
)
_WILL = r"(?:have|has|had|must|are|am|is|(?:need|wish|would\s+like|want|decided|choose)\s+to)"
_BY_US = (
    r"(?:the\s+|its\s+|their\s+|all\s+|both\s+|one\s+of\s+the\s+|an?\s+|our\s+|my\s+)*"
    r"(?:(?:first|sole|corresponding|submitting|lead)\s+)?(?:authors?|arxiv|submitters?|admin\w*|us|me)\b"
)
_REASON = (
    rf"(?:by\s+{_BY_US}|due\s+to|because|as|since|for|pending|until|in\s+order|at\s+(?:the|our)|on\s+request"
    r"|owing)"
)
_LEAD = (
    r"(?:\W|\b(?:arxiv|admin|note|comments?|please|warning|attention|erratum|update|unfortunately|sorry)\b)*"
)

#: The verb with this paper for its object: "We withdraw this paper", "the authors have withdrawn the work".
_ACTIVE = re.compile(
    rf"^{_LEAD}(?:[\w\s]{{0,40}},\s*)?"
    rf"(?:we|i|(?:the\s+)?(?:\w+\s+)?authors?)\s+{_ADVERB}(?:{_WILL}\s+{_ADVERB})*"
    rf"(?:withdr[ae]w\w*|retract\w*)\s+(?:{_THIS}|the|my)\s+(?:\w+\s+){{0,2}}?{_PAPER}\b{_NOT_FROM}",
    re.IGNORECASE,
)
#: This paper for its subject: "This paper has been withdrawn", "this version was removed by arXiv".
_BEEN = rf"(?:\w+\s+)?{_PAPER}\s+(?:(?:has|have|had|is|was|must|should|will)\s+)?{_ADVERB}"
_GONE = rf"(?:{_OUT}\b{_NOT_FROM}|removed\s+by\s+(?:the\s+)?arxiv)"
_PASSIVE = re.compile(rf"^{_LEAD}{_THIS}\s+{_BEEN}{_GONE}", re.IGNORECASE)
#: "The paper" may be another one, of which was just spoken.
_FIRST = re.compile(rf"^{_LEAD}the\s+{_BEEN}{_GONE}", re.IGNORECASE)
_BY_NAME = re.compile(rf"^{_LEAD}the\s+{_BEEN}{_GONE}\s+by\s+{_BY_US}", re.IGNORECASE)
_LATER = re.compile(
    rf"^{_LEAD}{_THIS}\s+(?:\w+\s+)?{_PAPER}\b.{{1,100}}?"
    rf"\b(?:and|but)\s+(?:is|has\s+been|was)\s+{_ADVERB}{_OUT}\b{_NOT_FROM}",
    re.IGNORECASE,
)
#: No subject but this paper: "withdrawn", "Paper withdrawn by the author", "withdrawn due to an error".
_BARE = re.compile(
    rf"^{_LEAD}(?:v(?:ersion\s*)?(?P<version>\d+)\W*)?"
    rf"(?:(?:arxiv|{_PAPER})\s+)*(?:has\s+been\s+|is\s+|was\s+)?{_ADVERB}"
    rf"(?:(?:{_OUT}|withdrawal)(?:\s+{_PAPER})?\s*(?:\W*$|\s{_REASON}\b(?P<why>.*)|:\s.*)"
    r"|removed\s+by\s+(?:the\s+)?arxiv.*$)",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\bfrom\s+(?!arxiv|the\s+arxiv)[A-Z]|\b(?:submitted|accepted|under\s+review)\b", re.IGNORECASE
)
_TITLE = re.compile(rf"^\W*(?:{_OUT}|withdrawal|retraction)\s*[\]):–—-]", re.IGNORECASE)
_SENTENCES = re.compile(r"(?<=[.!?])\s+|[;\n]\s*|(?<=\w)\)\s*")
_PARTS = re.compile(r"[.;,()\[\]\n!?]\s*(?!\d)|\s[–—|]\s")
SHORT = 40  # words; a longer abstract that opens with "Withdrawn due to …" is about something else


def is_withdrawn(paper: Paper) -> bool:
    """Whether title, abstract, comment or journal reference say that this very paper was withdrawn."""
    return withdrawal(paper) is not None


def withdrawal(paper: Paper) -> str | None:
    """The words by which a paper is withdrawn; None where it is not."""
    if _TITLE.match(paper.title):
        return paper.title
    for note in (paper.comment, paper.journal_reference):
        if note and (found := _in_note(note, paper.version)):
            return found
    return _in_abstract(paper.abstract, paper.version)


def _in_note(note: str, version: int) -> str | None:
    """A note's parts need no subject: it is a note on this paper."""
    before = ""
    for part in _PARTS.split(note):
        said = _said(part, version)
        if said and not _ELSEWHERE.search(before):
            return note
        before = part if part.strip() else before
    return note if _in_sentences(note) else None


def _in_abstract(abstract: str, version: int) -> str | None:
    if found := _in_sentences(abstract):
        return found
    opening = str(_SENTENCES.split(abstract.strip(), maxsplit=1)[0])
    is_all = len(abstract.split()) <= SHORT and "," not in opening
    return opening if is_all and _said(opening.rstrip("."), version) else None


def _in_sentences(text: str) -> str | None:
    for place, sentence in enumerate(filter(None, _SENTENCES.split(text))):
        forms = (_ACTIVE, _PASSIVE, _LATER, _BY_NAME if place else _FIRST)
        if any(form.search(sentence) for form in forms):
            return str(sentence)
    return None


def _said(part: str, version: int) -> bool:
    """Whether a part without a subject says so, of this version."""
    match = _BARE.match(part)
    if not match or _ELSEWHERE.search(match["why"] or ""):
        return False
    return match["version"] is None or int(match["version"]) == version
