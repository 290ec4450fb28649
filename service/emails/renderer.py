"""The renderer: renders an issue once, and cuts from it every edition that its readers ask for."""

import datetime as dt
import logging
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from service.briefs.model import Brief
from service.emails import plaintext
from service.emails.dkim import DkimSigner
from service.emails.facts import span
from service.emails.for_you import BlockShell, ForYou
from service.emails.fragments import (
    EditionPlaceholder,
    Fragment,
    MarkedPiece,
    Shell,
    filled,
    mark_of,
    parts_of,
    size_of,
)
from service.emails.levels import LEAST, LEVELS, RICHEST, Level, Sizes, fitted
from service.emails.messages import (
    HTML_LIMIT,
    ReaderPlaceholder,
    Recipient,
    Sender,
    Template,
    template,
)
from service.emails.quoting import Piece
from service.emails.sentences import Words, subject_values, summary, words_of
from service.emails.views import TopicView
from service.issues import Edition, Issue
from subscribers.preferences import Length

TOPIC = re.compile(r"<!--topic-->(.*?)<!--/topic-->", re.DOTALL)
ENTRY = re.compile(r"<!--entry-->(.*?)<!--/entry-->", re.DOTALL)
BACK = re.compile(r"<!--back-->(.*?)<!--/back-->", re.DOTALL)
BLOCK = re.compile(r"<!--block-->(.*?)<!--/block-->", re.DOTALL)
BLOCK_SLOTS = re.compile(r"<!--/?pick-->|https://slot-(?:url|respond)\.invalid|slot-(?:title|reason)")
EDITIONS_KEPT = 256
STYLE = re.compile(r'(<\w[^<>]*? style=")([^"]*)')


SLACK = 40  # bytes by which the sentence on what is shortened may be longer than the one counted


class EmptyEdition(ValueError):
    """Every topic of an edition is quiet or not in the issue: there is nothing to send."""


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML page, its plaintext twin, and the MJML that the page was made of."""

    html: str
    text: str
    mjml: str


class Renderer:
    """Prints issues for one sender from the templates of a folder."""

    def __init__(self, sender: Sender, templates: Path) -> None:
        self.sender = sender
        # A mark where each reader has a link of their own; nobody can write it into a brief
        mark = f"https://{secrets.token_hex(16)}.invalid"
        self._archive = mark if sender.is_private else sender.base_url
        self._respond = f"https://{secrets.token_hex(16)}.invalid"
        held = ((self._archive, ReaderPlaceholder.ARCHIVE),) if sender.is_private else ()
        self._marks = (*held, (self._respond, ReaderPlaceholder.RESPOND))
        self._jinja = Environment(
            loader=FileSystemLoader(templates / "email"),
            autoescape=select_autoescape(enabled_extensions=("mjml", "html"), default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        filters = {"wrap": plaintext.wrap, "heading": plaintext.heading, "line": plaintext.line}
        self._jinja.filters.update(filters)
        self._subject = self._jinja.get_template("brief/subject.txt")
        self._css = (templates / "email" / "_base" / "inline.css").read_text("utf-8")

    def render_issue(self, issue: Issue) -> "RenderedIssue":
        """Render every topic at every level; RuntimeError names the issue, topic and level that failed."""
        fragments: dict[tuple[str, Level], tuple[Fragment, Fragment]] = {}
        for brief in issue.briefs:
            for level in Level if not brief.is_quiet else ():
                fragments[brief.topic_slug, level] = self._render_topic(issue, brief, level)
        shells = {several: self._shell(issue, several) for several in (False, True)}
        return RenderedIssue(issue, self, fragments, shells)

    def view(self, issue: Issue, brief: Brief, level: Level, archive: str = "") -> TopicView:
        """The topic; `archive` is what links into the archive begin with, by default as in editions."""
        url = f"{archive or self._archive}/issues/{issue.label}/{brief.topic_slug}"
        return TopicView(brief, level, url, respond="" if archive else self._respond)

    def page(
        self,
        issue: Issue,
        topics: Sequence[TopicView],
        words: Words,
        *,
        several: bool,
        links: Mapping[ReaderPlaceholder, str] | None = None,
    ) -> Page:
        """The page rendered whole: what every composed edition must equal. Without links, placeholders."""
        values = {
            "topics": topics, "words": words, "several": several, "sender": self.sender,
            "introduced": bool(issue.introduction),
            "dates": span(issue.window.first, issue.window.last), "label": issue.label,
            "urls": {one.value: links[one] if links else mark_of(one) for one in ReaderPlaceholder},
        }  # fmt: skip
        source = self._jinja.get_template("brief/body.mjml").render(values)
        text = self._jinja.get_template("brief/body.txt").render(values)
        own = links[ReaderPlaceholder.ARCHIVE] if links and self.sender.is_private else self._archive
        respond = links[ReaderPlaceholder.RESPOND] if links else self._respond
        pages = (one.replace(self._archive, own) for one in (self._inlined(source), text, source))
        return Page(*(one.replace(self._respond, respond) for one in pages))

    def for_you(self, words: Mapping[str, Any]) -> ForYou:
        """What makes the blocks of an issue whose picks these words are of."""
        return ForYou(self._block_shell, words)

    @cached_property
    def _block_shell(self) -> BlockShell:
        page = self._inlined(self._jinja.get_template("brief/for-you.mjml").render(sender=self.sender))
        block = BLOCK.search(page)
        assert block, "the template marks no block"
        return BlockShell(*BLOCK_SLOTS.split(block[1]))

    def subject(self, edition: Edition) -> str:
        """One line: the week's news, then the topics."""
        return " ".join(self._subject.render(subject_values(edition)).split())

    def _render_topic(self, issue: Issue, brief: Brief, level: Level) -> tuple[Fragment, Fragment]:
        try:
            view = self.view(issue, brief, level)
            html = self.page(issue, [view], Words("", "", ""), several=True).html
            entry, body, back = (mark.search(html) for mark in (ENTRY, TOPIC, BACK))
            assert entry, "the template marks no entry"
            assert body, "the template marks no topic"
            fragment = Fragment(self._piece(entry[1]), self._piece(body[1]), Piece(back[1] if back else ""))
            return fragment, self._plain_fragment(view)
        except Exception as error:
            where = f"issue {issue.label}, topic {brief.topic_slug}, level {level.name}"
            raise RuntimeError(f"{where}: its e-mail can't be rendered: {error}") from error

    def _plain_fragment(self, view: TopicView) -> Fragment:
        entry = self._jinja.get_template("brief/entry.txt").render(topic=view)
        body = self._jinja.get_template("brief/topic.txt").render(topic=view)
        return Fragment(self._piece(entry), self._piece(body), Piece(""))

    def _piece(self, text: str) -> Piece:
        return MarkedPiece(text, self._marks)

    def _shell(self, issue: Issue, several: bool) -> Shell:
        placeholders = Words(**{one.value: mark_of(one) for one in EditionPlaceholder})
        page = self.page(issue, [], placeholders, several=several)
        return Shell(tuple(parts_of(page.html)), tuple(parts_of(page.text)))

    def _inlined(self, source: str) -> str:
        """MJML to HTML with our own style sheet inlined, what mrml writes itself left as it is."""
        # Imported where they are used: together they take half a second that most commands need not wait.
        from mjml import mjml2html  # noqa: PLC0415
        from premailer import Premailer  # noqa: PLC0415

        html = mjml2html(source, fonts={})
        # premailer knows a doctype in capitals only; without it clients would fall into quirks mode.
        html = html.replace("<!doctype html>", "<!DOCTYPE html>", 1)
        html = html.replace('<style type="text/css">', '<style type="text/css" data-premailer="ignore">')
        html = Premailer(
            html,
            css_text=[self._css],
            allow_network=False,
            allow_loading_external_files=False,
            keep_style_tags=False,
            strip_important=False,
            remove_classes=False,
            disable_validation=True,
            align_floating_images=False,
            remove_unset_properties=False,
            disable_basic_attributes=["bgcolor", "width", "height", "align", "valign"],
            cssutils_logging_level=logging.CRITICAL,
        ).transform(pretty_print=False)
        html = str(html).replace(' data-premailer="ignore"', "")
        return STYLE.sub(lambda style: style[1] + style[2].replace("; ", ";"), html)


@dataclass(frozen=True)
class RenderedIssue:
    """An issue of which every topic is rendered at every level: editions are joins of it."""

    issue: Issue
    renderer: Renderer
    fragments: Mapping[tuple[str, Level], tuple[Fragment, Fragment]]  # HTML, plaintext
    shells: Mapping[bool, Shell]  # with a table of contents, or without
    _editions: dict[tuple[tuple[str, ...], Length], "RenderedEdition"] = field(
        default_factory=dict, repr=False
    )

    def edition(self, slugs: Collection[str], length: Length = Length.FULL) -> "RenderedEdition":
        """The edition for topics at the richest level whose HTML fits; EmptyEdition if all are quiet."""
        key = (tuple(brief.topic_slug for brief in self.issue.briefs if brief.topic_slug in slugs), length)
        if key not in self._editions:
            if len(self._editions) >= EDITIONS_KEPT:  # the ledger asks for alike ones in a row
                del self._editions[next(iter(self._editions))]
            self._editions[key] = self._within_budget(self.issue.for_topics(key[0], length))
        return self._editions[key]

    def _within_budget(self, edition: Edition) -> "RenderedEdition":
        """The least that all topics fit with; what room is left makes them richer, the first ones first."""
        if edition.is_empty:
            raise EmptyEdition(f"issue {self.issue.label} has no papers on the topics {list(edition.slugs)}")
        slugs, html = edition.slugs, self._sizes
        least = words_of(edition, LEVELS[-1:])  # no other levels have more to say
        spare = HTML_LIMIT - SLACK - _said(least)
        for place in LEAST:
            sizes, shell = html[place], self.shells[has_contents([LEVELS[place]] * len(slugs))]
            room = spare - shell.size - sum([sizes[slug] for slug in slugs])
            if room >= 0:
                places = fitted(slugs, html, [place] * len(slugs), RICHEST[edition.length], room)
                return self._composed(edition, [LEVELS[each] for each in places], least)
        return self._cut(edition, spare)

    def _cut(self, edition: Edition, spare: int) -> "RenderedEdition":
        """A line each is still too much: the first topics that fit, and a word on the rest."""
        sizes = self._sizes[-1]
        for count in range(len(edition.briefs) - 1, 0, -1):
            if self.shells[True].size + sum([sizes[slug] for slug in edition.slugs[:count]]) <= spare:
                return self._composed(edition, [LEVELS[-1]] * count)
        raise ValueError(f"issue {self.issue.label}: not one topic fits into {HTML_LIMIT} bytes of HTML")

    @cached_property
    def _sizes(self) -> Sizes:
        """The bytes of HTML of each topic at each place of the ladder."""
        sizes: list[dict[str, int]] = [{} for _ in LEVELS]
        for (slug, level), (html, _) in self.fragments.items():
            sizes[LEVELS.index(level)][slug] = html.entry.size + html.body.size + html.back.size
        return sizes

    def _composed(
        self, edition: Edition, levels: Sequence[Level], said: Words | None = None
    ) -> "RenderedEdition":
        """The edition with a level for each of its topics that are shown; `said` at whatever levels."""
        said = said or words_of(edition, levels)
        words = replace(said, summary=summary(edition, levels))
        return RenderedEdition(
            edition=edition,
            levels=tuple(levels),
            subject=self.renderer.subject(edition),
            preheader=words.preheader,
            sender=self.renderer.sender,
            html_parts=tuple(self._parts(edition, levels, words, 0, _html_text)),
            text_parts=tuple(self._parts(edition, levels, words, 1, plaintext.line)),
        )

    def _parts(
        self, edition: Edition, levels: Sequence[Level], words: Words, part: int, show: Callable[[str], str]
    ) -> list[Piece | ReaderPlaceholder]:
        shell = self.shells[has_contents(levels)]
        pairs = zip(edition.slugs, levels, strict=False)  # an edition may show its first topics alone
        fragments = [self.fragments[slug, level][part] for slug, level in pairs]
        return filled(shell.text if part else shell.html, fragments, words, show, back=has_contents(levels))


@dataclass(frozen=True)
class RenderedEdition:
    """One edition, ready for any of its readers."""

    edition: Edition
    levels: tuple[Level, ...]  # of the topics that are shown, in the edition's order
    subject: str
    preheader: str
    sender: Sender
    html_parts: tuple[Piece | ReaderPlaceholder, ...] = field(repr=False)
    text_parts: tuple[Piece | ReaderPlaceholder, ...] = field(repr=False)

    @property
    def level(self) -> Level:
        """The least that it shows of a topic."""
        return max(self.levels, key=list(Level).index)

    @property
    def length(self) -> Length:
        """The length that was really used: a shorter one where what was asked for is too big."""
        return self.level.length

    @cached_property
    def html_bytes(self) -> int:
        """Bytes of the HTML for the reader with the longest links; HTML_LIMIT at most."""
        return size_of(self.html_parts)

    @cached_property
    def template(self) -> Template:
        asked = self.edition.length.value  # reports of complaints are about readers, whatever fitted
        parts = (self.text_parts, self.html_parts)
        return template(self.sender, self.edition.issue.label, asked, self.subject, parts)

    def html(self, recipient: Recipient) -> str:
        return _joined(self.html_parts, recipient)

    def text(self, recipient: Recipient) -> str:
        return _joined(self.text_parts, recipient)

    def message(self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None = None) -> bytes:
        """The e-mail as it goes to SMTP's DATA: CRLF, and no line that would need dot-stuffing."""
        return self.template.fill(recipient, date, signer)

    def pieces(
        self, recipient: Recipient, date: dt.datetime, signer: DkimSigner | None = None
    ) -> list[bytes]:
        """The same in pieces, most of them shared with other readers' e-mails."""
        return self.template.pieces(recipient, date, signer)


def has_contents(levels: Sequence[Level]) -> bool:
    """Whether an edition of topics at these levels begins with a table of contents."""
    return len(levels) > 1 or Level.CONTENTS in levels


def _said(words: Words) -> int:
    said = words.preheader + words.summary + words.followed + words.introduction
    return len(_html_text(said).encode())


def _joined(parts: Iterable[Piece | ReaderPlaceholder], recipient: Recipient) -> str:
    return "".join(part.text if isinstance(part, Piece) else recipient.fills(part) for part in parts)


def _html_text(text: str) -> str:
    """Text as the HTML serialiser of the whole page writes it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
