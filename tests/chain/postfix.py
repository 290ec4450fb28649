"""Debian's Postfix with a folder of its own: configuration, queue, log and ports, none of it under /etc."""

import json
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.chain.packages import PATH
from tests.chain.programs import PATIENCE, free_port, listens, until

# As Debian ships it, without chroot and without what only some machines use
SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass
class Postfix:
    """One instance; `settings` are lines of main.cf."""

    folder: Path
    name: str  # what it calls itself, such as relay.example.org
    settings: Mapping[str, str]
    port: int = field(default_factory=free_port)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._postfix("start")
        until(lambda: listens(self.port), f"{self.name} on port {self.port}")

    def stop(self) -> None:
        """As an operator stops it: its processes end at once, what they accepted is in the queue."""
        self._postfix("stop")

    def kill(self) -> None:
        """SIGKILL to all of its processes, which are a group."""
        master = self._master()
        os.killpg(master, signal.SIGKILL)
        with suppress(ChildProcessError):  # where we are the one whom orphans are given to
            os.waitpid(master, 0)
        self._wait_for_its_end(master)

    def flush(self) -> None:
        """Wait until nothing is left in the queue."""
        until(self._is_empty, f"the end of the queue of {self.name}", 4 * PATIENCE)

    def queue(self) -> list[dict[str, object]]:
        """What is in the queue."""
        listed = self._program("postqueue", "-j")
        return [json.loads(line) for line in listed.splitlines()]

    def _is_empty(self) -> bool:
        if not self.queue():
            return True
        self._program("postqueue", "-f")
        time.sleep(0.5)
        return False

    def _write(self) -> None:
        for part in ("conf", "queue", "data"):
            (self.folder / part).mkdir(parents=True)
        owner = pwd.getpwnam("postfix")
        os.chown(self.folder / "data", owner.pw_uid, owner.pw_gid)
        lines = [f"{name} = {value}" for name, value in {**self._basics(), **self.settings}.items()]
        (self.folder / "conf" / "main.cf").write_text("\n".join(lines) + "\n")
        (self.folder / "conf" / "master.cf").write_text(SERVICES.format(port=self.port))

    def _basics(self) -> dict[str, str]:
        return {
            "compatibility_level": "3.6",
            "queue_directory": str(self.folder / "queue"),
            "data_directory": str(self.folder / "data"),
            "command_directory": "/usr/sbin",
            "daemon_directory": "/usr/lib/postfix/sbin",
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "maillog_file": str(self.log),
            "maillog_file_prefixes": str(self.folder),
            "myhostname": self.name,
            "mydestination": "",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "alias_maps": "",
            "disable_dns_lookups": "yes",
            "smtp_host_lookup": "native",
            "enable_long_queue_ids": "yes",
        }

    def _master(self) -> int:
        return int((self.folder / "queue" / "pid" / "master.pid").read_text())

    @staticmethod
    def _wait_for_its_end(group: int) -> None:
        def is_gone() -> bool:
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                return True
            return _are_dead(group)

        until(is_gone, f"the end of process group {group}")

    def _postfix(self, command: str) -> None:
        self._program("postfix", command)

    def _program(self, program: str, *options: str) -> str:
        command = [f"/usr/sbin/{program}", "-c", str(self.folder / "conf"), *options]
        done = subprocess.run(command, env={"PATH": PATH}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr or self.log.read_text()[-2000:]}"
        return done.stdout


def _are_dead(group: int) -> bool:
    """Whether all that is left of a group are zombies, which nobody has waited for yet."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-g", str(group)], capture_output=True, text=True, check=False
    )
    return all(line.strip().startswith("Z") for line in listed.stdout.splitlines())


@contextmanager
def postfix(folder: Path, name: str, settings: Mapping[str, str], port: int = 0) -> Iterator[Postfix]:
    """A running instance, stopped at the end."""
    made = Postfix(folder, name, settings, port or free_port())
    made._write()
    made.start()
    try:
        yield made
    finally:
        made.stop()
