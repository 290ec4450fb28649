"""Measures how fast e-mails are rendered, composed and made, over ten invented topics of 77 papers.

    make bench

Prints a table: the best of several rounds in this process's own time, which other work on the machine
disturbs least, beside what was promised for it.
"""

import timeit
from collections.abc import Callable
from pathlib import Path
from time import process_time

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service.emails import Level, Renderer, dkim_signer
from tests.briefs_for_emails import BUILT, SENDER, brief, issue, recipient

TEMPLATES = Path(__file__).parents[2] / "templates"
ROUNDS = 7


def main() -> None:
    press = Renderer(SENDER, TEMPLATES)
    book = issue(*(brief(f"topic-{number}", f"Topic {number}") for number in range(10)))
    printed, reader = press.render_issue(book), recipient()
    slugs = [each.topic_slug for each in book.briefs]
    three = printed.edition(slugs[:3])
    rsa_key, ed_key = rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()
    pems = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in (rsa_key, ed_key)]
    by_rsa, by_ed25519 = (dkim_signer(pem, SENDER.domain, "brief") for pem in pems)

    def compose(count: int) -> None:
        printed._editions.clear()
        printed.edition(slugs[:count])

    def compose_with_template(count: int) -> None:
        printed._editions.clear()
        _ = printed.edition(slugs[:count]).template

    lines: list[tuple[str, Callable[[], object], int, str]] = [
        ("render a topic of 77 papers, full", lambda: press._render_topic(book, book.briefs[0], Level.FULL), 10, "30 ms"),  # noqa: E501
        ("render it, short", lambda: press._render_topic(book, book.briefs[0], Level.SHORT), 10, "30 ms"),
        ("compose an edition of 1 topic", lambda: compose(1), 500, "100 µs"),
        ("compose an edition of 3 topics", lambda: compose(3), 500, "100 µs"),
        ("compose an edition of 10 topics", lambda: compose(10), 500, "100 µs"),
        ("compose 3 topics and their message template", lambda: compose_with_template(3), 500, ""),
        ("make a message", lambda: three.message(reader, BUILT), 1000, "20 µs"),
        ("make a message, signed by Ed25519", lambda: three.message(reader, BUILT, by_ed25519), 200, ""),
        ("make a message, signed by RSA-2048", lambda: three.message(reader, BUILT, by_rsa), 200, ""),
    ]  # fmt: skip
    for name, work, times, promised in lines:
        print(f"{name:46} {_said(_seconds(work, times)):>10}   {promised and f'promised: {promised}'}")  # noqa: T201


def _seconds(work: Callable[[], object], times: int) -> float:
    return min(timeit.repeat(work, timer=process_time, number=times, repeat=ROUNDS)) / times


def _said(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms" if seconds > 1e-3 else f"{seconds * 1e6:.1f} µs"


if __name__ == "__main__":
    main()
