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
REASONS_KEPT = 50_000  # some hundred bytes each


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
class _Words:
    """The same in HTML and in plaintext."""

    html: Piece
    text: Piece


@dataclass(frozen=True, slots=True)
class _Paper:
    before: _Words  # to what speaks for it
    after: _Words  # behind the reader's link


@dataclass(frozen=True)
class ForYou:
    """Makes the blocks of one issue. `words` are what the store kept of its picks."""

    shell: BlockShell
    words: Mapping[str, Any]
    _reasons: dict[tuple[int, int], _Words] = field(default_factory=dict, repr=False)

    def block(self, picks: bytes | None, length: Length, respond_url: str) -> Block | None:
        """The reader's block; None where nothing is put forward. As many papers as fit."""
        if not picks or not self._papers:
            return None
        size = self._before.html.size + self._after.html.size
        html_parts: list[Piece | None] = [self._before.html]
        text_parts: list[Piece | None] = [self._before.text]
        for one in unpacked(picks)[: SHOWN[length]]:
            paper, reason = self._papers[one.paper], self._reason(one.near, one.term)
            size += paper.before.html.size + reason.html.size + len(respond_url) + paper.after.html.size
            if size > LIMIT:
                break
            html_parts += (paper.before.html, reason.html, None, paper.after.html)
            text_parts += (paper.before.text, reason.text, None, paper.after.text)
        return Block((*html_parts, self._after.html), (*text_parts, self._after.text), respond_url)

    def _reason(self, near: int, term: int) -> _Words:
        key = near, term
        if key not in self._reasons:
            if len(self._reasons) >= REASONS_KEPT:
                self._reasons.clear()
            row = self.words["rows"][near] if near >= 0 else ""
            marked = f"near to {row}, which you marked" if row else ""
            speaks = f"speaks of {self.words['terms'][term]}" if term >= 0 else ""
            said = "; ".join(filter(None, (marked, speaks))) or NEAREST
            made = Piece(html.escape(said) + self.shell.respond), Piece(f"{plaintext.wrap(said, 2)}\n  ")
            self._reasons[key] = _Words(*made)
        return self._reasons[key]

    @cached_property
    def _before(self) -> _Words:
        return _Words(Piece(self.shell.before), Piece(f"{plaintext.heading('FOR YOU')}\n\n"))

    @cached_property
    def _after(self) -> _Words:
        return _Words(Piece(self.shell.after), Piece("\n"))

    @cached_property
    def _papers(self) -> Sequence[_Paper]:
        return [self._paper(*one) for one in self.words.get("papers", ())]

    def _paper(self, paper_id: str, title: str) -> _Paper:
        url = f"https://arxiv.org/abs/{paper_id}"
        shown = f"{self.shell.opened}{url}{self.shell.named}{html.escape(title)}{self.shell.reason}"
        text = f"{plaintext.wrap(f'* {title}', 0, 2)}\n  {url}\n"
        before = _Words(Piece(shown), Piece(text))
        return _Paper(before, _Words(Piece(f"/{paper_id}{self.shell.closed}"), Piece(f"/{paper_id}\n\n")))
