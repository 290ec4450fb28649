"""Full texts as they were answered, by version of a paper: a rerun asks for none of them again."""

import datetime as dt
import zlib

import sqlalchemy as sa
from sqlmodel import Session, col

from service.papers.text import LARGEST, TextPage
from service.store.tables import TextRow
from subscribers.database import Repository


class TextRepository(Repository):
    """Pages of full texts (a PageStore). They are kept for builds, shown to nobody, and pruned."""

    def kept_page(self, paper_id: str, version: int) -> TextPage | None:
        """What was answered for this version; None where it was never asked or is kept no more."""
        with Session(self._engine) as session:
            row = session.get(TextRow, (paper_id, version))
            try:
                return _page(row) if row else None
            except zlib.error:  # a damaged row: it is asked for anew
                return None

    def keep_page(self, page: TextPage) -> None:
        """Keep an answer, in place of an earlier one for the same version."""
        row = TextRow(
            paper_id=page.paper_id,
            version=page.version,
            state=page.state,
            asked_at=page.asked_at,
            etag=page.etag,
            body=zlib.compress(page.body) if page.body else b"",
        )
        with Session(self._writer) as session, session.begin():
            session.merge(row)

    def prune_texts(self, before: dt.datetime) -> int:
        """Delete what was asked before a moment; how many. What briefs quote of it stays in them."""
        with Session(self._writer) as session, session.begin():
            gone = session.execute(sa.delete(TextRow).where(col(TextRow.asked_at) < before))
            return int(gone.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def _page(row: TextRow) -> TextPage:
    body = zlib.decompressobj().decompress(row.body, LARGEST + 1) if row.body else b""
    return TextPage(row.paper_id, row.version, row.state, row.asked_at, body, row.etag)  # type: ignore[arg-type]  # a State
