"""Blame: whether one address is at fault, or the provider, which then refuses everybody."""

from collections import deque
from collections.abc import Sequence

from service.delivery.model import Message, Outcome, State

POLICY_REFUSALS = 3  # in a row: the server does not want our mail, whoever it is for
ALIKE_REFUSALS = 25  # in a row in the same words: so many addresses are not wrong, or busy, in the same way
KEPT = 1000


class Blame:
    """Looks at what was refused since a message was accepted."""

    def __init__(self, losses: int = 1) -> None:
        self._most_losses = losses
        self._since: deque[Message] = deque(maxlen=KEPT)
        self._policy = self._alike = self._losses = 0
        self._words = ""

    @property
    def blameless(self) -> Sequence[Message]:
        """Refused or failed since a message was accepted: when the run stops, it was the server's fault."""
        return tuple(self._since)

    def verdict(self, message: Message, outcome: Outcome, *, is_policy: bool = False) -> str | None:
        """Take in an outcome; why no more should be sent, None while more should."""
        if outcome.state is State.ACCEPTED:
            self._policy = self._alike = self._losses = 0
            self._since.clear()
        if outcome.state not in {State.REFUSED, State.FAILED}:
            return None
        self._since.append(message)
        self._policy = self._policy + 1 if is_policy else 0
        if self._policy >= POLICY_REFUSALS:
            return f"our mail is refused by policy: {outcome.detail}"
        lasting = outcome.state is State.REFUSED
        words = outcome.detail if lasting else _without_names(outcome.detail)
        self._alike = self._alike + 1 if words == self._words else 1
        self._words = words
        if self._alike < ALIKE_REFUSALS:
            return None
        told = "refused alike" if lasting else "put off alike"
        return f"{self._alike} recipients in a row are {told}: {outcome.detail}"

    def one_more_loss(self) -> bool:
        """Take in a connection that was lost; whether it was one too many."""
        self._losses += 1
        return self._losses > self._most_losses


def _without_names(detail: str) -> str:
    """A server's words without what differs from one message to the next, such as a queue's number for it."""
    code, _, words = detail.partition(" ")
    return " ".join([code, *(word for word in words.split() if word.isalpha())])
