"""Proofs of an issue: its different e-mails, checked as their readers would get them.

proofs(printed, wanted, reader, at)   what is wrong, by edition; `brief check` and the admin pages share it
alone_and_all(issue)                  each topic alone, and all together
"""

import datetime as dt
from collections.abc import Callable, Iterable

from service.emails.checks import Problem, problems
from service.emails.messages import Recipient
from service.emails.press import RenderedIssue
from service.issues import Issue
from subscribers.preferences import Length

TopicSet = tuple[str, ...]
Wanted = tuple[TopicSet, Length]
Step = Callable[[int, int], None]  # done, total


def proofs(
    printed: RenderedIssue,
    wanted: Iterable[Wanted],
    reader: Recipient,
    at: dt.datetime,
    step: Step = lambda _done, _total: None,
) -> dict[str, tuple[Problem, ...]]:
    """By edition, what is wrong with it: nothing for a sound one."""
    found: dict[str, tuple[Problem, ...]] = {}
    editions = list(dict.fromkeys(wanted))
    for done, (slugs, length) in enumerate(editions):
        step(done, len(editions))
        name = f"{edition_name(slugs, printed.issue)}, {length}"
        found[name] = problems(printed.edition(slugs, length), reader, at)
    return found


def alone_and_all(issue: Issue) -> list[TopicSet]:
    """Each topic alone and all of them: of those that have papers."""
    offered = offered_topics(issue)
    return [*((slug,) for slug in offered), *([offered] if len(offered) > 1 else [])]


def both_lengths(sets: Iterable[TopicSet]) -> list[Wanted]:
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
    )
