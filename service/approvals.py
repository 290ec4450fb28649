"""Asking the admins to approve an issue."""

import datetime as dt
import logging

from service.wiring import Service

log = logging.getLogger("brief.schedule")


def ask_for_approval(service: Service, label: str, now: dt.datetime) -> None:
    """Say that an issue waits for its approval."""
    content = service.archive.status(label).content_hash[:12]
    log.info("event=approval_asked issue=%s content=%s at=%s", label, content, now.isoformat())
