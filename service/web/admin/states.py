"""Where an issue stands, in an admin's words."""

from dataclasses import dataclass

from service.archive import Halt, IssueStatus
from service.delivery import State

# In the order in which they are shown; their sum is the audience.
ORDER = (
    State.ACCEPTED, State.REFUSED, State.FAILED, State.GIVEN_UP, State.UNCERTAIN, State.SKIPPED,
    State.CLAIMED, State.WAITING,
)  # fmt: skip
OPEN = (State.WAITING, State.CLAIMED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Stand:
    """A word or two, and how it is meant: good, warn, bad or nothing."""

    words: str
    tone: str = ""


def stand(issue: IssueStatus) -> Stand:
    if issue.halt is Halt.CANCELLED:
        return Stand("cancelled", "bad")
    if issue.halt is Halt.PAUSED:
        return Stand("paused", "warn")
    if issue.planned:
        return _delivery(issue)
    return Stand("approved, not sent yet", "good") if issue.approved else Stand("waits for approval", "warn")


def _delivery(issue: IssueStatus) -> Stand:
    if any(issue.deliveries.get(state) for state in OPEN):
        return Stand("being delivered")
    if issue.deliveries.get(State.UNCERTAIN):
        return Stand("delivered, some uncertain", "warn")
    return Stand("delivered", "good")


def sums(issue: IssueStatus) -> list[tuple[str, int]]:
    """Every state that has deliveries, with how many."""
    return [(str(state), count) for state in ORDER if (count := issue.deliveries.get(state, 0))]
