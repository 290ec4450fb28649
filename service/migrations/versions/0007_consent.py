"""Requests to join in a table of their own; on SQLite a subscriber's number is never given again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# In the order in which SQLite has them, so that rows are copied as they are
COLUMNS = (
    "id, reference, address, address_key, domain, name, standing, length, frequency, time_zone, hour, "
    "paused_until, consent, joined_at, confirmed_at, left_at, link_generation, version, moved_at"
)
REFERRING = ("follows", "history", "address_changes")
# Numbers that were given out, also to people who were deleted since
USED = """
    SELECT max(
        coalesce((SELECT max(id) FROM subscribers), 0),
        coalesce((SELECT max(subscriber_id) FROM deliveries), 0),
        coalesce((SELECT max(CAST(substr(subject, 12) AS INTEGER)) FROM audit_log
                  WHERE subject LIKE 'subscriber %'), 0)
    )
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(autoincrement=True)
    _requests()
    _cut_loose()
    # somebody who had left and with whose address a stranger asked to join has still left
    op.execute(
        "UPDATE subscribers SET standing = 'left' WHERE standing = 'unconfirmed' AND left_at IS NOT NULL"
    )


def _cut_loose() -> None:
    """Deliveries of people who were deleted: none of them leaves, and none names a number of theirs."""
    gone = "subscriber_id > 0 AND subscriber_id NOT IN (SELECT id FROM subscribers)"
    ended = "state = 'skipped', reason = 'was deleted', retry_at = NULL"
    op.execute(f"UPDATE deliveries SET {ended} WHERE state IN ('waiting', 'failed') AND {gone}")  # noqa: S608 - our own words
    op.execute(f"UPDATE deliveries SET subscriber_id = -id WHERE {gone}")  # noqa: S608 - the same


def _rebuild(*, autoincrement: bool) -> None:
    """The table anew, with its data: SQLite adds AUTOINCREMENT to no table that is there.

    What refers to its rows is kept aside meanwhile: dropping a table deletes its rows, and these theirs.
    """
    for name in REFERRING:
        op.execute(f"CREATE TABLE kept_{name} AS SELECT * FROM {name}")  # noqa: S608 - our own names
        op.execute(f"DELETE FROM {name}")  # noqa: S608 - the same
    _create_anew(autoincrement=autoincrement)
    op.execute(f"INSERT INTO subscribers_anew ({COLUMNS}) SELECT {COLUMNS} FROM subscribers")  # noqa: S608 - the same
    used = op.get_bind().scalar(sa.text(USED))
    op.drop_table("subscribers")
    op.rename_table("subscribers_anew", "subscribers")
    for name in REFERRING:
        op.execute(f"INSERT INTO {name} SELECT * FROM kept_{name}")  # noqa: S608 - the same
        op.drop_table(f"kept_{name}")
    if autoincrement:
        op.execute("DELETE FROM sqlite_sequence WHERE name IN ('subscribers', 'subscribers_anew')")
        op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('subscribers', {int(used or 0)})")  # noqa: S608 - a number


def _create_anew(*, autoincrement: bool) -> None:
    op.create_table(
        "subscribers_anew",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("reference", sa.String(32), nullable=False, unique=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False, unique=True),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("name", sa.String()),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("length", sa.String(8), nullable=False),
        sa.Column("frequency", sa.String(8), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.Date()),
        sa.Column("consent", sa.String(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("left_at", sa.DateTime(timezone=True)),
        sa.Column("link_generation", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True)),
        sqlite_autoincrement=autoincrement,
    )


def _requests() -> None:
    op.create_table(
        "join_requests",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("reference", sa.String(32), nullable=False, unique=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False, index=True),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column(
            "subscriber_id",
            sa.Integer(),
            sa.ForeignKey("subscribers.id", ondelete="CASCADE"),
            index=True,
        ),
        sa.Column("generation", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("join_requests")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(autoincrement=False)
