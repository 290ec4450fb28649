"""The archive: tables of papers, briefs, issues and deliveries, and every query on them.

tables   the tables
papers   what was fetched, seen and paid for
issues   briefs, issues and their approval
edits    what editors changed by hand, and the originals
ledger   who gets an issue, and what became of it
pacing   token buckets that the workers share
reports  reading the ledger: rows, figures
lookups  one reader or one page of readers in the ledger; an audience before it is planned
sheets   the ledger as CSV
events   what a provider reports later
trends   figures over many issues, and what one subscriber received
admins   sign-in links, sessions and the audit log of the admin pages
"""

import sqlalchemy as sa

from service.archive.admins import Act, AdminBook, LinkRefusal
from service.archive.edits import EditDesk, Made
from service.archive.events import EventBook, Recorded
from service.archive.issues import (
    Built,
    IssueClosed,
    IssueEdited,
    IssueShelf,
    IssueStatus,
    Stale,
    UnknownIssue,
)
from service.archive.ledger import Claimant, Claims, FanOut, Ledger, LedgerBroken, Span, Unavailable
from service.archive.lookups import Crowd, Lookups
from service.archive.papers import PaperShelf
from service.archive.reports import Line, Reports
from service.archive.sheets import sheet
from service.archive.tables import BriefRow, DeliveryRow, Halt, IssueRow, PaperRow, SightingRow
from service.archive.trends import IssueTrend, Received, TrendBook

__all__ = [
    "Act",
    "Archive",
    "BriefRow",
    "Built",
    "Claimant",
    "Claims",
    "Crowd",
    "DeliveryRow",
    "FanOut",
    "Halt",
    "IssueClosed",
    "IssueEdited",
    "IssueRow",
    "IssueStatus",
    "IssueTrend",
    "LedgerBroken",
    "Line",
    "LinkRefusal",
    "Made",
    "PaperRow",
    "Received",
    "Recorded",
    "SightingRow",
    "Span",
    "Stale",
    "Unavailable",
    "UnknownIssue",
    "sheet",
]


class Archive(PaperShelf, IssueShelf, Ledger, Reports, EventBook, AdminBook, EditDesk, Lookups, TrendBook):
    """Every query on papers, briefs, issues, deliveries and admins."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
