"""What a sound language model answers to each question of a brief: the papers' own words.

    sound_answer(Question(form, system, user))    by the name of the schema that is asked for

It reads papers and sentences from the prompt as a model would: by the marks, keys and labels there.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ENTRY = re.compile(r"^<([0-9a-f]{16}) (?!BEGIN>|END>)([A-Za-z][\w.]*)>$")
PAPER = re.compile(r"P\d+")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
QUOTE = "quote of "
BEFORE = "before it was mended"
MOST_WORDS = 30  # of a sentence that is told again

Json = dict[str, Any]
Lines = dict[str, list[str]]


@dataclass(frozen=True)
class Question:
    """What a model is asked."""

    form: str  # the schema's name, such as CardsAnswer
    system: str
    user: str
    task: str = ""  # where the question does not come over the wire

    @cached_property
    def entries(self) -> dict[str, Lines]:
        """What stands under each key: label to texts."""
        found: dict[str, Lines] = {}
        lines: Lines = {}
        for line in self.user.splitlines():
            if match := ENTRY.match(line):
                lines = found.setdefault(match[2], defaultdict(list))
            elif found and not line.startswith("<"):
                label, _, text = line.partition(": ")
                lines[label].append(text)
        return found

    @property
    def papers(self) -> dict[str, Lines]:
        return {key: lines for key, lines in self.entries.items() if PAPER.fullmatch(key)}

    @property
    def sentences(self) -> dict[str, Lines]:
        """The entries that are sentences of the brief."""
        return {key: lines for key, lines in self.entries.items() if "kind" in lines}

    def plan(self, label: str) -> list[str]:
        """Keys of papers in the line of the plan that begins so."""
        line = next((line for line in self.user.splitlines() if line.startswith(label)), "")
        return PAPER.findall(line.partition(":")[2])


def sound_answer(question: Question) -> Json:
    return _ANSWERS[question.form](question)


# Sentences


def fact(key: str, lines: Mapping[str, list[str]], label: str, lead: str = "In {}, ") -> Json:
    """What a paper's card says under a label, told with its quote; empty where it says nothing."""
    if not lines.get(label):
        return {"text": "", "setting": "", "citations": []}
    text = re.sub(r" \[[^\]]*\]$", "", lines[label][0])
    quote = lines[f"{label.removeprefix('own ')} quote"][0]
    told = f"{lead.format(f'[[{key}]]')}{lowered(text)}"
    return {"text": told, "setting": "", "citations": [{"key": key, "quote": quote}]}


def again(lines: Mapping[str, list[str]], lead: str) -> Json:
    """A sentence of the brief in other words, with its quotes."""
    quotes = [
        (label.removeprefix(QUOTE), text)
        for label in lines
        if label.startswith(QUOTE)
        for text in lines[label]
    ]
    return {
        "text": f"{lead}{lines['sentence'][0]}",
        "setting": "",
        "citations": [{"key": key, "quote": text} for key, text in quotes],
    }


def lowered(text: str) -> str:
    """A sentence to stand within another; a name keeps its capital."""
    first = text.partition(" ")[0]
    return text if first[1:] != first[1:].lower() else f"{text[:1].lower()}{text[1:]}"


def reading(text: str, about: str, *rests_on: str) -> Json:
    """What follows, said with the two longest plain words of what it is about."""
    words = sorted(set(re.findall(r"\b[a-z]{4,}\b", about)), key=lambda word: (-len(word), word))
    return {"text": text.format(" ".join(words[:2]) or "result"), "rests_on": list(rests_on)}


def sentence(name: str, kind: str, said: Json) -> Json:
    return {"id": name, "kind": kind, "setting": "", "citations": [], "rests_on": [], **said}


def subject(lines: Mapping[str, list[str]]) -> str:
    """What a paper is about: its title without its own name, in sentence case."""
    rest = lines["title"][0].rpartition(": ")[2]
    return f"{rest[:1]}{rest[1:].lower()}"


# Answers, by the name of their schema


def grades(question: Question) -> Json:
    return {"grades": [{"key": key, "grade": 8} for key in question.papers]}


def cards(question: Question) -> Json:
    return {"cards": [_card(key, lines) for key, lines in question.papers.items()]}


def _card(key: str, lines: Lines) -> Json:
    said = [one for one in SENTENCE.split(lines["abstract"][0]) if len(one.split()) <= MOST_WORDS]
    problem, how, result, limit = (_finding(said[at] if at < len(said) else "") for at in range(4))
    name = lines["title"][0].partition(":")[0] if ":" in lines["title"][0] else ""
    released = [one for one in said if re.search(r"\b(?:collects|releases?)\b", one)]
    return {
        "key": key,
        "name": name,
        "problem": problem,
        "contribution": how,
        "how": how,
        "results": [
            {"finding": result["text"], "quote": result["quote"], "model": "", "data": "", "baseline": ""}
        ],
        "limits": [limit],
        "resources": [{"name": name, "kind": "data", "quote": _finding(one)["quote"]} for one in released],
        "contradicts": _finding(""),
    }


def _finding(said: str) -> Json:
    return {"text": said, "quote": " ".join(said.rstrip(".").split()[:30])}


def outline(question: Question) -> Json:
    papers, keys = question.papers, list(question.papers)
    wished = re.search(r"Find up to (\d+)", question.user)
    each = max(1, -(-len(keys) // int(wished[1] if wished else 1)))
    groups = [keys[start : start + each] for start in range(0, len(keys), each)]
    limited = [key for key in keys if papers[key].get("own limit")]
    return {
        "question": f"Where does {subject(papers[keys[0]]).lower()} hold?",
        "answer": f"It holds for {subject(papers[keys[0]]).lower()}.",
        "themes": [_theme_plan(group, papers) for group in groups],
        "elsewhere": [
            {"name": subject(papers[key]), "papers": [key]} for group in groups for key in group[-1:]
        ],
        "methods": [{"name": subject(papers[key]), "papers": [key]} for key in keys[:3]],
        "notable": keys[:6],
        "against": keys[1:2],
        "alike": [{"what": "the same", "papers": keys[2:4]}] if len(keys) > 3 else [],
        "resources": [key for key in keys if papers[key].get("releases")],
        "challenges": [{"problem": subject(papers[key]), "papers": [key]} for key in limited[:3]],
        "threads": [{"earlier": "E1", "papers": keys[:1], "relation": "continues"}]
        if "E1" in question.entries
        else [],
        "start": keys[0],
    }


def _theme_plan(group: list[str], papers: Mapping[str, Lines]) -> Json:
    finding = subject(papers[group[0]])
    told, also = group[:5], group[5:-1]
    return {"finding": finding, "thesis": finding, "told": told, "against": [], "also": also}


def theme(question: Question) -> Json:
    papers = question.papers
    told = [key for key in question.plan("To tell") if key in papers]
    told = [key for key in told if papers[key].get("result") and papers[key].get("how")] or list(papers)[:1]
    leading = papers[told[0]]
    facts = [fact(told[0], leading, "how"), *(fact(key, papers[key], "result") for key in told)]
    ids = [f"S{number}" for number in range(1, len(facts) + 1)]
    last = reading(f"The {{}} of [[{told[0]}]] may be worth a check elsewhere.", leading["how"][0], "S1")
    thesis = f"The {{}} seems to matter where [[{told[0]}]] was tried."
    held = [sentence(name, "fact", one) for name, one in zip(ids, facts, strict=True)]
    beside = [key for key in question.plan("Also here") if key in papers]
    return {
        "heading": subject(leading),
        "thesis": reading(thesis, leading["result"][0], "S1", "S2"),
        "sentences": [*held, sentence("S9", "reading", last)],
        "also": [{"key": key, "words": subject(papers[key])} for key in beside],
        "definitions": [
            {"term": leading["its own name"][0], "meaning": subject(leading), "key": told[0],
             "quote": leading["how quote"][0]}
            for _ in leading.get("its own name", ())[:1]
        ],
    }  # fmt: skip


def methods(question: Question) -> Json:
    return {"methods": [_method(key, name, question.papers[key]) for name, key in _planned(question)]}


def _planned(question: Question) -> Iterator[tuple[str, str]]:
    """Names or problems of the plan, each with the first of its papers."""
    for line in question.user.splitlines():
        name, _, keys = line.removeprefix("- ").rpartition(": ")
        if line.startswith("- ") and (found := PAPER.findall(keys)) and found[0] in question.papers:
            yield name, found[0]


def _method(key: str, name: str, lines: Lines) -> Json:
    how = fact(key, lines, "how", "The approach of {} works like this: ")
    return {
        "name": name,
        "how": how,
        "strength": fact(key, lines, "result", "What {} measured is that "),
        "trade_off": fact(key, lines, "own limit", "The authors of {} state that "),
        "use_when": reading(f"Try [[{key}]] where its {{}} is at hand.", lines["how"][0], "how"),
        "papers": [key],
    }


def news(question: Question) -> Json:
    papers = question.papers
    against, resources = question.plan("Plan. Against expectation"), question.plan("Resources")
    alike = PAPER.findall(next(line for line in question.user.splitlines() if line.startswith("Done alike")))
    links = re.findall(r"(E\d+) (\w+): (P\d+)", question.user)
    return {
        "against": [fact(key, papers[key], "result", "Against belief, {} finds that ") for key in against],
        "alike": [fact(key, papers[key], "result", "Not alone, {} finds that ") for key in alike[:2]],
        "resources": [
            {"name": papers[key]["its own name"][0], "kind": "data",
             "fact": fact(key, papers[key], "how", "New from {}: ")}
            for key in resources
        ],
        "threads": [
            {"earlier": earlier, "question": subject(papers[key]), "relation": relation,
             "fact": fact(key, papers[key], "result", "Measured again, {} says that ")}
            for earlier, relation, key in links
        ],
    }  # fmt: skip


def areas(question: Question) -> Json:
    return {
        "areas": [
            {
                "name": name,
                "papers": [key],
                "fact": fact(key, question.papers[key], "result", "Elsewhere, {} reports that "),
            }
            for name, key in _planned(question)
        ]
    }


def challenges(question: Question) -> Json:
    return {"challenges": [_challenge(key, name, question.papers[key]) for name, key in _planned(question)]}


def _challenge(key: str, name: str, lines: Lines) -> Json:
    claim = fact(key, lines, "own limit", "What stays open with {} is that ")
    settles = reading(f"A test of [[{key}]] with other {{}} would tell more.", lines["own limit"][0], "C1")
    return {"heading": name, "claims": [claim], "settles": settles}


def closing(question: Question) -> Json:
    facts = {
        name: lines
        for name, lines in question.sentences.items()
        if lines["kind"] == ["fact"] and name.startswith("t")
    }
    firsts = [(name, lines) for name, lines in facts.items() if name.endswith(".2")]
    firsts = firsts or list(facts.items())[:1]
    (lead, first), keys = firsts[0], [_key(lines) for _, lines in firsts]
    said = first["sentence"][0]
    return {
        "headline": again(
            {**first, "sentence": [said.replace(f"[[{keys[0]}]]", "one paper")]}, "This week, "
        ),
        "question": reading(f"How far does the {{}} of [[{keys[0]}]] carry?", said, lead),
        "takeaways": [_takeaway(key, lines) for key, (_, lines) in zip(keys[:3], firsts[:3], strict=True)],
        "start": {"key": keys[0], "why": reading("It is the clearest on the {}.", said, lead)},
        "overview": [sentence("O1", "fact", again(first, "Taken together, "))],
        "decisions": [
            _decision(kind, key, lead) for kind, key in itertools.product(("read", "try"), keys[:1])
        ],
        "reading_order": [{"purpose": "start with what is measured", "papers": keys[:3]}],
    }


def _key(lines: Mapping[str, list[str]]) -> str:
    return next(label.removeprefix(QUOTE) for label in lines if label.startswith(QUOTE))


def _takeaway(key: str, lines: Lines) -> Json:
    so = reading(f"So look at the {{}} before [[{key}]] is used.", lines["sentence"][0])
    return {"fact": again(lines, "For a minute: "), "so": so}


def _decision(kind: str, key: str, basis: str) -> Json:
    return {"kind": kind, "reading": {"text": f"You may {kind} [[{key}]] first.", "rests_on": [basis]}}


def notables(question: Question) -> Json:
    wanted = (key for key in question.plan("Rows for") if key in question.papers)
    return {"rows": [_row(key, question.papers[key]) for key in wanted if question.papers[key].get("result")]}


def _row(key: str, lines: Lines) -> Json:
    shows = fact(key, lines, "result", "The main finding of {}: ")
    why = reading(f"[[{key}]] shows how to weigh the {{}}.", lines["result"][0], "shows")
    return {
        "key": key,
        "shows": shows,
        "why": why,
        "caveat": fact(key, lines, "own limit", "A limit of {}: "),
    }


def verdicts(question: Question) -> Json:
    """Full or follows for what no gate refused; another sentence of the first paper for a refused fact."""
    return {"verdicts": list(_verdicts(question))}


def _verdicts(question: Question) -> Iterator[Json]:
    for number, (name, lines) in enumerate(question.sentences.items()):
        refused = [why for why in lines.get("refused because", ()) if not why.startswith(BEFORE)]
        better = _mended(number, lines, question) if refused and lines["kind"] == ["fact"] else NOTHING
        yield verdict(name, _judgement(lines, is_refused=bool(refused)), " ".join(refused), better)


def _judgement(lines: Lines, *, is_refused: bool) -> str:
    if lines["kind"] == ["reading"]:
        return "unsupported" if is_refused else "follows"
    return "partial" if is_refused else "full"


NOTHING: Json = {"text": "", "setting": "", "citations": []}


def verdict(name: str, judgement: str, problem: str = "", better: Json = NOTHING) -> Json:
    return {"id": name, "problem": problem, "judgement": judgement, "better": better}


def _mended(number: int, lines: Lines, question: Question) -> Json:
    """A sentence of the first paper that is cited, another one for each place."""
    cited = (label.removeprefix(QUOTE) for label in lines if label.startswith(QUOTE))
    key = next((key for key in cited if key in question.papers), "")
    if not key:
        return NOTHING
    said = [
        one for one in SENTENCE.split(question.papers[key]["abstract"][0]) if len(one.split()) <= MOST_WORDS
    ]
    found = _finding(said[number % len(said)] if said else "")
    text = f"In [[{key}]], {lowered(found['text'])}"
    return {"text": text, "setting": "", "citations": [{"key": key, "quote": found["quote"]}]}


_ANSWERS: Mapping[str, Callable[[Question], Json]] = {
    "GradesAnswer": grades,
    "CardsAnswer": cards,
    "OutlineAnswer": outline,
    "ThemeAnswer": theme,
    "MethodsAnswer": methods,
    "NewsAnswer": news,
    "AreasAnswer": areas,
    "ChallengesAnswer": challenges,
    "ClosingAnswer": closing,
    "NotablesAnswer": notables,
    "VerdictsAnswer": verdicts,
}
FORMS = tuple(_ANSWERS)


def every_claim(answer: Any) -> Iterator[Json]:
    """Every sentence and finding of an answer, wherever it stands."""
    for value in answer.values() if isinstance(answer, dict) else answer:
        if isinstance(value, dict | list):
            if isinstance(value, dict) and ("text" in value or "finding" in value):
                yield value
            yield from every_claim(value)


def keys_in(texts: Iterable[str]) -> list[str]:
    """Keys of papers in texts, each once, in order."""
    return list(dict.fromkeys(key for text in texts for key in re.findall(r"\bP\d+\b", text)))
