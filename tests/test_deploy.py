"""The files of docs/deploy name only what there is; `make deploy-check` runs them with real proxies."""

import re
from pathlib import Path

import pytest
import yaml

from service.settings import setting_names
from tests.deploy.files import check_compose, metrics_named
from tests.deploy.proxies import DEPLOY
from tests.readers import open_place, visitor

DOCS = DEPLOY.parent
COMPOSE = sorted((DEPLOY / "compose").glob("*.yaml"))


def test_alert_rules_and_dashboard_name_metrics_that_the_service_exports(
    tmp_path: Path, migrated: Path
) -> None:
    place = open_place(tmp_path, migrated)
    shown = visitor(place.app, "http://localhost", "127.0.0.1").get("/metrics")
    exported = set(re.findall(r"^# TYPE (\S+)", shown.text, re.MULTILINE))
    assert len(exported) >= 12
    for source, named in metrics_named().items():
        assert named <= exported, (source, named - exported)
        assert len(named) >= 9, source


def test_every_alert_says_what_happened_and_what_to_do() -> None:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text("utf-8"))["groups"]
    assert len({rule["alert"] for rule in group["rules"]}) == len(group["rules"]) >= 10
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["do"]


@pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.stem)
def test_compose_files_hold_together_and_set_settings_that_exist(file: Path) -> None:
    check_compose(file)
    known = setting_names()
    for service in yaml.safe_load(file.read_text("utf-8"))["services"].values():
        for variable in service.get("environment") or {}:
            if variable.startswith("BRIEF_"):
                assert variable.removesuffix("_FILE") in known, variable


def test_there_is_a_compose_file_for_each_database_and_way_to_send() -> None:
    wanted = {
        f"{data}-{mailer}" for data in ("sqlite", "postgresql") for mailer in ("smtp", "sendgrid", "outbox")
    }
    assert {file.stem for file in COMPOSE} == wanted


def test_the_page_on_servers_leads_to_every_folder_of_files() -> None:
    words = (DOCS / "your-own-server.md").read_text("utf-8")
    for folder in DEPLOY.iterdir():
        assert f"deploy/{folder.name}" in words, folder.name


def test_upgrading_has_notes_for_the_version_that_runs() -> None:
    from service import __version__  # noqa: PLC0415 - the test alone needs it

    assert f"## {__version__}" in (DOCS / "upgrading.md").read_text("utf-8")
