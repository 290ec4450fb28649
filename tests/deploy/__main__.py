"""`make deploy-check`: what docs/deploy says works, one line for each statement."""

import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.chain.packages import missing, why_left_out
from tests.deploy.files import parsed_compose, verified_units
from tests.deploy.proxies import WAYS, running
from tests.deploy.requests_through import Visitor, address_seen, life, served

PROXIES = ("nginx", "caddy")


def main() -> None:
    warnings.simplefilter("ignore")  # a certificate that nobody signed
    failed = [_told("systemd units", verified_units), _told("compose files", parsed_compose)]
    for kind in PROXIES:
        why_left_out({kind: kind})
        if missing({kind: kind}):
            _say(f"left out  {kind}: the package can't be installed here")
            continue
        failed += [_told(f"{kind}, {way}", partial(_lived, kind, way)) for way in WAYS]
    sys.exit(any(failed))


def _lived(kind: str, way: str) -> str:
    host = "brief.example.org" if way == "sub-domain" else "example.org"
    base_url = f"https://{host}{WAYS[way]}"
    with tempfile.TemporaryDirectory(prefix="deploy") as name:
        folder = Path(name)
        seen = address_seen(kind, way, folder / "echo")
        assert seen.startswith("127.0.0.1 "), f"the service takes a visitor for {seen!r}"
        data = folder / "data"
        data.mkdir(0o700)
        with served(data, base_url) as port, running(kind, way, port, folder / "proxy") as proxy:
            lines = list(life(Visitor(proxy, base_url), data))
    return "; ".join([*lines, "the address is the proxy's word, not the visitor's"])


def _told(what: str, check: Callable[[], str]) -> bool:
    """Say what came of a check; whether it failed."""
    try:
        _say(f"ok        {what}: {check()}")
    except AssertionError as wrong:
        _say(f"FAILED    {what}: {wrong}")
        return True
    return False


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - the report


if __name__ == "__main__":
    main()
