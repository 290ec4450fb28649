"""Builds begun from the pages, issues sent at a chosen time, and edits that were saved together."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "build_runs",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("holder", sa.String(255), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
    )
    op.create_index("ix_build_runs_label_id", "build_runs", ["label", "id"])
    op.add_column("issues", sa.Column("send_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "issues", sa.Column("send_at_once", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("edits", sa.Column("save", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("edits", "save")
    op.drop_column("issues", "send_at_once")
    op.drop_column("issues", "send_at")
    op.drop_index("ix_build_runs_label_id", "build_runs")
    op.drop_table("build_runs")
