"""What the ledger keeps of a subscriber who was deleted: that something was sent, and not to whom."""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from service.delivery import State
from service.store.tables import DeliveryRow
from service.store.transactional import drop_emails_to
from subscribers.database import batches, table

DELETED = "was deleted"
# Nothing may leave for these any more. What is claimed is settled by its worker, and what is uncertain by an
# event or a person: both have nobody to go to.
OPEN = (State.WAITING, State.FAILED)
AT_ONCE = 500  # far below what a statement's parameters may be


class Deletion:
    """Ends the deliveries of deleted subscribers, and cuts the ones that are over loose from them."""

    def cut_loose(self, connection: sa.Connection, subscribers: Sequence[int], now: dt.datetime) -> None:
        """In the transaction that deletes them. A row's own number, negative, takes the place of theirs."""
        row = table(DeliveryRow)
        for some in batches(subscribers, AT_ONCE):
            drop_emails_to(connection, some)
            theirs = sa.update(row).where(row.c.subscriber_id.in_(some))
            ended = theirs.where(row.c.state.in_(OPEN))
            connection.execute(
                ended.values(state=State.SKIPPED, reason=DELETED, settled_at=now, retry_at=None)
            )
            connection.execute(theirs.values(subscriber_id=-row.c.id))
