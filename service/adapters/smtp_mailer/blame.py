"""Whose fault it is: that of one address, or the server's, which then refuses everybody."""

from collections import deque
from collections.abc import Sequence

from service.adapters.smtp_mailer.replies import is_about_policy
from service.delivery import Message, Outcome, State

POLICY_REFUSALS = 3  # in a row: the server does not want our mail, whoever it is for
ALIKE_REFUSALS = 25  # in a row in the same words: so many addresses are not wrong in the same way
KEPT = 1000


class Blame:
    """Looks at what was refused since a message was accepted."""

    def __init__(self, losses: int) -> None:
        self._most_losses = losses
        self._since: deque[Message] = deque(maxlen=KEPT)
        self._policy = self._alike = self._losses = 0
        self._words = ""

    @property
    def blameless(self) -> Sequence[Message]:
        """Refused or failed since a message was accepted: when the run stops, it was the server's fault."""
        return tuple(self._since)

    def refusals(self, message: Message, outcome: Outcome) -> str | None:
        """Take in an outcome; why no more should be sent, None while more should."""
        if outcome.state is State.ACCEPTED:
            self._policy = self._alike = self._losses = 0
            self._since.clear()
            return None
        self._since.append(message)
        self._policy = self._policy + 1 if is_about_policy(outcome) else 0
        if self._policy >= POLICY_REFUSALS:
            return f"the SMTP server refuses our mail by policy: {outcome.detail}"
        if outcome.state is not State.REFUSED:
            return None
        self._alike = self._alike + 1 if outcome.detail == self._words else 1
        self._words = outcome.detail
        if self._alike >= ALIKE_REFUSALS:
            return f"the SMTP server refuses {self._alike} recipients in a row alike: {outcome.detail}"
        return None

    def one_more_loss(self) -> bool:
        """Take in a connection that was lost; whether it was one too many."""
        self._losses += 1
        return self._losses > self._most_losses
