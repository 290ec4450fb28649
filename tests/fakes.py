"""Fakes for what is outside the process: scripted, small, and honest about what they were asked."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from service.delivery import MailerUnusable, Message, Outcome, State
from service.papers import Fetched, Paper, SourceError, Window
from subscribers.topics import Topic


class ScriptedPapers:
    """A source that answers what it was given for a topic; a string is the error that it raises instead."""

    name = "scripted"

    def __init__(self, answers: Mapping[str, Sequence[Paper] | str], at: dt.datetime) -> None:
        self.answers = dict(answers)
        self.asked: list[tuple[str, Window]] = []
        self._at = at

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

    def __init__(self, answers: Mapping[str, Outcome | None] | None = None) -> None:
        self.answers = dict(answers or {})
        self.sent: list[Message] = []

    def send(self, messages: Sequence[Message]) -> Iterator[Outcome]:
        for message in messages:
            answer = self.answers.get(message.recipient, Outcome(State.ACCEPTED))
            if answer is None:
                raise MailerUnusable("the server refuses everything")
            if answer.state is State.ACCEPTED:
                self.sent.append(message)
            yield answer

    def was_sent(self, message_id: str) -> bool:
        return any(message.message_id == message_id for message in self.sent)
