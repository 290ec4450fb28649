"""Secrets from files, and what is said where a setting can't be used."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from service.settings.fields import PREFIX


class SettingsWrong(ValueError):
    """A setting that can't be used: which one, what is wrong and what to do, without its value if secret."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems or (message,)  # each setting that is wrong


def is_secret(name: str, field: FieldInfo) -> bool:
    """Whether a setting may come from a file: BRIEF_<NAME>_FILE."""
    return field.annotation is SecretStr or name == "database_url"


class SecretFiles(PydanticBaseSettingsSource):
    """Secrets from files, as container engines hand them in: BRIEF_SECRET_KEY_FILE=/run/secrets/key."""

    def __init__(self, settings: type[BaseSettings], given: dict[str, str | None]) -> None:
        super().__init__(settings)
        self._given = given  # every variable, by its name in lower case

    def __call__(self) -> dict[str, Any]:
        return dict(self._contents())

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic-settings' signature
        """What pydantic-settings asks of a source that reads field by field; this one reads all at once."""
        return dict(self._contents()).get(field_name), field_name, False

    def _contents(self) -> Iterator[tuple[str, str]]:
        for name, field in self.settings_cls.model_fields.items():
            variable = f"{PREFIX}{name}".upper()
            file = self._given.get(f"{variable}_FILE".lower())
            if not file or not is_secret(name, field):
                continue
            if self._given.get(variable.lower()):
                raise SettingsWrong(f"{variable} and {variable}_FILE are both set; keep one of them")
            yield name, content_of(variable, Path(file))


def content_of(variable: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise SettingsWrong(f"{variable}_FILE: {file} can't be read: {why}") from error
