"""`brief init`: from nothing to a newsletter that can be built and sent."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic_settings import EnvSettingsSource

from service import doctor, migrations, wiring
from service.cli.asking import Interview
from service.cli.terminal import Refused, opened, out, record
from service.settings import PREFIX, Settings, SettingsWrong, read_settings, setting_names
from service.settings.secrets import content_of
from service.setup.env_file import EnvFile
from service.setup.questions import NONE, add_starters, end_others
from service.wiring import Service

STOPPED = 130  # exit code, as after SIGINT

Text = str | None
Secret = Annotated[Path | None, typer.Option(help="file with the secret; - for none")]
Name = Annotated[Text, typer.Option(help="name of the newsletter, as inboxes show it")]
From = Annotated[Text, typer.Option(help="address that it is sent from")]
Pages = Annotated[Text, typer.Option(help="web address of its pages")]
Admins = Annotated[Text, typer.Option(help="addresses of admins, comma-separated; - for none")]
Join = Annotated[Text, typer.Option(help="who may join: open, domains, invited or closed")]
JoinDomains = Annotated[Text, typer.Option(help="domains that may join, comma-separated")]
Archive = Annotated[Text, typer.Option(help="who may read the issues on the web: public or subscribers")]
Mailer = Annotated[Text, typer.Option(help="outbox, smtp or sendgrid")]
Host = Annotated[Text, typer.Option(help="SMTP server")]
Port = Annotated[Text, typer.Option(help="SMTP port")]
Security = Annotated[Text, typer.Option(help="starttls, tls or none")]
User = Annotated[Text, typer.Option(help="SMTP user name; - for no login")]
ModelUrl = Annotated[Text, typer.Option(help="base URL of a language model's server; - for none")]
Model = Annotated[Text, typer.Option(help="name of the language model")]
Topics = Annotated[Text, typer.Option(help="topics to keep: numbers, slugs or all; starters by slug")]
Yes = Annotated[bool, typer.Option("--yes", help="take the defaults, and replace .env, without asking")]
NoTry = Annotated[bool, typer.Option("--no-try", help="do not try the mailer")]


def add_to(app: typer.Typer) -> None:
    app.command()(init)


def init(
    *,
    name: Name = None,
    sender: From = None,
    base_url: Pages = None,
    admins: Admins = None,
    join: Join = None,
    join_domains: JoinDomains = None,
    archive: Archive = None,
    mailer: Mailer = None,
    smtp_host: Host = None,
    smtp_port: Port = None,
    smtp_security: Security = None,
    smtp_user: User = None,
    smtp_password_file: Secret = None,
    sendgrid_key_file: Secret = None,
    model_url: ModelUrl = None,
    model_key_file: Secret = None,
    model: Model = None,
    topics: Topics = None,
    yes: Yes = False,
    no_try: NoTry = False,
) -> None:
    """Set up a newsletter: ask what is needed, write a private .env, and say what comes next."""
    given = {
        "sender_name": name, "sender_address": sender, "base_url": base_url, "admins": admins,
        "join": join, "join_domains": join_domains, "archive": archive,
        "mailer": mailer, "smtp_host": smtp_host, "smtp_port": smtp_port, "smtp_security": smtp_security,
        "smtp_user": smtp_user, "smtp_password": _content("--smtp-password-file", smtp_password_file),
        "sendgrid_api_key": _content("--sendgrid-key-file", sendgrid_key_file),
        "openai_base_url": model_url, "openai_api_key": _content("--model-key-file", model_key_file),
        "openai_model": model, "topics": topics,
    }  # fmt: skip
    stripped = {name: value.strip() for name, value in given.items() if value is not None}
    try:
        _set_up(EnvFile(), stripped, yes, no_try)
    except (typer.Abort, KeyboardInterrupt):
        out.print("\nStopped. Your answers are kept: run brief init again to continue.")
        raise typer.Exit(STOPPED) from None


def _content(option: str, file: Path | None) -> str | None:
    """A secret from a file: on the command line, others on this machine could read it."""
    if file is None:
        return None
    if str(file) == NONE:
        return ""
    try:
        return content_of("", file)
    except SettingsWrong as error:
        raise Refused(f"{option} {str(error).removeprefix('_FILE: ')}", 2) from None


def _set_up(file: EnvFile, given: dict[str, str], yes: bool, no_try: bool) -> None:
    asks = sys.stdin.isatty() and not yes
    interview = Interview(file, given, _environment(), asks=asks)
    if not asks and not yes:
        interview.insist_on_options()
    if asks:
        out.print(
            "Enter accepts the value in brackets; - leaves an optional one empty.\n"
            "Ctrl-C stops, and your answers are kept."
        )
        if interview.goes_on:
            out.print("Your earlier answers are offered as defaults.")
    values, topics = interview.run(tries=not no_try)
    draft = _consistent(file, interview, values)
    _replace(file, draft, asks=asks, yes=yes)
    _tell_overruled(interview.answers)
    _make_ready(topics)


def _environment() -> dict[str, str]:
    """The settings that are environment variables; they overrule .env."""
    found = EnvSettingsSource(Settings).env_vars
    return {
        name.upper().removeprefix(PREFIX).lower(): value
        for name, value in found.items()
        if value and name.upper() in setting_names()
    }


def _consistent(file: EnvFile, interview: Interview, values: dict[str, str]) -> str:
    """The new .env, once its settings fit together."""
    while True:
        draft = file.draft(values)
        try:
            file.check(draft)
        except SettingsWrong as error:
            for problem in error.problems:
                out.print(f"  {problem}")
            if not interview.ask_again(error.problems):
                raise Refused(f"nothing was written: {error}", 2) from None
            values = interview.completed()
        else:
            return draft


def _replace(file: EnvFile, draft: str, *, asks: bool, yes: bool) -> None:
    if file.is_changed(draft):
        if unknown := file.unknown():
            out.print(f"No such settings, so they are left out: {', '.join(unknown)}")
        question = "Replace .env? The current one is kept as .env.bak, which replaces any older backup"
        if not yes and not asks:
            raise Refused("there is a .env already, which these answers change; --yes replaces it", 2)
        if not yes and not typer.confirm(question, default=True):
            raise typer.Abort
    file.replace(draft)


def _tell_overruled(answers: dict[str, str]) -> None:
    """Environment variables win over .env: whoever forgot that one is set would wonder."""
    found = _environment()
    for name in sorted(name for name in answers if found.get(name, answers[name]) != answers[name]):
        variable = f"{PREFIX}{name.upper()}"
        out.print(
            f"The environment variable {variable} differs from your answer and overrules it: unset {variable}"
        )


def _make_ready(topics: tuple[str, ...] | None) -> None:
    """The database, the topics, the doctor; then what comes next."""
    settings = read_settings()
    engine = wiring.open_engine(settings)
    try:
        if (status := migrations.schema_status(engine)) in wiring.NOT_READY and status != "behind":
            raise Refused(wiring.NOT_READY[status])
        wiring.set_up(engine)
    finally:
        engine.dispose()
    service = opened()
    _keep_topics(service, topics)
    EnvFile().forget()
    _examine(settings)
    _tell_next(service)


def _keep_topics(service: Service, topics: tuple[str, ...] | None) -> None:
    if topics is None:
        return
    for slug in add_starters(service, topics):
        record(service, "added", f"topic {slug}", "at setup")
    removed, followed = end_others(service, topics)
    for slug in removed:
        record(service, "removed", f"topic {slug}", "at setup")
    for slug, number in followed.items():
        out.print(f"Kept {slug}, which {number} subscribers follow; to end it: brief topics remove {slug}")


def _examine(settings: Settings) -> None:
    """What the doctor finds amiss; what is well is counted."""
    out.print("Checking everything …")
    findings = doctor.examine(settings)
    amiss = [one for one in findings if one.verdict != "ok"]
    for one in amiss:
        out.print(f"  {one.verdict}: {one.check}: {one.detail}")
    out.print(f"  {len(findings) - len(amiss)} checks passed; brief doctor lists them all.")


def _tell_next(service: Service) -> None:
    settings = service.settings
    number = len(service.roster.topics())
    out.print(f"Done: {number} topics; the settings are in .env, which only you can read. Next:")
    out.print("  brief build   writes the brief of the last whole week; it takes some minutes")
    out.print(f"  brief serve   serves {settings.base_url}, and builds and sends on schedule")
    if settings.openai_base_url and wiring.writes_with_model(settings):
        out.print("  brief doctor --model   asks the language model one real question")
    first = next((one for one in settings.admins_by_address.values() if one.role == "editor"), None)
    if first is None:
        out.print("Nobody may approve an issue yet: run brief init again, and name an admin.")
        return
    token = service.store.ask_sign_in(first.address, wiring.now())
    out.print(f"While brief serve runs, this link signs {first.address} in, once, within 15 minutes:")
    out.print(f"  {settings.base_url}/admin/sign-in/{token}")
    out.print("  There you add topics of your own and people, build the first issue, and approve it.")
    out.print(f"  brief admin link {first.address}   makes another")
