"""What the gates say: which gate failed what, where and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from service.briefs.claims import Claim
from service.briefs.grounding.places import Place
from service.briefs.metadata import GateCount


class Gate(StrEnum):
    """The gates, in the order in which they are reported."""

    CATALOG = "catalog"  # every paper that is cited or listed is in the catalog
    CITATION = "citation"  # every fact cites a paper, and a written one three at most
    READING = "reading"  # every reading rests on facts of its brief, and cites nothing itself
    LANGUAGE = "language"  # written sentences are English, and share words with what they cite
    EVIDENCE = "evidence"  # evidence stands verbatim in its paper: title, abstract or cited passage
    QUOTATION = "quotation"  # what stands in quotation marks is a cited paper's own words
    NUMBER = "number"  # every number stands in a cited paper, every count is right
    HANDLE = "handle"  # every handle belongs to a cited paper
    NAME = "name"  # every name stands in the catalog or in a cited paper
    REPEAT = "repeat"  # no quotation is told twice, no written sentence stands twice as it is
    MEMBERSHIP = "membership"  # no paper is in more than two themes
    SECTION = "section"  # every section has as much as the window can give
    FOREIGN = "foreign"  # no link, markup, address, hidden character or instruction comes through


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that one gate found wrong, in words that tell a writer what to change."""

    gate: Gate
    where: Place
    claim: Claim | None  # None where the place is a text, an item or a section
    why: str

    def __str__(self) -> str:
        return f"{self.where}: {self.gate}: {self.why}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that the gates found in one brief."""

    failures: tuple[Failure, ...]
    counts: tuple[GateCount, ...]  # one for each gate: how many places it judged, how many of them failed

    @property
    def sound(self) -> bool:
        return not self.failures

    @property
    def places(self) -> tuple[Place, ...]:
        """The places that failed, each once, in reading order of the failures."""
        return tuple(dict.fromkeys(failure.where for failure in self.failures))

    def by(self, gate: Gate) -> tuple[Failure, ...]:
        return tuple(failure for failure in self.failures if failure.gate is gate)


def count(failures: Iterable[Failure], checked: dict[Gate, int]) -> tuple[GateCount, ...]:
    """For each gate, how many places it judged and how many of them failed; a place counts once a gate."""
    failed = dict.fromkeys(Gate, 0)
    for gate, _ in dict.fromkeys((failure.gate, failure.where) for failure in failures):
        failed[gate] += 1
    return tuple(GateCount(gate.value, checked.get(gate, 0), failed[gate]) for gate in Gate)
