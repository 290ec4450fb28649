"""Quotations: a paper's sentence, shortened without changing its words, in one that names the paper."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from service.briefs.claims import Citation, Claim
from service.language.sentences import Sentence, leans
from service.language.vocabulary import VERB_FORMS, VERBS

WORDS = 34  # a quotation that is longer is cut where a subordinate clause begins
FEWEST = 6
MOST = 46
_MARKER = re.compile(
    r"^(?:However|Specifically|In particular|Moreover|Furthermore|Additionally|In addition|Finally|"
    r"Notably|Importantly|"
    r"Consequently|As a result|Therefore|Thus|Hence|Overall|Interestingly|Surprisingly|Remarkably|"
    r"Crucially|Empirically|"
    r"Theoretically|Experimentally|Concretely|Meanwhile|Nevertheless|Nonetheless|Unfortunately|"
    r"Intuitively|Accordingly|"
    r"In (?:this|our|the present) (?:paper|work|study|article|survey|report)|To (?:this|that) end|"
    r"To (?:address|tackle|overcome|bridge|fill|mitigate|solve|resolve|close|alleviate|remedy|answer|meet|"
    r"explore|study|"
    r"investigate) (?:this|these|those|it|such|the above|them|both)\b[^,]{0,60}|At its core|"
    r"At the same time|In contrast|By contrast|Conversely|"
    r"Instead|Also|Further|Here|Then|Next|Lastly|First|Second|Third|Ultimately|More broadly|"
    r"More specifically|"
    r"More importantly|In summary|In short|In essence|Taken together|Together|Beyond this|"
    r"On the other hand|Indeed|"
    r"In fact|For example|For instance|In practice|In response|To our knowledge|"
    r"To the best of our knowledge|Motivated by this|"
    r"Inspired by this|As such|Rather|Still|Yet|But|And|So|Nevertheless|Most importantly|Critically|"
    r"Strikingly|Similarly|Likewise),?\s+"
)
_OPENING_TO_WE = re.compile(r"^[^,;:]{3,140}?, (?=(?:we|our|this (?:paper|work|study|article)) )")
_WE = re.compile(
    r"^[Ww]e (?:(?:also|further|then|first|additionally|finally|next|thus|therefore|hence|therefore|"
    r"furthermore|now|here|"
    r"instead|subsequently|second|lastly|accordingly)\b,? )*(?P<rest>.+)$"
)
_ABOUT_SELF = re.compile(
    r"^(?:[Tt]his|[Tt]he present|[Tt]he) (?P<noun>paper|work|study|article|survey|review|thesis|report|"
    r"position paper|tutorial|chapter|"
    r"technical report) (?:also |further |then |first |thus )*(?P<rest>.+)$"
)
_OWN_PART = re.compile(
    r"^(?:(?:[Oo]ur|[Tt]he|[Tt]his|[Tt]hese|[Ee]xtensive|[Cc]omprehensive|[Ee]xperimental|[Ee]mpirical|"
    r"[Nn]umerical|[Tt]heoretical|"
    r"[Pp]roposed|[Rr]esulting|[Oo]verall|[Ff]urther|[Dd]etailed|[Tt]horough|[Ii]nitial|[Pp]reliminary|"
    r"[Qq]uantitative|[Qq]ualitative|"
    r"[Ff]inal|[Ss]imulation|[Ee]valuation|[Mm]ain|[Kk]ey|[Bb]roader|[Aa]dditional|[Ii]n-depth|"
    r"[Ss]ystematic|[Bb]enchmark|"
    r"[Ll]arge-scale|[Rr]eal-world|and|novel|new|simple|unified) ){0,5}"
    r"(?P<noun>[Mm]ethod|[Ff]ramework|[Aa]pproach|[Mm]odel|[Ss]ystem|[Aa]lgorithm|[Rr]esults|"
    r"[Ee]xperiments|[Aa]nalysis|"
    r"[Aa]nalyses|[Ff]indings|[Ee]valuations?|[Bb]enchmark|[Dd]ataset|[Pp]ipeline|[Aa]blations|"
    r"[Aa]blation studies|"
    r"[Ss]imulations|[Tt]echnique|[Ss]trategy|[Aa]rchitecture|[Tt]heory|[Pp]roof|[Cc]onstruction|"
    r"[Pp]rotocol|[Dd]esign|[Tt]axonomy|"
    r"[Aa]gent|[Ss]cheme|[Ss]olution|[Ff]ormulation|[Cc]ontributions?|[Oo]bservations?|[Ss]tudy|"
    r"[Ee]vidence|[Ii]nvestigation) "
    r"(?P<rest>(?:(?:also|further|consistently|significantly|substantially|clearly|then|thus|"
    r"effectively) )?[a-z].+)$"
)
_OWN_OPENING = re.compile(
    r"^(?:our|the proposed|this|these|extensive|comprehensive|experimental|empirical|numerical|theoretical|"
    r"experiments|results|evaluations?|simulations?|ablations|benchmark results|qualitative|quantitative|"
    r"preliminary|findings)\b",
    re.IGNORECASE,
)
_MADE = r"(?:propos|introduc|present|develop|describ|design|creat|releas|formulat|devis|build|construct)\w*"
_MAKES = re.compile(
    rf"^(?:[Ww]e|[Tt]his (?:paper|work|study|article)|[Tt]he paper)\b[^.,;:]{{0,20}}? {_MADE}"
)
_TEX_OPENING, _TEX_END_AND_GLOSS = r"(?:\\\w+\{)?", r"\}?(?: ?\([^()]*\))?"
_MAKES_THIS = re.compile(rf"{_MAKES.pattern} {_TEX_OPENING}")
_DEFINED = re.compile(rf"{_TEX_END_AND_GLOSS}(?:,| --| —|:) (?P<rest>(?:an?|the) (?!first step).+)$")
_BEFORE_SUBJECT = re.compile(rf"(?:[Tt]he |[Oo]ur )?{_TEX_OPENING}")
_AFTER_SUBJECT = re.compile(rf"{_TEX_END_AND_GLOSS}(?P<own>['’]s)? (?P<rest>.+)$")
_CUT = re.compile(
    r"(?P<cut>;|\s[—–]\s?|\s--\s|:\s(?=\(|\d\)|first|\(i)|,\s(?=(?:which|while|whereas|thereby|thus|hence|"
    r"enabling|allowing|leading|"
    r"resulting|making|providing|offering|highlighting|suggesting|demonstrating|underscoring|yielding|"
    r"achieving|and we|"
    r"and our|as well as|including|such as|particularly|especially|even when|even though|but we|where|"
    r"because|since|so that|compared|"
    r"outperforming|ensuring|reducing|improving|without|with|showing|revealing|indicating|exposing|giving|"
    r"producing|"
    r"validating|establishing|despite|although|though|rather than|using|followed|and (?:show|demonstrate|"
    r"prove|introduce|propose|find|provide|present|evaluate)|causing|preserving|"
    r"supporting|surpassing|facilitating|covering|when|if|based on|capturing|unlike|emphasi[sz]ing|"
    r"pointing|reaching|forming|creating|driven|implying|confirming|motivating|reinforcing|treating|"
    r"requiring|limiting|in which|respectively|spanning)\b))"
)
_PARENTHESIS = re.compile(r"\s?\([^()]*\)")
_PERSONAL = re.compile(r"\b(?:we|our|ours|us)\b|\bthis (?:paper|work|study|article)\b", re.IGNORECASE)
_POINTING = re.compile(
    r"\b(?:this|these|those|such an?|the (?:former|latter|above|proposed|resulting)) (?!end\b|work\b|"
    r"paper\b|study\b|\w+ing\b)\w|"
    r"\b(?:this|they|it) (?:is|are|was|has|can|also)\b|\bhere\b|"
    r"\bboth (?:factors|issues|problems|challenges|limitations|aspects|settings)\b|\bthem\b",
    re.IGNORECASE,
)
# What is pointed at stands in an earlier sentence: "test this assumption", "In the dataset, it achieves".
_HANGING = re.compile(
    r"^(?:\S+ ){0,6}(?:(?:this|these|those|such an?|such) (?:question|assumption|limitation|gap|propert|"
    r"issue|problem|challenge|need|tension|phenomenon|insight|observation|failure|setting|system)|"
    r"that (?:assumption|limitation|gap|need)\b)|"
    r"^(?:During|In|On|At|For|Across|Under) [^,]{0,60}, (?:it|they) "
    r"(?!is (?:\w+ly )?\w+ (?:to|that|whether)\b)|"
    r"^(?:Despite|Given|With) (?:its|their) |"
    r"^\w+ it (?!possible|easier|harder|difficult|hard|easy|is\b)",
    re.IGNORECASE,
)
_ITEM = re.compile(r"\((?:i{1,3}|iv|v|[1-6a-f])\)")
_DASH = re.compile(r" (?:--|–|—) ")
_ADVERB = re.compile(r"^(?:(?:also|further|then|thus|additionally|furthermore|therefore|hence|finally),? )+")
_DANGLING = re.compile(r",? and(?: that)? (?P<rest>[^,;]+)$")
_FINITE = re.compile(
    r"^(?:is|are|was|were|has|have|can|could|may|does|do|not|will|first|only|either|both|then|also|\w+ly)$"
)


@dataclass(frozen=True, slots=True)
class Quotation:
    """A claim to be: words before the quotation, the pieces quoted, how well it reads (0 is plain)."""

    sentence: Sentence
    before: str
    pieces: tuple[str, ...]
    ease: float

    @property
    def claim(self) -> Claim:
        text = f"{self.before}“{' … '.join(self.pieces)}”."
        return Claim(text, tuple(Citation(self.sentence.paper_id, piece) for piece in self.pieces))

    @property
    def line(self) -> str:
        """The claim beside the paper's name, which it leaves out where the sentence allows."""
        before = "The authors " if " authors " in self.before else self.before
        quoted = f"“{' … '.join(self.pieces)}”."
        return quoted if before.endswith((" is ", ": ")) else f"{before}{quoted}"

    @property
    def words(self) -> int:
        return sum(len(piece.split()) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Speaker:
    """How a paper is named in a sentence."""

    handle: str
    authors: int

    @property
    def whose(self) -> str:
        """The subject of a verb that followed "we": plural, so only where there are several authors."""
        return f"The {self.handle} authors" if " " not in self.handle else f"The authors of {self.handle}"


def quote(sentence: Sentence, speaker: Speaker, turn: int = 0) -> Quotation | None:
    """The sentence as a claim, None where it leans on others; ``turn`` varies the wording."""
    text = _without_marker(sentence.text.rstrip(".! "))
    framed = _framed(sentence, text, speaker, turn)
    if framed is None:
        return None
    before, quoted, ease = framed
    pieces = _pieces(_ADVERB.sub("", quoted) if before else quoted)
    if pieces is None:
        return None
    said = " ".join(pieces)
    if _HANGING.match(said):
        return None
    ease -= 0.4 * bool(_PERSONAL.search(said)) + 0.3 * bool(_POINTING.search(said))
    return Quotation(sentence, before, pieces, ease)


def _without_marker(text: str) -> str:
    while match := _MARKER.match(text):
        text = text[match.end() :]
    return _OPENING_TO_WE.sub("", text, count=1)


def _framed(sentence: Sentence, text: str, speaker: Speaker, turn: int) -> tuple[str, str, float] | None:
    """Words before the quotation, the words quoted and their ease, by the first frame that fits."""
    for frame in (_as_definition, _as_subject, _as_authors, _as_paper, _as_own_part):
        if framed := frame(text, speaker):
            return framed
    return _as_whole(sentence, text, speaker, turn)


def _around(text: str, handle: str) -> tuple[str, str]:
    """What stands before the handle's first mention and after it; no pattern is made for each handle."""
    before, _, after = text.partition(handle)
    return before, after


def _as_definition(text: str, speaker: Speaker) -> tuple[str, str, float] | None:
    """A definition: "We introduce NAME, a method that …" makes NAME is “a method that …”."""
    if speaker.handle not in text[: len(speaker.handle) + 80] or not _MAKES.match(text):
        return None
    before, after = _around(text, speaker.handle)
    if _MAKES_THIS.fullmatch(before) and (match := _DEFINED.match(after)):
        return f"{speaker.handle} is ", _without_second_verb(match["rest"]), 0.35
    return None


def _without_second_verb(text: str) -> str:
    """A definition without what else "we" do: "a benchmark, and evaluate four models" is "a benchmark"."""
    for match in re.finditer(r",? and (?:\w+ly )?(?P<verb>\w+)", text):
        if match["verb"] in VERBS:
            return text[: match.start()]
    return text


def _as_subject(text: str, speaker: Speaker) -> tuple[str, str, float] | None:
    if speaker.handle not in text[: 2 * len(speaker.handle) + 20]:
        return None
    before, after = _around(text, speaker.handle)
    match = _AFTER_SUBJECT.match(after)
    if not match or not _BEFORE_SUBJECT.fullmatch(before):
        return None
    first = match["rest"].split()[0]
    if match["own"]:
        return f"{speaker.handle}’s ", match["rest"], 0.1
    if first.lower() in VERB_FORMS or _FINITE.match(first) or first.endswith("s"):
        return f"{speaker.handle} ", match["rest"], 0.35
    return None


def _as_authors(text: str, speaker: Speaker) -> tuple[str, str, float] | None:
    match = _WE.match(text)
    if not match:
        return None
    if speaker.authors > 1:
        return f"{speaker.whose} ", match["rest"], 0.25
    return f"In the words of {speaker.handle}{':' if text[0] == 'W' else ','} ", text, -0.3


def _as_paper(text: str, speaker: Speaker) -> tuple[str, str, float] | None:
    if match := _ABOUT_SELF.match(text):
        noun = "paper" if match["noun"] in {"work", "article"} else match["noun"]
        return f"The {speaker.handle} {noun} ", match["rest"], 0.15
    return None


def _as_own_part(text: str, speaker: Speaker) -> tuple[str, str, float] | None:
    if not _OWN_OPENING.match(text):
        return None
    if match := _OWN_PART.match(text):
        return f"The {speaker.handle} {match['noun'].lower()} ", match["rest"], 0.15
    return None


def _as_whole(sentence: Sentence, text: str, speaker: Speaker, turn: int) -> tuple[str, str, float] | None:
    """A sentence with a subject of its own: quoted whole, after who says it."""
    if leans(text[:1].upper() + text[1:]) or _OWN_OPENING.match(text) or not text[:1].isalnum():
        return None
    if text[:1].isupper() and _names(text, speaker.handle):
        return "", text, 0.1
    verb = _verb(sentence, turn)
    if text[:1].islower():
        return f"{speaker.handle} {verb or 'notes'} that ", text, 0.0
    return f"{speaker.handle} {verb}: " if verb else f"{speaker.handle}: ", text, 0.0


def _verb(sentence: Sentence, turn: int) -> str:
    """Results are reported; what else a paper does with a sentence is for the reader to say."""
    if sentence.gains or sentence.finds or (sentence.has_figures and not sentence.limits):
        return ("reports", "finds")[turn % 2]
    return ""


def _names(text: str, handle: str) -> bool:
    return handle in text and bool(re.search(rf"(?<![\w-]){re.escape(handle)}(?![\w-])", text))


def _pieces(text: str) -> tuple[str, ...] | None:
    """What is quoted of a text: shortened at its end, long parentheses left out."""
    text = _without_personal_tail(text)
    if len(text.split()) > WORDS:
        text = _shortened(text)
    if not FEWEST <= len(text.split()) <= MOST or not _is_balanced(text):
        return None
    return _without_parentheses(text)


def _without_personal_tail(text: str) -> str:
    for match in _CUT.finditer(text):
        if (
            len(text[: match.start()].split()) >= 10
            and _PERSONAL.search(text[match.end() :])
            and _may_end(text, match.start())
        ):
            return text[: match.start()]
    return text


def _shortened(text: str) -> str:
    """The longest beginning of at most WORDS words that ends before a subordinate clause, else the text."""
    cuts = [text[: match.start()] for match in _CUT.finditer(text) if _may_end(text, match.start())]
    fitting = [cut for cut in cuts if 10 <= len(cut.split()) <= WORDS]
    return _without_dangling(fitting[-1]) if fitting else text


def _without_dangling(text: str) -> str:
    """A cut text without the stump of a second clause: "…, and that diagnostics beyond this"."""
    match = _DANGLING.search(text)
    if match and match[0].startswith(", and that ") and len(match["rest"].split()) < 8:
        return text[: match.start()]
    return text


def _may_end(text: str, place: int) -> bool:
    """Whether a text may be cut there: not in brackets, between dashes, in a list or before an example."""
    before, after = text[:place], text[place:]
    is_listing = bool(_ITEM.search(before)) and bool(_ITEM.search(after))
    is_inserted = len(_DASH.findall(before)) % 2 == 1 and bool(_DASH.search(after))
    is_example = before.rstrip(" ,").endswith(("e.g.", "i.e."))
    return _is_balanced(before) and not (is_listing or is_inserted or is_example)


def _is_balanced(text: str) -> bool:
    return (
        text.count("(") == text.count(")")
        and text.count("[") == text.count("]")
        and text.count("{") == text.count("}")
        and text.count("$") % 2 == 0
        and text.count("“") == text.count("”")
        and text.count('"') % 2 == 0
    )


def _without_parentheses(text: str) -> tuple[str, ...]:
    cuts = [
        match for match in _PARENTHESIS.finditer(text) if len(match[0].split()) > 3 and "$" not in match[0]
    ]
    pieces, start = [], 0
    for cut in cuts:
        pieces.append(text[start : cut.start()])
        start = cut.end()
    pieces = [piece.strip(" ,;:") for piece in (*pieces, text[start:])]
    kept = tuple(piece for piece in pieces if len(piece.split()) > 1)
    return kept if kept and all(len(piece.split()) > 2 for piece in kept) else (text.strip(" ,;:"),)


def listed(names: Iterable[str], most: int = 6) -> str:
    """Names as a list: "A, B and C", or "among them A, B and C" where there are more than ``most``."""
    names = list(names)
    if len(names) > most:
        return f"among them {listed(names[:most], most)}"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def either(names: Iterable[str]) -> str:
    names = list(names)
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else "".join(names)
