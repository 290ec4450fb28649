"""Moving every row from SQLite to PostgreSQL: the statements.

columns  each column as PostgreSQL's COPY writes it: one text of a row on both sides
source   SQLite, held by this process alone: rows in the order of their keys
target   PostgreSQL: batches with their digests, what is put back afterwards, and the comparison
"""

from service.store.moving.source import Source, SourceUnusable
from service.store.moving.target import Batch, RowRefused, Target

__all__ = ["Batch", "RowRefused", "Source", "SourceUnusable", "Target"]
