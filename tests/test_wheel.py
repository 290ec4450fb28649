"""The wheel is whole: installed elsewhere, it runs the demo in an empty folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def test_the_wheel_runs_the_demo_in_an_empty_folder(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as store:
        store.extractall(tmp_path / "installed")
    (tmp_path / "empty").mkdir()
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed"), "BRIEF_TRACEBACK": "1"}
    program = (
        "import service.cli, sys; print(service.__file__); sys.argv = ['brief', 'demo']; service.cli.main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path / "empty",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(tmp_path / "installed"))
    assert len(list((tmp_path / "empty/var/demo/outbox").glob("*.eml"))) == 4
