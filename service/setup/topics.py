"""Which topics are offered, which an answer chooses, and ending the others."""

import re
from collections.abc import Collection, Sequence
from pathlib import Path

import sqlalchemy as sa

from service import migrations, wiring
from service.settings import Settings
from subscribers.roster import Roster
from subscribers.starters import starter, starters
from subscribers.topics import Topic, load_topics

ALL = "all"


class UnknownChoice(ValueError):
    """An answer that names no topic; the message says which word of it."""


def offered(settings: Settings) -> tuple[Topic, ...]:
    """The topics of the database, or those that ship where there is none yet.

    Empty where the database must be migrated first: what it holds is not known before.
    """
    url = sa.make_url(settings.database)
    if url.drivername.startswith("sqlite") and not Path(url.database or "").is_file():
        return load_topics()
    engine = wiring.open_engine(settings)
    try:
        status = migrations.schema_status(engine)
        if status is migrations.SchemaStatus.EMPTY:
            return load_topics()
        return Roster(engine).topics() if status is migrations.SchemaStatus.CURRENT else ()
    finally:
        engine.dispose()


def chosen(answer: str, topics: Sequence[Topic]) -> tuple[str, ...]:
    """The slugs that an answer names, by number (from 1) or slug, also of starters; else UnknownChoice."""
    words = [word for word in re.split(r"[\s,;]+", answer.strip().lower()) if word]
    slugs = [topic.slug for topic in topics]
    if words == [ALL]:
        return tuple(slugs)
    if not words:
        raise UnknownChoice("name at least one topic, or write all")
    named = set()
    starting = [one.topic.slug for one in starters() if one.topic.slug not in slugs]
    for word in words:
        if word in starting:
            named.add(word)
            continue
        at = int(word) if word.isdecimal() else slugs.index(word) + 1 if word in slugs else 0
        if not 1 <= at <= len(slugs):
            raise UnknownChoice(f"{word} is no topic here; give numbers from 1 to {len(slugs)}, slugs or all")
        named.add(slugs[at - 1])
    return tuple(slug for slug in (*slugs, *starting) if slug in named)


def add_starters(service: wiring.Service, keep: Collection[str]) -> tuple[str, ...]:
    """Add the starters among these that are no topic yet; their slugs."""
    there = {topic.slug for topic in service.roster.topics()}
    new = tuple(
        one.topic.slug for one in starters() if one.topic.slug in keep and one.topic.slug not in there
    )
    for slug in new:
        service.roster.put_topic(starter(slug))
    return new


def end_others(service: wiring.Service, keep: Collection[str]) -> tuple[tuple[str, ...], dict[str, int]]:
    """Remove the topics that nobody chose: the slugs that were, and those that stay with their followers.

    A topic that somebody follows stays: whoever removes it should know for how many.
    """
    followers = service.roster.followers()
    others = [topic.slug for topic in service.roster.topics() if topic.slug not in keep]
    removed = tuple(slug for slug in others if not followers.get(slug))
    for slug in removed:
        service.roster.remove_topic(slug, wiring.now())
    return removed, {slug: followers[slug] for slug in others if followers.get(slug)}
