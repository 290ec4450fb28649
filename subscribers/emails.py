"""The transactional e-mails about a subscription: what causes one queues it, the service around sends it."""

import datetime as dt
from enum import StrEnum
from typing import Protocol

import sqlalchemy as sa

from subscribers.links import Purpose


class TransactionalEmail(StrEnum):
    """The e-mails; each is a folder of templates."""

    CONFIRM = "confirm"
    KNOWN = "known"  # joined again: "you get it already"
    WELCOME = "welcome"
    LINK = "link"  # a new manage link
    CHANGE_ADDRESS = "change-address"  # to the new address
    ADDRESS_ASKED = "address-asked"  # to the old one
    ADDRESS_CHANGED = "address-changed"  # to the old one
    EXPORT = "export"
    DELETE = "delete"


# What the one button of an e-mail opens
PURPOSES = {
    TransactionalEmail.CONFIRM: Purpose.CONFIRM,
    TransactionalEmail.KNOWN: Purpose.MANAGE,
    TransactionalEmail.WELCOME: Purpose.MANAGE,
    TransactionalEmail.LINK: Purpose.MANAGE,
    TransactionalEmail.ADDRESS_ASKED: Purpose.MANAGE,
    TransactionalEmail.CHANGE_ADDRESS: Purpose.CHANGE_ADDRESS,
    TransactionalEmail.EXPORT: Purpose.EXPORT,
    TransactionalEmail.DELETE: Purpose.DELETE,
}


class EmailQueue(Protocol):
    """Writes down that an e-mail is to leave."""

    def queue(  # noqa: PLR0913 - whom it is for, and what it is about
        self,
        email: TransactionalEmail,
        to: str,
        now: dt.datetime,
        *,
        reference: str = "",
        about: str = "",
        connection: sa.Connection | None = None,
    ) -> None:
        """Queue an e-mail to an address, in the transaction of `connection` where one is given.

        `reference` is of the subscriber or of the request to join that it is about; without one it is looked
        up later who has the address. `about` is what its link is about.
        """
        ...
