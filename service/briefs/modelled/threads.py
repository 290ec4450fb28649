"""Threads: what earlier briefs of a topic said, as data for a prompt."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.briefs.model import Brief, Earlier
from service.briefs.modelled.asking import Lines

WEEKS = 12  # earlier briefs that are remembered
SENTENCES = 6  # of one brief


@dataclass(frozen=True)
class Past:
    """Sentences of the topic's earlier briefs under the keys E1, E2, …, newest brief first."""

    sentences: tuple[Earlier, ...] = ()

    @classmethod
    def of(cls, briefs: Sequence[Brief]) -> "Past":
        newest = sorted(briefs, key=lambda brief: brief.first, reverse=True)[:WEEKS]
        return cls(tuple(one for brief in newest for one in _remembered(brief)))

    def entries(self) -> list[tuple[str, Lines]]:
        return [
            (f"E{number}", (("week", one.issue), ("sentence", one.text)))
            for number, one in enumerate(self.sentences, 1)
        ]

    def get(self, key: str) -> Earlier | None:
        number = key.strip("[] ").removeprefix("E")
        at = int(number) - 1 if number.isascii() and number.isdigit() else -1
        return self.sentences[at] if 0 <= at < len(self.sentences) else None


def _remembered(brief: Brief) -> list[Earlier]:
    """The takeaways, then the first facts of the themes: what a later week can continue or contradict."""
    facts = [one.fact for one in brief.minute.takeaways] if brief.minute else []
    for theme in brief.themes:
        facts += [claim for claim in theme.claims if claim.kind == "fact" and claim.origin != "counted"][:2]
    told = {claim.text: Earlier(brief.window_label, claim.whole, claim.paper_ids) for claim in facts}
    return list(told.values())[:SENTENCES]
