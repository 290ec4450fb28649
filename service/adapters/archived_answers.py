"""Keeps a language model's answers in the store, so that a rerun costs nothing."""

from service.archive import Archive
from service.briefs.modelled.asking import PROMPT_VERSION


class ArchivedAnswers:
    """An AnswerStore over the database."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def get(self, subject: str, model: str) -> str | None:
        return self._archive.card(subject, PROMPT_VERSION, model)

    def put(self, subject: str, model: str, text: str) -> None:
        self._archive.keep_card(subject, PROMPT_VERSION, model, text)
