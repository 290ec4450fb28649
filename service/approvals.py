"""Asks the admins, by e-mail, for what only a person decides.

ask_for_approval  a new issue: look at it and let it go
ask_about_held    deliveries that are late: send them still, or cancel
"""

import datetime as dt
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.admins import Role
from service.delivery.transactional import Queued
from service.editing import in_words
from service.emails.checks import IssueCheck
from service.emails.facts import listing, span
from service.issue_check import check_issue
from service.issues import Issue
from service.language import shown
from service.store import AudienceSummary, Made
from service.wiring import Service

MOST_NAMED = 10  # problems, notes and reasons in the e-mail; the admin pages have all of them

log = logging.getLogger("brief.approvals")


@dataclass(frozen=True, slots=True)
class Report:
    """What an editor should know of an issue before approving it."""

    issue: Issue
    audience_summary: AudienceSummary
    check: IssueCheck

    @property
    def papers(self) -> int:
        return len({entry.paper_id for brief in self.issue.briefs for entry in brief.catalog})


def ask_for_approval(service: Service, label: str, now: dt.datetime) -> bool:
    """E-mail the editors what waits for approval, and a link to it; whether there is an admin.

    Edits since the last question are told in one e-mail, not to those who made them. UnknownIssue for a label
    that nobody knows.
    """
    if not service.settings.admins_by_address:
        return False
    report = report_on(service, label, now)
    to, edits = _asked(service, report.issue)
    values = _values(report, service.settings.base_url) | {
        "edits": [f"{in_words(one.edit)}, by {one.by}" for one in edits[-MOST_NAMED:]]
    }
    if to:
        _queue(service, "approval", values, f"{report.issue.content_hash}:{now.isoformat()}", to, now)
    return True


def _asked(service: Service, issue: Issue) -> tuple[Sequence[str], Sequence[Made]]:
    """Who is asked, and the edits since somebody was asked last. A reminder goes to every editor."""
    store, last = service.store, service.store.last_asked(issue.label)
    edits = [one for one in store.edits(issue.label) if last is None or one.at > last[1]]
    makers = set() if last and last[0] == issue.content_hash else {one.by for one in edits}
    return [one for one in _editors(service) if one not in makers], edits


def _editors(service: Service) -> Sequence[str]:
    """Who may approve; all admins where nobody may, so that one of them sees to it."""
    admins = service.settings.admins_by_address
    return [one for one, admin in admins.items() if admin.role is Role.EDITOR] or [*admins]


def ask_about_held(service: Service, label: str, held: int, now: dt.datetime) -> bool:
    """E-mail every admin how many deliveries are late, and where to decide; whether there is one."""
    if not service.settings.admins_by_address:
        return False
    base_url = service.settings.base_url
    values = {
        "label": label,
        "deliveries": "1 delivery" if held == 1 else f"{held:,} deliveries",
        "hours": f"{service.settings.late_hours:g}",
        "link": f"{base_url}/admin/issues/{label}/deliveries",
        "home": base_url,
    }
    to = [*service.settings.admins_by_address]
    return _queue(service, "held", values, f"{label}:{held}:{now.isoformat()}", to, now)


def _queue(  # noqa: PLR0913, PLR0917 - what an e-mail to several is made of
    service: Service, name: str, values: Mapping[str, Any], about: str, to: Sequence[str], now: dt.datetime
) -> bool:
    """Queue the e-mail to each. `about` differs each time: mailboxes drop a Message-ID they know."""
    emails = [Queued(name, one, values, message_id=_message_id(name, about, one)) for one in to]
    service.store.queue_emails(emails, now)
    log.info("event=%s_queued issue=%s admins=%d", name, values["label"], len(emails))
    return bool(emails)


def report_on(service: Service, label: str, now: dt.datetime) -> Report:
    """The checks, the audience and the size of an issue as it stands."""
    check = check_issue(service, label, now)
    return Report(service.store.issue(label), service.store.audience_summary(label, now.date()), check)


def _values(report: Report, base_url: str) -> dict[str, Any]:
    """What the e-mail's templates use; words of papers and topics as a reader may see them."""
    issue, audience_summary = report.issue, report.audience_summary
    names = {brief.topic_slug: shown(brief.topic_name, 80) for brief in issue.briefs}
    notes = (f"{names[brief.topic_slug]}: {note}" for brief in issue.briefs for note in brief.metadata.notes)
    return {
        "label": issue.label,
        "dates": span(issue.window.first, issue.window.last),
        "papers": _counted(report.papers, "paper"),
        "topics": listing(names.values()),
        "readers": _counted(audience_summary.readers, "reader"),
        "checked": report.check.checked,
        "problems": [
            (name, shown(f"{one.check}: {one.detail}", 300))
            for name, one in report.check.problems[:MOST_NAMED]
        ],
        "notes": [shown(note, 300) for note in notes][:MOST_NAMED],
        "by_topic": [(names.get(slug, slug), count) for slug, count in audience_summary.by_topic.items()],
        "by_reason": list(audience_summary.by_reason.items())[:MOST_NAMED],
        "size": _counted(report.check.largest, "byte"),
        "link": f"{base_url}/admin/issues/{issue.label}",
        "home": base_url,
    }


def _message_id(name: str, about: str, address: str) -> str:
    tag = hashlib.sha256(f"{about}:{address}".encode()).hexdigest()[:24]
    return f"{name}.{tag}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
