"""The answers of `brief init`: from options, from settings before, or from whoever is at the terminal."""

from collections.abc import Callable, Mapping, Sequence

import typer
from pydantic import ValidationError

from service.cli.terminal import Refused, out
from service.settings import Settings
from service.setup.env_file import EnvFile
from service.setup.questions import (
    ACCESS,
    ALL,
    IDENTITY,
    MAILER,
    MODEL,
    NONE,
    QUESTIONS,
    Question,
    UnknownChoice,
    applicable,
    chosen,
    completed,
    offered,
    settings_of,
    unanswered,
)
from service.setup.trying import try_mailer
from subscribers.topics import Topic


class Interview:
    """Asks what no option answers. Every answer is checked and kept at once, so that none is lost."""

    def __init__(
        self, file: EnvFile, given: Mapping[str, str], environment: Mapping[str, str], *, asks: bool
    ) -> None:
        self._file = file
        self._given = {name: "" if value == NONE else value for name, value in given.items()}
        self._stopped = file.stopped_at()
        self.known = {**file.values(), **environment, **self._stopped}
        self._asks = asks
        self.answers: dict[str, str] = {}

    @property
    def goes_on(self) -> bool:
        """Whether an earlier setup was stopped, whose answers are offered."""
        return bool(self._stopped)

    def insist_on_options(self) -> None:
        """Refused where nobody can be asked and an option is missing."""
        missing = (*unanswered(self._given, self.known), *(() if "topics" in self._given else ("--topics",)))
        if missing:
            words = f"there is no terminal to ask on; give {', '.join(missing)}, or --yes for the defaults"
            raise Refused(words, 2)

    def run(self, *, tries: bool) -> tuple[dict[str, str], tuple[str, ...] | None]:
        """Every answer with what follows from it; the chosen topics, or None where they stay as they are."""
        self.ask(IDENTITY)
        self.ask(ACCESS)
        self.ask(MAILER)
        if tries:
            self._try_mailer()
        self.ask(MODEL)
        topics = self._ask_topics(self._offered())
        return self.completed(), topics

    def completed(self) -> dict[str, str]:
        """The answers as settings, with what follows from them."""
        return completed(
            {name: value for name, value in self.answers.items() if name != "topics"}, self.known
        )

    def ask(self, questions: Sequence[Question]) -> None:
        for one in applicable(tuple(questions), self.answers, self.known):
            self._take(one.name, self._given[one.name] if one.name in self._given else self._asked(one), one)

    def ask_again(self, problems: Sequence[str]) -> bool:
        """Ask anew what these problems name; whether anything could be asked."""
        named = {one.partition(":")[0].removeprefix("BRIEF_").lower() for one in problems}
        whole = MAILER if "mailer" in named else ()  # what is asked after it goes by it
        questions = tuple(one for one in QUESTIONS if one.name in named or one in whole)
        if not self._asks or not questions:
            return False
        self._reconsider(questions)
        return True

    def _reconsider(self, questions: Sequence[Question]) -> None:
        """Ask once more: the last answers are what Enter gives, and no option counts."""
        for one in questions:
            self._given.pop(one.name, None)
            if one.name in self.answers:
                self.known[one.name] = self.answers.pop(one.name)
        self.ask(questions)

    def _take(self, name: str, answer: str, question: Question | None = None) -> None:
        if question and (problem := question.problem(answer)):
            raise Refused(f"{question.option}: {problem}", 2)
        self.answers[name] = answer
        self._file.keep({**self._stopped, **self.answers})

    def _asked(self, question: Question) -> str:
        default = question.default(self.answers, self.known)
        if not self._asks:
            return default
        while True:
            answer = prompt(
                f"{question.words}{' (optional)' * question.is_optional}", default, hidden=question.is_secret
            )
            answer = "" if answer == NONE and question.is_optional else answer
            problem = question.problem(answer)
            if not problem:
                return answer
            out.print(f"  {problem}")

    # -- the mailer, tried -------------------------------------------------------------------------------

    def _try_mailer(self) -> None:
        while problem := self._mailer_problem():
            if not self._asks:
                raise Refused(f"{problem} --no-try writes the settings anyway")
            out.print(f"  That does not work yet. {problem}")
            if not typer.confirm("Change these answers? (n keeps them as they are)", default=True):
                return
            self._reconsider(MAILER)

    def _mailer_problem(self) -> str:
        if self.answers["mailer"] == "outbox":
            return ""
        out.print("  Trying it; nothing is sent …")
        try:
            problem = try_mailer(self._settings())
        except ValidationError:
            return ""  # what does not fit together is told with the rest
        if not problem:
            out.print("  It works.")
        return problem

    def _settings(self) -> Settings:
        return settings_of({**self.known, "environment": "development", **self.answers})

    # -- the topics --------------------------------------------------------------------------------------

    def _offered(self) -> tuple[Topic, ...]:
        try:
            return offered(self._settings())
        except ValidationError:
            return offered(settings_of({"data_dir": self.known.get("data_dir", "")}))

    def _ask_topics(self, topics: Sequence[Topic]) -> tuple[str, ...] | None:
        if not topics:
            if self._given.get("topics", ALL) != ALL:
                raise Refused("--topics: the database holds none to choose from; run brief migrate first", 2)
            return None
        choose = _checked(topics)
        default = self._stopped.get("topics", ALL)
        if "topics" in self._given or not self._asks:
            answer = self._given.get("topics", default)
            slugs, problem = choose(answer)
            if problem:
                raise Refused(f"--topics: {problem}", 2)
            return slugs
        for number, topic in enumerate(topics, 1):
            out.print(f"  {number:2}  {topic.slug:24} {topic.name}")
        out.print("  More to begin with, by field: brief topics starters. Give their slugs here too.")
        while True:
            answer = prompt("Topics to keep: numbers or slugs, comma-separated", default)
            slugs, problem = choose(answer)
            if not problem:
                self._take("topics", answer)
                return slugs
            out.print(f"  {problem}")


def _checked(topics: Sequence[Topic]) -> Callable[[str], tuple[tuple[str, ...], str]]:
    """Answers the slugs that are chosen, and what is wrong with the choice."""

    def choose(answer: str) -> tuple[tuple[str, ...], str]:
        try:
            return chosen(answer, topics), ""
        except UnknownChoice as error:
            return (), str(error)

    return choose


def prompt(words: str, default: str, *, hidden: bool = False) -> str:
    """One line from the terminal; Enter gives the default, which is not shown where it is secret."""
    if hidden and default:
        words = f"{words} (Enter keeps the current one)"
    shows = bool(default) and not hidden
    while True:
        try:
            answer = str(typer.prompt(words, default=default, hide_input=hidden, show_default=shows))
        except UnicodeDecodeError:
            out.print("  That was not UTF-8 text. Please try again.")
        else:
            return answer if hidden else answer.strip()
