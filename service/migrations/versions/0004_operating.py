"""What operating needs: outcomes of fetches, and restored backups."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fetch_outcomes",
        sa.Column("topic_slug", sa.String(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed", sa.Boolean(), nullable=False),
        sa.Column("succeeded_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "restores",
        sa.Column("restored_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("restores")
    op.drop_table("fetch_outcomes")
