"""Keeps a language model's answers in the archive, so that a rerun costs nothing."""

from service.adapters.openai_briefs.store import CardKey
from service.archive import Archive


class ArchivedCards:
    """A CardStore over the archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def get(self, key: CardKey) -> str | None:
        return self._archive.card(key.subject, key.prompt_version, key.model)

    def put(self, key: CardKey, text: str) -> None:
        self._archive.keep_card(key.subject, key.prompt_version, key.model, text)
