"""The gates: every citation real, every quotation verbatim, every number found.

    check(brief, papers) → Verdict(failures, counts)      nothing is changed, nothing is raised

Each gate is a function over a brief that yields failures; what it compares is in a module of its own:

    gates.py       the gates                        verdict.py     Gate, Failure, Verdict
    places.py      where a claim stands             sources.py     a paper's text as it is compared
    citations.py   what is cited, and tables of it
    quotations.py  evidence and “…”                 numbers.py     numbers in prose
    counts.py      counts of papers                 names.py       handles and names
    repeats.py     claims alike                     sections.py    how much is enough
    foreign.py     links, markup, orders            case.py        a brief before the gates
"""

from service.briefs.grounding.gates import check
from service.briefs.grounding.places import Place, Section, Words, claims, rewrite, texts
from service.briefs.grounding.verdict import Failure, Gate, Verdict

__all__ = [
    "Failure",
    "Gate",
    "Place",
    "Section",
    "Verdict",
    "Words",
    "check",
    "claims",
    "rewrite",
    "texts",
]
