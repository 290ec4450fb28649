"""Who is selected: in the address of a page, in a form, and in words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, HTTPException, Query

from service.web.admin.frame import AdminContext, Sent
from subscribers.bulk import Action
from subscribers.selection import Bounces, Selection, State

SOURCE = "admin pages"
PEOPLE = "/admin/subscribers"
LONGEST_SEARCH = 254
# What the filters are called on the pages
STATES: Mapping[State, str] = {
    State.ACTIVE: "active",
    State.UNCONFIRMED: "not confirmed yet",
    State.LEFT: "left",
    State.PAUSED: "paused",
    State.SUPPRESSED: "suppressed",
}
BOUNCES: Mapping[Bounces, str] = {
    Bounces.SOME: "some e-mail bounced",
    Bounces.NONE: "no e-mail bounced",
    Bounces.STOPPED: "suppressed for bounces",
    Bounces.SPAM: "reported as spam",
}
# What a change of many does, and who is passed over; {} is the name of its topic
CHANGES: Mapping[Action, tuple[str, str]] = {
    Action.FOLLOW: ("Add the topic {}", "they follow it already, or have left"),
    Action.UNFOLLOW: ("Remove the topic {}", "they don’t follow it, follow nothing else, or have left"),
    Action.END: ("End the subscriptions", "they have left already"),
    Action.SUPPRESS: ("Suppress the addresses", "their addresses are suppressed already"),
}


def filters(
    topic: Annotated[str, Query(pattern=r"^[a-z0-9-]{0,100}$")] = "",
    state: State | Literal[""] = "",
    bounces: Bounces | Literal[""] = "",
) -> Selection:
    """The filters of an address."""
    return Selection("", topic, state or None, bounces or None)


Filters = Annotated[Selection, Depends(filters)]


def selection_of(sent: Sent) -> Selection:
    """What a form asks for; 422 for a filter that is none, which must not become everybody."""
    topic, state, bounces = (sent.text(name) for name in ("topic", "state", "bounces"))
    words = " ".join(sent.text("words").split())[:LONGEST_SEARCH]
    try:
        return Selection(words, topic[:100], State(state) if state else None, _bounces(bounces))
    except ValueError as error:
        raise HTTPException(422) from error


def _bounces(text: str) -> Bounces | None:
    return Bounces(text) if text else None


def address_of(selection: Selection, page: str = "", **more: int) -> str:
    """The address of a page of a selection: its filters, never its words."""
    chosen = {"topic": selection.topic, "state": selection.state, "bounces": selection.bounces, **more}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"{PEOPLE}{page}{f'?{query}' if query else ''}"


def in_words(selection: Selection, topics: Mapping[str, str]) -> str:
    """What is selected: ``following Exoplanets, active``; `topics` are names by slug."""
    words = f"matching “{selection.words}”" if selection.words else ""
    topic = f"following {topics.get(selection.topic, selection.topic)}" if selection.topic else ""
    state = STATES[selection.state] if selection.state else ""
    bounces = BOUNCES[selection.bounces] if selection.bounces else ""
    return ", ".join(filter(None, (words, topic, state, bounces))) or "everybody"


def in_log(selection: Selection, topics: Mapping[str, str]) -> str:
    """The same for the audit log, which holds no part of an address."""
    return in_words(replace(selection, words="…" if selection.words else ""), topics)


def names(context: AdminContext) -> dict[str, str]:
    return {topic.slug: topic.name for topic in context.site.topics()}


def filter_values(context: AdminContext, asked: Selection) -> dict[str, Any]:
    """What a template needs to show a selection and to send it again."""
    topics = context.site.topics()
    return {
        "asked": asked,
        "told": in_words(asked, {topic.slug: topic.name for topic in topics}),
        "here_again": address_of(asked),
        "search_again": address_of(asked, "/search"),
        "topics": topics,
        "states": STATES,
        "bounce_filters": BOUNCES,
        "actions": {action: words.format("…").strip() for action, (words, _) in CHANGES.items()},
    }
