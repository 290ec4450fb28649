"""The wheel is whole: installed elsewhere, it runs the demo in an empty folder."""

from pathlib import Path


def test_the_wheel_runs_the_demo_in_an_empty_folder(demo: Path) -> None:
    installed = demo.parents[2] / "installed"
    assert (demo / "said.txt").read_text("utf-8").startswith(str(installed))
    assert len(list((demo / "outbox").glob("*.eml"))) == 4
