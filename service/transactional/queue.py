"""Queueing the e-mails about subscriptions: one row for each, the same for known and unknown addresses."""

import datetime as dt
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from service.delivery.transactional import DEFAULT_LIFETIME, Queued
from service.store import Store
from subscribers.emails import TransactionalEmail

# What one costs to write is nobody's business. Whoever asked could time the next request, so each waits for a
# moment that nobody can foresee.
LEAST, MOST = 0.5, 4.0  # seconds
LIFETIMES = {  # after an hour or two nobody waits at the screen for these any more
    TransactionalEmail.EXPORT: dt.timedelta(hours=12),
    TransactionalEmail.DELETE: dt.timedelta(hours=12),
    TransactionalEmail.CHANGE_ADDRESS: dt.timedelta(hours=12),
}


@dataclass(frozen=True)
class SubscriptionEmails:
    """The queue as the pages of subscribers know it: see `subscribers.emails.EmailQueue`."""

    store: Store

    def queue(  # noqa: PLR0913 - as EmailQueue has them
        self,
        email: TransactionalEmail,
        to: str,
        now: dt.datetime,
        *,
        reference: str = "",
        about: str = "",
        connection: sa.Connection | None = None,
    ) -> None:
        lifetime = LIFETIMES.get(email, DEFAULT_LIFETIME)
        values = {"reference": reference, "about": about}
        queued = Queued(email, to, values, lifetime=lifetime, wait=unforeseen())
        self.store.queue_emails([queued], now, connection)


def unforeseen() -> dt.timedelta:
    """A wait that nobody can foresee."""
    return dt.timedelta(seconds=LEAST + (MOST - LEAST) * secrets.randbelow(1000) / 1000)
