"""The archive: tables of papers, briefs, issues and deliveries, and every query on them.

tables   the tables
papers   what was fetched, seen and paid for
issues   briefs, issues and their approval
ledger   who gets an issue, and what became of it
hours    when each is due, and what is late
pacing   token buckets that the workers share
reports  reading the ledger: rows, figures
events   what a provider reports later
agenda   what the schedule goes by
restoring  what is held after a backup was restored
watch    what an operator watches: fetches, what is overdue
"""

import sqlalchemy as sa

from service.archive.agenda import Agenda, asked_about_held
from service.archive.events import EventBook, Recorded
from service.archive.hours import HELD, Hours
from service.archive.issues import BriefBroken, Built, IssueClosed, IssueShelf, IssueStatus, UnknownIssue
from service.archive.ledger import Claimant, Claims, FanOut, Ledger, LedgerBroken, Span, Unavailable
from service.archive.papers import PaperShelf
from service.archive.reports import Line, Reports
from service.archive.restoring import Restoring
from service.archive.tables import BriefRow, DeliveryRow, Halt, IssueRow, PaperRow, SightingRow
from service.archive.watch import Watch, Watched

__all__ = [
    "HELD",
    "Archive",
    "BriefBroken",
    "BriefRow",
    "Built",
    "Claimant",
    "Claims",
    "DeliveryRow",
    "FanOut",
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
    "Watched",
    "asked_about_held",
]


class Archive(PaperShelf, IssueShelf, Ledger, Hours, Reports, EventBook, Agenda, Watch, Restoring):
    """Every query on papers, briefs, issues and deliveries."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
