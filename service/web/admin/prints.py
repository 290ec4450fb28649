"""Issues rendered for the admin pages: once for their content, the last two kept."""

from functools import lru_cache

from service import wiring
from service.delivery import IssueStatus
from service.emails import RenderedIssue
from service.web.admin.frame import Office
from service.wiring import Service

KEPT = 2  # some megabytes each


def printed(office: Office, status: IssueStatus) -> RenderedIssue:
    """The issue as it stands, rendered as for the send."""
    return _printed(office.service, status.label, status.content_hash)


@lru_cache(maxsize=KEPT)
def _printed(service: Service, label: str, content_hash: str) -> RenderedIssue:  # noqa: ARG001 - the hash is the cache's key
    return wiring.press(service.settings).print(service.store.issue(label))
