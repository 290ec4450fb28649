"""Issues of which a server took nobody's mail; what came back from whom; sums of what is over."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issues", sa.Column("on_trial", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("issues", sa.Column("pruned_at", sa.DateTime(timezone=True)))
    op.add_column("buckets", sa.Column("until", sa.DateTime(timezone=True)))
    _bounces()
    _tallies()
    _indexes()


def _bounces() -> None:
    op.create_table(
        "bounces",
        sa.Column(
            "subscriber_id",
            sa.Integer(),
            sa.ForeignKey("subscribers.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("issue_label", sa.String(), primary_key=True),
        sa.Column("weight", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_bounces_at", "bounces", ["at"])


def _tallies() -> None:
    op.create_table(
        "tallies",
        sa.Column(
            "issue_label", sa.String(), sa.ForeignKey("issues.label", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("state", sa.String(16), primary_key=True),
        sa.Column("fact", sa.String(16), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
    )


def _indexes() -> None:
    where = sa.text("retry_at IS NOT NULL")
    op.create_index(
        "ix_deliveries_retry_at",
        "deliveries",
        ["issue_label", "state", "retry_at"],
        sqlite_where=where,
        postgresql_where=where,
    )
    reported = sa.text("fact IS NOT NULL")
    op.create_index(
        "ix_deliveries_fact",
        "deliveries",
        ["issue_label", "fact"],
        sqlite_where=reported,
        postgresql_where=reported,
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_fact", "deliveries")
    op.drop_index("ix_deliveries_retry_at", "deliveries")
    op.drop_table("tallies")
    op.drop_column("buckets", "until")
    op.drop_column("issues", "pruned_at")
    op.drop_table("bounces")
    op.drop_column("issues", "on_trial")
