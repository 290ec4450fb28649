"""For you: the papers that are put forward for one reader, as a block above an e-mail's themes.

Its markup is rendered once. A reader's block joins pieces of it that other readers' blocks share.
"""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from service.emails import plaintext
from service.emails.messages import Block
from service.emails.quoting import Piece
from service.readers.picks import PICK, unpacked
from subscribers.preferences import Length

LIMIT = 4_800  # bytes of HTML: with an edition at its limit, Gmail still shows the whole
SHOWN = {Length.FULL: 5, Length.SHORT: 5, Length.MINUTE: 3}
NEAREST = "near to the topic"
KEPT = 50_000  # picks, and reasons, in memory, some hundred bytes each


@dataclass(frozen=True, slots=True)
class BlockShell:
    """The markup around and between picks."""

    before: str
    opened: str  # before a paper's URL
    named: str  # before its title
    reason: str  # before what speaks for it
    respond: str  # before the link to its form
    closed: str
    after: str


@dataclass(frozen=True, slots=True)
class _Told:
    """A paper with what speaks for it, in HTML and in plaintext; None where the reader's link stands."""

    html: tuple[Piece | None, ...]
    text: tuple[Piece | None, ...]
    size: int  # of the HTML without the link, bytes


@dataclass(frozen=True)
class ForYou:
    """Makes the blocks of one issue. `words` are what the store kept of its picks."""

    shell: BlockShell
    words: Mapping[str, Any]
    _told: dict[bytes, _Told] = field(default_factory=dict, repr=False)
    _reasons: dict[tuple[int, int], tuple[Piece, Piece]] = field(default_factory=dict, repr=False)

    def block(self, picks: bytes | None, length: Length, respond_url: str) -> Block | None:
        """The reader's block; None where nothing is put forward. As many papers as fit."""
        if not picks or not self.words:
            return None
        size = self._before[0].size + self._after[0].size
        html_parts: list[Piece | None] = [self._before[0]]
        text_parts: list[Piece | None] = [self._before[1]]
        for at in range(0, min(len(picks), SHOWN[length] * PICK.size), PICK.size):
            pick = picks[at : at + PICK.size]
            told = self._told.get(pick) or self._tell(pick)
            size += told.size + len(respond_url)
            if size > LIMIT:
                break
            html_parts += told.html
            text_parts += told.text
        html_parts.append(self._after[0])
        text_parts.append(self._after[1])
        return Block(html_parts, text_parts, respond_url)

    def _tell(self, pick: bytes) -> _Told:
        """Kept, as readers who like the same get the same."""
        if len(self._told) >= KEPT:
            self._told.clear()
        (one,) = unpacked(pick)
        before, plain, after, plain_after = self._papers[one.paper]
        reason, plain_reason = self._reason(one.near, one.term)
        size = before.size + reason.size + after.size
        self._told[pick] = told = _Told(
            (before, reason, None, after), (plain, plain_reason, None, plain_after), size
        )
        return told

    def _reason(self, near: int, term: int) -> tuple[Piece, Piece]:
        if found := self._reasons.get((near, term)):
            return found
        if len(self._reasons) >= KEPT:
            self._reasons.clear()
        row = self.words["rows"][near] if near >= 0 else ""
        marked = f"near to {row}, which you marked" if row else ""
        speaks = f"speaks of {self.words['terms'][term]}" if term >= 0 else ""
        said = "; ".join(filter(None, (marked, speaks))) or NEAREST
        made = Piece(html.escape(said) + self.shell.respond), Piece(f"{plaintext.wrap(said, 2)}\n  ")
        self._reasons[near, term] = made
        return made

    @cached_property
    def _papers(self) -> Sequence[tuple[Piece, Piece, Piece, Piece]]:
        """Of each paper what stands before its reason, and behind the reader's link."""
        return [self._paper(*one) for one in self.words["papers"]]

    def _paper(self, paper_id: str, title: str) -> tuple[Piece, Piece, Piece, Piece]:
        url = f"https://arxiv.org/abs/{paper_id}"
        shown = f"{self.shell.opened}{url}{self.shell.named}{html.escape(title)}{self.shell.reason}"
        text = f"{plaintext.wrap(f'* {title}', 0, 2)}\n  {url}\n"
        behind = Piece(f"/{paper_id}{self.shell.closed}"), Piece(f"/{paper_id}\n\n")
        return Piece(shown), Piece(text), *behind

    @cached_property
    def _before(self) -> tuple[Piece, Piece]:
        return Piece(self.shell.before), Piece(f"{plaintext.heading('FOR YOU')}\n\n")

    @cached_property
    def _after(self) -> tuple[Piece, Piece]:
        return Piece(self.shell.after), Piece("\n")
