"""What readers say of papers, saved papers, and the papers that an issue puts forward for each."""

import sqlalchemy as sa
from alembic import op

from subscribers.database import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _of_reader("responses", _key("paper_id", 40), sa.Column("kind", sa.String(8), nullable=False),
               sa.Column("title", sa.String()), _at())  # fmt: skip
    _of_reader("saved_papers", _key("paper_id", 40), _at())
    _of_reader("reader_terms", _key("term", 80), sa.Column("choice", sa.String(8), nullable=False), _at())
    _of_reader("paused_orders", _at())
    _of_reader("for_you", _key("issue_label", None), sa.Column("picks", sa.LargeBinary(), nullable=False))
    op.create_table(
        "for_you_words",
        sa.Column("issue_label", sa.String(), primary_key=True),
        sa.Column("words", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    for name in ("for_you_words", "for_you", "paused_orders", "reader_terms", "saved_papers", "responses"):
        op.drop_table(name)


def _of_reader(name: str, *columns: "sa.Column[object]") -> None:
    reader = sa.ForeignKey("subscribers.id", ondelete="CASCADE")
    op.create_table(
        name,
        sa.Column("subscriber_id", sa.Integer(), reader, primary_key=True, autoincrement=False),
        *columns,
    )


def _key(name: str, length: int | None) -> "sa.Column[object]":
    return sa.Column(name, sa.String(length), primary_key=True)


def _at() -> "sa.Column[object]":
    return sa.Column("at", UtcDateTime(), nullable=False)
