"""Transactional e-mails in a table of their own; what the checks of an issue found; edited is by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _transactional()
    op.create_table(
        "issue_checks",
        sa.Column("issue_label", sa.String(), sa.ForeignKey("issues.label", ondelete="CASCADE")),
        sa.Column("content_hash", sa.String()),
        sa.Column("made_with", sa.String(64), nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("largest", sa.Integer(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("issue_label", "content_hash"),
    )
    # an issue that was edited before an edit was written down as by hand
    edited = "SELECT issue_label FROM edits WHERE undone_at IS NULL"
    op.execute(f"UPDATE issues SET by_hand = {sa.true().compile(op.get_bind())} WHERE label IN ({edited})")  # noqa: S608 - our own words


def _transactional() -> None:
    op.create_table(
        "transactional",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("recipient", sa.String()),
        sa.Column("values", sa.JSON()),
        sa.Column("message_id", sa.String(255), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", MOMENT),
        sa.Column("settled_at", MOMENT),
        sa.Column("reply", sa.String()),
    )
    op.create_index("ix_transactional_status_next_try_at", "transactional", ["status", "next_try_at"])
    op.create_index("ix_transactional_recipient", "transactional", ["recipient"])


def downgrade() -> None:
    op.drop_table("issue_checks")
    op.drop_table("transactional")
