"""`brief settings`: every setting with its value, and docs/configuration.md, which is made from them."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from service.cli.terminal import out, table
from service.settings import PREFIX, Settings, is_secret, read_settings

INTRODUCTION = """\
# Configuration

<!-- Made from service/settings/ by `make docs`; edit it there. -->

Every setting is an environment variable, or a line of a file `.env` in the working directory; a variable
wins. All of them have a default that works on your own machine with nothing set up. `brief settings` shows
what holds here, `brief doctor` whether it works.

**Secrets from files.** Each setting with a tick may be given as a file instead, as container engines hand
them in: `BRIEF_SECRET_KEY_FILE=/run/secrets/key`. White space around the content is dropped. Both at once
are refused.

**Production.** `BRIEF_ENVIRONMENT=production` refuses to start with a signing key under 32 characters, of
fewer than ten different ones or from an example; a metrics token under 16; a well-known database or SMTP
password; pages without https; a sender at a domain that exists nowhere, such as `localhost.localdomain`; and the
outbox, which delivers to nobody.

**Names.** A variable that begins with `BRIEF_` and is no setting is an error, with the nearest name that is one.
International domains may be written as people write them; e-mails and links carry them as punycode.

| setting | default | file | meaning |
|---|---|:-:|---|
"""


def add_to(app: typer.Typer) -> None:
    app.command()(settings)


def settings(
    markdown: Annotated[bool, typer.Option("--markdown", help="as docs/configuration.md has it")] = False,
) -> None:
    """Show every setting and its value here; secrets are not shown."""
    if markdown:
        typer.echo(page(), nl=False)
        return
    held = read_settings()
    shown = table("Setting", "Value", "Meaning")
    for name, field in Settings.model_fields.items():
        value = getattr(held, name)
        words = "(set)" if is_secret(name, field) and _is_set(value) else _spelled(value)
        shown.add_row(f"{PREFIX}{name.upper()}", words, field.description or "")
    out.print(shown)


def page() -> str:
    """docs/configuration.md."""
    return INTRODUCTION + "".join(_rows())


def _rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        spelled = _spelled(field.default)
        default = f"`{spelled}`" if spelled else ""
        file = "✓" if is_secret(name, field) else ""
        yield f"| `{PREFIX}{name.upper()}` | {default} | {file} | {field.description}{_choices(field)} |\n"


def _choices(field: FieldInfo) -> str:
    """The words that a setting may have, where it may have some alone."""
    words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    return f" ({', '.join(f'`{word}`' for word in words)})" if words else ""


def _spelled(value: Any) -> str:
    return "" if value is None or isinstance(value, SecretStr) else str(value)


def _is_set(value: Any) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
