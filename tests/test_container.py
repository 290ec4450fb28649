"""What the container's files promise; tests/container.sh builds and runs the image for real."""

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from service.settings import Settings, is_secret
from service.settings.reading import OTHERS

PROJECT = Path(__file__).parents[1]
DOCKERFILE = (PROJECT / "Dockerfile").read_text("utf-8")
COMPOSE = (PROJECT / "compose.yaml").read_text("utf-8")
OPERATING = (PROJECT / "docs" / "operating.md").read_text("utf-8")
FINAL = DOCKERFILE.rpartition("\nFROM ")[2]


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint has no binary for this machine")
    ran = subprocess.run([hadolint, "Dockerfile"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_what_builds_the_image_stays_behind() -> None:
    assert DOCKERFILE.count("FROM python:3.11-slim-bookworm") == 2
    assert "pip" not in FINAL
    assert re.findall(r"^COPY .*", FINAL, re.MULTILINE) == ["COPY --from=build /opt/brief /opt/brief"]
    assert "--require-hashes" in DOCKERFILE


def test_the_image_is_not_root_and_says_how_it_is_and_ends() -> None:
    assert "\nUSER 10001:10001\n" in FINAL
    assert "\nSTOPSIGNAL SIGTERM\n" in FINAL
    assert "/health/live" in FINAL.partition("HEALTHCHECK")[2]
    assert FINAL.endswith('ENTRYPOINT ["brief"]\nCMD ["serve", "--host", "0.0.0.0"]\n')


def test_every_file_that_is_copied_is_there_and_not_ignored() -> None:
    allowed = set(re.findall(r"^!(.+)$", (PROJECT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    }
    assert copied == allowed
    assert all((PROJECT / name).exists() for name in copied)


@pytest.mark.parametrize("text", [COMPOSE, OPERATING], ids=["compose.yaml", "operating.md"])
def test_every_setting_that_is_named_exists(text: str) -> None:
    fields = Settings.model_fields
    for name in re.findall(r"\bBRIEF_([A-Z_]+[A-Z])\b", text):
        if f"BRIEF_{name}" in OTHERS:  # read by one command alone
            continue
        setting = name.removesuffix("_FILE").lower()
        assert setting in fields, name
        assert not name.endswith("_FILE") or is_secret(setting, fields[setting]), name


def test_a_visitor_can_not_choose_the_address_that_limits_count() -> None:
    found = re.search(r"--proxies, (\S+)\]", COMPOSE)
    assert found
    assert f"{{subnet: {found[1]}}}" in COMPOSE
    scope = {"type": "http", "client": ("172.30.57.1", 0)}
    headers = [(b"x-forwarded-for", b"6.6.6.6, 203.0.113.5")]  # the proxy adds the one that it saw
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["client"][0])

    middleware: Any = ProxyHeadersMiddleware(app, trusted_hosts=found[1])
    asyncio.run(middleware({**scope, "headers": headers}, None, None))
    assert seen == ["203.0.113.5"]


def test_every_container_of_ours_is_confined_and_gets_its_secrets_as_files() -> None:
    shared = COMPOSE.partition("services:")[0]
    for words in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "SECRET_KEY_FILE"):
        assert words in shared
    assert COMPOSE.count("<<: *service") == 3
    secrets = set(re.findall(r"/run/secrets/(\w+)", COMPOSE))
    assert secrets == set(re.findall(r"^  (\w+): \{file:", COMPOSE, re.MULTILINE))
