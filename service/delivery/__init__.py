"""Delivery: the ledger's words and rules. One row for each issue and subscriber; claim, begin, send, settle.

In reading order:

model    State, Fact, Outcome, Delivery, Message; what is asked of a Mailer and of a Journal
rules    retries, Message-IDs, the maker of messages, what becomes of a crashed worker's claims
policy   what a server's reply means, and whose fault it is
breaker  whether the server refuses everybody
bounces  what a refusal or a report says of an address
return_path  an envelope sender for each delivery
transactional  e-mails to one reader, outside of any ledger: statuses, retries
pace     token buckets and the warm-up curve: how many may leave now
events   what a provider reports later, and what it changes
figures  how a delivery goes, for a log line, a page and Prometheus
"""

from service.delivery.model import (
    Delivery,
    Fact,
    Fault,
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
from service.delivery.rules import MessageIds, MessageMaker, Uncertainty, reconciled, settlement

__all__ = [
    "Delivery",
    "Fact",
    "Fault",
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
