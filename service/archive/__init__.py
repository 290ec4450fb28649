"""The archive: tables of papers, briefs, issues and deliveries, and every query on them.

tables   the tables
papers   what was fetched, seen and paid for
issues   briefs, issues and their approval
ledger   who gets an issue, and what became of it
pacing   token buckets that the workers share
reports  reading the ledger: rows, figures
events   what a provider reports later
"""

import sqlalchemy as sa

from service.archive.events import EventBook, Recorded
from service.archive.issues import Built, IssueClosed, IssueShelf, IssueStatus, UnknownIssue
from service.archive.ledger import Claimant, Claims, FanOut, Ledger, LedgerBroken, Span, Unavailable
from service.archive.papers import PaperShelf
from service.archive.reports import Group, Line, Reports
from service.archive.tables import BriefRow, DeliveryRow, Halt, IssueRow, PaperRow, SightingRow

__all__ = [
    "Archive",
    "BriefRow",
    "Built",
    "Claimant",
    "Claims",
    "DeliveryRow",
    "FanOut",
    "Group",
    "Halt",
    "IssueClosed",
    "IssueRow",
    "IssueStatus",
    "LedgerBroken",
    "Line",
    "PaperRow",
    "Recorded",
    "SightingRow",
    "Span",
    "Unavailable",
    "UnknownIssue",
]


class Archive(PaperShelf, IssueShelf, Ledger, Reports, EventBook):
    """Every query on papers, briefs, issues and deliveries."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
