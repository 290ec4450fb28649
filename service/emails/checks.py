"""Checks of a whole e-mail, as its reader will get it: what is wrong with it, in words.

They read what was made, not how: each knows the HTML, the plaintext and the bytes alone. What a paper's
authors wrote is text here as there, so no title or abstract can make a sound e-mail fail.
"""

import datetime as dt
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from functools import cached_property
from urllib.parse import urlsplit

from lxml import html as markup

from service.emails.messages import HTML_LIMIT, Recipient
from service.emails.paragraphs import safe_url
from service.emails.renderer import RenderedEdition, RenderedIssue
from service.issues import Issue
from subscribers.preferences import Length

ONCE = (
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
    "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID",
)  # fmt: skip
FEEDBACK_ID = re.compile(r"(?:[A-Za-z0-9.-]+:){3}[A-Za-z0-9]{5,15}")
LONGEST_LINE = 78  # of a header (RFC 5322, 2.1.1): a longer one is folded or encoded on its way
LONGEST_SUBJECT = 70  # characters; phones show 35, desktops about 70
LOWEST_CONTRAST = 4.5  # WCAG 2.1, 1.4.3, for text of any size
COLOUR = re.compile(r"(?:^|;)\s*(background-color|background|color)\s*:\s*#([0-9a-fA-F]{3,6})\b")
TOPIC = re.compile(r"^={40}\n(.+?)\n={40}\n", re.MULTILINE | re.DOTALL)
NUMBERED = re.compile(r"^\[(\d+)\] ", re.MULTILINE)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an e-mail."""

    check: str
    detail: str


@dataclass(frozen=True)
class Sample:
    """One e-mail to check."""

    subject: str
    html: str
    text: str
    message: bytes

    @cached_property
    def tree(self) -> markup.HtmlElement:
        return markup.document_fromstring(self.html)

    @cached_property
    def links(self) -> list[str]:
        return [link.get("href") or "" for link in self.tree.iter("a")]


def problems(edition: RenderedEdition, reader: Recipient, at: dt.datetime) -> tuple[Problem, ...]:
    """What is wrong with an edition as this reader would get it; nothing when it may be sent."""
    sample = Sample(edition.subject, edition.html(reader), edition.text(reader), edition.message(reader, at))
    return tuple(
        Problem(check.__name__.removeprefix("_"), detail) for check in CHECKS for detail in check(sample)
    )


def _size(one: Sample) -> Iterator[str]:
    if (size := len(one.html.encode())) > HTML_LIMIT:
        yield f"the HTML has {size:,} bytes, more than {HTML_LIMIT:,}: Gmail would clip it"


def _subject(one: Sample) -> Iterator[str]:
    if not 10 <= len(one.subject) <= LONGEST_SUBJECT:
        yield f"the subject has {len(one.subject)} characters: {one.subject!r}"
    if message_from_bytes(one.message, policy=default)["Subject"] != one.subject:
        yield "the subject reads back as another"


def _page(one: Sample) -> Iterator[str]:
    if not one.html.startswith("<!DOCTYPE html>"):
        yield "no doctype: clients would fall into quirks mode"
    if not (one.tree.findtext(".//title") or "").strip():
        yield "the page has no title"
    if not one.tree.get("lang"):
        yield "the page has no language"
    images = list(one.tree.iter("img"))
    for image in images:
        if not (image.get("alt") or "").strip():
            yield f"an image has no alt text: {image.get('src')}"
        if not (image.get("src") or "").startswith("https://"):
            yield f"an image is not loaded by https: {image.get('src')}"
    if len(images) > 1:
        yield f"{len(images)} images, where the logo is the only one"


def _leftovers(one: Sample) -> Iterator[str]:
    """MJML that nothing rendered, and places that nothing filled. In text they would be an author's words."""
    for element in one.tree.iter():
        if not isinstance(element.tag, str):
            if re.fullmatch(r"/?(?:topic|entry|back)", element.text or ""):
                yield f"a mark of the templates is left: <!--{element.text}-->"
        elif element.tag.startswith("mj-"):
            yield f"MJML is left: <{element.tag}>"
        elif any(re.search(r"slot-[a-z]+-slot|\{\{|\{%", value) for value in element.attrib.values()):
            yield f"a placeholder is left in <{element.tag}>"


def _links(one: Sample) -> Iterator[str]:
    anchors = {element.get("id") for element in one.tree.iter() if element.get("id")}
    for link in one.tree.iter("a"):
        href = link.get("href") or ""
        if href.startswith("#") and href[1:] not in anchors:
            yield f"a link leads nowhere: {href}"
        elif not href.startswith("#") and not safe_url(href):
            yield f"a link is not a well-formed http(s) address: {href!r}"
        if not "".join(link.itertext()).strip():
            yield f"a link has no words: {href}"


def _headers(one: Sample) -> Iterator[str]:
    head, _, body = one.message.partition(b"\r\n\r\n")
    lines = re.sub(rb"\r\n[ \t]", b" ", head).decode("ascii", "replace").split("\r\n")
    names = [line.partition(":")[0] for line in lines]
    yield from (
        f"the header {name} stands {names.count(name)} times" for name in ONCE if names.count(name) != 1
    )
    values = {line.partition(": ")[0]: line.partition(": ")[2] for line in lines}
    yield from (f"{name} is encoded" for name in values if name.startswith("List-") and "=?" in values[name])
    if not _is_one_click(values.get("List-Unsubscribe", "")):
        yield "List-Unsubscribe is not exactly one https address"
    if not _is_feedback_id(values.get("Feedback-ID", "")):
        yield "Feedback-ID is not three different parts and a sender of 5 to 15 characters, on one line of 78"
    if not one.message.isascii() or re.search(rb"[^\r]\n|\r[^\n]", one.message):
        yield "there are bytes that are not ASCII, or line ends that are not CRLF"
    if max(map(len, body.split(b"\r\n"))) > 76:
        yield "a line of the body has more than 76 characters"


def _is_feedback_id(value: str) -> bool:
    """As Gmail's feedback loop reads it: `a:b:c:sender`, the sender 5 to 15 characters, no part twice."""
    parts = value.split(":")
    fits = FEEDBACK_ID.fullmatch(value) is not None and len("Feedback-ID: ") + len(value) <= LONGEST_LINE
    return fits and len(set(parts)) == len(parts)


def _is_one_click(value: str) -> bool:
    """``<https://…>`` alone (RFC 8058, 3.1); on this machine http will do."""
    url = urlsplit(value[1:-1])
    return value == f"<{safe_url(value[1:-1])}>" and (url.scheme == "https" or url.hostname in LOOPBACK)


def _contrast(one: Sample) -> Iterator[str]:
    """By inline colours: what is seen where style sheets are dropped."""
    seen = set(_colours(one.tree.body, "222222", "ffffff"))
    for ink, paper in sorted(seen):
        if (ratio := contrast(ink, paper)) < LOWEST_CONTRAST:
            yield f"#{ink} on #{paper} has a contrast of {ratio:.1f}, under {LOWEST_CONTRAST}"


def _colours(element: markup.HtmlElement, ink: str, paper: str) -> Iterator[tuple[str, str]]:
    style = element.get("style") or ""
    if re.search(r"display\s*:\s*none", style):
        return
    for name, colour in COLOUR.findall(style):
        ink, paper = (colour, paper) if name == "color" else (ink, colour)
    if (element.text or "").strip():
        yield ink.lower(), paper.lower()
    for child in element.iterchildren(tag="*"):
        yield from _colours(child, ink, paper)


def contrast(ink: str, paper: str) -> float:
    """Contrast of two colours such as ``596069``, 1 to 21 (WCAG 2.1)."""
    darker, lighter = sorted(map(_luminance, (ink, paper)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    full = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    shares = [int(full[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _plaintext(one: Sample) -> Iterator[str]:
    """The plaintext says the same in the same order."""
    headings = ["".join(each.itertext()) for each in one.tree.iter("h2", "h3", "h4")]
    if missing := _first_missing(map(_bare, headings), _bare(one.text)):
        yield f"the plaintext lacks the heading {missing!r}, or has it elsewhere"
    lost = [url for url in one.links if not url.startswith("#") and url not in one.text]
    yield from (f"the plaintext lacks the link {url}" for url in dict.fromkeys(lost))
    _, *parts = TOPIC.split(one.text)
    topics = [[link.get("href") or "" for link in links] for links in _topics(one.tree)]
    if len(topics) != len(parts[1::2]):
        yield f"the HTML has {len(topics)} topics, the plaintext {len(parts[1::2])}"
    for name, text, linked in zip(parts[::2], parts[1::2], topics, strict=False):
        mentioned = list(_papers_mentioned(text))
        if missing := _first_missing((url for url in linked if url in mentioned), mentioned):
            yield f"{name}: the plaintext names {missing} elsewhere than the HTML"


def _bare(text: str) -> str:
    return "".join(text.split()).upper()


def _first_missing(wanted: Iterable[str], text: str | Sequence[str]) -> str | None:
    """The first of these that does not follow its predecessors in the text or list."""
    place = 0
    for each in wanted:
        try:
            place = text.index(each, place) + (len(each) if isinstance(text, str) else 1)
        except ValueError:
            return each
    return None


def _topics(tree: markup.HtmlElement) -> Iterator[list[markup.HtmlElement]]:
    """The links of each topic but those in tables, whose cells the plaintext sets side by side."""
    links: list[markup.HtmlElement] | None = None
    for element in tree.iter("h2", "a"):
        if element.tag == "h2" and element.get("id"):
            if links is not None:
                yield links
            links = []
        elif links is not None and not any(
            each.get("class") == "data" for each in element.iterancestors("table")
        ):
            links.append(element)
    if links is not None:
        yield links


def _papers_mentioned(text: str) -> Iterator[str]:
    """The address behind each number in the plaintext, in its order; an entry of the list counts too."""
    starts = [*NUMBERED.finditer(text)]
    ends = [*(each.start() for each in starts[1:]), len(text)][: len(starts)]
    addresses = {}
    for start, end in zip(starts, ends, strict=True):
        block = text[start.end() : end].partition("\n\n")[0]
        if urls := re.findall(r"https?://\S+", block):
            addresses[start[1]] = urls[-1]
    for number in re.findall(r"\[(\d+)\]", text):
        if number in addresses:
            yield addresses[number]


CHECKS = (_size, _subject, _page, _leftovers, _links, _headers, _contrast, _plaintext)


TopicSet = tuple[str, ...]
Wanted = tuple[TopicSet, Length]
Step = Callable[[int, int], None]  # done, total

MOST_FREQUENT = 60  # editions that are checked because most readers get them
SAMPLED = 20  # of all the others


@dataclass(frozen=True, slots=True)
class IssueCheck:
    """What was found of an issue's e-mails, as it stands."""

    label: str
    content_hash: str
    checked_at: dt.datetime
    largest: int  # bytes of the largest HTML
    found: Mapping[str, tuple[Problem, ...]]  # by edition; nothing for one that passed

    @property
    def checked(self) -> int:
        """How many different e-mails."""
        return len(self.found)

    @property
    def problems(self) -> Sequence[tuple[str, Problem]]:
        """Each with the edition that has it."""
        return [(edition, one) for edition, each in self.found.items() for one in each]


def most_checked(topics: int) -> int:
    """The most editions that are ever checked of an issue on so many topics."""
    return len(Length) * (topics + 1) + MOST_FREQUENT + SAMPLED


def editions_to_check(issue: Issue, readers: Mapping[tuple[TopicSet, str], int]) -> list[Wanted]:
    """The editions that stand for all: at most `most_checked`, for any roster.

    Each topic alone and all topics, at every length; those that most readers get; and of the others a sample,
    the same for the same content. An e-mail is a join of its topics' fragments: what is wrong with a fragment
    shows where the topic stands alone, what is wrong with long joins where all stand together.
    `readers` are the audience by topics and length.
    """
    wanted = all_lengths(alone_and_all(issue))
    held, offered = set(wanted), offered_topics(issue)
    others: dict[Wanted, int] = {}
    for (slugs, length), count in readers.items():
        edition = tuple(slug for slug in offered if slug in slugs), Length(length)
        if edition[0] and edition not in held:
            others[edition] = others.get(edition, 0) + count
    ordered = sorted(others, key=lambda one: (-others[one], one))
    frequent, rest = ordered[:MOST_FREQUENT], ordered[MOST_FREQUENT:]
    sample = random.Random(issue.content_hash).sample(rest, min(SAMPLED, len(rest)))  # noqa: S311 - no secret
    return [*wanted, *frequent, *sample]


def check_editions(
    printed: RenderedIssue,
    wanted: Iterable[Wanted],
    reader: Recipient,
    at: dt.datetime,
    step: Step = lambda _done, _total: None,
) -> IssueCheck:
    """What is wrong with these editions."""
    found: dict[str, tuple[Problem, ...]] = {}
    largest, editions = 0, list(dict.fromkeys(wanted))
    names = _names(editions, printed.issue)
    for done, (slugs, length) in enumerate(editions):
        step(done, len(editions))
        edition = printed.edition(slugs, length)
        found[names[slugs, length]] = problems(edition, reader, at)
        largest = max(largest, edition.html_bytes)
    return IssueCheck(printed.issue.label, printed.issue.content_hash, at, largest, found)


def _names(editions: Sequence[Wanted], issue: Issue) -> dict[Wanted, str]:
    """A name for each: two sets of many topics may be called alike, and then have a number."""
    names: dict[Wanted, str] = {}
    taken: set[str] = set()
    for slugs, length in editions:
        name, number = f"{edition_name(slugs, issue)}, {length}", 1
        while name in taken:
            number += 1
            name = f"{edition_name(slugs, issue)} ({number}), {length}"
        taken.add(name)
        names[slugs, length] = name
    return names


def alone_and_all(issue: Issue) -> list[TopicSet]:
    """Each topic alone and all of them: of those that have papers."""
    offered = offered_topics(issue)
    return [*((slug,) for slug in offered), *([offered] if len(offered) > 1 else [])]


def all_lengths(sets: Iterable[TopicSet]) -> list[Wanted]:
    """The sets at every length."""
    return [(slugs, length) for slugs in sets for length in Length]


def offered_topics(issue: Issue) -> TopicSet:
    """The topics that the issue has papers on."""
    return tuple(brief.topic_slug for brief in issue.briefs if not brief.is_quiet)


def edition_name(slugs: TopicSet, issue: Issue) -> str:
    """``all``, or the topics joined."""
    if slugs == offered_topics(issue) and len(slugs) > 1:
        return "all"
    return "+".join(slugs) if len(slugs) < 4 else f"{'+'.join(slugs[:3])}+{len(slugs) - 3}-more"


def sample_reader(base_url: str, label: str) -> Recipient:
    """A reader who exists nowhere."""
    return Recipient(
        address="reader@example.org",
        name="Sample Reader",
        message_id=f"{label}.preview@example.org",
        manage_url=f"{base_url}/manage/preview",
        leave_url=f"{base_url}/leave/preview",
        one_click_url=f"{base_url}/leave/preview",
        web_url=f"{base_url}/issues/{label}",
        archive_url=base_url,
        respond_url=f"{base_url}/papers",
    )
