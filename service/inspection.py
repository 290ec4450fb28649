"""Every e-mail of an issue that readers would get, checked before it may be approved or sent."""

import datetime as dt

from service.emails import Recipient, RenderedIssue
from service.emails.checks import Problem, problems
from service.issues import Issue
from service.publishing import Progress, unwatched
from service.wiring import Service
from subscribers.preferences import Length

TopicSet = tuple[str, ...]


def inspect_editions(
    service: Service, printed: RenderedIssue, now: dt.datetime, watch: Progress = unwatched
) -> dict[str, tuple[Problem, ...]]:
    """By edition, what is wrong with it: each topic alone, all, and whatever else subscribers would get."""
    reader = sample_reader(service, printed.issue.label)
    wanted = [(slugs, length) for slugs in alone_and_all(printed.issue) for length in Length]
    wanted += _followed(service, printed.issue)
    found: dict[str, tuple[Problem, ...]] = {}
    for done, (slugs, length) in enumerate(dict.fromkeys(wanted)):
        watch(f"Checking {printed.issue.label}", done, len(wanted))
        edition = printed.edition(slugs, length)
        found[f"{edition_name(slugs, printed.issue)}, {length}"] = problems(edition, reader, now)
    return found


def sample_reader(service: Service, label: str) -> Recipient:
    """A reader who exists nowhere."""
    base = service.settings.base_url
    return Recipient(
        address="reader@example.org",
        name="Sample Reader",
        message_id=f"{label}.preview@example.org",
        manage_url=f"{base}/manage/preview",
        leave_url=f"{base}/leave/preview",
        one_click_url=f"{base}/leave/preview",
        web_url=f"{base}/issues/{label}",
    )


def alone_and_all(issue: Issue) -> list[TopicSet]:
    """Each topic that has papers by itself, and all of them."""
    offered = offered_topics(issue)
    return [*((slug,) for slug in offered), *([offered] if len(offered) > 1 else [])]


def offered_topics(issue: Issue) -> TopicSet:
    """The topics that have papers."""
    return tuple(brief.topic_slug for brief in issue.briefs if not brief.is_quiet)


def edition_name(slugs: TopicSet, issue: Issue) -> str:
    """A set of topics in a few words that may name a file."""
    if slugs == offered_topics(issue) and len(slugs) > 1:
        return "all"
    return "+".join(slugs) if len(slugs) < 4 else f"{'+'.join(slugs[:3])}+{len(slugs) - 3}-more"


def _followed(service: Service, issue: Issue) -> list[tuple[TopicSet, Length]]:
    """The distinct editions of all subscribers, also of those who get none this time."""
    offered = offered_topics(issue)
    chosen = (one.preferences for one in service.roster.every_subscriber())
    found = {(tuple(slug for slug in offered if slug in each.topics), each.length) for each in chosen}
    return sorted((slugs, length) for slugs, length in found if slugs)
