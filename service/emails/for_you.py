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
from service.readers import unpacked
from subscribers.preferences import Length

LIMIT = 4_800  # bytes of HTML: with an edition at its limit, Gmail still shows the whole
SHOWN = {Length.FULL: 5, Length.SHORT: 5, Length.MINUTE: 3}
NEAREST = "near to the topic"


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
class _Paper:
    before: Piece  # to what speaks for it
    after: Piece  # behind the reader's link
    text: str
    path: str


@dataclass(frozen=True)
class ForYou:
    """Makes the blocks of one issue. `words` are what the store kept of its picks."""

    shell: BlockShell
    words: Mapping[str, Any]
    _reasons: dict[tuple[int, int], tuple[str, Piece]] = field(default_factory=dict, repr=False)

    def block(self, picks: bytes | None, length: Length, respond_url: str) -> Block | None:
        """The reader's block; None where nothing is put forward. As many papers as fit."""
        if not picks or not self._papers:
            return None
        chosen = unpacked(picks)[: SHOWN[length]]
        size = self._before.size + self._after.size
        html_parts: list[Piece | None] = [self._before]
        lines = [self._heading]
        for one in chosen:
            paper, (words, reason) = self._papers[one.paper], self._reason(one.near, one.term)
            size += paper.before.size + reason.size + len(respond_url) + paper.after.size
            if size > LIMIT:
                break
            html_parts += [paper.before, reason, None, paper.after]
            lines.append(f"{paper.text}{plaintext.wrap(words, 2)}\n  {respond_url}{paper.path}\n")
        return Block((*html_parts, self._after), "\n".join(lines) + "\n\n", respond_url)

    def _reason(self, near: int, term: int) -> tuple[str, Piece]:
        key = near, term
        if key not in self._reasons:
            row = self.words["rows"][near] if near >= 0 else ""
            marked = f"near to {row}, which you marked" if row else ""
            speaks = f"speaks of {self.words['terms'][term]}" if term >= 0 else ""
            said = "; ".join(filter(None, (marked, speaks))) or NEAREST
            self._reasons[key] = said, Piece(html.escape(said) + self.shell.respond)
        return self._reasons[key]

    @cached_property
    def _before(self) -> Piece:
        return Piece(self.shell.before)

    @cached_property
    def _after(self) -> Piece:
        return Piece(self.shell.after)

    @cached_property
    def _heading(self) -> str:
        return f"{plaintext.heading('FOR YOU')}\n"

    @cached_property
    def _papers(self) -> Sequence[_Paper]:
        return [self._paper(*one) for one in self.words.get("papers", ())]

    def _paper(self, paper_id: str, title: str) -> _Paper:
        url = f"https://arxiv.org/abs/{paper_id}"
        shown = f"{self.shell.opened}{url}{self.shell.named}{html.escape(title)}{self.shell.reason}"
        text = f"{plaintext.wrap(f'* {title}', 0, 2)}\n  {url}\n"
        return _Paper(Piece(shown), Piece(f"/{paper_id}{self.shell.closed}"), text, f"/{paper_id}")
