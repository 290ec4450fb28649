"""Delivery: an approved issue to its audience. One row of the ledger for each issue and subscriber.

In reading order:

model    State, Outcome, Delivery, Message, provider events; what is asked of a Mailer and of a Journal
policy   what a server's reply means and whose fault it is, what bounces say, when to stop, how fast to go
messages  the maker of messages, their Message-IDs and return paths
ledger   what delivering asks of the ledger; retries, and what becomes of a crashed worker's claims
run      one process's part: claim, begin, send, settle, until nothing is due
transactional  e-mails to one reader, outside of any ledger: statuses, retries
"""

from service.delivery.ledger import Batch, ClaimRequest, Uncertainty, reconciled, settlement
from service.delivery.messages import MessageIds, MessageMaker
from service.delivery.model import (
    Chunk,
    Delivery,
    Fact,
    FanOut,
    Fault,
    Halt,
    IssueStatus,
    Journal,
    Mailer,
    MailerUnusable,
    Message,
    MessageRefused,
    Outcome,
    Printed,
    ServerRefuses,
    State,
)

__all__ = [
    "Batch",
    "Chunk",
    "ClaimRequest",
    "Delivery",
    "Fact",
    "FanOut",
    "Fault",
    "Halt",
    "IssueStatus",
    "Journal",
    "Mailer",
    "MailerUnusable",
    "Message",
    "MessageIds",
    "MessageMaker",
    "MessageRefused",
    "Outcome",
    "Printed",
    "ServerRefuses",
    "State",
    "Uncertainty",
    "reconciled",
    "settlement",
]
