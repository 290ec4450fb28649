"""Lives: a lock that each working process holds until it ends, however it ends.

A process number says nothing in another container. A lock does: the kernel lets go of it when its process
dies, and every container on that kernel sees it (flock(2)).
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote

from service.adapters.processes import boot_of, own_name

KEPT = 86_400.0  # seconds that the file of an ended process is kept for who still asks


class Lives:
    """Files in a folder that the processes of one machine share, one for each process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def lived(self) -> Iterator[None]:
        """Hold this process's lock; several parts of it may at once."""
        file = self._locked(self._path(own_name()))
        try:
            yield
        finally:
            if file is not None:
                os.close(file)

    def is_over(self, name: str) -> bool:
        """Whether the process of this name has surely ended; False where nothing can be known of it."""
        if not boot_of(name) or boot_of(name) != boot_of(own_name()):
            return False  # a lock of another kernel may not be seen here
        try:
            file = os.open(self._path(name), os.O_RDONLY)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            return True
        finally:
            os.close(file)

    def _locked(self, path: Path) -> int | None:
        """An open file that holds the lock; None where there can be none: then a claim's age decides."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._tidy()
            file = os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
        except OSError:
            return None
        with contextlib.suppress(OSError):  # a file system without locks: nobody can take them there
            fcntl.flock(file, fcntl.LOCK_SH)
        return file

    def _tidy(self) -> None:
        for path in self._folder.glob("*.life"):
            with contextlib.suppress(OSError):
                is_old = time.time() - path.stat().st_mtime > KEPT
                if is_old and self.is_over(unquote(path.stem)):
                    path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{quote(name, safe='')}.life"
