"""Indexes to find subscribers: by any part of an address or a name, by topic, by what is suppressed."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SEARCHED = ["id", "address_key", "name", "standing", "paused_until"]
BEFORE, AFTER = "ix_follows_topic_slug", "ix_follows_topic_slug_subscriber_id"


def upgrade() -> None:
    op.create_index(AFTER, "follows", ["topic_slug", "subscriber_id"])
    op.drop_index(BEFORE, "follows")
    op.create_index("ix_subscribers_search", "subscribers", SEARCHED)
    op.create_index("ix_subscribers_domain", "subscribers", ["domain"])


def downgrade() -> None:
    op.drop_index("ix_subscribers_domain", "subscribers")
    op.drop_index("ix_subscribers_search", "subscribers")
    op.create_index(BEFORE, "follows", ["topic_slug"])
    op.drop_index(AFTER, "follows")
