"""Connections: whoever says nothing, or half a request, keeps no connection for long and nobody else out.

uvicorn waits for the rest of a request for ever; a few hundred that never come use up a server's descriptors.
"""

import asyncio
import resource
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_WITHIN = 15.0  # seconds from a connection, or from a request's first byte, to the end of its headers
BODY_WITHIN = 300.0  # seconds to its last byte: 20 MB on a slow line
RESERVED = 96  # descriptors for the database, files and other servers
MOST_CONNECTIONS = 4096


def most_connections() -> int:
    """How many connections leave descriptors for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, max(8, soft - RESERVED))
    )


class PatientProtocol(H11Protocol):
    """uvicorn's protocol over h11, with an end to its patience."""

    head_within: ClassVar[float] = HEAD_WITHIN
    body_within: ClassVar[float] = BODY_WITHIN
    most: ClassVar[int] = most_connections()

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.since = 0.0  # when it began to wait for what it waits for
        self._waits_for: Any = None  # h11's name for what comes next; None while nothing is awaited
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        self._await(h11.IDLE)
        if len(self.connections) > self.most:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        state = self.conn.their_state
        self._await(state if state in {h11.IDLE, h11.SEND_BODY} else None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._await(None)
        super().connection_lost(exc)

    @property
    def is_half_sent(self) -> bool:
        """Whether it brought no request yet."""
        return self._waits_for is h11.IDLE

    def _await(self, what: Any) -> None:
        """Wait for this from now on; for what is awaited already no longer than before."""
        if what is self._waits_for:
            return
        if self._end:
            self._end.cancel()
            self._end = None
        self._waits_for, self.since = what, self.loop.time()
        if what is not None:
            within = self.head_within if what is h11.IDLE else self.body_within
            self._end = self.loop.call_later(within, self._give_up)

    def _give_up(self) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.abort()

    def _make_room(self) -> None:
        """Give up whoever has said half a request for longest; without one, this connection."""
        idle = [one for one in self.connections if isinstance(one, PatientProtocol) and one.is_half_sent]
        longest = min(idle, key=lambda one: one.since, default=self)
        longest._give_up()  # noqa: SLF001 - one of ours
