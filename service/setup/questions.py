"""What a new installation is asked, what is suggested, and which settings follow from the answers."""

import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr, ValidationError

from service import migrations, wiring
from service.settings import LOOPBACK, Settings, wrong_with
from subscribers.roster import Roster
from subscribers.starters import starter, starters
from subscribers.topics import Topic, load_topics

Values = Mapping[str, str]  # by the name of the setting, as it is written in .env

SECURITY_OF_PORT = {"465": "tls", "587": "starttls"}  # RFC 8314; RFC 6409
NONE = "-"  # takes an optional answer back


@dataclass(frozen=True, slots=True)
class Question:
    """One setting that is asked for; `applies` says whether, by the answers before it."""

    name: str
    words: str
    option: str
    applies: Callable[[Values], bool] = lambda _: True
    suggest: Callable[[Values], str] = lambda _: ""
    is_optional: bool = False
    follows: str = ""  # where this other answer has changed, the suggestion counts and not the value before
    is_insisted: bool = True  # whether a script must answer it; else its default is taken

    @property
    def is_secret(self) -> bool:
        return Settings.model_fields[self.name].annotation is SecretStr

    def default(self, answers: Values, known: Values) -> str:
        """What Enter answers: the value before, else what fits the other answers, else the setting's own."""
        moved = self.follows and answers.get(self.follows) != known.get(self.follows)
        if known.get(self.name) and not moved:
            return known[self.name]
        own = Settings.model_fields[self.name].default
        return self.suggest(answers) or ("" if self.is_secret or self.is_optional else str(own))

    def problem(self, answer: str) -> str:
        """What is wrong with an answer, in words; nothing where the setting takes it."""
        if not answer:
            return "" if self.is_optional else "an answer is needed here"
        return wrong_with(self.name, answer)


def _signs_in(answers: Values) -> bool:
    by_token = answers.get("smtp_oauth_token") or answers.get("smtp_oauth_command")
    return _by_smtp(answers) and bool(answers.get("smtp_user")) and not by_token


def _by_domains(answers: Values) -> bool:
    return answers["join"] == "domains"


def _by_smtp(answers: Values) -> bool:
    return answers["mailer"] == "smtp"


def _has_model(answers: Values) -> bool:
    return bool(answers["openai_base_url"])


def _port(answers: Values) -> str:
    return "25" if answers["smtp_host"] in LOOPBACK else "587"


def _security(answers: Values) -> str:
    local = "none" if answers["smtp_host"] in LOOPBACK else "starttls"
    return SECURITY_OF_PORT.get(answers["smtp_port"], local)


def _model_server(answers: Values) -> str:
    """The server of a key that was there before."""
    default = str(Settings.model_fields["openai_base_url"].default)
    return default if answers.get("openai_api_key") or answers.get("openai_api_key_file") else ""


IDENTITY = (
    Question("sender_name", "Name of the newsletter, as inboxes show it", "--name"),
    Question("sender_address", "Sender's e-mail address", "--sender"),
    Question("base_url", "Web address of its pages", "--base-url"),
    Question(
        "admins",
        "Admins, who approve issues: e-mail addresses, comma-separated",
        "--admins",
        is_optional=True,
    ),
)
ACCESS = (
    Question(
        "join",
        "Who may join: open (anybody), domains, invited (by a link of yours) or closed",
        "--join",
        is_insisted=False,
    ),
    Question("join_domains", "Domains that may join, comma-separated", "--join-domains", _by_domains),
    Question(
        "archive",
        "Who may read the issues on the web: public or subscribers",
        "--archive",
        is_insisted=False,
    ),
)
MAILER = (
    Question(
        "mailer",
        "How to send e-mail: smtp, sendgrid, or outbox (files, to try things out)",
        "--mailer",
    ),
    Question("smtp_host", "SMTP server", "--smtp-host", _by_smtp),
    Question("smtp_port", "SMTP port", "--smtp-port", _by_smtp, _port, follows="smtp_host"),
    Question(
        "smtp_security",
        "SMTP encryption: starttls, tls or none",
        "--smtp-security",
        _by_smtp,
        _security,
        follows="smtp_port",
    ),
    Question("smtp_user", "SMTP user name", "--smtp-user", _by_smtp, is_optional=True),
    Question("smtp_password", "SMTP password", "--smtp-password-file", _signs_in),
    Question(
        "sendgrid_api_key", "SendGrid API key", "--sendgrid-key-file", lambda it: it["mailer"] == "sendgrid"
    ),
)
MODEL = (
    Question(
        "openai_base_url",
        "Language model: base URL of an OpenAI-compatible server",
        "--model-url",
        suggest=_model_server,
        is_optional=True,
    ),
    Question(
        "openai_api_key", "API key of the language model", "--model-key-file", _has_model, is_optional=True
    ),
    Question("openai_model", "Name of the model", "--model", _has_model),
)
QUESTIONS = (*IDENTITY, *ACCESS, *MAILER, *MODEL)


def applicable(questions: tuple[Question, ...], answers: Values, known: Values) -> Iterator[Question]:
    """The questions that the answers so far leave; a secret that is kept in a file is not asked for."""
    for one in questions:
        if one.applies({**known, **answers}) and not known.get(f"{one.name}_file"):
            yield one


def unanswered(given: Values, known: Values) -> tuple[str, ...]:
    """The options that are missing where nobody can be asked."""
    answers, missing = dict(given), []
    for one in applicable(QUESTIONS, answers, known):  # goes by the answers as they come
        if one.name not in given:
            if one.is_insisted:
                missing.append(one.option)
            answers[one.name] = one.default(answers, known)
    return tuple(missing)


def completed(answers: Values, known: Values) -> dict[str, str]:
    """The answers with what follows from them: the key, whom arXiv may write to, the writer, production."""
    made = dict(answers)
    if not (known.get("secret_key") or known.get("secret_key_file")):
        made["secret_key"] = _key(Path(known.get("data_dir") or "var") / "secret.key")
    if not known.get("arxiv_contact") and not made["sender_address"].endswith(".localdomain"):
        made["arxiv_contact"] = made["sender_address"]
    if not made["openai_base_url"]:
        made["openai_api_key"] = ""
        if known.get("writer") == "openai":
            made["writer"] = ""  # the default
    elif not (made.get("openai_api_key") or known.get("openai_api_key_file")):
        made["writer"] = "openai"  # without a key, `auto` takes the other one
    if not known.get("environment") and _is_safe({**known, **made}):
        made["environment"] = "production"
    return made


def _key(kept: Path) -> str:
    """The key that links were signed with so far, else a new one."""
    try:
        return kept.read_text("ascii").strip() or secrets.token_urlsafe(32)
    except (OSError, UnicodeDecodeError):
        return secrets.token_urlsafe(32)


def _is_safe(values: Values) -> bool:
    """Whether production would take these settings."""
    try:
        settings_of({**values, "environment": "production"})
    except ValidationError:
        return False
    return True


def settings_of(values: Values) -> Settings:
    """Settings of these values and of the environment, without .env; ValidationError where they don't fit."""
    given = {name: value for name, value in values.items() if name in Settings.model_fields and value}
    return Settings(_env_file=None, **given)  # type: ignore[arg-type]  # validated there


ALL = "all"


class UnknownChoice(ValueError):
    """An answer that names no topic; the message says which word of it."""


def offered(settings: Settings) -> tuple[Topic, ...]:
    """The topics of the database, or those that ship where there is none yet.

    Empty where the database must be migrated first: what it holds is not known before.
    """
    url = sa.make_url(settings.database)
    if url.drivername.startswith("sqlite") and not Path(url.database or "").is_file():
        return load_topics()
    engine = wiring.open_engine(settings)
    try:
        status = migrations.schema_status(engine)
        if status is migrations.SchemaStatus.EMPTY:
            return load_topics()
        return Roster(engine).topics() if status is migrations.SchemaStatus.CURRENT else ()
    finally:
        engine.dispose()


def chosen(answer: str, topics: Sequence[Topic]) -> tuple[str, ...]:
    """The slugs that an answer names, by number (from 1) or slug, also of starters; else UnknownChoice."""
    words = [word for word in re.split(r"[\s,;]+", answer.strip().lower()) if word]
    slugs = [topic.slug for topic in topics]
    if words == [ALL]:
        return tuple(slugs)
    if not words:
        raise UnknownChoice("name at least one topic, or write all")
    named = set()
    starting = [one.topic.slug for one in starters() if one.topic.slug not in slugs]
    for word in words:
        if word in starting:
            named.add(word)
            continue
        at = int(word) if word.isdecimal() else slugs.index(word) + 1 if word in slugs else 0
        if not 1 <= at <= len(slugs):
            raise UnknownChoice(f"{word} is no topic here; give numbers from 1 to {len(slugs)}, slugs or all")
        named.add(slugs[at - 1])
    return tuple(slug for slug in (*slugs, *starting) if slug in named)


def add_starters(service: wiring.Service, keep: Collection[str]) -> tuple[str, ...]:
    """Add the starters among these that are no topic yet; their slugs."""
    there = {topic.slug for topic in service.roster.topics()}
    new = tuple(
        one.topic.slug for one in starters() if one.topic.slug in keep and one.topic.slug not in there
    )
    for slug in new:
        service.roster.put_topic(starter(slug))
    return new


def end_others(service: wiring.Service, keep: Collection[str]) -> tuple[tuple[str, ...], dict[str, int]]:
    """Remove the topics that nobody chose: the slugs that were, and those that stay with their followers.

    A topic that somebody follows stays: whoever removes it should know for how many.
    """
    followers = service.roster.followers()
    others = [topic.slug for topic in service.roster.topics() if topic.slug not in keep]
    removed = tuple(slug for slug in others if not followers.get(slug))
    for slug in removed:
        service.roster.remove_topic(slug, wiring.now())
    return removed, {slug: followers[slug] for slug in others if followers.get(slug)}
