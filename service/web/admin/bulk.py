"""One change of all who are selected: a dry run shows whom, and the button changes nobody else."""

import base64
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from fastapi import APIRouter, Response
from itsdangerous import BadData, URLSafeSerializer

from service.web.admin.authentication import Editor
from service.web.admin.frame import AdminContext, Form, TheAdminContext, Visitor
from service.web.admin.selecting import (
    CHANGES,
    PEOPLE,
    SOURCE,
    address_of,
    filter_values,
    in_log,
    names,
    selection_of,
)
from service.web.admin.subscriber import note_of
from service.wiring import secret_keys
from subscribers.bulk import Action, BulkChange, DryRun, TooMany
from subscribers.roster import UnknownTopic
from subscribers.selection import Bounces, Selection, State

GOOD_FOR = dt.timedelta(hours=1)
BULK = f"{PEOPLE}/bulk"

routes = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a dry run showed: signed, so that its button does that and no more."""

    selection: Selection
    change: BulkChange
    ids: tuple[int, ...]

    def signed(self, context: AdminContext, visitor: Visitor, now: dt.datetime) -> str:
        """A field for the form of its button."""
        asked, change = self.selection, self.change
        first, bits = packed(self.ids)
        value = [
            int(now.timestamp()), asked.words, asked.topic, asked.state or "", asked.bounces or "",
            change.action, change.topic, change.note, first, base64.b64encode(bits).decode(),
        ]  # fmt: skip
        return str(_serializer(context, visitor).dumps(value))

    @classmethod
    def read(cls, text: str, context: AdminContext, visitor: Visitor, now: dt.datetime) -> "Draft | None":
        """None for one that is forged, another admin's, or over an hour old."""
        try:
            at, words, topic, state, bounces, action, other, note, first, bits = _serializer(
                context, visitor
            ).loads(text)
        except BadData:
            return None
        if now - dt.datetime.fromtimestamp(at, dt.UTC) > GOOD_FOR:
            return None
        asked = Selection(
            words, topic, State(state) if state else None, Bounces(bounces) if bounces else None
        )
        ids = unpacked(first, base64.b64decode(bits))
        return cls(asked, BulkChange(Action(action), other, note), ids)


@routes.post(BULK)
def try_out(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Whom the change would change: how many, and some of them. Nothing is written."""
    asked, action = selection_of(sent), sent.text("action")
    if action not in set(Action):
        return _page(visitor, context, asked, problem="Choose what to do.")
    wanted = Action(action)
    change = BulkChange(wanted, sent.text("with")[:100] if wanted.needs_topic else "", note_of(sent))
    if not change.note:
        return _page(visitor, context, asked, change, problem="Say why.")
    try:
        found = context.bulk.try_out(asked, change, context.clock().date())
    except UnknownTopic:
        return _page(visitor, context, asked, change, problem="Choose the topic.")
    except TooMany as error:
        return _page(visitor, context, asked, change, problem=f"{error}. Filter further.")
    return _page(visitor, context, asked, change, found)


@routes.post(f"{BULK}/make")
def make(visitor: Editor, sent: Form, context: TheAdminContext) -> Response:
    """Change those whom the dry run showed and who are still selected."""
    draft = Draft.read(sent.text("draft"), context, visitor, context.clock())
    if draft is None:
        problem = "That dry run is over an hour old, or was another’s. Begin again."
        return _page(visitor, context, Selection(), problem=problem)
    asked, change = draft.selection, draft.change
    topics = names(context)
    of, told = len(draft.ids), f"{label(change, topics)}; {in_log(asked, topics)}; {change.note}"

    def log(connection: sa.Connection, count: int) -> None:
        context.record(visitor, "changed many", "", f"{count:,} of {of:,} subscribers: {told}", connection)

    try:
        changed = context.bulk.make(asked, change, draft.ids, context.clock(), SOURCE, then=log)
    except UnknownTopic:
        return _page(visitor, context, asked, change, problem="The topic has ended since.")
    return _page(visitor, context, asked, change, changed=changed, of=of)


def label(change: BulkChange, topics: Mapping[str, str]) -> str:
    """What a change does, as its button says it."""
    return CHANGES[change.action][0].format(topics.get(change.topic, change.topic)).strip()


def packed(ids: Sequence[int]) -> tuple[int, bytes]:
    """The first of some ids, and a bit for each number from there on: 100,000 need some kilobytes."""
    first = min(ids, default=0)
    bits = bytearray((max(ids, default=0) - first) // 8 + 1)
    for one in ids:
        bits[one - first >> 3] |= 1 << (one - first & 7)
    return first, bytes(bits)


def unpacked(first: int, bits: bytes) -> tuple[int, ...]:
    """The ids that were packed, in order."""
    return tuple(
        first + 8 * at + bit for at, byte in enumerate(bits) if byte for bit in range(8) if byte >> bit & 1
    )


def _serializer(context: AdminContext, visitor: Visitor) -> URLSafeSerializer:
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    keys = list(secret_keys(context.service.settings))
    return URLSafeSerializer(keys, salt=f"bulk.{visitor.admin.address}", signer_kwargs=how)


def _page(  # noqa: PLR0913 - what the page shows
    visitor: Visitor,
    context: AdminContext,
    asked: Selection,
    change: BulkChange | None = None,
    found: DryRun | None = None,
    *,
    problem: str = "",
    changed: int | None = None,
    of: int = 0,
) -> Response:
    topics = names(context)
    title = label(change, topics) if change else "Change many subscribers"
    draft = Draft(asked, change, found.ids) if change and found and found.ids else None
    return context.page(
        visitor,
        "bulk.html",
        title,
        status=422 if problem else 200,
        change=change,
        found=found,
        draft=draft.signed(context, visitor, context.clock()) if draft else "",
        passed_over_since=CHANGES[change.action][1] if change else "",
        problem=problem,
        changed=changed,
        of=of,
        back=address_of(asked),
        **filter_values(context, asked),
    )
