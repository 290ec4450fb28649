"""Which of an issue's e-mails are checked, and what was found: as their readers would get them.

editions_to_check(issue, readers)    which: a bounded number, whoever reads
check_editions(printed, wanted, …)   what is wrong with each of them
alone_and_all(issue)                 each topic alone, and all together
"""

import datetime as dt
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.emails.checks import Problem, problems
from service.emails.messages import Recipient
from service.emails.renderer import RenderedIssue
from service.issues import Issue
from subscribers.preferences import Length

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
    )
