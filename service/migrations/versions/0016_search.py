"""The search index of PostgreSQL; SQLite keeps its own in a file beside the database."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_table(
        "search_issues",
        sa.Column("label", sa.String(), primary_key=True),
        sa.Column("digest", sa.String(), nullable=False),
    )
    op.create_table(
        "search_entries",
        sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
    )
    op.create_index("ix_search_entries_label_id", "search_entries", ["label", "id"])
    op.create_index("ix_search_entries_words", "search_entries", ["words"], postgresql_using="gin")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_table("search_entries")
        op.drop_table("search_issues")
