"""The one check of an issue: the schedule, the admin pages, the command line and the send all ask it."""

import datetime as dt
import hashlib
from functools import partial

from service import __version__, wiring
from service.delivery.ledger import Progress, unwatched
from service.emails import RenderedIssue
from service.emails.checks import IssueCheck, check_editions, editions_to_check, sample_reader
from service.wiring import Service


def check_issue(
    service: Service,
    label: str,
    now: dt.datetime,
    rendered: RenderedIssue | None = None,
    watch: Progress = unwatched,
) -> IssueCheck:
    """What is wrong with an issue's e-mails as it stands: checked once for a content, and kept.

    The work is bounded for any roster: see `editions_to_check`. `rendered` saves rendering the issue again.
    """
    made_with = _made_with(service)
    content_hash = rendered.issue.content_hash if rendered else service.store.status(label).content_hash
    if kept := service.store.kept_check(label, content_hash, made_with):
        return kept
    printed = rendered or wiring.renderer(service.settings).render_issue(service.store.issue(label))
    wanted = editions_to_check(printed.issue, service.store.audience_summary(label, now.date()).editions)
    reader = sample_reader(service.settings.base_url, label)
    check = check_editions(printed, wanted, reader, now, partial(watch, f"Checking {label}"))
    service.store.keep_check(check, made_with)
    return check


def _made_with(service: Service) -> str:
    """A digest of what renders e-mails beside an issue's content: another version, template or sender."""
    found = hashlib.sha256(f"{__version__} {wiring.sender(service.settings)!r}".encode())
    for file in sorted((wiring.TEMPLATES / "email").rglob("*")):
        if file.is_file():
            found.update(file.read_bytes())
    return found.hexdigest()
