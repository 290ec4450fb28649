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
_MODELS = re.compile(
    r"\b(?:train|fine-?tun|post-?train|pre-?train|evaluat|test|us|adopt|instantiat|initiali[sz]\w* from|"
    r"start\w* from|build on)(?:e|es|ed|ing)? (?:the |both |all |an? )?"
    rf"(?P<cell>{_MODEL}(?:{_AND}{_MODEL}){{0,4}})(?![\w-])(?! (?:to|was|were|for)\b)"
    r"(?! as (?:an? |the |our )?(?:\w+ )?"
    r"(?:judge|grader|annotator|labell?er|verifier|teacher|rater|simulator))"
)
_ONE_MODEL = re.compile(_MODEL)
_SIZE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?[BM]\b")
_SIZED = re.compile(
    r"\b(?:train|fine-?tun|post-?train|pre-?train|evaluat|test|us)(?:e|es|ed|ing)? (?:an?|the) "
    r"(?P<cell>\d+(?:\.\d+)?[BM])(?:[- ]parameters?)? (?:\w+ ){0,2}(?:model|network|policy)\b|"
    r"\b(?:model|network|policy) (?:has|with) (?P<other>\d[\d.,]* ?(?:[BM]|billion|million) parameters)\b"
)
_DATUM = r"(?:[A-Z][\w]*[A-Z0-9][\w]*|[A-Z][a-z]+(?=-\d)|[A-Z]\w+(?=-[A-Za-z]*bench))(?:[-.][\w]+)*"
_DATA = re.compile(
    r"\b(?:on|over|(?:samples|examples|problems|questions|prompts|tokens|images|tasks|episodes) (?:from|of)) "
    r"(?:the |all |both |\d+ \w+ (?:of|from) (?:the )?)?"
    rf"(?P<cell>{_DATUM}(?:{_AND}{_DATUM}){{0,5}}(?: (?:Verified|Hard|Pro|Lite|Diamond|Plus))?"
    r"(?: (?:datasets?|benchmarks?|collections?|corpus|corpora|suites?))?)"
)
_NO_DATA = re.compile(
    rf"{_FAMILY}|(?:GPU|TPU|CPU|[AHV]\d{{2,4}}\b|RTX|PyTorch|JAX\b|TensorFlow|HuggingFace|OpenAI|GitHub|API|AWS|arXiv|"
    r"NVIDIA|AMD\b)|[A-Z]{2,5}s$"
)
_BASELINE = re.compile(
    r"\b(?:compare(?:d|s)? (?:\w+ ){0,3}?(?:with|to|against)|against|baselines? (?:is|are)) (?:the |an? )?"
    rf"(?P<cell>{_NAME}(?:{_AND}{_NAME}){{0,5}})"
)
_CHIPS = r"(?:[AHV]\d{2,3}s?(?: GPUs?)?|GPUs?|TPUs?)\b"
_TIME = r"(?:hours?|days?|minutes?|weeks?)\b"
_COST = re.compile(
    r"(?<![\w.])(?:\d[\d,]*|one|two|four|eight|a single) ?(?:[×x] ?)?(?:NVIDIA |AMD )?(?:RTX )?(?:\d{4} )?"
    rf"(?:GPU[- ](?:hours?|days?)|{_CHIPS})(?: (?:for|in) [\w. ]{{1,20}}?{_TIME})?|"
    r"\b(?:takes?|took|requires?|required) (?:approximately )?"
    rf"(?P<cell>(?:about |roughly |under )?[\d.,]+ {_TIME}"
    rf"(?: (?:on|with|using) [\w -]{{1,30}}?(?:{_CHIPS}|CPUs?\b))?)"
)
_CODE = re.compile(
    r"\b(?:[Oo]ur |[Tt]he )?(?:source )?(?:code|implementation)(?: and [a-z]+){0,2} (?:is|are|will be)"
    r"(?: \w+)? (?:available|released|open-sourced|open)\b|"
    r"\b[Ww]e (?:\w+ )?(?:release|open-source|publish)[^.,;:]{1,60}?\bcode\b"
)
_OURS = re.compile(
    r"\b(?:we (?:\w+ly )?(?:train|fine-?tune|post-?train|pre-?train|use|evaluate|test|run|initiali[sz]e|"
    r"start|adopt|instantiate|measure|report|conduct|compare)\w*|"
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
    said = [
        one for one in _sentences(text, _SET_UP) if _OURS.search(one.text) and not _OTHERS.search(one.text)
    ]
    found: dict[Column, Citation | None] = {
        "model": _first(paper, said, _model),
        "size": _first(paper, said, _size),
        "data": _first(paper, said, _data),
        "baseline": _first(paper, said, lambda text: _cell(_BASELINE, text)),
        "result": _result(paper),
        "cost": _first(paper, said, lambda text: _cell(_COST, text)),
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
    found = _cell(_DATA, text)
    return "" if _ONE_MODEL.match(found) or _NO_DATA.match(found) else found


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
