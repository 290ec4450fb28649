"""Keeps a language model's answers in the store, so that a rerun costs nothing."""

from service.briefs.modelled.asking import PROMPT_VERSION
from service.store import Store


class ArchivedAnswers:
    """An AnswerStore over the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, subject: str, model: str) -> str | None:
        return self._store.card(subject, PROMPT_VERSION, model)

    def put(self, subject: str, model: str, text: str) -> None:
        self._store.keep_card(subject, PROMPT_VERSION, model, text)
