"""Fakes for what is outside the process: scripted, small, and honest about what they were asked."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from service.delivery import Delivery, MailerUnusable, Message, Outcome, State
from service.delivery.model import Begin
from service.papers import Fetched, Paper, SourceError, Window
from subscribers.topics import Topic


class ScriptedPapers:
    """A source that answers what it was given for a topic; a string is the error that it raises instead."""

    name = "scripted"

    def __init__(self, answers: Mapping[str, Sequence[Paper] | str], at: dt.datetime) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, Window]] = []
        self._at = at

    def by_ids(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        known = [one for answer in self.answers.values() if not isinstance(answer, str) for one in answer]
        return tuple({one.id: one for one in known if one.id in ids}.values())

    def fetch(self, topic: Topic, window: Window) -> Fetched:
        self.asked.append((topic.slug, window))
        answer = self.answers[topic.slug]
        if isinstance(answer, str):
            raise SourceError(answer)
        return Fetched(
            topic.slug, window, tuple(one for one in answer if window.holds(one.submitted)), self._at
        )


class ScriptedMailer:
    """A mailer that keeps what it sends; `answers` gives other outcomes by address, None means unusable."""

    name = "scripted"
    in_flight = 1

    def __init__(self, answers: Mapping[str, Outcome | None] | None = None) -> None:
        self.answers = dict(answers or {})
        self.sent: list[Message] = []

    def send(self, messages: Iterable[Message], begin: Begin) -> Iterator[tuple[Message, Outcome]]:
        for message in messages:
            answer = self.answers.get(message.recipient, Outcome(State.ACCEPTED))
            if answer is None:
                raise MailerUnusable("the server refuses everything")
            begin([message])
            if answer.state is State.ACCEPTED:
                self.sent.append(message)
            yield message, answer

    def was_sent(self, message_id: str) -> bool | None:
        return any(message.message_id == message_id for message in self.sent)


class MemoryJournal:
    """Journals of workers by name, which outlive nothing."""

    def __init__(self, worker: str = "here:1:1") -> None:
        self.of: dict[str, dict[tuple[int, int], Outcome | None]] = {worker: {}}
        self._worker = worker

    def begin(self, deliveries: Sequence[Delivery]) -> None:
        self.of[self._worker].update({(one.id, one.claim): None for one in deliveries})

    def note(self, delivery: Delivery, outcome: Outcome) -> None:
        self.of[self._worker][delivery.id, delivery.claim] = outcome

    def forget(self, deliveries: Iterable[Delivery]) -> None:
        for one in deliveries:
            self.of[self._worker].pop((one.id, one.claim), None)

    def read(self, worker: str) -> Mapping[tuple[int, int], Outcome | None] | None:
        return self.of.get(worker)

    def tidy(self, matters: Callable[[str], bool]) -> None:
        """A memory holds little."""
