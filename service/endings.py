"""Endings: who has left, was deleted or suppressed, or revoked their links since a backup was taken.

The backup knows nothing of them. Where the database that it replaces is there, they are carried over from it:
nobody is revived. Where it is not, somebody has to say so.
"""

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from subscribers.addresses import KeyedHash, read_address
from subscribers.suppressions import Kind


@dataclass(frozen=True, slots=True)
class Ended:
    """How many endings were carried over into a backup."""

    left: int = 0
    deleted: int = 0
    suppressed: int = 0
    revoked: int = 0  # subscribers whose links were made anew, or who have another address
    unknown: int = 0  # subscribers of the replaced database whom the backup does not know


def carry_over(replaced: Path, backup: Path, keys: Sequence[str]) -> Ended:
    """Into the backup, from the database that it replaces; sqlite3.Error where that one can't be read."""
    uri = backup.absolute().as_uri()
    with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # no address stays in a free page
        connection.execute("ATTACH ? AS replaced", (f"{replaced.absolute().as_uri()}?mode=ro",))
        connection.execute("BEGIN IMMEDIATE")
        suppressed = connection.execute(SUPPRESSED).rowcount
        connection.execute(DELETED)
        ended = Ended(
            left=connection.execute(LEFT).rowcount,
            deleted=_delete(connection, keys),
            suppressed=suppressed,
            revoked=connection.execute(REVOKED).rowcount,
            unknown=connection.execute(UNKNOWN).fetchone()[0],
        )
        connection.execute("COMMIT")
        connection.execute("DETACH replaced")
    return ended


def _delete(connection: sqlite3.Connection, keys: Sequence[str]) -> int:
    """Delete again whoever was deleted since, of whom the replaced database keeps the hash; how many.

    In the backup they may be subscribers, perhaps on their way to the address that they had when they were
    deleted, or have a request that waits alone.
    """
    hashes, kept = KeyedHash(tuple(keys)), set(connection.execute(HASHES))

    def was_deleted(address: str) -> bool:
        key = read_address(address).key
        return any((one,) in kept for one in hashes.all_of(Kind.DELETED, key))

    gone = {number for number, address in connection.execute(GONE) if was_deleted(address)}
    for number in gone:
        for statement in DELETE:
            connection.execute(statement, (number,))
    asked = {address for (address,) in connection.execute(ASKED) if was_deleted(address)}
    waiting = {address for (address,) in connection.execute(WAITING) if was_deleted(address)}
    connection.executemany("DELETE FROM main.join_requests WHERE address_key = ?", ((one,) for one in asked))
    connection.executemany("DELETE FROM main.transactional WHERE recipient = ?", ((one,) for one in waiting))
    return len(gone) + len(asked)


KEEP = """INSERT OR IGNORE INTO main.suppressions (kind, value, cause, note, at)
          SELECT kind, value, cause, note, at FROM replaced.suppressions"""
SUPPRESSED = f"{KEEP} WHERE kind <> 'deleted'"
DELETED = f"{KEEP} WHERE kind = 'deleted'"
LEFT = """UPDATE main.subscribers SET standing = 'left', version = version + 1, left_at = (
              SELECT left_at FROM replaced.subscribers AS it WHERE it.address_key = subscribers.address_key)
          WHERE standing <> 'left' AND address_key IN (
              SELECT address_key FROM replaced.subscribers WHERE standing = 'left')"""
THEIRS = """(SELECT link_generation FROM replaced.subscribers AS it
             WHERE it.reference = main.subscribers.reference)"""
REVOKED = f"""UPDATE main.subscribers SET version = version + 1, link_generation = {THEIRS}
              WHERE link_generation < {THEIRS}"""  # noqa: S608 - our own words
UNKNOWN = """SELECT count(*) FROM replaced.subscribers WHERE reference NOT IN (
                 SELECT reference FROM main.subscribers)"""
HASHES = "SELECT value FROM replaced.suppressions WHERE kind = 'deleted'"
GONE = """SELECT id, address FROM main.subscribers WHERE reference NOT IN (
              SELECT reference FROM replaced.subscribers)
          UNION SELECT id, it.address FROM main.address_changes AS it
          JOIN main.subscribers ON subscriber_id = id
          WHERE reference NOT IN (SELECT reference FROM replaced.subscribers)"""
ASKED = """SELECT address_key FROM main.join_requests WHERE reference NOT IN (
               SELECT reference FROM replaced.join_requests)"""
WAITING = """SELECT recipient FROM main.transactional WHERE recipient IS NOT NULL AND message_id NOT IN (
                 SELECT message_id FROM replaced.transactional WHERE recipient IS NOT NULL)"""
DELETE = (
    """UPDATE main.deliveries SET state = 'skipped', reason = 'was deleted', retry_at = NULL
       WHERE subscriber_id = ? AND state IN ('waiting', 'failed')""",
    "UPDATE main.deliveries SET subscriber_id = -id WHERE subscriber_id = ?",
    """DELETE FROM main.join_requests WHERE address_key = (
           SELECT address_key FROM main.subscribers WHERE id = ?)""",
    "DELETE FROM main.subscribers WHERE id = ?",
)
