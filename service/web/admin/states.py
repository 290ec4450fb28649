"""Where an issue stands, in an admin's words."""

from dataclasses import dataclass

from service.delivery import IssueStatus, State

# In the order in which they are shown; their sum is the audience.
ORDER = (
    State.ACCEPTED, State.REFUSED, State.FAILED, State.GIVEN_UP, State.UNCERTAIN, State.SKIPPED,
    State.CLAIMED, State.WAITING,
)  # fmt: skip
TONES = {
    "cancelled": "bad",
    "paused": "warn",
    "waits for approval": "warn",
    "approved, goes out at its readers’ hours": "good",
    "delivered, some uncertain": "warn",
    "delivered, some held": "warn",
    "delivered": "good",
}


@dataclass(frozen=True, slots=True)
class Stand:
    """A word or two, and how it is meant: good, warn, bad or nothing."""

    words: str
    tone: str = ""


def stand(issue: IssueStatus) -> Stand:
    return Stand(issue.standing, TONES.get(issue.standing, ""))


def sums(issue: IssueStatus) -> list[tuple[str, int]]:
    """Every state that has deliveries, with how many."""
    return [(str(state), count) for state in ORDER if (count := issue.deliveries.get(state, 0))]
