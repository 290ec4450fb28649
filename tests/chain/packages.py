"""The mail software: Debian's own packages, installed where they may be."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

POSTFIX = {"postfix": "postfix"}  # program: package
EVERYTHING = POSTFIX | {
    "dovecot": "dovecot-core", "rspamd": "rspamd", "dnsmasq": "dnsmasq-base",
}  # fmt: skip
PARTS = {  # files of packages that bring no program
    "/usr/lib/dovecot/imap": "dovecot-imapd",
    "/usr/lib/dovecot/lmtp": "dovecot-lmtpd",
    "/usr/lib/dovecot/modules/lib90_sieve_plugin.so": "dovecot-sieve",
}
PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
START_NOTHING = Path("/usr/sbin/policy-rc.d")  # Debian's way to install a service without starting it


def why_left_out(programs: Mapping[str, str]) -> str:
    """Install what is missing where that is possible; what stands in the way otherwise, empty if nothing."""
    if os.geteuid() != 0:
        return "postfix needs root (a container will do)"
    if missing(programs) and shutil.which("apt-get"):
        _install(missing(programs))
    left = missing(programs)
    return f"these packages are missing, and apt-get could not install them: {' '.join(left)}" if left else ""


def missing(programs: Mapping[str, str]) -> list[str]:
    """Packages that are not installed."""
    found = [package for program, package in programs.items() if not shutil.which(program, path=PATH)]
    if "dovecot" in programs:
        found += [package for file, package in PARTS.items() if not Path(file).exists()]
    return found


def _install(packages: Sequence[str]) -> None:
    environment = {"PATH": PATH, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages]
    with _services_stay_off():
        for each in (["apt-get", "update", "-qq"], command):
            subprocess.run(each, env=environment, capture_output=True, check=False)


@contextmanager
def _services_stay_off() -> Iterator[None]:
    """What is installed here is run by the chain alone, with a configuration of its own."""
    if START_NOTHING.exists():
        yield
        return
    START_NOTHING.write_text("#!/bin/sh\nexit 101\n")
    START_NOTHING.chmod(0o755)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            START_NOTHING.unlink()
