"""Sums of every issue's deliveries, kept as they change; indexes for pages and standings.

Two indexes answered what the sums answer now: every message and event wrote into them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

GONE_WRONG = "fact IN ('dropped', 'bounced', 'complained')"
REPORTED = "fact IS NOT NULL"
KEPT = (
    "SELECT label FROM issues WHERE pruned_at IS NOT NULL"  # their rows are gone, their sums are all there is
)


def upgrade() -> None:
    op.drop_index("ix_deliveries_fact", "deliveries")
    op.drop_index("ix_deliveries_gone_wrong", "deliveries")
    op.create_index("ix_deliveries_issue_label_id", "deliveries", ["issue_label", "id"])
    op.create_index("ix_subscribers_standing", "subscribers", ["standing"])
    op.execute(f"DELETE FROM tallies WHERE issue_label NOT IN ({KEPT})")  # noqa: S608 - our own words
    op.execute(
        "INSERT INTO tallies (issue_label, state, fact, count) "  # noqa: S608 - our own words
        "SELECT issue_label, state, coalesce(fact, ''), count(*) FROM deliveries "
        f"WHERE issue_label NOT IN ({KEPT}) GROUP BY issue_label, state, coalesce(fact, '')"
    )


def downgrade() -> None:
    op.drop_index("ix_subscribers_standing", "subscribers")
    op.drop_index("ix_deliveries_issue_label_id", "deliveries")
    for name, which in (("ix_deliveries_gone_wrong", GONE_WRONG), ("ix_deliveries_fact", REPORTED)):
        op.create_index(
            name,
            "deliveries",
            ["issue_label", "fact"],
            sqlite_where=sa.text(which),
            postgresql_where=sa.text(which),
        )
