"""The schedule: when a delivery is due, who does what, what was built and asked."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DELIVERIES = sa.table(
    "deliveries",
    sa.column("issue_label", sa.String()),
    sa.column("state", sa.String()),
    sa.column("due_at", sa.DateTime(timezone=True)),
)
ISSUES = sa.table(
    "issues", sa.column("label", sa.String()), sa.column("planned_at", sa.DateTime(timezone=True))
)


def upgrade() -> None:
    op.add_column("issues", sa.Column("attended_at", sa.DateTime(timezone=True)))
    op.add_column("issues", sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("deliveries", sa.Column("due_at", sa.DateTime(timezone=True)))
    planned = sa.select(ISSUES.c.planned_at).where(ISSUES.c.label == DELIVERIES.c.issue_label)
    op.execute(
        sa.update(DELIVERIES).where(DELIVERIES.c.state != "skipped").values(due_at=planned.scalar_subquery())
    )
    op.drop_index("ix_deliveries_issue_label_state_id", "deliveries")
    op.create_index(
        "ix_deliveries_issue_label_state_due_at_id", "deliveries", ["issue_label", "state", "due_at", "id"]
    )
    _memory()


def _memory() -> None:
    """What the schedule remembers: who does what, what was built, asked and done."""
    op.create_table(
        "leases",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "builds",
        sa.Column("label", sa.String(), primary_key=True),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.JSON(none_as_null=True)),
    )
    op.create_table(
        "reviews",
        sa.Column(
            "issue_label", sa.String(), sa.ForeignKey("issues.label", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("content_hash", sa.String(), primary_key=True),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "chores",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    for table in ("chores", "reviews", "builds", "leases"):
        op.drop_table(table)
    op.drop_index("ix_deliveries_issue_label_state_due_at_id", "deliveries")
    op.create_index("ix_deliveries_issue_label_state_id", "deliveries", ["issue_label", "state", "id"])
    op.drop_column("deliveries", "due_at")
    op.drop_column("issues", "by_hand")
    op.drop_column("issues", "attended_at")
