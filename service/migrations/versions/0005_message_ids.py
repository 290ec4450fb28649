"""Keep with an issue what its Message-IDs are made of."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issues", sa.Column("message_ids", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("issues", "message_ids")
