"""Every e-mail of an issue that readers would get, checked before it may be approved or sent."""

import datetime as dt
from functools import partial

from service.emails import RenderedIssue
from service.emails.checks import Problem
from service.emails.proofs import (
    Wanted,
    alone_and_all,
    both_lengths,
    offered_topics,
    proofs,
    sample_reader,
)
from service.issues import Issue
from service.publishing import Progress, unwatched
from service.wiring import Service


def inspect_editions(
    service: Service, printed: RenderedIssue, now: dt.datetime, watch: Progress = unwatched
) -> dict[str, tuple[Problem, ...]]:
    """By edition, what is wrong with it: each topic alone, all, and whatever else subscribers would get."""
    reader = sample_reader(service.settings.base_url, printed.issue.label)
    wanted = [*both_lengths(alone_and_all(printed.issue)), *_followed(service, printed.issue)]
    return proofs(printed, wanted, reader, now, partial(watch, f"Checking {printed.issue.label}"))


def _followed(service: Service, issue: Issue) -> list[Wanted]:
    """The distinct editions of all subscribers, also of those who get none this time."""
    offered = offered_topics(issue)
    chosen = (one.preferences for one in service.roster.every_subscriber())
    found = {(tuple(slug for slug in offered if slug in each.topics), each.length) for each in chosen}
    return sorted((slugs, length) for slugs, length in found if slugs)
