"""Issues: one window's briefs over all topics, and the editions that are cut from them."""

import datetime as dt
import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from service.briefs.model import Brief
from service.papers import Window
from subscribers.preferences import Length


@dataclass(frozen=True)
class Issue:
    """One window's briefs over all topics. Their order is the order of topics in every edition."""

    label: str
    window: Window
    built_at: dt.datetime  # UTC
    briefs: tuple[Brief, ...]

    def __post_init__(self) -> None:
        slugs = [brief.topic_slug for brief in self.briefs]
        if twice := sorted({slug for slug in slugs if slugs.count(slug) > 1}):
            raise ValueError(f"issue {self.label} holds more than one brief on {', '.join(twice)}")

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over the briefs alone, so it is the same whenever and wherever the issue is read."""
        briefs = [json.loads(brief.content) for brief in self.briefs]
        canonical = json.dumps(briefs, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def introduction(self) -> str:
        """What the editors say above the whole issue; empty where they say nothing."""
        return next((brief.introduction for brief in self.briefs if brief.introduction), "")

    def for_topics(self, slugs: Collection[str], length: Length = Length.FULL) -> "Edition":
        """The edition for one set of topics; topics that this issue lacks are passed over."""
        followed = tuple(brief for brief in self.briefs if brief.topic_slug in slugs)
        return Edition(
            issue=self,
            briefs=tuple(brief for brief in followed if not brief.is_quiet),
            quiet=tuple(brief for brief in followed if brief.is_quiet),
            length=length,
        )


@dataclass(frozen=True)
class Edition:
    """An issue narrowed to one set of topics, in the issue's order."""

    issue: Issue
    briefs: tuple[Brief, ...]  # those with papers
    quiet: tuple[Brief, ...]  # followed topics without a paper in this window: named, not shown
    length: Length

    @property
    def is_empty(self) -> bool:
        """Nothing to send: every topic is quiet, or there is none."""
        return not self.briefs

    @cached_property
    def slugs(self) -> tuple[str, ...]:
        return tuple([brief.topic_slug for brief in self.briefs])
