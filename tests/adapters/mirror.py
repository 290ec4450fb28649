"""Starts the local stand-in for arXiv beside the project, with the faults a test asks for.

with mirror("503@1", "empty@2", data=papers_file) as arxiv:
    ArxivPapers("me@example.org", url=arxiv.url, pace=Pace(0))
    assert len(arxiv.requests()) == 3
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

SHARED = Path(__file__).parents[3] / "shared" / "arxiv"
PROGRAM = SHARED / "mirror.py"
PAPERS = SHARED / "2026-05-25_2026-06-07.jsonl.gz"  # real papers, 25 May to 7 June 2026
needs_mirror = pytest.mark.skipif(not PROGRAM.exists(), reason=f"no arXiv mirror at {PROGRAM}")


@dataclass(frozen=True)
class Mirror:
    """A running stand-in for arXiv."""

    url: str  # of the query API

    @property
    def html(self) -> str:
        """Where the full texts are."""
        return self.url.replace("/api/query", "/html")

    def requests(self) -> list[dict[str, Any]]:
        """Every query so far: path, status or fault, and seconds since the start."""
        return list(requests.get(self.url.replace("/api/query", "/stats"), timeout=10).json())


@contextmanager
def mirror(
    *faults: str, data: Path = PAPERS, visible_until: str = "", html: Path | None = None
) -> Iterator[Mirror]:
    """Serve the papers of a JSON lines file on a free port; a fault is `kind@number`; `html`: full texts."""
    command = [sys.executable, str(PROGRAM), "--port", "0", "--data", str(data), "--fault", ",".join(faults)]
    if visible_until:
        command += ["--visible-until", visible_until]
    if html:
        command += ["--html", str(html)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert program.stdout is not None
        try:
            line = program.stdout.readline()
            address = re.search(r"http://\S+", line)
            assert address, f"the mirror did not start: {line!r}"
            yield Mirror(address[0])
        finally:
            program.kill()
