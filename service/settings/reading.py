"""Reading the settings, and what is wrong with one in our words: a library's speak of literals and inputs."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from service.settings.fields import PREFIX
from service.settings.operating import Settings
from service.settings.secrets import SettingsWrong, is_secret

# Variables that begin so and are no settings: the command line reads them itself
OTHERS = frozenset({"BRIEF_TRACEBACK", "BRIEF_MOVE_TO"})

Limits = Mapping[str, Any]
WORDS: Mapping[str, Callable[[Limits], str]] = {
    "float_parsing": lambda _: "must be a number, such as 20 or 0.5",
    "float_type": lambda _: "must be a number, such as 20 or 0.5",
    "finite_number": lambda _: "must be a number, such as 20 or 0.5",
    "int_parsing": lambda _: "must be a whole number, such as 4",
    "int_type": lambda _: "must be a whole number, such as 4",
    "int_from_float": lambda _: "must be a whole number, such as 4",
    "int_parsing_size": lambda _: "is too large a number",
    "bool_parsing": lambda _: "must be true or false",
    "bool_type": lambda _: "must be true or false",
    "literal_error": lambda limits: f"must be {str(limits['expected']).replace(chr(39), '')}",
    "greater_than": lambda limits: f"must be above {_number(limits['gt'])}",
    "greater_than_equal": lambda limits: f"must be at least {_number(limits['ge'])}",
    "less_than": lambda limits: f"must be below {_number(limits['lt'])}",
    "less_than_equal": lambda limits: f"must be at most {_number(limits['le'])}",
    "path_type": lambda _: "must be a path",
    "string_type": lambda _: "must be text",
}


def read_settings(**values: Any) -> Settings:
    """The settings of this environment, `values` aside; SettingsWrong names the first that can't be used."""
    try:
        misspelt = tuple(_misspelt(values))
        return _insist_on_names(Settings(**values), misspelt)
    except ValidationError as error:
        found = (*misspelt, *problems(error))
        raise SettingsWrong(
            _first(found), found
        ) from None  # the error holds every value, also the secret ones
    except UnicodeDecodeError:
        raise SettingsWrong("the file .env is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise SettingsWrong(f"the file .env can't be read: {error.strerror}") from None


def read_settings_from(env_file: Path) -> Settings:
    """The settings of this environment with another file for .env; SettingsWrong names each that is wrong."""
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        found = problems(error)
        raise SettingsWrong(_first(found), found) from None  # as above


def setting_names() -> frozenset[str]:
    """Every variable that is a setting, also those that name a secret's file."""
    fields = Settings.model_fields
    files = {f"{name}_FILE" for name, field in fields.items() if is_secret(name, field)}
    return frozenset(f"{PREFIX}{name}".upper() for name in (*fields, *files))


def wrong_with(name: str, value: str) -> str:
    """What is wrong with a value of one setting, in words; nothing where its own validator takes it."""
    field = Settings.model_fields[name]
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        return in_words(error.errors(include_input=False)[0])
    return ""


def problem(error: ValidationError) -> str:
    """The first setting that doesn't fit, in words, without its value: it may be a secret."""
    return _first(problems(error))


def _first(found: Sequence[str]) -> str:
    first, *more = found
    all_of_them = f" (and {len(more)} more; brief doctor lists them)" if more else ""
    return f"a setting is wrong: {first}{all_of_them}"


def variables() -> dict[str, str | None]:
    """All that the environment and .env say, by its name in lower case."""
    return {**DotEnvSettingsSource(Settings).env_vars, **EnvSettingsSource(Settings).env_vars}


def _misspelt(values: Mapping[str, Any]) -> Iterator[str]:
    """Names that begin as settings do and are none, in the environment and in .env."""
    is_from_file = values.get("_env_file", "") is not None
    given = variables() if is_from_file else EnvSettingsSource(Settings).env_vars
    fields = Settings.model_fields
    secrets = [name for name, field in fields.items() if is_secret(name, field)]
    return unknown(given, fields, secrets)


def _insist_on_names(settings: Settings, misspelt: Sequence[str]) -> Settings:
    if misspelt:
        raise SettingsWrong(_first(misspelt), tuple(misspelt))
    return settings


def problems(error: ValidationError) -> tuple[str, ...]:
    """Every setting that doesn't fit, in words; those that don't fit together only when each fits alone."""
    found: list[str] = []
    for one in error.errors(include_input=False):
        name = f"{PREFIX}{str(one['loc'][0]).upper()}: " if one["loc"] else ""
        found += f"{name}{in_words(one)}".split("\n")
    return tuple(found)


def in_words(error: Mapping[str, Any]) -> str:
    """One error of pydantic's, without the value: it may be a secret."""
    words = WORDS.get(error["type"])
    return words(error.get("ctx", {})) if words else str(error["msg"]).removeprefix("Value error, ")


def unknown(given: Iterable[str], settings: Collection[str], secrets: Collection[str]) -> Iterator[str]:
    """Variables that look like settings and are none, each with the nearest name that is one."""
    names = {f"{PREFIX}{name.upper()}" for name in settings}
    names |= {f"{PREFIX}{name.upper()}_FILE" for name in secrets}
    for name in sorted({one.upper() for one in given} - names - OTHERS):
        is_ours = name.startswith(PREFIX)
        near = get_close_matches(name, names, n=1, cutoff=0.6 if is_ours else 0.85) if name[:1] == "B" else []
        if is_ours or near:
            hint = f"did you mean {near[0]}?" if near else "brief settings lists them"
            yield f"{name}: there is no such setting; {hint}"


def _number(limit: float) -> str:
    return f"{limit:g}"
