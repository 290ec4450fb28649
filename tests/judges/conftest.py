"""The e-mails that are judged: two weeks of real papers, one, three and all topics, full and short."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service.emails import DkimSigner, Level, Press, RenderedEdition, RenderedIssue, dkim_signer
from service.emails.sentences import words_of
from service.issues import Issue
from service.wiring import TEMPLATES
from subscribers.preferences import Length
from tests.briefs_for_emails import SENDER, recipient
from tests.weeks import WEEKS

THREE = ("llm-post-train", "llm-agents", "robot-learning")


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
    """By week, one of each algorithm."""
    keys = (rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate())
    pems = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in keys]
    return {
        week: dkim_signer(pem, SENDER.domain, f"key{number}")
        for number, (week, pem) in enumerate(zip(WEEKS, pems, strict=True))
    }


@pytest.fixture(scope="session")
def judged(
    real_issues: tuple[Issue, ...],
    signers: Mapping[str, DkimSigner],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Judged, ...]:
    folder = tmp_path_factory.mktemp("editions")
    press = Press(SENDER, TEMPLATES)
    made = []
    for issue in real_issues:
        printed = press.print(issue)
        every = tuple(brief.topic_slug for brief in issue.briefs)
        for topics in (THREE[:1], THREE, every):
            for length in Length:
                edition = printed.edition(topics, length)
                made.append(Judged(f"{issue.label}-{len(topics)}-{length}", edition, folder))
                _write(made[-1], signers[issue.label])
        _write_templates(printed, folder)
    return tuple(made)


def _write(one: Judged, signer: DkimSigner) -> None:
    reader, at = recipient(), one.edition.edition.issue.built_at
    one.file("html").write_text(one.edition.html(reader), encoding="utf-8")
    one.file("txt").write_text(one.edition.text(reader), encoding="utf-8")
    one.file("eml").write_bytes(one.edition.message(reader, at, signer))


def _write_templates(printed: RenderedIssue, folder: Path) -> None:
    """The MJML of three topics at every level."""
    edition = printed.issue.for_topics(THREE)
    for level in Level:
        views = [printed.press.view(printed.issue, brief, level) for brief in edition.briefs]
        page = printed.press.page(printed.issue, views, words_of(edition, [level] * len(views)), several=True)
        (folder / f"{printed.issue.label}-{level.name}.mjml").write_text(page.mjml, encoding="utf-8")
