"""Sentences of abstracts: where they end, what each does in its abstract, and which must never be quoted."""

import re
from dataclasses import dataclass
from functools import lru_cache

from service.language.text import read

READ = 50_000  # texts whose reading is kept: every section asks for the same ones
LONGEST_ABSTRACT = 6000  # characters read of one abstract; arXiv itself allows about 1,920
_BOUNDARY = re.compile(
    r"[.!?][\"'”’)\]}]*\s+(?=[\"'“‘(\[{$\\]*[A-Z0-9Α-ΩА-Я$\\])"
    r"|(?<=[a-z]{3})\.(?=(?:We|Our|The|This|These|In|To|However|Experiments|Results|It|Code)\b)"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[“\"])(?:e\.g|i\.e|cf|vs|v|resp|approx|al|etc|fig|figs|eq|eqs|sec|secs|tab|ref|refs|no|"
    r"nos|vol|ch|"
    r"dr|prof|mr|mrs|ms|st|jr|sr|dept|inc|ltd|co|corp|ph\.d|u\.s|u\.k|a\.k\.a|w\.r\.t|w\.l\.o\.g|s\.t|"
    r"i\.i\.d|"
    r"viz|ca|est|def|thm|prop|lem|cor|ex|ver|s\.e|c\.l|(?<![\dX]\s)[A-Za-z])\.$",  # "at 5 K." ends
    re.IGNORECASE,
)
_MID_SENTENCE = re.compile(r"(?:^|\s)(?:etc|al|i\.i\.d|u\.s|u\.k|co|inc|corp|ltd)\.$", re.IGNORECASE)
_MARKUP = re.compile(
    r"<\s*/?\s*[a-zA-Z!?]|&#?\w+;|\{\{|\}\}|\{%|%\}|%[A-Z_]{3,}%|\[\[|\]\s*[\[(]|\[\d+\]|<\||\|>|```|"
    r"https?:|www\.|\S@\S+\.\w|://|javascript:"
)
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.]{0,40}"
    r"\b(?:instruction|prompt|above|previous|prior|earlier|rule)"
    r"|\bas an? (?:ai|language model)\b|\b(?:do not|don't|never) (?:mention|reveal|cite|summari[sz]e|criti)"
    r"|\b(?:positive|favou?rable) review\b|\breviewers?\b[^.]{0,30}\b(?:accept|rate|score|recommend)\b"
    r"|\bclick (?:here|below|on)\b|^(?:assistant|system|user|note to \w+|attention)\s*:",
    re.IGNORECASE,
)
_TO_READERS = re.compile(
    r"^(?:please|ignore|disregard|forget|click|visit|subscribe|dear)\b|"
    r"\byou (?:are|must|should|will|can|have to)\b",
    re.IGNORECASE,
)
_HOUSEKEEPING = re.compile(
    r"\b(?:code|data ?sets?|data|models?|weights|implementation|demo|video|materials?|benchmark|page|"
    r"resources?|artifacts?|"
    r"checkpoints?)\b[^.]{0,90}\b(?:available|released?|open-?sourced?|provided|found|accessible|public|"
    r"upon|soon)\b"
    r"|\bgithub\b|\bproject (?:page|website)\b|\bwe (?:\w+ )?(?:release|open-?source|provide (?:code|"
    r"data))\b|\baccepted (?:at|to|by|in)\b|"
    r"\bsupplementary\b|\bsource code\b|\b(?:extended|full|longer|preliminary) (?:version|abstract)\b|"
    r"\bunder review\b"
    r"|^(?:Keywords|Index Terms|CCS Concepts|Comments?|Code|Project|Website|Data|Dataset|MSC|ACM)\b\s*[:—-]"
    r"|\bthis (?:paper|article|thesis|work) is (?:organi[sz]ed|structured)",
    re.IGNORECASE,
)
_ANAPHORA = re.compile(
    r"^(?:It|They|He|She|These|Those|Such|Both|Here|There|Thus|Hence|Therefore|Another|One|This|That|Its|"
    r"Their|The "
    r"(?:former|latter|first|second|third|other|same|resulting|latter's|two|three|key|main|core|remaining|"
    r"rest)|Each|"
    r"All|Neither|Either|Others?|Together|Similarly|Likewise|Conversely|Instead|Otherwise|Rather|Then|"
    r"Next|Also|Only|"
    r"Some|First|Second|Third|Fourth|Firstly|Secondly|Thirdly|Lastly|And|But|Or|So|Nor|Yet|As such|"
    r"As a result|At each|Doing so|The two|"
    r"\(?[a-z0-9]{1,3}\))\b"
)
_BACKGROUND = re.compile(
    r"\b(?:have|has) (?:\w+ )?(?:achieved|become|emerged|shown|demonstrated|made|gained|attracted|been|"
    r"seen|revolution\w+|"
    r"transformed|enabled|driven|drawn|received|garnered)\b|\b(?:increasingly|widely|commonly|essential|"
    r"crucial|critical|"
    r"fundamental|ubiquitous|remarkable|cornerstone|paradigm|promising|pivotal|indispensable|vital|"
    r"long-standing|"
    r"recent(?:ly)?|today|nowadays|play(?:s|ing)? an?)\b",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:we|our|ours)\b|\bthis (?:paper|work|study|article|survey|report|thesis)\b", re.IGNORECASE
)
_PROPOSES = re.compile(
    r"\b(?:we|paper|work|study|article|survey|thesis|authors?)\b[^.,;]{0,30}?\b(?:propos|introduc|present|"
    r"develop|design|"
    r"devis|formaliz|formalis|formulat|construct|build|contribut|establish|describ|investigat|stud(?:y|"
    r"ies)|examin|"
    r"explor|revisit|characteri|analy[sz]e|argue|conduct|survey|review|offer|address)\w*",
    re.IGNORECASE,
)
_FINDS = re.compile(
    r"\b(?:we|results?|experiments?|analys[ei]s|evaluations?|findings?|study|simulations?|ablations?|"
    r"evidence)\b[^.;]{0,80}?"
    r"\b(?:show|find|found|reveal|demonstrat|observ|discover|indicat|suggest|confirm|identif|prov[ei]|"
    r"uncover|"
    r"conclude|highlight|establish)\w*",
    re.IGNORECASE,
)
_GAINS = re.compile(
    r"\b(?:outperform|surpass|exceed|improv|achiev|reduc|increas|boost|gain|accelerat|speed-?up|faster|"
    r"cut|lower|raise|"
    r"attain|beat|match|save|reach|yield|drop|decreas|halv|doubl|state-of-the-art)\w*",
    re.IGNORECASE,
)
_MECHANISM = re.compile(
    r"\b(?:by \w+ing|via|through|consists? of|combin|leverag|integrat|decompos|decoupl|assign|comput|"
    r"construct|convert|"
    r"first\b.*\bthen|uses?\b|using|replac|treats?|learns?|estimat|maps?|encod|transform|models? the|"
    r"represents?|"
    r"reformulat|iterat|selects?|generat|aligns?|updates?|jointly|inject|rout(?:es|ing)|aggregat|sampl|"
    r"retriev|"
    r"penali|reweigh|partition|project)\w*",
    re.IGNORECASE,
)
_LIMIT = re.compile(
    r"\b(?:however|but|yet|fails?|failing|failures?|lacks?|lacking|remains?|bottlenecks?|suffers?|"
    r"struggles?|limited|"
    r"limits?|limitations?|costly|expensive|prohibitive\w*|overhead|challeng\w+|difficult\w*|degrad\w+|"
    r"brittle|"
    r"vulnerab\w+|future work|open (?:problem|question|challenge)s?|trade-?offs?|at the (?:cost|expense) of|"
    r"insufficient\w*|poorly|unclear|underexplored|unexplored|neglect\w*|overlook\w*|ignor\w+|hinder\w*|"
    r"imped\w+|"
    r"cannot|unreliab\w+|unstable|instability|collapses?|prone to|gap|rarely|little is known|no existing|"
    r"scarce|"
    r"scarcity|undermin\w+|falls? short|intractable|despite|only)\b",
    re.IGNORECASE,
)
_WARNING = re.compile(
    r"\b(?:fails?|failing|failures?|lacks?|lacking|suffers?|struggles?|limited|limitations?|brittle|degrad\w+|"
    r"vulnerab\w+|unreliab\w+|unstable|instability|collapses?|prone to|cannot|poorly|insufficient\w*|"
    r"hinder\w*|undermin\w+|falls? short|intractable|prohibitive\w*|bottlenecks?|risks?|threat\w*|"
    r"challeng\w+|difficult\w*|costly|expensive|unclear|scarce|scarcity)\b",
    re.IGNORECASE,
)
_COST = re.compile(
    r"\b(?:trade-?offs?|at the (?:cost|expense) of|costs?|costly|expensive|overhead|latency|however|but|"
    r"although|limits?|"
    r"limited|limitations?|fails?|suffers?|struggles?|degrad\w+|unstable|instability|collapses?|brittle|"
    r"require[sd]?|"
    r"sensitive to|vulnerab\w+|prone|bottlenecks?|cannot|only when|depends on|prohibitive\w*|"
    r"hurts?|worse\w*|still|sacrific\w+)\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:existing|prior|previous|current|conventional|traditional|standard|most|recent|these|today's|"
    r"popular|common)\b"
    r"[^.;]{0,40}\b(?:methods?|approach\w*|models?|systems?|techniques?|benchmarks?|works?|solutions?|"
    r"frameworks?|pipelines?|"
    r"agents|algorithms|studies|evaluations|defen[cs]es|detectors|datasets|tools|LLMs|VLMs|MLLMs|"
    r"strateg\w+|literature|practices?)\b",
    re.IGNORECASE,
)
_AVERTED = re.compile(
    r"\b(?:without|avoid|reduc|mitigat|eliminat|negligible|lower|alleviat|overcom|address|prevent|remov|"
    r"minimal|no additional|shrink|(?:require|need|add)(?:s|d|ing)? (?:only|no\b)|"
    r"only (?:a few|few|one|minor|modest)|sidestep|amorti|as little as|"
    r"bypass|circumvent|resolv|tackl|solv|bridg|clos|fix|suppress|less|cut|sav|decreas|minimi[sz]|"
    r"not only|nearly no|but also|"
    r"remains? (?:competitive|stable|robust|effective|close|high|consistent|strong)|limit(?:s|ing)? the)\w*",
    re.IGNORECASE,
)
_WEIGHED = re.compile(
    r"\b(?:but|however|although|while(?! (?:\w+ly )?\w+ing\b)|at the (?:cost|expense)|despite|yet)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(r"(?:However|But|Yet|Still|Although),? ")
# What a paper or its system does, by a subject of its own: "we", "our method", a coined name.
_ACTS = re.compile(
    r"\b(?:[Ww]e|[Oo]ur [\w-]+(?: [\w-]+)?|[Tt]his (?:paper|work|method|framework|approach|benchmark)|"
    r"[Tt]he authors|[Tt]he (?:proposed )?(?:system|framework|method|approach|pipeline|architecture)|"
    r"[A-Z][\w+*-]*[A-Z0-9][\w+*-]*)(?: \d[\d.]*)?"
    r"(?: (?:also|then|first|further|thus|can|\w+ly))*,? "
    r"(?:propos|introduc|present|convert|provid|unif(?:y|ies)|curat|collect|releas|target|employ|use[sd]? |"
    r"utili[sz]|plac|promot|steer|serv|enabl|allow|support|train|leverag|demonstrat|achiev|beat|outperform|"
    r"surpass|improv|incorporat|extend|generali[sz]|adopt|comput|combin|integrat|appl(?:y|ies)|build|creat|"
    r"design|develop|deriv|defin|formali[sz]|formulat|generat|ground|handl|implement|maintain|optimi[sz]|"
    r"offer|organi[sz]|perform|produc|reach|retain|set a|turn|transform|validat|establish|attain|"
    r"deliver|exceed|match|obtain|yield|surfac|exploit)\w*"
)
_PRAISES = re.compile(
    r"\b(?:superior\w*|state-of-the-art|effectiveness|promising|robustness of)\b", re.IGNORECASE
)
# A price or a limit by name; "but" and "still" alone name none.
_PRICE = re.compile(
    r"\b(?:trade-?offs?|at the (?:cost|expense) of|costs?|costly|expensive|overhead|latency|limitations?|"
    r"limited (?:to|by)|fails?|suffers?|struggles?|degrad\w+|unstable|instability|collapses?|brittle|"
    r"requires?|sensitive to|vulnerab\w+|prone|bottlenecks?|cannot|only when|depends on|prohibitive\w*|"
    r"hurts?|worse\w*|sacrific\w+)\b",
    re.IGNORECASE,
)
# What nobody has found yet: it is asked, or supposed.
_ASKS = re.compile(
    r"\b(?:ask|wonder|hypothesi[sz]e|conjecture|test) (?:\w+ )?(?:whether|if|that|how)\b|\bcan serve as\b"
)
_FIGURE = re.compile(
    r"(?<![\w-])\d[\d,.]*\s?(?:%|\\%|percent|points?|pp\b|x\b|×|\\times|-?fold|times|[KMB]\b)|"
    r"\b\d+\.\d+\b|\b\d{3,}\b"
)


# Quotation marks inside a quotation, a question, a word that a line's end cut.
_UNQUOTABLE = re.compile(r"[“”„«»]|\?$|[a-z]- (?!and |or |to )[a-z]")


def plain(text: str) -> str:
    """The text with its white space collapsed and no other character changed: quotations stay verbatim."""
    return " ".join(text.split())


def hides_characters(text: str) -> bool:
    """Whether a text holds characters that a reader can't see: bidi controls, zero-width characters."""
    return not text.replace("\n", " ").replace("\t", " ").isprintable()


def visible(text: str) -> str:
    """The text with its white space collapsed and without characters that a reader can't see."""
    if not hides_characters(text):
        return plain(text)
    return plain(
        "".join(character for character in text if character.isspace() or not hides_characters(character))
    )


def is_order(text: str) -> bool:
    """Whether a text tells its reader, or a language model, what to do."""
    return bool(_ORDER.search(text))


@lru_cache(maxsize=READ)
def is_clean(text: str) -> bool:
    """Whether a text is free of hidden characters, markup, links and orders to its reader."""
    return not (hides_characters(text) or _MARKUP.search(text) or is_order(text))


def split(text: str) -> tuple[str, ...]:
    """The sentences of a text, in order; together they are the text, white space aside. None ends in TeX."""
    text = plain(text[:LONGEST_ABSTRACT])
    masked = read(text).masked
    sentences, start = [], 0
    for boundary in _BOUNDARY.finditer(masked):
        if _ends(masked, start, boundary):
            sentences.append(text[start : boundary.end()].strip())
            start = boundary.end()
    return tuple(sentence for sentence in (*sentences, text[start:].strip()) if sentence)


def _ends(text: str, start: int, boundary: re.Match[str]) -> bool:
    before = text[start : boundary.start() + 1]
    if text[boundary.start()] == "." and _ABBREVIATION.search(before):
        return _closes(before, text[boundary.end() :])
    open_parenthesis = before.count("(") - (before + text[boundary.start() : boundary.end()]).count(")")
    return open_parenthesis <= 0


def _closes(before: str, after: str) -> bool:
    """Whether an abbreviation that can end a sentence does: a common opening word follows it."""
    opening = re.match(
        r"(?:We|The|This|These|Our|In|To|However|It|Experiments|Results|A|An|Moreover|Finally)\b", after
    )
    return bool(_MID_SENTENCE.search(before) and opening)


def leans(text: str) -> bool:
    """Whether a sentence's subject stands in an earlier one: "It", "These", "The former"."""
    return bool(_ANAPHORA.match(text))


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a paper's abstract and its place in it, 0 for the first."""

    paper_id: str
    place: int
    of: int  # sentences of the abstract
    text: str

    @property
    def shown(self) -> str:
        """The sentence as a reader sees it."""
        return read(self.text).shown

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def is_quotable(self) -> bool:
        """Whether it may stand in a brief: a whole sentence without markup, links or orders to its reader."""
        return (
            6 <= self.words <= 90
            and is_clean(self.text)
            and not _TO_READERS.search(self.shown)
            and not _HOUSEKEEPING.search(self.shown)
            and not _UNQUOTABLE.search(self.shown)
            and not read(self.text).unread
            and self.text[-1:] in ".!"
        )

    @property
    def is_background(self) -> bool:
        return self.is_opening and bool(_BACKGROUND.search(self.shown)) and not _OWN.search(self.shown)

    @property
    def proposes(self) -> bool:
        return bool(_PROPOSES.search(self.shown))

    @property
    def finds(self) -> bool:
        return bool(_FINDS.search(self.shown))

    @property
    def gains(self) -> bool:
        return bool(_GAINS.search(self.shown))

    @property
    def explains(self) -> bool:
        return bool(_MECHANISM.search(self.shown)) and self.place > 0

    @property
    def limits(self) -> bool:
        return bool(_LIMIT.search(self.shown))

    @property
    def warns(self) -> bool:
        """Whether it tells of a limit that stands: not one that is only weighed, averted or left to "but"."""
        return bool(_WARNING.search(self.shown)) and not self.averts and not self.gains

    @property
    def faults(self) -> bool:
        """Whether it has a word of failing, lacking or limits that stand."""
        return bool(_WARNING.search(self.shown))

    @property
    def acts(self) -> bool:
        """Whether it tells what the paper or its system does, and sets nothing against it."""
        return bool(_ACTS.search(self.shown)) and not self.weighs

    @property
    def is_opening(self) -> bool:
        """Whether it stands where an abstract tells of the field and of others' work."""
        return self.place * 3 < self.of

    @property
    def prices(self) -> bool:
        """Whether it names a price or a limit, rather than only setting one thing against another."""
        return bool(_PRICE.search(self.shown))

    @property
    def praises(self) -> bool:
        """Whether it says that something is good, whatever else it names."""
        return bool(_PRAISES.search(self.shown)) and not self.weighs

    @property
    def asks(self) -> bool:
        """Whether it asks or supposes rather than says."""
        return bool(_ASKS.search(self.shown))

    @property
    def costs(self) -> bool:
        """Whether it names a cost; the word that ties it to the sentence before is none."""
        return bool(_COST.search(_OPENING.sub("", self.shown, count=1))) and not self.averts

    @property
    def weighs(self) -> bool:
        """Whether it sets one thing against another."""
        return bool(_WEIGHED.search(self.shown))

    @property
    def criticises(self) -> bool:
        """Whether it speaks of what others do: its limits are the field's, not averted ones."""
        return bool(_OTHERS.search(self.shown))

    @property
    def averts(self) -> bool:
        """Whether it tells of a cost or limit that is done away with, as far as its words tell."""
        return bool(_AVERTED.search(self.shown))

    @property
    def has_figures(self) -> bool:
        return bool(_FIGURE.search(self.shown))

    @property
    def has_tex(self) -> bool:
        return self.shown != self.text


def sentences_of(paper_id: str, abstract: str) -> tuple[Sentence, ...]:
    texts = split(abstract)
    return tuple(Sentence(paper_id, place, len(texts), text) for place, text in enumerate(texts))
