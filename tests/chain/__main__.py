"""`make chain`: prove the chain, one line for each statement."""

import sys
import tempfile
from pathlib import Path

from tests.chain.packages import EVERYTHING, why_left_out
from tests.chain.statements import statements
from tests.chain.world import chain


def main() -> None:
    if why := why_left_out(EVERYTHING):
        _say(f"The chain of real mail software is left out: {why}")
        return
    with tempfile.TemporaryDirectory(prefix="chain") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postfix, Dovecot and rspamd are users of their own
        try:
            with chain(folder) as running:
                for found in statements(running):
                    _say(f"ok      {found}")
        except AssertionError as wrong:
            _say(f"FAILED  {wrong}")
            sys.exit(1)


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - the report


if __name__ == "__main__":
    main()
