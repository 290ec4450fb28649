"""The table of the window: of each paper what it states, in its own words and with the place; never guessed.

A cell is a span of a sentence that says it of this paper: “Qwen2.5-7B” from “we fine-tune Qwen2.5-7B on …”.
What is said of others (“unlike GPT-4o”, “prior work trains on …”) fills none.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from service.briefs.claims import Citation
from service.briefs.extractive.roles import figures, finds
from service.briefs.stated.limits import limit_of
from service.briefs.tables import Cell, Column, Row
from service.language.sentences import is_clean, sentences_of, split
from service.papers import Paper
from service.papers.text import FullText, Part

FEWEST = 2  # cells of a row
LONGEST = 200  # characters of a cell
WORTH = 0.55  # of a result in the abstract
_AND = r"(?:, and |, | and )"
_NAME = r"[A-Z][\w]*(?:[-.][\w]+)*"
_FAMILY = (
    r"(?:GPT|BERT|RoBERTa|T5|ViT|ResNet|[Ll]?Llama|LLaMA|Qwen|Gemma|Gemini|OLMo|DeepSeek|Mistral|Mixtral|Phi|Claude|"
    r"Grok|Falcon|Pythia|InternVL|LLaVA|SmolLM|Granite)"
)
_MODEL = rf"(?:{_NAME}-\d+(?:\.\d+)?[BM](?:-\w+)*|{_FAMILY}[\w.-]*\d[\w.-]*)"
_NO_JUDGE = (
    r"(?![\w-])(?! as (?:an? |the |our )?(?:\w+ )?"
    r"(?:judge|grader|annotator|labell?er|verifier|teacher|rater|simulator))"
)
_LISTED = rf"{_MODEL}(?:{_AND}{_MODEL}){{0,4}}"
_MODELS = re.compile(
    r"\b(?:(?:train|fine-?tun|post-?train|pre-?train|distil|evaluat|test)(?:l?e|l?es|l?ed|l?ing|s)?|"
    r"(?:initiali[sz]\w*|start\w*) from|build on) "
    rf"(?:the |both |all |an? )?(?P<cell>{_LISTED}){_NO_JUDGE}|"
    rf"\b(?:us|adopt|instantiat)(?:e|es|ed|ing|s)? (?:the |both |all |an? )?(?P<used>{_LISTED}){_NO_JUDGE}"
    r"(?! (?:to|was|were|for)\b)|"
    r"\b(?:train|run|tune|fine-?tune|distill?) (?:(?!data|labels|answers|samples|outputs)[a-z-]+ ){1,5}"
    rf"(?:with|from|on) (?P<with>{_LISTED}){_NO_JUDGE}|"
    r"\b(?:policy|policies|students?|base models?|backbones?) (?:is|are) (?:the |an? )?"
    rf"(?P<is>{_LISTED}){_NO_JUDGE}"
)
_ONE_MODEL = re.compile(_MODEL)
_SIZE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?[BM]\b")
_SIZED = re.compile(
    r"\b(?:train|fine-?tun|post-?train|pre-?train|evaluat|test|us)(?:e|es|ed|ing)? (?:an?|the) "
    r"(?P<cell>\d+(?:\.\d+)?[BM])(?:[- ]parameters?)? (?:\w+ ){0,2}(?:model|network|policy)\b|"
    r"\b(?:model|network|policy) (?:has|with) (?P<other>\d[\d.,]* ?(?:[BM]|billion|million) parameters)\b"
)
_DATUM = r"(?:[A-Z][\w]*[A-Z0-9][\w]*|[A-Z][a-z]+(?=-\d)|[A-Z]\w+(?=-[A-Za-z]*bench))(?:[-.][\w]+)*"
_ITEMS = (
    r"(?:samples|examples|problems|questions|prompts|tokens|images|tasks|episodes|pairs|data|datasets|benchmarks|"
    r"sequences|waves?|domains|continuations)"
)
_DATA = re.compile(
    rf"\b(?:on|over|{_ITEMS} (?:(?:[a-z-]+|[\d,]+) ){{0,4}}(?:from|of|in)|"
    r"on (?:(?!outputs|answers|responses|labels|traces|rollouts|feedback|states|scores)[a-z]+ ){1,3}from) "
    r"(?:the |all |both |\d+ \w+ (?:of|from) (?:the )?)?"
    rf"(?P<cell>{_DATUM}(?:{_AND}{_DATUM}){{0,5}}(?: (?:Verified|Hard|Pro|Lite|Diamond|Plus))?"
    r"(?: (?:datasets?|benchmarks?|collections?|corpus|corpora|suites?))?)"
)
_NO_DATA = re.compile(
    rf"{_FAMILY}|(?:GPU|TPU|CPU|[AHV]\d{{2,4}}\b|RTX|PyTorch|JAX\b|TensorFlow|HuggingFace|OpenAI|GitHub|API|AWS|arXiv|"
    r"NVIDIA|AMD\b)|[A-Z]{2,5}s$"
)
_NO_RIVAL = (
    r"(?:that|those|these|this|it|them|each|one|what|how|others?|more|fewer|less|different|various|at|or|and|respect|"
    r"regard|varying|increasing|human|\d[\d.,%]*)\b|[^.;:]{0,40}\b(?:tests?|intervals?|correlations?)\b"
)
_ENDS = (
    r"[.;:(]|$|"
    r", (?:each|which|whose|neither|all|both|none|tuned|among|where|while|with|using|under|the latter|as)\b|"
    r" (?:on|in|at|with|for|using) (?:the|an?) (?:same|equal)\b| (?:under|where|while|and (?:find|show))\b"
)
_BASELINE = re.compile(
    r"\bcompare(?:d|s)? (?:[\w-]+ ){0,3}?(?:with|against) "
    rf"(?P<cell>(?!{_NO_RIVAL})[^.;:()]{{3,120}}?)(?={_ENDS})|"
    r"\b(?:compare(?:d|s)? (?:\w+ ){0,3}?to|against|baselines? (?:is|are)) (?:the |an? )?"
    rf"(?P<named>{_NAME}(?:{_AND}{_NAME}){{0,5}})"
)
_CHIPS = r"(?:[AHV]\d{2,3}s?(?: GPUs?)?|GPUs?|TPUs?)\b"
_TIME = r"(?:hours?|days?|minutes?|weeks?)\b"
_HOURS = (
    rf"(?:about |roughly |under |over |approximately )?\d[\d.,]* (?:(?:GPU|TPU|CPU|node)[- ])?{_TIME}"
    rf"(?: (?:on|with|using) [\w -]{{1,30}}?(?:{_CHIPS}|CPUs?\b))?"
)
_COST = re.compile(
    r"(?<![\w.])(?:\d[\d,]*|one|two|four|eight|a single) ?(?:[×x] ?)?(?:NVIDIA |AMD )?(?:RTX )?(?:\d{4} )?"
    rf"(?:GPU[- ](?:hours?|days?)|{_CHIPS})(?: (?:for|in) [\w. ]{{1,20}}?{_TIME})?|"
    r"\b(?:takes?|took|requires?|required) (?:approximately )?"
    rf"(?P<cell>{_HOURS})"
)
_RUN = (
    r"(?:runs?|training|fine-?tuning|distillation|experiments?|study|evaluations?|audit|panel|collection|annotation|"
    r"rewriting|enumeration|rounds|stage|search|sweep|pipeline)"
)
_MONEY = r"(?:[$€]\d[\d.,]*(?: ?[kKM]\b)?|\d[\d.,]* (?:dollars|euros|USD|EUR))"
_RUN_COST = re.compile(
    rf"(?:^|, (?:and |while )?|; | and )(?P<cell>(?P<who>(?:[\w%,.-]+ ){{0,4}}?{_RUN}(?: [\w%,.-]+){{0,6}}?) "
    r"(?:takes?|took|needs?|needed|requires?|required|uses?|used|costs?|consumes?|consumed) "
    rf"(?:{_HOURS}|{_MONEY}))",
    re.IGNORECASE,
)
_IN_ALL = re.compile(rf"(?P<cell>{_HOURS} in (?:all|total)(?: on [\w -]{{1,30}}?{_CHIPS})?)")
_CAPITALS = re.compile(r"\b[\w-]*[A-Z][\w-]*[A-Z\d][\w-]*\b")
_CODE = re.compile(
    r"\b(?:[Oo]ur |[Tt]he )?(?:source )?(?:[Cc]ode|[Ii]mplementation)(?:,? (?:and )?[a-z]+){0,4}? "
    r"(?:is|are|will be)(?: \w+)? (?:available|released|open-sourced|open)\b|"
    r"\b[Ww]e (?:\w+ )?(?:release|open-source|publish)[^.,;:]{1,60}?\bcode\b"
)
_OURS = re.compile(
    r"\b(?:we (?:\w+ly )?(?:train|fine-?tune|post-?train|pre-?train|distil|use|evaluate|test|run|"
    r"initiali[sz]e|start|adopt|instantiate|measure|report|conduct|compare|relabel|sample|prune|enumerate)\w*|"
    r"(?:prompts|tasks|questions|problems|data|domains) (?:are|come|were|stem) |"
    r"(?:the |our )(?:policy|students?|base models?|backbones?) (?:is|are) |students are |"
    r"(?:our|all) (?:\w+ ){0,2}(?:experiments?|models?|runs?|training|evaluations?)|"
    r"(?:training|evaluation|the run)(?: [\w-]+){0,2} (?:takes?|took|is|was|requires?|uses?)|"
    r"is (?:trained|evaluated|tested))\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:prior|previous|existing|other|earlier|related) (?:\w+ ){0,2}"
    r"(?:work|methods?|approach\w*|stud\w+|models?)\b|"
    r"\b(?:tables?|fig(?:ures?|\.)|sections?|appendix) \S|"
    r"\bet al\b|\bunlike\b|\bwould\b|\bcould\b|\bfuture\b|\bdo(?:es)? not\b|\bcannot\b",
    re.IGNORECASE,
)
_RIVAL = re.compile(r"\b(?:compare\w*|against|than|versus|baselines?|over)\b")
_SET_UP: tuple[Part, ...] = ("experiments", "results", "method", "appendix")


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence with its place."""

    text: str
    anchor: str
    section: str


def row_of(paper: Paper, text: FullText) -> Row | None:
    """A paper's row; None where it would hold next to nothing."""
    stated = [one for one in _sentences(text, _SET_UP) if not _OTHERS.search(one.text)]
    said = [one for one in stated if _OURS.search(one.text)]
    found: dict[Column, Citation | None] = {
        "model": _first(paper, said, _model),
        "size": _first(paper, said, _size),
        "data": _first(paper, said, _data),
        "baseline": _first(paper, said, lambda text: _cell(_BASELINE, text)),
        "result": _result(paper),
        "cost": _first(paper, stated, lambda text: _run_cost(text, paper))
        or _first(paper, said, lambda text: _cell(_COST, text)),
        "limit": limit.citation if (limit := limit_of(text)) else None,
        "code": _first(paper, list(_sentences(text, None)), lambda text: _cell(_CODE, text)),
    }
    cells = tuple(Cell(column, one) for column, one in found.items() if one and len(one.evidence) <= LONGEST)
    return Row(paper.id, cells) if len(cells) >= FEWEST else None


def _sentences(text: FullText, parts: tuple[Part, ...] | None) -> Iterator[_Said]:
    """Sentences of some parts, or of all, without markup and orders; each as far as its first link."""
    for section, passage in text.passages:
        is_asked = not parts or section.part in parts
        if is_asked and passage.anchor and section.label and is_clean(section.label):
            heads = (sentence.partition("http")[0] for sentence in split(passage.text))
            yield from (_Said(head, passage.anchor, section.label) for head in heads if is_clean(head))


def _first(paper: Paper, said: Iterable[_Said], find: Callable[[str], str]) -> Citation | None:
    """The first span that is found, with its place."""
    spans = ((find(one.text), one) for one in said)
    return next((Citation(paper.id, span, one.anchor, one.section) for span, one in spans if span), None)


def _own(text: str) -> str:
    """A sentence as far as it speaks of no rival."""
    return _RIVAL.split(text, maxsplit=1)[0]


def _model(text: str) -> str:
    return _cell(_MODELS, _own(text))


def _size(text: str) -> str:
    """The size in the name of its model, else that of a model without a name."""
    return _cell(_SIZE, _model(text)) or _cell(_SIZED, _own(text))


def _data(text: str) -> str:
    found = (match["cell"] for match in _DATA.finditer(text))
    return next((one for one in found if not (_ONE_MODEL.match(one) or _NO_DATA.match(one))), "")


def _run_cost(text: str, paper: Paper) -> str:
    """What a run or the whole took, where it is this paper's: it names no system but that of its title."""
    for match in _RUN_COST.finditer(text):
        if all(name in paper.title for name in _CAPITALS.findall(match["who"])):
            return match["cell"]
    return _cell(_IN_ALL, text)


def _cell(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    if not match:
        return ""
    named = [held for held in match.groupdict().values() if held]
    return named[0] if named else match[0]


def _result(paper: Paper) -> Citation | None:
    """The finding in figures that the abstract states best."""
    told = [one for one in sentences_of(paper.id, paper.abstract) if one.is_quotable and figures(one.text)]
    best = max(told, key=lambda one: (round(finds(one), 6), -one.place), default=None)
    return Citation(paper.id, best.text.rstrip(". ")) if best and finds(best) > WORTH else None
