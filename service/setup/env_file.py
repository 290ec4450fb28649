"""The file .env: read as the settings read it, kept while it is answered, and replaced as a whole.

Its mode is 600, as it holds keys and passwords; so is that of what is beside it: .env.part holds the answers
of a setup that was stopped, .env.bak is the file before. Lines that are nobody's answer stay as they are.
"""

import io
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from service.settings import PREFIX, Settings, SettingsWrong, read_settings_from, setting_names

PLAIN = re.compile(r"[\w./:@,+=-]*", re.ASCII)
TOPICS = "TOPICS"  # of .env.part alone: no setting, but an answer


def quoted(value: str) -> str:
    """A value as python-dotenv reads it back: the quotes of others are escaped, and nothing is expanded.

    A backslash can't be escaped in all places, and neither can what begins an expansion: each is the default
    of a variable without a name, which nobody can set.
    """
    if PLAIN.fullmatch(value):
        return value
    value = re.sub(r"\\|\$(?=\{)", lambda found: f"${{:-{found[0]}}}", value)
    return "'" + value.replace("'", r"\'") + "'"


def rewritten(text: str, values: Mapping[str, str], known: Collection[str]) -> str:
    """The text of a .env with these values by variable; an empty one takes its line away.

    Lines of other variables and comments stay, those of settings that do not exist aside.
    """
    left, lines = dict(values), []
    for binding in parse_stream(io.StringIO(text)):
        name = (binding.key or "").upper()
        if name in values:
            lines.append(_line(name, left.pop(name, "")))
        elif not name.startswith(PREFIX) or name in known:
            lines.append(binding.original.string.rstrip("\n") + "\n")
    return "".join([*lines, *(_line(name, value) for name, value in left.items())])


def _line(name: str, value: str) -> str:
    return f"{name}={quoted(value)}\n" if value else ""


class EnvFile:
    """A .env and what lies beside it while it is made."""

    def __init__(self, path: Path = Path(".env")) -> None:
        self.path = path.resolve()  # a link stays one
        self.part, self.backup = (Path(f"{self.path}.{end}") for end in ("part", "bak"))

    def values(self) -> dict[str, str]:
        """What the file says of settings, by their names in lower case without the prefix."""
        return dict(_settings_in(self.path))

    def stopped_at(self) -> dict[str, str]:
        """The answers of a setup that was stopped."""
        topics = dotenv_values(self.part, encoding="utf-8").get(TOPICS) if self.part.is_file() else None
        return {**dict(_settings_in(self.part)), **({"topics": topics} if topics else {})}

    def keep(self, answers: Mapping[str, str]) -> None:
        """Keep the answers so far."""
        lines = (_line(_variable(name), value) for name, value in answers.items())
        _write(self.part, "".join(lines))

    def forget(self) -> None:
        self.part.unlink(missing_ok=True)

    def draft(self, values: Mapping[str, str]) -> str:
        """The file with these settings, not written yet."""
        changes = {_variable(name): value for name, value in values.items()}
        changes |= {f"{name}_FILE": "" for name, value in changes.items() if value}  # both would be refused
        return rewritten(_text(self.path), changes, setting_names())

    def check(self, draft: str) -> Settings:
        """The settings of a draft, read as they will be; SettingsWrong where they don't fit together."""
        trial = Path(f"{self.path}.new")
        try:
            _write(trial, draft)
            return read_settings_from(trial)
        finally:
            trial.unlink(missing_ok=True)

    def is_changed(self, draft: str) -> bool:
        return self.path.is_file() and _text(self.path) != draft

    def unknown(self) -> tuple[str, ...]:
        """Variables of the file that look like settings and are none; they do not get into a draft."""
        found = dotenv_values(self.path, encoding="utf-8") if self.path.is_file() else {}
        names = (name.upper() for name in found)
        return tuple(name for name in names if name.startswith(PREFIX) and name not in setting_names())

    def replace(self, draft: str) -> None:
        """Put the draft in place, whole or not at all; the file before is .env.bak."""
        if self.is_changed(draft):
            _write(self.backup, _text(self.path))
        _write(self.path, draft)


def _variable(name: str) -> str:
    return TOPICS if name == "topics" else f"{PREFIX}{name.upper()}"


def _settings_in(path: Path) -> Iterator[tuple[str, str]]:
    _text(path)  # says what is wrong with it
    found = dotenv_values(path, encoding="utf-8") if path.is_file() else {}
    for name, value in found.items():
        if name.upper() in setting_names() and value is not None:
            yield name.upper().removeprefix(PREFIX).lower(), value


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8") if path.is_file() else ""
    except UnicodeDecodeError:
        raise SettingsWrong(f"the file {path.name} is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise SettingsWrong(f"the file {path.name} can't be read: {error.strerror}") from None


def _write(path: Path, text: str) -> None:
    """A file of the owner's alone, whole or not there."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
