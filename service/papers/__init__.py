"""Papers and windows: what arXiv offers, which of it counts for a topic, and why.

model      Paper, Window, Fetched, Sighting, Selection and the Protocol PaperSource
features   words and pairs of words of many papers as a matrix
ranking    how near each candidate is to a topic, and the reason in plain words
withdrawal what says that a paper was withdrawn
selection  select(): which papers a brief holds; verdicts(): what became of every paper
"""

from service.papers.model import (
    LOOKBACK,
    Fetched,
    Grader,
    Paper,
    PaperSource,
    PassedOver,
    Ranked,
    Selection,
    Sighting,
    SourceError,
    Verdict,
    Window,
)
from service.papers.ranking import rank
from service.papers.selection import select, verdicts
from service.papers.withdrawal import is_withdrawn, withdrawal

__all__ = [
    "LOOKBACK",
    "Fetched",
    "Grader",
    "Paper",
    "PaperSource",
    "PassedOver",
    "Ranked",
    "Selection",
    "Sighting",
    "SourceError",
    "Verdict",
    "Window",
    "is_withdrawn",
    "rank",
    "select",
    "verdicts",
    "withdrawal",
]
