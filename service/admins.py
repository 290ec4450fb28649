"""Admins: who may see and who may change the service, and how long a session lasts.

An admin is an address in BRIEF_ADMINS. There are no passwords: who can read the mail of that address is
the admin. So a session is short, and ends at once when the address leaves the setting.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from subscribers.addresses import AddressRefused, read_address

LINK_LIFETIME = dt.timedelta(minutes=15)
IDLE_LIFETIME = dt.timedelta(hours=2)  # a session that nobody uses
SESSION_LIFETIME = dt.timedelta(hours=12)  # any session: a working day
SEEN_EVERY = dt.timedelta(minutes=1)  # how exactly a session's last use is kept


class Role(StrEnum):
    """What an admin may do."""

    VIEWER = "viewer"  # sees every page
    EDITOR = "editor"  # and changes things

    def allows(self, needed: "Role") -> bool:
        return self is Role.EDITOR or needed is Role.VIEWER


@dataclass(frozen=True, slots=True)
class Admin:
    """Somebody who may open the admin pages."""

    address: str  # in its normal form: lower case, its domain as punycode
    role: Role


class AdminsUnreadable(ValueError):
    """A list of admins that can't be read; the message names the entry and what to write."""


def read_admins(text: str) -> Mapping[str, Admin]:
    """Admins by address from ``ann@example.org, bob@example.org=viewer``; without a role, an editor."""
    admins: dict[str, Admin] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        admin = _read_admin(entry)
        if admin.address in admins:
            raise AdminsUnreadable(f"{admin.address} is there twice")
        admins[admin.address] = admin
    return admins


def _read_admin(entry: str) -> Admin:
    address, has_role, role = entry.rpartition("=") if "=" in entry else (entry, "", "")
    role = role.strip().lower() if has_role else Role.EDITOR
    try:
        return Admin(read_address(address).key, Role(role))
    except AddressRefused as refused:
        raise AdminsUnreadable(str(refused)) from refused
    except ValueError as error:
        known = " or ".join(Role)
        raise AdminsUnreadable(f"{entry!r} gives the role {role!r}; a role is {known}") from error


def is_over(begun_at: dt.datetime, seen_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether a session has ended: too old, or not used for too long."""
    return now - begun_at >= SESSION_LIFETIME or now - seen_at >= IDLE_LIFETIME


def has_expired(asked_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether a sign-in link is too old."""
    return now - asked_at >= LINK_LIFETIME
