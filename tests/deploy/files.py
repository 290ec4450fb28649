"""systemd units, compose files, alert rules and the dashboard, without anything running."""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

from tests.deploy.proxies import DEPLOY

MOST_EXPOSED = 2.0  # systemd's score, 0 to 10; a service without any hardening has 9.6
SCORE = re.compile(r"exposure level for \S+: (\d+\.\d)")
METRIC = re.compile(r"\bbrief_[a-z_]+")


def verified_units() -> str:
    """Every unit verified and scored; what was found."""
    if not shutil.which("systemd-analyze"):
        return "left out: systemd-analyze is not here"
    scores = []
    with tempfile.TemporaryDirectory() as name:
        for unit in sorted((DEPLOY / "systemd").iterdir()):
            file = Path(name) / unit.name.replace("@.", "@1.")
            file.write_text(unit.read_text("utf-8").replace("/opt/brief/bin/brief", "/bin/true"), "utf-8")
            ran = _run("systemd-analyze", "verify", str(file))
            assert (ran.returncode, ran.stderr) == (0, ""), f"{unit.name}: {ran.stderr[:300]}"
            told = _run("systemd-analyze", "security", "--offline=true", str(file)).stdout
            found = SCORE.search(told)
            assert found, f"{unit.name}: no score in {told[-200:]}"
            assert float(found[1]) <= MOST_EXPOSED, (
                f"{unit.name}: exposed by {found[1]}, {MOST_EXPOSED} at most"
            )
            scores.append(f"{unit.name} {found[1]}")
    return "verified; exposure " + ", ".join(scores)


def parsed_compose() -> str:
    """Every compose file read by docker, where it is here, and as YAML with its references."""
    has_plugin = shutil.which("docker") and _run("docker", "compose", "version").returncode == 0
    for file in sorted((DEPLOY / "compose").glob("*.yaml")):
        with tempfile.TemporaryDirectory() as name:
            copy = Path(name) / "compose.yaml"
            copy.write_text(file.read_text("utf-8").replace("../../..", "."), "utf-8")
            (Path(name) / "brief.env").touch()
            if has_plugin:
                ran = _run("docker", "compose", "-f", str(copy), "config", "--quiet")
                assert ran.returncode == 0, f"{file.name}: {ran.stderr[:300]}"
        check_compose(file)
    return "parsed by docker compose" if has_plugin else "parsed as YAML (docker compose is not here)"


def check_compose(file: Path) -> None:
    """That what services name is there, and that every secret is read by a setting."""
    held = yaml.safe_load(file.read_text("utf-8"))
    for name, service in held["services"].items():
        for secret in service.get("secrets", []):
            assert secret in held["secrets"], f"{file.name}: {name} names no secret {secret}"
        for volume in service.get("volumes", []):
            assert volume.partition(":")[0] in held["volumes"], (
                f"{file.name}: {name} names no volume {volume}"
            )
        for variable, value in (service.get("environment") or {}).items():
            if variable.endswith("_FILE"):
                assert Path(value).name in service["secrets"], f"{file.name}: {variable} reads no secret"
        for other in service.get("depends_on", {}):
            assert other in held["services"], f"{file.name}: {name} waits for no service {other}"


def metrics_named() -> dict[str, set[str]]:
    """The metrics that the alert rules and the dashboard name, by file."""
    rules = (DEPLOY / "prometheus" / "alerts.yaml").read_text("utf-8")
    board = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text("utf-8"))
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    expressions = re.findall(r"^ *expr: (.*)$", rules, re.MULTILINE)
    return {
        "alerts": set(METRIC.findall(" ".join(expressions))),
        "dashboard": set(METRIC.findall(" ".join(queries))),
    }


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)
