"""What can go wrong with a request, in words a person can act on."""

from dataclasses import dataclass
from enum import Enum


class Trouble(Enum):
    """Why a request gave no answer that can be used; the value says it in words."""

    TIMED_OUT = "the language model did not answer in time"
    UNREACHABLE = "the language model's server can't be reached"
    RATE_LIMITED = "the language model's server is limiting requests"
    SERVER_FAILED = "the language model's server failed"
    REFUSED = "the language model declined to answer"
    FILTERED = "the provider's content filter stopped the answer"
    CUT_OFF = "the answer was cut off at the token limit"
    TOO_LONG = "the request is too long for the language model"
    WRONG_SHAPE = "the language model's answer did not have the agreed form"
    NO_COMPLETION = "the server's answer is no chat completion"
    EMPTY = "the language model's answer was empty"
    NOT_TAKEN = "the server did not accept this one request"
    KEY_WRONG = "the server did not accept the API key"
    OUT_OF_MONEY = "the provider's account has no credit left"
    MODEL_UNKNOWN = "the server does not know the model or the address"
    REJECTED = "the server did not accept the request"
    TOKEN_CEILING = "the token ceiling was reached"  # noqa: S105 - of tokens of text
    COST_CEILING = "the cost ceiling was reached"
    OUT_OF_TIME = "the time for the brief ran out"

    @property
    def passes(self) -> bool:
        """The same request may succeed a little later."""
        return self in {Trouble.TIMED_OUT, Trouble.UNREACHABLE, Trouble.RATE_LIMITED, Trouble.SERVER_FAILED}

    @property
    def asks_again(self) -> bool:
        """The same request may get another answer at once."""
        return self in {Trouble.CUT_OFF, Trouble.WRONG_SHAPE, Trouble.NO_COMPLETION, Trouble.EMPTY}

    @property
    def lies_in_content(self) -> bool:
        """Fewer papers in a request may succeed."""
        return self in LIES_IN_CONTENT

    @property
    def ends_all(self) -> bool:
        """No other request can succeed either."""
        return self in ENDS_ALL


LIES_IN_CONTENT = frozenset(
    {
        Trouble.CUT_OFF,
        Trouble.WRONG_SHAPE,
        Trouble.EMPTY,
        Trouble.REFUSED,
        Trouble.FILTERED,
        Trouble.TOO_LONG,
        Trouble.TIMED_OUT,
        Trouble.NOT_TAKEN,
    }
)
ENDS_ALL = frozenset(
    {
        Trouble.UNREACHABLE,
        Trouble.KEY_WRONG,
        Trouble.OUT_OF_MONEY,
        Trouble.MODEL_UNKNOWN,
        Trouble.REJECTED,
        Trouble.TOKEN_CEILING,
        Trouble.COST_CEILING,
        Trouble.OUT_OF_TIME,
    }
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A trouble, what to do about it, how long the server asks to wait, and the server's own words."""

    trouble: Trouble
    advice: str = ""
    wait: float | None = None  # seconds
    words: str = ""  # short, without keys, addresses and what was asked

    def __str__(self) -> str:
        advice = f": {self.advice}" if self.advice else ""
        said = f"; it says: “{self.words.rstrip('.')}”" if self.words else ""
        return f"{self.trouble.value}{advice}{said}"


class CallFailedError(Exception):
    """A request gave no answer; holds neither the key nor the prompt."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure
