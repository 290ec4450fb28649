"""At the terminal: the checkout, the installation, and the questions of `brief init`."""

import re
from pathlib import Path

from tests.person import Person
from tests.walkthrough.lab import PASSWORD, PROJECT, USER, Lab

EDITOR = "ann@lab.example.org"
NAME, SENDER = "Lab Brief", "brief@lab.example.org"
STARTER = "reinforcement-learning"


def cloned(lab: Lab, venv: Path | None) -> None:
    """Clone what is committed, and install it; a shared environment takes the place of an own one."""
    lab.run(f"git clone --quiet {PROJECT} {lab.folder}")
    if venv:
        (lab.folder / ".venv").symlink_to(venv.absolute())
    else:
        lab.run("make install")


def initialized(lab: Lab) -> str:
    """Answer `brief init` as a lab with an SMTP server would; the link that signs the editor in."""
    answers = (
        ("Name of the newsletter", NAME), ("Sender's e-mail address", SENDER), ("Web address", lab.base_url),
        ("Admins", EDITOR), ("Who may join", "invited"), ("Who may read", "subscribers"),
        ("How to send e-mail", "smtp"), ("SMTP server", "127.0.0.1"), ("SMTP port", str(lab.smtp_port)),
        ("SMTP encryption", "none"), ("SMTP user name", USER), ("SMTP password", PASSWORD),
        ("Language model", ""), ("Topics to keep", STARTER),
    )  # fmt: skip
    lab.typed.note("shell", "brief init")
    person = Person(lab.folder, ("brief", "init"), lab.environment)
    for question, answer in answers:
        lab.typed.note(f"init, {question}", answer or "Enter")
        person.answers_to(question, answer)
    assert person.ends() == 0, person.screen
    assert PASSWORD not in person.screen
    link = re.search(rf"{lab.base_url}/admin/sign-in/\S+", person.screen)
    assert link, f"no link to sign in with: {person.screen}"
    return link[0]
