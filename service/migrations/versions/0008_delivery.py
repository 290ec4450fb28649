"""Issues of which a server took nobody's mail; what came back from whom."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issues", sa.Column("on_trial", sa.Boolean(), nullable=False, server_default=sa.false()))
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


def downgrade() -> None:
    op.drop_table("bounces")
    op.drop_column("issues", "on_trial")
