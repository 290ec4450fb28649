"""An OAuth access token for the sign-in: as it is given, or from a command, as such a token lasts an hour."""

import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from service.delivery import MailerUnusable

LASTS = 600.0  # seconds for which a token is used again: several sessions open at once
PATIENCE = 60.0  # seconds for the command


@dataclass
class TokenCommand:
    """Prints a token. Its words are told to nobody: they may hold one."""

    command: str
    ticks: Callable[[], float] = time.monotonic
    _token: str = ""
    _until: float = 0.0

    def __call__(self) -> str:
        if self.ticks() >= self._until:
            self._token, self._until = self._asked(), self.ticks() + LASTS
        return self._token

    def _asked(self) -> str:
        try:
            ran = subprocess.run(  # noqa: S603 - as above
                shlex.split(self.command), capture_output=True, timeout=PATIENCE, check=True, text=True
            )
        except subprocess.CalledProcessError as error:
            words = f"BRIEF_SMTP_OAUTH_COMMAND ends with {error.returncode}; run it by hand to see why"
            raise MailerUnusable(words) from None
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            raise MailerUnusable(f"BRIEF_SMTP_OAUTH_COMMAND can't be run: {type(error).__name__}") from None
        if not ran.stdout.strip():
            raise MailerUnusable("BRIEF_SMTP_OAUTH_COMMAND prints no token")
        return ran.stdout.strip()
