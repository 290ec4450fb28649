"""The circuit breaker: whether a server refuses everybody, whoever it is asked about.

Refusals are the readers' as long as the server takes anybody's mail. Where it takes nobody's any more, they
are in doubt: readers elsewhere in the queue are tried, and one whose e-mail is accepted clears all that were
before. Where so many over the whole queue are refused that this is no chance, the server is at fault, and it
costs nobody an attempt.
"""

from collections import Counter

from service.delivery.model import Delivery, Fault, Outcome, State
from service.delivery.policy import SLOWER, names_mailbox

LIMIT = 100  # of weight since somebody's mail was accepted: the run stops
LIMIT_ON_TRIAL = 20  # where the run before was stopped so
SUSPICIOUS = 10  # from here on readers elsewhere in the queue are tried
NOBODY = 20  # of weight when the queue ends and nobody's mail was accepted at all
NOBODY_ON_TRIAL = 5
# A rate limit says itself that it is nobody's; a refused body was sent in full; a reader's refusal weighs 1
WEIGHTS = {Fault.RATE: 10.0, Fault.SERVER: 10.0, Fault.MESSAGE: 4.0}


class Breaker:
    """Looks at what became of messages since one was accepted."""

    def __init__(self, *, on_trial: bool = False) -> None:
        self._on_trial = on_trial
        self._accepted = False
        self._weight = 0.0
        self._mailboxes = 0  # of the replies in doubt: so many named the mailbox itself
        self._domains: set[str] = set()
        self._replies: Counter[str] = Counter()
        self._faults: Counter[Fault | None] = Counter()

    @property
    def is_suspicious(self) -> bool:
        """Whether readers elsewhere should be tried."""
        return self._weight >= SUSPICIOUS

    @property
    def is_open(self) -> bool:
        """Whether no more should be sent."""
        return self._weight >= (LIMIT_ON_TRIAL if self._on_trial else LIMIT)

    @property
    def is_open_at_the_end(self) -> bool:
        """The same once nobody is left to try: where not one e-mail was accepted, less is enough."""
        least = NOBODY_ON_TRIAL if self._on_trial else NOBODY
        return self.is_open or (not self._accepted and self._weight - self._mailboxes / 2 >= least)

    def doubts(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Take in an outcome; whether it stands only once the server takes somebody's mail again."""
        if outcome.state is State.ACCEPTED:
            self._clear()
            return False
        if not self._is_evidence(delivery, outcome):
            return False
        self._weight += WEIGHTS.get(outcome.fault or Fault.READER, 1.0)
        self._mailboxes += names_mailbox(outcome)
        self._domains.add(delivery.address.rpartition("@")[2].casefold())
        self._replies[outcome.detail] += 1
        self._faults[outcome.fault] += 1
        return True

    def _is_evidence(self, delivery: Delivery, outcome: Outcome) -> bool:
        """Who was tried before and is refused again while others get theirs is no sign of its fault."""
        if outcome.state not in {State.REFUSED, State.FAILED, State.GIVEN_UP}:
            return False
        if outcome.fault in WEIGHTS:
            return True
        is_fresh = delivery.claim <= 1 or not self._accepted
        return is_fresh and (outcome.state is State.REFUSED or not delivery.attempt)

    def _clear(self) -> None:
        self._accepted, self._on_trial = True, False
        if self._replies:
            self._weight, self._mailboxes = 0.0, 0
            self._domains.clear()
            self._replies.clear()
            self._faults.clear()

    @property
    def words(self) -> str:
        """Why no more is sent, with what the server says most."""
        (reply, _), asked = self._replies.most_common(1)[0], self._replies.total()
        told = "nobody's mail was accepted" if not self._accepted else "nobody's was accepted since"
        where = f"{len(self._domains)} domain{'s' if len(self._domains) > 1 else ''}"
        return f"the server refused or put off {asked} readers of {where} and {told}; it says: {reply}"

    @property
    def advice(self) -> str:
        """What an operator can do."""
        return SLOWER if self._faults[Fault.RATE] else ""
