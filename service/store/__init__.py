"""The store: tables of papers, briefs, issues and deliveries, and every query on them.

tables     the tables
papers     what was fetched, seen and paid for
issues     briefs, issues and their approval
approval   what the schedule may approve: only what no person took in hand
checks     what was found of an issue's e-mails
edits      what editors changed by hand, and the originals
planning   who gets an issue, and when
ledger     what became of it
bounces    what comes back teaches the roster
tallies    sums of what stands still, and what is old is deleted
queue      which deliveries may be claimed, and in which order
settling   the words of workers on what they claimed; what a cancellation allows
hours      when each is due, and what is late
pacing     token buckets that the workers share
reports    reading the ledger: rows, figures
lookups    one reader or one page of readers in the ledger; an audience before it is planned
sheets     the ledger as CSV
events     what a provider reports later
agenda     what the schedule goes by
transactional  e-mails to one reader: queued, claimed, settled
deletion   what stays of a subscriber who was deleted
restoring  what is held after a backup was restored
watch      what an operator watches: fetches, what is overdue
trends     figures over many issues, and what one subscriber received
admins     sign-in links, sessions and the audit log of the admin pages
"""

import sqlalchemy as sa

from service.store.admins import Act, AdminBook, LinkRefusal
from service.store.agenda import Agenda, asked_about_held, asked_in_vain
from service.store.approval import Approval
from service.store.checks import IssueChecks
from service.store.deletion import Deletion
from service.store.edits import EditDesk, Made
from service.store.events import EVENTS_FOR, EventBook, Recorded
from service.store.hours import HELD, Hours
from service.store.issues import (
    BriefBroken,
    Built,
    IssueClosed,
    IssueEdited,
    IssueShelf,
    IssueStatus,
    Stale,
    UnknownIssue,
)
from service.store.ledger import Claims, Ledger, LedgerBroken, Unavailable
from service.store.lookups import Crowd, Lookups
from service.store.papers import PaperShelf
from service.store.planning import FanOut, Planning, Span
from service.store.queue import Claimant
from service.store.reports import Group, Line, Reports
from service.store.restoring import Restoring
from service.store.settling import IssueCancelled
from service.store.sheets import sheet
from service.store.tables import BriefRow, DeliveryRow, Halt, IssueRow, PaperRow, SightingRow
from service.store.tallies import Tallies
from service.store.transactional import FailedEmail, Transactional, TransactionalSummary
from service.store.trends import IssueTrend, Received, TrendBook
from service.store.watch import Watch, Watched

__all__ = [
    "EVENTS_FOR",
    "HELD",
    "Act",
    "BriefBroken",
    "BriefRow",
    "Built",
    "Claimant",
    "Claims",
    "Crowd",
    "DeliveryRow",
    "FailedEmail",
    "FanOut",
    "Group",
    "Halt",
    "IssueCancelled",
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
    "Store",
    "TransactionalSummary",
    "Unavailable",
    "UnknownIssue",
    "Watched",
    "asked_about_held",
    "asked_in_vain",
    "sheet",
]


class Store(
    PaperShelf, IssueShelf, EditDesk, Approval, IssueChecks, Planning, Ledger, Hours, Reports, Lookups,
    EventBook, TrendBook, AdminBook, Agenda, Watch, Restoring, Deletion, Tallies, Transactional,
):  # fmt: skip
    """Every query on papers, briefs, issues, deliveries and admins."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
