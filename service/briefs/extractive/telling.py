"""Telling: a sentence of an abstract as one of a brief, in its own words and with its paper as the subject.

"We propose a reward model that …" becomes NAME proposes “a reward model that …”, "NAME improves …" becomes
NAME “improves …”. What is quoted is a whole sentence, a whole clause, or all of what follows its subject, as
it stands; only what opens the sentence is said anew. A sentence that leans on one that is not told is told
only behind it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from service.language.phrases import sentence_case
from service.language.sentences import Sentence, leans
from service.language.text import VERBS

READ = 20_000  # sentences that are kept as they are told
FEWEST, MOST = 6, 48  # words of a quotation
_VERBS = """
    propose introduce present develop describe study investigate examine explore analyze analyse
    characterize characterise show find prove derive demonstrate design build construct formulate formalize
    formalise establish provide offer release evaluate compare identify observe report argue conduct revisit
    address extend give measure test train adapt combine create curate collect define devise quantify reveal
    survey review benchmark validate verify unify reformulate generalize generalise conclude recast reframe
    decompose apply use leverage discover introduce assess audit trace uncover model
""".split()  # noqa: SIM905 - a list of words reads better as text
_PAST = ("found", "showed", "trained", "tested", "evaluated")
_DEEDS = frozenset(_VERBS) | VERBS
_MARKER = re.compile(
    r"^(?:However|Specifically|In particular|Moreover|Furthermore|Additionally|In addition|Finally|Notably|"
    r"Importantly|Consequently|As a result|Therefore|Thus|Hence|Overall|Interestingly|Crucially|Empirically|"
    r"Concretely|Meanwhile|Nevertheless|Nonetheless|Unfortunately|Accordingly|In (?:this|our|"
    r"the present) (?:paper|work|study|article|survey|report)|To (?:this|that) end|At its core|"
    r"At the same time|Also|Further|Here|Then|Next|Lastly|Ultimately|More broadly|More specifically|"
    r"More importantly|In summary|In short|In essence|Taken together|Together|Beyond this|Indeed|In fact|"
    r"For example|For instance|In response|Motivated by (?:this|these)[^,]{0,40}|Inspired by (?:this|"
    r"these)[^,]{0,40}|Most importantly|Critically|Similarly|Likewise|But|And|So|Yet|Second|Third|First|"
    r"Based on (?:this|these)[^,]{0,40}|(?:To|In order to) \w+(?: \w+)? (?:this|these|those|it|such|"
    r"the above|them|both|the \w+ (?:gap|question|issue|problem|challenge)s?)\b[^,]{0,60}),?\s+"
)
# What closes a sentence and only says how good that is.
_PRAISE = re.compile(
    r",? (?:thus |thereby |therefore |hence |while )?(?:demonstrat|offer|provid|highlight|underscor|show|"
    r"establish|open|pav|validat|confirm|illustrat|showcas|indicat|suggest|mak)\w*ing [^,;:.]*\b(?:"
    r"effective(?:ness)?|practical(?:ity)?|principled|potential|promis\w+|insights?|implications|foundations?|"
    r"robustness|paradigm|importance|feasib\w+|viab\w+|valuable|useful(?:ness)?|versatil\w+|scalab\w+|"
    r"utility|generali[sz]ability|(?:the |a )?(?:way|path|door)s? (?:to|for|toward))\b[^.;]*$"
)
_MANNER = (
    r"(?:(?:also|further|then|first|next|additionally|finally|thus|therefore|hence|furthermore|now),? )*"
)
_MANNERS = frozenset(
    ("empirically ", "theoretically ", "formally ", "systematically ", "jointly ", "rigorously ")
)
_WE = re.compile(rf"^[Ww]e {_MANNER}(?P<manner>\w+ly )?(?P<verb>\w+) (?P<rest>.+)$")
_TO = re.compile(  # what a paper aims at or draws on, before what it does
    r"^(?:To|In order to|Building (?:up)?on|Inspired by|Motivated by|Drawing|Guided by|Based on|"
    r"Leveraging) [^;:]{3,160}?, (?=we (?:\w+ly )?(?:propose|introduce|present|develop|design|build|"
    r"construct|create|study|investigate|formulate)\b)"
)
_REPORT = re.compile(
    r"^(?:(?:[Oo]ur|[Tt]he|[Ee]xtensive|[Cc]omprehensive|[Ee]xperimental|[Ee]mpirical|[Nn]umerical|"
    r"[Tt]heoretical|[Ff]urther|[Mm]ain) )*(?:[Ee]xperiments?|[Rr]esults?|[Ee]valuations?|[Aa]nalys[ie]s|"
    r"[Ff]indings|[Ss]tudy|[Ss]imulations?|[Aa]blations?|[Ww]ork) (?:also |further |"
    r"consistently )?(?P<verb>show|demonstrate|reveal|establish|confirm)s? that (?P<rest>.+)$"
)
_PAPER = re.compile(
    r"^[Tt]h(?:is|e present) (?:paper|work|study|article|survey|review|thesis|report|position paper) "
    rf"{_MANNER}(?P<manner>\w+ly )?(?P<verb>[a-z]+s) (?P<rest>.+)$"
)
_OWN = re.compile(
    r"^(?:[Oo]ur|[Tt]he (?:proposed|resulting)) (?:proposed |novel |full |final )?(?:method|framework|"
    r"approach|model|system|algorithm|technique|strategy|architecture|design|scheme|formulation|pipeline|"
    r"solution)(?:, [^,;:]{3,60},)? (?P<rest>[a-z].+)$"
)
_IT = re.compile(
    r"^(?:It|This (?:method|framework|approach|model|system|algorithm|technique|strategy|design|scheme)) "
    r"(?P<rest>(?!is (?:\w+ )?(?:that|to|whether)\b)[a-z].+)$"
)
_CLAIMS = re.compile(r"(?:argue|conclude|hypothesi[sz]e)s?$")  # a clause follows, with "that" or without
_TWO = re.compile(r"[A-Z][\w'’-]+ and [A-Z][\w'’-]+")
_SECOND_VERB = re.compile(r",? and (?:then |also |further |\w+ly )?(?P<verb>\w+)\b")
_MADE = re.compile(  # to the end of what stands before the name
    r"\b(?:[Ww]e|[Tt]his (?:paper|work|study)) (?:[^.;:]{3,80} and )?(?:\w+ly |thus |therefore |also |then |"
    r"further |hence )?(?:propose|introduce|present|develop|design|build|construct|"
    r"create)s? (?:the )?(?:[^,;:()]{3,90} \()?$"
)
_AFTER = (
    r"^(?:\s?\([^()]*\)|\))?(?: (?:framework|method|algorithm|approach|model|benchmark|dataset|system))?"
    r"(?: to \w+(?: \w+){1,4})?"
)
_DEFINED = re.compile(_AFTER + r"(?:,| --| —| –|:) (?P<rest>(?:an?|the first) .+)$")
_WHICH = re.compile(_AFTER + r",? (?:which|that) (?P<rest>(?!is |has |was )[a-z]+s .+)$")
_FINITE = re.compile(r"^(?:\w+ly )?(?:is|are|was|were|has|have|can|could|may|does|do|will|\w+s|\w+ed)\b")
# What is pointed at stands in an earlier sentence, unless the words have named it before.
_POINTER = re.compile(
    r"(?i)\b(?:this|these|such|that|those)(?: (?:(?:an?|\w+ly|new|same|key|core|single|simple|two|three)\b))*"
    r"(?: (?P<noun>(?!(?:this|these|such|those)\b)\w+))?",
)
_FREE = re.compile(
    r"(?i)\b(?:this (?:paper|work|study|article|survey|report|thesis)\b|such (?:as|that)\b|those (?:of|that|"
    r"who|with|from|in|for|"
    r"\w+ed)\b)",
)
_A_LIMIT = re.compile(
    r"(?:One|A|An|The)(?: (?:main|key|major|primary|first|important|other))? (?:\w+ )?"
    r"(?:limitation|drawback|shortcoming|weakness|caveat)s?\b"
)
_ASIDE = re.compile(
    r"(?:Despite|Although|While|Like|Unlike|Given) (?:its|their|these|this|our|the)? ?[^,]{3,60},"
    r"(?= (?:our|we|the proposed|[A-Z]\w*)\b)|"
    r"(?:Although|While|Though) (?:our|the proposed|the present) [^,]{3,60}, it\b"
)
_ALL = re.compile(r"All (?:of our |our |the )?(?!these|those|methods|models|approaches)[a-z]+s\b")
_ELSEWHERE = re.compile(
    r"(?i)\bthe (?:former|latter|above|aforementioned|resulting|same (?:[\w-]+ )?(?:setting|trend|pattern|"
    r"conditions|asymmetry|effect|phenomenon|behaviou?r|gap|limitation|failure|bias|conclusion)|"
    r"two (?:methods|approaches|settings|models|problems|stages|components|former|latter))\b|"
    r"\bboth (?:[a-z-]+ )?[a-z]+s\b(?!,? and\b| of\b| (?:the|an?|all)\b)|\b(?:neither|here|accordingly)\b|"
    r"\bthe (?:gap|problem|issue|question|limitation|challenge|bottleneck)\b(?! (?:of|between|that|in|is|to|"
    r"for)\b)|\b(?:in|for) (?:each|either) case\b|\bthe (?:first|"
    r"second) \w+ (?:is|uses)\b",
)
_PRONOUN = re.compile(
    r"(?i)^(?:[^,]{0,60}, )?(?:it|they|he|she|this|that|these|those)\b"
    r"(?! (?:is|was) (?:\w+ )?(?:that|to|whether)\b)",
)
_FOLLOWS = re.compile(
    r"^(?:We|This \w+|[A-Z][\w-]*) (?:therefore|thus|hence|instead|then|also)\b|^(?:Afterwards?|Subsequently|"
    r"Thereafter|Later)\b|^(?:On )?(?:[Tt]he|[Oo]ur) \d[\d.]*[BM] (?:model|variant|version)\b"
)
_WHOSE = re.compile(
    r"^(?:\S+ ){0,3}(?:its|their|them)\b", re.IGNORECASE
)  # "Despite its …", "Constrained by their …"


@dataclass(frozen=True, slots=True)
class Telling:
    """A sentence told: what stands between its paper's name and the quotation, and what is quoted."""

    sentence: Sentence
    lead: str  # " proposes", " shows that"; ":" before a whole sentence, "" before what its subject does
    words: str
    leans: bool = False  # whether it is understood only behind the sentence before it

    def by(self, subject: str) -> str:
        """The sentence with its subject: ``NAME proposes “…”.``, ``NAME “improves …”.``, ``NAME: “…”.``."""
        return f"{subject}{self.lead} “{self.words}”."

    @property
    def is_whole(self) -> bool:
        return self.lead == ":"

    @property
    def evidence(self) -> str:
        """The words as they stand in the abstract: what opens the quotation may be small there."""
        return self.words if self.words in self.sentence.text else self.words[:1].swapcase() + self.words[1:]

    @property
    def length(self) -> int:
        return len(self.words.split())


@lru_cache(maxsize=READ)
def tell(sentence: Sentence, handle: str) -> Telling | None:
    """The sentence as it can be told of a paper with this handle; None where it can't stand."""
    text = _opened(_bare(sentence.text.rstrip(".! ")))
    lead, words = _framed(text, handle)
    if not FEWEST <= len(words.split()) <= MOST or not _is_balanced(words) or _points(lead, words):
        return None
    return Telling(sentence, lead, words, leans=lead != ":" and bool(_IT.match(text)))


def tell_whole(sentence: Sentence) -> Telling | None:
    """The sentence in its own words alone: the authors speak; None where it leans on another sentence."""
    words = _opened(_bare(sentence.text.rstrip(".! ")))
    opening = _FREE.match(words) or _ALL.match(words) or _A_LIMIT.match(words) or _ASIDE.match(words)
    read = f"The paper{words[opening.end() :]}" if opening else words
    if not FEWEST <= len(words.split()) <= MOST or not _is_balanced(words) or _points(":", read):
        return None
    return Telling(sentence, ":", words)


def _bare(text: str) -> str:
    """The text without a close that only praises; with a number the close says more."""
    closing = _PRAISE.search(text)
    return text[: closing.start()] if closing and not re.search(r"\d", closing[0]) else text


def _opened(text: str) -> str:
    """The text without the words that tie it to the sentence before it, or say only what for."""
    while match := _MARKER.match(text) or _TO.match(text):
        text = text[match.end() :]
    return sentence_case(text)


def _framed(text: str, handle: str) -> tuple[str, str]:
    """What leads to the quotation, and the words quoted."""
    frames = (
        (_as_deed, _as_report) if is_authors(handle) else (_as_definition, _as_deed, _as_report, _as_subject)
    )
    return next((framed for frame in frames if (framed := frame(text, handle))), (":", text))


def is_authors(handle: str) -> bool:
    """Whether a paper is named by its authors, who are many: "Okafor et al.", "Park and Kim"."""
    return handle.endswith(" et al.") or bool(_TWO.fullmatch(handle))


def _as_definition(text: str, handle: str) -> tuple[str, str] | None:
    """``We introduce NAME, a method that …``: NAME is “a method that …”; ``…, which does``: NAME “does”."""
    before, after = _around(text, handle)
    if not _MADE.search(before):
        return None
    for lead, match in ((" is", _DEFINED.match(after)), ("", _WHICH.match(after))):
        if match and not _does_more(match["rest"]):
            return lead, match["rest"]
    return None


def _as_deed(text: str, handle: str) -> tuple[str, str] | None:
    """``We propose …``, ``This paper proposes …``: NAME proposes “…”."""
    match = _WE.match(text) or (None if is_authors(handle) else _PAPER.match(text))
    if not match or _does_more(match["rest"]) or re.search(r"\b(?:we|our|us)\b", match["rest"]):
        return None
    verb, rest = match["verb"].lower(), match["rest"]
    if text[:2] in ("We", "we"):
        verb = _agreeing(verb, handle) if verb in _VERBS else verb * (verb in _PAST)
    if not verb or (rest.startswith(handle) and not rest.startswith("that ")):
        return None
    manner = match["manner"] if match["manner"] in _MANNERS else ""
    if that := re.match(r"that,? ", rest) or _CLAIMS.match(verb):
        return _said(f"{manner or ''}{verb}", rest[that.end() :] if that.re is not _CLAIMS else rest, handle)
    return f" {manner or ''}{verb}", rest


def _as_report(text: str, handle: str) -> tuple[str, str] | None:
    """``Experiments show that …``: NAME shows that “…”."""
    match = _REPORT.match(text)
    return _said(_agreeing(match["verb"], handle), match["rest"], handle) if match else None


def _said(verb: str, clause: str, handle: str) -> tuple[str, str] | None:
    """A clause that a paper says; where it is about the paper's own thing, what that does."""
    if framed := _as_subject(clause, handle):
        return framed
    return None if re.search(r"\b(?:we|our|us)\b", clause) else (f" {verb} that", clause)


def _agreeing(verb: str, handle: str) -> str:
    return verb if is_authors(handle) else third_person(verb)


def _does_more(rest: str) -> bool:
    """Whether a second verb of the same subject follows, which the first would not agree with any more."""
    return any(match["verb"] in _DEEDS for match in _SECOND_VERB.finditer(rest))


def _as_subject(text: str, handle: str) -> tuple[str, str] | None:
    """``NAME improves …``, ``Our method improves …``, ``It improves …``: NAME “improves …”."""
    before, after = _around(text, handle)
    owns = [
        match["rest"] for match in (_OWN.match(text), _IT.match(text)) if match and not is_authors(handle)
    ]
    rests = [*owns, *([] if before else [after.removeprefix(" ")])]
    return next((("", rest) for rest in rests if _FINITE.match(rest)), None)


def _around(text: str, handle: str) -> tuple[str, str]:
    """What stands before and behind the first mention of a name, set in TeX or in capitals as it may be."""
    at = text.casefold().find(handle.casefold()) if handle else -1
    before, after = (text[:at], text[at + len(handle) :]) if at >= 0 else (text, "")
    if at < 0 or _WORD_GOES_ON.match(after):
        return text, ""
    set_in = _TEX_OPENS.search(before)
    return (before[: set_in.start()], after.removeprefix("}")) if set_in else (before, after)


_WORD_GOES_ON = re.compile(r"[\w-]")
_TEX_OPENS = re.compile(r"\\\w+\{$")


def third_person(verb: str) -> str:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("s", "x", "ch", "sh")) else f"{verb}s"


def _points(lead: str, words: str) -> bool:
    """Whether the words point at an earlier sentence."""
    if _ELSEWHERE.search(words) or re.match(r"(?:it|they|them|its|their)\b", words):
        return True
    if any(_is_unnamed(match, words) for match in _POINTER.finditer(words) if not _FREE.match(match[0])):
        return True
    whole = lead == ":" or lead.endswith(" that")
    return whole and bool(
        _FOLLOWS.match(words) or leans(words) or _PRONOUN.match(words) or _WHOSE.match(words)
    )


def _is_unnamed(match: re.Match[str], words: str) -> bool:
    """Whether what a "this" or a "these" points at stands nowhere before it."""
    pointer, noun = match[0].split()[0].lower(), match["noun"] or ""
    if _FREE.match(words, match.start()) or (pointer == "that" and noun not in _POINTED):
        return False
    named = words[: match.start()].lower()
    if (
        pointer == "this"
        and noun not in _POINTED
        and re.match(r"\w+(?:s|ed)$|(?:is|by|to|in|as|at|can|may)$|$", noun)
    ):
        return len(named.split()) < 6  # "…, and this makes …" points at its own sentence
    return not re.search(rf"\b{re.escape(noun.lower().removesuffix('s'))}(?:e?s)?\b", named)


_POINTED = frozenset(
    """
    question assumption limitation gap property properties issue problem challenge need tension phenomenon
    insight observation failure setting system dynamic effect mechanism mismatch task process regime
    behavior bias idea view
    """.split()  # noqa: SIM905 - a list of words reads better as text
)


def _is_balanced(text: str) -> bool:
    pairs = all(text.count(one) == text.count(other) for one, other in ("()", "[]", "{}"))
    return pairs and text.count("$") % 2 == 0 and text.count('"') == 0
