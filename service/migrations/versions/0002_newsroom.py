"""The newsroom: sign-in links, sessions and the audit log of admins."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _admins()
    _edits()
    _prefixes()
    _gone_wrong()


def _admins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("address", sa.String(), nullable=False, index=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("used_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "admin_sessions",
        sa.Column("id_hash", sa.String(64), primary_key=True),
        sa.Column("address", sa.String(), nullable=False, index=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
    )
    op.create_index("ix_audit_log_subject_id", "audit_log", ["subject", "id"])


def _edits() -> None:
    op.create_table(
        "edits",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "issue_label", sa.String(), sa.ForeignKey("issues.label", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("edit", sa.String(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_edits_issue_label_id", "edits", ["issue_label", "id"])
    op.create_table(
        "originals",
        sa.Column(
            "issue_label", sa.String(), sa.ForeignKey("issues.label", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("topic_slug", sa.String(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
    )


def _prefixes() -> None:
    """PostgreSQL finds addresses by their beginning only by an index for patterns, whatever its collation."""
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(
            "ix_subscribers_address_prefix",
            "subscribers",
            ["address_key"],
            postgresql_ops={"address_key": "text_pattern_ops"},
        )


def _gone_wrong() -> None:
    where = sa.text("fact IN ('dropped', 'bounced', 'complained')")
    op.create_index(
        "ix_deliveries_gone_wrong",
        "deliveries",
        ["issue_label", "fact"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_gone_wrong", "deliveries")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_subscribers_address_prefix", "subscribers")
    for table in ("originals", "edits", "audit_log", "admin_sessions", "sign_ins"):
        op.drop_table(table)
