"""Somebody who types at a terminal of their own, and reads what is said there.

person = Person(folder)                     runs `brief init` in the folder, with the project's code
person.answers_to("Web address", "https://…")   waits for the question, then types
assert person.ends() == 0, person.screen
"""

import os
import pty
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[1]
INIT = (sys.executable, "-m", "service.cli", "init")
ALONE = {"PYTHONPATH": str(PROJECT), "BRIEF_ARXIV_URL": "http://127.0.0.1:9/api"}
PATIENCE = 120  # seconds without a word


class Person:
    """Sits at a terminal on which a command runs; `screen` is all that it ever showed."""

    def __init__(
        self,
        folder: Path,
        command: Sequence[str] = INIT,
        environment: Mapping[str, str] | None = None,
        *,
        terminal: str = "dumb",
    ) -> None:
        self.screen, self._seen, self.answers = "", 0, 0
        given = {**os.environ, **ALONE} if environment is None else dict(environment)
        pid, self._terminal = pty.fork()
        if not pid:
            os.chdir(folder)
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # what runs behind a shell's & ignores it
            os.execvpe(command[0], list(command), {**given, "TERM": terminal})  # noqa: S606
        self._pid = pid

    def reads(self, words: str) -> None:
        while words not in self.screen[self._seen :]:
            assert self._more(), f"{words!r} was never said:\n{self.screen}"
        self._seen = self.screen.index(words, self._seen) + len(words)

    def answers_to(self, question: str, answer: str = "") -> None:
        self.reads(question)
        self.reads(": " if not question.endswith("]") else ":")
        self.types(answer + "\n")
        self.answers += 1

    def types(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def ends(self) -> int:
        while self._more():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def interrupts(self) -> None:
        """Ctrl-C, and once more where the first came just before the terminal was listened to."""
        for _ in range(5):
            self.types("\x03")
            if not self._is_silent(seconds=10):
                return

    def _is_silent(self, seconds: float) -> bool:
        """Whether nothing but the key's own echo is said for so long."""
        while select.select([self._terminal], [], [], seconds)[0]:
            before = len(self.screen)
            if not self._more() or self.screen[before:].strip(" ^C\n"):
                return False
        return True

    def _more(self) -> bool:
        assert select.select([self._terminal], [], [], PATIENCE)[0], f"nothing more was said:\n{self.screen}"
        try:
            found = os.read(self._terminal, 65536)
        except OSError:  # what Linux says where the other side is closed
            found = b""
        self.screen += found.decode(errors="replace").replace("\r", "")
        return bool(found)
