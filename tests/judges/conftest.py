"""The e-mails that are judged: two weeks of real papers and one that argues; one, three and all topics.

`make judges-all` judges each edition of them, `make test` the CHOSEN ones, which hold every class of
the templates.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service.emails import DkimSigner, Level, RenderedEdition, RenderedIssue, Renderer, dkim_signer
from service.emails.sentences import words_of
from service.issues import Issue
from service.wiring import TEMPLATES
from subscribers.preferences import Length
from tests.argued_briefs import argued_issue
from tests.briefs_for_emails import SENDER, recipient
from tests.weeks import WEEKS

ARGUED = "2026-W21"
THREE = ("llm-post-train", "llm-agents", "robot-learning")
CHOSEN = {  # weeks, counts of topics and lengths: each of them at least once
    ("2026-W22", 3, Length.SHORT), ("2026-W23", 1, Length.FULL),
    (ARGUED, 1, Length.FULL), (ARGUED, 3, Length.SHORT), (ARGUED, 10, Length.MINUTE),
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """One edition as files, signed by the algorithm that its week has."""

    name: str
    edition: RenderedEdition
    folder: Path

    def file(self, kind: str) -> Path:
        return self.folder / f"{self.name}.{kind}"


@pytest.fixture(scope="session")
def signers() -> Mapping[str, DkimSigner]:
    """By week, each algorithm at least once."""
    keys = (rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate())
    pems = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in keys]
    return {
        week: dkim_signer(pem, SENDER.domain, f"key{number}")
        for number, (week, pem) in enumerate(zip((*WEEKS, ARGUED), (*pems, pems[0]), strict=True))
    }


@pytest.fixture(scope="session")
def judged(
    real_issues: tuple[Issue, ...],
    signers: Mapping[str, DkimSigner],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Judged, ...]:
    folder = tmp_path_factory.mktemp("editions")
    press = Renderer(SENDER, TEMPLATES)
    made: list[Judged] = []
    in_full = os.environ.get("JUDGES") == "all"
    for issue, week in zip((*real_issues, argued_issue(10)), (*WEEKS, ARGUED), strict=True):
        printed = press.render_issue(issue)
        every = tuple(brief.topic_slug for brief in issue.briefs)
        three = every[:3] if week == ARGUED else THREE
        for topics in (three[:1], three, every):
            for length in Length:
                if in_full or (week, len(topics), length) in CHOSEN:
                    edition = printed.edition(topics, length)
                    made.append(Judged(f"{issue.label}-{len(topics)}-{length}", edition, folder))
                    _write(made[-1], signers[week])
        _write_templates(printed, three, folder)
    assert len(made) == (27 if in_full else len(CHOSEN))
    return tuple(made)


def _write(one: Judged, signer: DkimSigner) -> None:
    reader, at = recipient(), one.edition.edition.issue.built_at
    one.file("html").write_text(one.edition.html(reader), encoding="utf-8")
    one.file("txt").write_text(one.edition.text(reader), encoding="utf-8")
    one.file("eml").write_bytes(one.edition.message(reader, at, signer))


def _write_templates(printed: RenderedIssue, topics: Sequence[str], folder: Path) -> None:
    """The MJML of three topics at every level."""
    edition = printed.issue.for_topics(topics)
    for level in Level:
        views = [printed.renderer.view(printed.issue, brief, level) for brief in edition.briefs]
        page = printed.renderer.page(
            printed.issue, views, words_of(edition, [level] * len(views)), several=True
        )
        (folder / f"{printed.issue.label}-{level.name}.mjml").write_text(page.mjml, encoding="utf-8")
