"""Handles that don't name their paper well, and why: for the measures of a brief."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from service.briefs.grounding.sources import Sources, holds, normalise, stem
from service.briefs.model import Brief
from service.language import read

LONGEST_HANDLE = 4  # words

_FRAGMENT = re.compile(r"^.?$|\b(?:it|let|don|can|what|that)['’ ][st]\b", re.IGNORECASE)
_OF_AUTHORS = re.compile(r" et al\.$|^[^\W\d_][\w'’-]+ and [^\W\d_][\w'’-]+$")
_BETWEEN = re.compile(r", | and ")
_EDGE_WORDS = frozenset(
    "a an and are as at by for from in into is it of on or s t the to towards via vs was with without".split()  # noqa: SIM905 - a list of words reads better as text
)
_GENERIC = frozenset(
    """
    ai api cnn cot cpu dl dpo dqn gan gnn gpt gpu grpo hci icl kl lm llm lora lstm ml mlp moe nlp nn peft ppo
    qa rag rl rlhf rlvr rnn sft sgd sota svm tpu vae vit vla vlm vqa
    data framework method model paper result study system training
    """.split()  # noqa: SIM905 - a list of words reads better as text
)


@dataclass(frozen=True, slots=True)
class BadHandle:
    """A handle that does not name its paper well, and why."""

    paper_id: str
    handle: str
    why: str


def bad_handles(brief: Brief, sources: Sources) -> Iterator[BadHandle]:
    """Handles that are not unique, not in the paper's title or abstract, long, generic or a fragment."""
    seen: dict[str, str] = {}
    for entry in brief.catalog:
        source = sources.get(entry.paper_id)
        text = f"{source.text} {', '.join(source.paper.authors)}" if source else ""
        for why in _faults(entry.handle, text, seen):
            yield BadHandle(entry.paper_id, entry.handle, why)
        seen[entry.handle.casefold()] = entry.paper_id


def _faults(handle: str, text: str, seen: Mapping[str, str]) -> Iterator[str]:
    parts = handle.casefold().split()
    if handle.casefold() in seen:
        yield f"also names {seen[handle.casefold()]}"
    if not all(holds(_read(text), _read(part)) for part in _parts(handle)):
        yield "not in title, abstract or authors"
    if len(parts) > LONGEST_HANDLE:
        yield f"{len(parts)} words"
    if stem(handle) in _GENERIC:
        yield "generic"
    if not parts or _FRAGMENT.search(handle) or _EDGE_WORDS.intersection((parts[0], parts[-1])):
        yield "a fragment"


def _parts(handle: str) -> list[str]:
    """A handle, or the authors that it names: ``Okafor and Lind``, ``Okafor et al.``."""
    return [handle] if not _OF_AUTHORS.search(handle) else _BETWEEN.split(handle.removesuffix(" et al."))


def _read(text: str) -> str:
    """A text as a reader sees it, in one case."""
    return normalise(read(text).shown).casefold()
