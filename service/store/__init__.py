"""The store: tables of papers, briefs, issues and deliveries, and every query on them.

tables     the tables
papers     what was fetched, seen and paid for; full texts, until they are pruned
issues     briefs, issues, their approval, and briefs as they were built
decisions  what people decide on an issue before it is planned
build_runs  builds that editors began from the pages
reviews    what was found of an issue's e-mails; what the schedule may approve by itself
edits      what editors changed by hand
planning   who gets an issue, and when; what is late
ledger     what became of it
queue      which deliveries may be claimed, in which order, and how fast
settling   the words of workers on what they claimed; what a cancellation allows; what bounces teach
reports    reading the ledger: figures, rows, one reader, CSV
tallies    how many deliveries of each issue stand alike, kept as they change and as what is old is cut
for_you    papers that an issue puts forward for each reader
events     what a provider reports later
agenda     what the schedule goes by
transactional  e-mails to one reader: queued, claimed, settled
moving     every row from SQLite to PostgreSQL
restoring  what is held after a backup was restored
search_index  the words of approved issues and of the papers that were considered; made of the above
monitoring  what an operator watches: fetches, what is overdue, figures over many issues
admins     sign-in links, sessions and the audit log of the admin pages
"""

from service.store.admins import Act, AdminRepository, LinkRefusal
from service.store.agenda import Agenda, asked_about_held, asked_in_vain
from service.store.build_runs import BUILD_LEASE, BuildRun, BuildRuns
from service.store.decisions import Decisions
from service.store.edits import EditRepository, Made
from service.store.events import EVENTS_FOR, EventRepository, Recorded
from service.store.for_you import ForYouRepository
from service.store.issues import (
    BriefBroken,
    Built,
    IssueClosed,
    IssueEdited,
    IssueRepository,
    Stale,
    UnknownIssue,
)
from service.store.ledger import Ledger, LedgerBroken, Unavailable
from service.store.monitoring import CameBack, IssueTrend, Monitoring, Received, Watched, bounced
from service.store.papers import KeptAnswers, PaperRepository, TextRepository
from service.store.planning import HELD, Planning
from service.store.reports import AudienceSummary, Group, Line, Reports, sheet
from service.store.restoring import Restoring
from service.store.reviews import Reviews
from service.store.settling import IssueCancelled
from service.store.tables import BriefRow, DeliveryRow, IssueRow, PaperRow, SightingRow
from service.store.tallies import Retention, Tallies
from service.store.transactional import FailedEmail, Transactional, TransactionalSummary

__all__ = [
    "BUILD_LEASE",
    "EVENTS_FOR",
    "HELD",
    "Act",
    "AudienceSummary",
    "BriefBroken",
    "BriefRow",
    "BuildRun",
    "Built",
    "CameBack",
    "DeliveryRow",
    "FailedEmail",
    "ForYouRepository",
    "Group",
    "IssueCancelled",
    "IssueClosed",
    "IssueEdited",
    "IssueRow",
    "IssueTrend",
    "KeptAnswers",
    "LedgerBroken",
    "Line",
    "LinkRefusal",
    "Made",
    "PaperRepository",
    "PaperRow",
    "Received",
    "Recorded",
    "SightingRow",
    "Stale",
    "Store",
    "TransactionalSummary",
    "Unavailable",
    "UnknownIssue",
    "Watched",
    "asked_about_held",
    "asked_in_vain",
    "bounced",
    "sheet",
]


class Store(
    PaperRepository, TextRepository, IssueRepository, Decisions, BuildRuns, EditRepository, Reviews, Planning,
    Ledger, Reports, EventRepository, AdminRepository, Agenda, Monitoring, Restoring, Retention, Tallies,
    Transactional, ForYouRepository,
):  # fmt: skip
    """Every query on papers, briefs, issues, deliveries and admins."""
