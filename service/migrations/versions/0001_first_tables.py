"""The first tables: topics, subscribers, papers, issues and the ledger."""

import psycopg
import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _roster()
    _readers()
    _papers()
    _issues()
    _ledger()
    _jobs()


def _roster() -> None:
    op.create_table(
        "topics",
        sa.Column("slug", sa.String(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("reference", sa.String(32), nullable=False, unique=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("address_key", sa.String(), nullable=False, unique=True),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("name", sa.String()),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("length", sa.String(8), nullable=False),
        sa.Column("frequency", sa.String(8), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("paused_until", sa.Date()),
        sa.Column("consent", sa.String(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("left_at", sa.DateTime(timezone=True)),
        sa.Column("link_generation", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    _follows()


def _follows() -> None:
    op.create_table(
        "follows",
        sa.Column(
            "subscriber_id",
            sa.Integer(),
            sa.ForeignKey("subscribers.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "topic_slug",
            sa.String(),
            sa.ForeignKey("topics.slug", ondelete="CASCADE"),
            primary_key=True,
            index=True,
        ),
    )


def _readers() -> None:
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "subscriber_id",
            sa.Integer(),
            sa.ForeignKey("subscribers.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
    )
    op.create_table(
        "address_changes",
        sa.Column(
            "subscriber_id",
            sa.Integer(),
            sa.ForeignKey("subscribers.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("code", sa.String(16), nullable=False, unique=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
    )
    _barred()


def _barred() -> None:
    """Who gets no mail, and who asked too often."""
    op.create_table(
        "suppressions",
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("value", sa.String(), primary_key=True),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "limits",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("full_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )


def _papers() -> None:
    op.create_table(
        "papers",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("abstract", sa.String(), nullable=False),
        sa.Column("authors", sa.JSON(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("primary_category", sa.String(), nullable=False),
        sa.Column("submitted", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("comment", sa.String()),
        sa.Column("journal_reference", sa.String()),
        sa.Column("doi", sa.String()),
    )
    op.create_table(
        "fetches",
        sa.Column("topic_slug", sa.String(), primary_key=True),
        sa.Column("question", sa.String(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("paper_ids", sa.JSON(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "sightings",
        sa.Column("topic_slug", sa.String(), primary_key=True),
        sa.Column("paper_id", sa.String(), primary_key=True),
        sa.Column("window_label", sa.String(), primary_key=True, index=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "cards",
        sa.Column("subject", sa.String(), primary_key=True),
        sa.Column("prompt_version", sa.String(), primary_key=True),
        sa.Column("model", sa.String(), primary_key=True),
        sa.Column("content", sa.String(), nullable=False),
    )


def _issues() -> None:
    op.create_table(
        "issues",
        sa.Column("label", sa.String(), primary_key=True),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("approved_hash", sa.String()),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("planned_at", sa.DateTime(timezone=True)),
        sa.Column("audience", sa.Integer()),
        sa.Column("halt", sa.String(16)),
    )
    op.create_table(
        "briefs",
        sa.Column(
            "issue_label", sa.String(), sa.ForeignKey("issues.label", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("topic_slug", sa.String(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
    )


def _ledger() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("issue_label", sa.String(), sa.ForeignKey("issues.label"), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("topics", sa.String(), nullable=False),
        sa.Column("length", sa.String(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String()),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claim", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String()),
        sa.Column("claimed_at", sa.DateTime(timezone=True)),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("retry_at", sa.DateTime(timezone=True)),
        sa.Column("fact", sa.String(16)),
        sa.Column("fact_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("issue_label", "subscriber_id"),
    )
    op.create_index("ix_deliveries_issue_label_state_id", "deliveries", ["issue_label", "state", "id"])
    op.create_table(
        "provider_events",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.create_table(
        "buckets",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def _jobs() -> None:
    """Procrastinate's own tables, where there is a PostgreSQL to hold them."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        driver.execute(SchemaManager.get_schema())


def downgrade() -> None:
    for table in (
        "buckets",
        "provider_events",
        "deliveries",
        "briefs",
        "issues",
        "cards",
        "sightings",
        "fetches",
        "papers",
        "limits",
        "suppressions",
        "address_changes",
        "history",
        "follows",
        "subscribers",
        "topics",
    ):
        op.drop_table(table)
