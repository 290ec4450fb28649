"""The editor at the admin pages: own topics, people, the issue, its approval and its deliveries."""

import csv
import re
from pathlib import Path

from tests.walkthrough.joining import JOINING
from tests.walkthrough.lab import PATIENCE, Lab
from tests.walkthrough.looking import Seat

SENTENCE = (
    "Faster inference of large language models: speculative decoding, quantization of weights and caches"
)
ALIKE = "2605.26366 2605.27016 2605.27706"  # arXiv ids that the mirror has
FIRST = (
    "ada bo cai dee eli fen gus hal ida jon kim lee mia nat "
    "ola pia qi ray sue tom ula vic wes xia yan zoe abe"
)
CONSENT = "Asked at the group meeting"


def signed_in(editor: Seat, link: str) -> None:
    editor.go(link)
    editor.press("Sign in")
    assert editor.heading == "This week", editor.heading


def own_topics(editor: Seat) -> dict[str, str]:
    """A topic from a sentence and one from papers, beside the starter; all names by slug."""
    for label, words in (("A sentence", SENTENCE), ("Papers it is like", ALIKE)):
        editor.follow("Topics")
        editor.follow("Add a topic")
        editor.types(label, words)
        editor.press("Propose")
        editor.page.wait_for_selector("#search_terms", timeout=120_000)  # it is proposed behind the page
        assert editor.page.locator("#search_terms").input_value().strip(), "no term was proposed"
        editor.press("Try out")
        editor.press("Add")
    editor.follow("Topics")
    links = editor.page.locator("tbody th a").all()
    return {(one.get_attribute("href") or "").rpartition("/")[2]: one.inner_text() for one in links}


def imported(editor: Seat, folder: Path, topics: dict[str, str]) -> dict[str, list[str]]:
    """The lab's list of 27, checked and then imported; whose topics are which, by address."""
    slugs = list(topics)
    people = {
        f"{name}.sampleton@lab.example.org": slugs[: 1 + at % 3] for at, name in enumerate(FIRST.split())
    }
    file = folder / "people.csv"
    with file.open("w", encoding="utf-8", newline="") as rows:
        csv.writer(rows).writerows(
            [("address", "topics"), *((address, " ".join(of)) for address, of in people.items())]
        )
    editor.follow("Subscribers")
    editor.follow("Import a file")
    editor.page.get_by_label("File", exact=True).set_input_files(file)
    editor.types("Where these people gave consent", CONSENT)
    editor.press("Check only")
    editor.page.get_by_label("File", exact=True).set_input_files(file)
    editor.press("Import")
    editor.says(f"{len(people)} added")
    return {address: [topics[slug] for slug in of] for address, of in people.items()}


def invited(editor: Seat) -> str:
    """A link for three; what the page shows to be passed on."""
    editor.follow("Subscribers")
    editor.follow("Invitations")
    editor.types("Label", "Group meeting")
    editor.types("How many people can use it", str(len(JOINING)))
    editor.press("Create a link")
    return editor.page.locator(".invitations code").first.inner_text()


def built(editor: Seat, lab: Lab) -> None:
    """Build the last whole week from the page, and wait with it."""
    while not editor.page.get_by_role("button", name="Build it").count():
        editor.page.goto(f"{editor.base_url}/admin/build")  # a new installation may build by itself still
    editor.look()
    editor.page.get_by_role("button", name="Build it").click()
    editor.page.get_by_text("being built", exact=True).wait_for()
    editor.look()
    editor.page.get_by_text("built", exact=True).wait_for(
        timeout=PATIENCE * 1000
    )  # the page keeps itself current
    editor.look()
    editor.says("3 of 3 topics built")
    editor.follow("Look at the issue")
    assert lab.window.label in editor.page.url


def looked_at(editor: Seat, lab: Lab) -> None:
    """The issue as it stands: its checks, its audience, every view of the preview, the editing page."""
    editor.says("nothing is wrong")
    editor.says("30 readers get it")
    editor.follow("Preview")
    for view in ("Phone", "Desktop, dark", "Plaintext"):
        editor.follow(view)
    editor.follow("Edit")
    editor.follow("Overview")


def approved_and_sent(editor: Seat, lab: Lab) -> None:
    editor.press("Approve")
    editor.press("Send now")
    lab.inboxes.issues(30)
    overview = f"/admin/issues/{lab.window.label}"
    while not _is_settled(editor, overview):
        pass  # a load of the page takes long enough
    editor.look()
    editor.follow("Who got it, who did not, and why")
    for path in (
        "/admin",
        "/admin/deliveries",
        "/admin/issues",
        "/admin/subscribers",
        "/admin/log",
        "/admin/trends",
    ):
        editor.go(path)
    editor.go("/admin/topics")
    editor.page.locator("tbody th a").first.click()
    editor.look()


def _is_settled(editor: Seat, overview: str) -> bool:
    editor.page.goto(f"{editor.base_url}{overview}")
    said = " ".join(editor.page.locator("main").inner_text().split())
    return bool(re.search(r"30 audience = 30 accepted", said))
