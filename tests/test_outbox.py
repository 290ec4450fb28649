"""The local mailbox: what it shows, to whom, and what it never does."""

import os
from email.message import EmailMessage
from pathlib import Path

import lxml.html
import pytest

from service.settings import Settings
from service.web.app import make_app
from service.wiring import Service
from subscribers.preferences import SubscriberStatus
from tests.readers import ADDRESS, Place, Reader, open_place, visitor

HERE = "http://127.0.0.1:8000"


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    place = open_place(tmp_path, migrated, HERE)
    place.subscriber()
    place.deliver()
    return place


@pytest.fixture
def reader(place: Place) -> Reader:
    return Reader(visitor(place.app, HERE, "127.0.0.1"))


def written(place: Place, name: str = "one.eml", html: str = "<p>Hello</p>", **headers: str) -> str:
    """Put an e-mail of our own into the outbox; its path."""
    message = EmailMessage()
    for header, value in headers.items():
        message[header] = value
    message.set_content("Hello")
    message.add_alternative(html, subtype="html")
    (place.service.settings.outbox / name).write_bytes(message.as_bytes())
    return f"/outbox/{name}"


def newest(reader: Reader) -> str:
    """The path of the e-mail that was written last."""
    return str(lxml.html.fromstring(reader.get("/outbox").text).xpath("//tbody//a/@href")[0])


def test_the_list_shows_the_newest_first_with_whom_what_and_when(place: Place, reader: Reader) -> None:
    written(place, "late.eml", Subject="Later", To="late@example.org")
    os.utime(place.service.settings.outbox / "late.eml", ns=(2**62, 2**62))
    rows = lxml.html.fromstring(reader.get("/outbox").text).xpath("//tbody/tr")
    assert rows[0].xpath("string(th)").strip() == "Later"
    assert len(rows) == 2
    assert ADDRESS in rows[1].text_content()


def test_an_e_mail_is_shown_with_its_headers_plaintext_and_raw(place: Place, reader: Reader) -> None:
    path = newest(reader)
    page = reader.get(path)
    (sent,) = place.letters()
    assert page.heading == sent["Subject"]
    for name in ("Message-ID", "List-Unsubscribe", "To"):
        assert str(sent[name]) in lxml.html.fromstring(page.text).text_content()
    assert reader.get(f"{path}/raw").content == next(place.service.settings.outbox.glob("*.eml")).read_bytes()


def test_the_html_part_runs_nothing_and_opens_its_links_elsewhere(reader: Reader) -> None:
    path = newest(reader)
    answer = reader.get(f"{path}/html")
    policy = answer.headers["content-security-policy"]
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert '<base target="_blank">' in answer.text
    (frame,) = lxml.html.fromstring(reader.get(path).text).xpath("//iframe")
    assert frame.get("sandbox") == "allow-popups allow-popups-to-escape-sandbox"


def test_words_of_an_e_mail_are_text(place: Place, reader: Reader) -> None:
    path = written(
        place, html="<script>alert(1)</script>", Subject="<b>x</b> {{ 7*7 }} \u202e", To='"<i>" <a@b.example>'
    )
    for page in (reader.get(path), reader.get("/outbox")):
        assert "<b>x" not in page.text
        assert "<i>" not in page.text
        assert "<script" not in page.text
        assert "\u202e" not in page.text


NAMES = (
    "..%2f..%2fbrief.db", "..%2fsecret.eml", "%2fetc%2fpasswd", ".hidden.eml", "link.eml", "brief.db",
    "one.eml%00", "one.part", "a" * 300 + ".eml", "%2e%2e", "folder.eml",
)  # fmt: skip


def test_no_name_leads_out_of_the_outbox(place: Place, reader: Reader) -> None:
    folder = place.service.settings.outbox
    for file in ("../secret.eml", ".hidden.eml", "one.part", "brief.db"):
        (folder / file).write_text("Subject: secret\n\n")
    (folder / "link.eml").symlink_to(folder.parent / "secret.eml")
    (folder / "folder.eml").mkdir()
    for path in (f"/outbox/{name}{part}" for name in NAMES for part in ("", "/html", "/raw")):
        answer = reader.get(path)
        assert answer.status == 404, path
        assert "secret" not in answer.text, path


def test_the_button_does_what_a_mail_clients_does(place: Place, reader: Reader) -> None:
    page = reader.press(reader.get(newest(reader)), "Unsubscribe")
    assert "200: You have unsubscribed" in page.notice
    assert place.service.roster.find(ADDRESS).standing is SubscriberStatus.LEFT


def test_only_a_one_click_address_of_ours_has_a_button(place: Place, reader: Reader) -> None:
    link = {
        "List-Unsubscribe": "<https://evil.example/leave/x>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    path = written(place, **link)
    assert "Unsubscribe</button>" not in reader.get(path).text
    assert reader.post(f"{path}/unsubscribe").status == 404


def test_another_site_presses_no_button(place: Place, reader: Reader) -> None:
    answer = reader.post(f"{newest(reader)}/unsubscribe", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 404
    assert place.service.roster.find(ADDRESS).standing is SubscriberStatus.ACTIVE


ELSEWHERE: tuple[tuple[str, dict[str, str]], ...] = (
    ("203.0.113.7", {}),
    ("127.0.0.1", {"Host": "rebound.example"}),
    ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
    ("127.0.0.1", {"Forwarded": "for=203.0.113.7"}),
    ("127.0.0.1", {"X-Forwarded-Proto": "https"}),
    ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}),
    ("127.0.0.1", {"CF-Connecting-IP": "127.0.0.1"}),
    ("127.0.0.1", {"True-Client-IP": "127.0.0.1"}),
    ("127.0.0.1", {"Via": "1.1 proxy"}),
    ("127.0.0.1", {"Connection": "close"}),
)


def test_other_machines_see_no_outbox(place: Place) -> None:
    for client, headers in ELSEWHERE:
        stranger = Reader(visitor(place.app, HERE, client))
        assert stranger.get("/outbox", **headers).status == 404, (client, headers)


def test_there_is_no_outbox_where_links_lead_through_a_proxy(tmp_path: Path, migrated: Path) -> None:
    place = open_place(tmp_path, migrated, "https://brief.example.org")
    here = Reader(visitor(place.app, HERE, "127.0.0.1"))
    assert here.get("/outbox").status == 404
    assert "See what was sent" not in here.get("/").text


def served_with(place: Place, **changes: object) -> Reader:
    settings = Settings.model_construct(**(place.service.settings.model_dump() | changes))
    service = Service(settings, place.service.engine, place.service.store, place.service.roster)
    return Reader(visitor(make_app(service, place.clock), HERE, "203.0.113.7"))


def test_a_setting_opens_it_to_other_machines(place: Place) -> None:
    assert served_with(place, outbox_open=True).get("/outbox").status == 200


@pytest.mark.parametrize("changes", [{"environment": "production"}, {"mailer": "smtp"}])
def test_there_is_none_in_production_or_with_a_real_mailer(place: Place, changes: dict[str, object]) -> None:
    reader = served_with(place, outbox_open=True, **changes)
    assert reader.get("/outbox").status == 404
    assert "See what was sent" not in reader.get("/").text


def test_in_development_every_page_leads_there(reader: Reader) -> None:
    assert "/outbox" in lxml.html.fromstring(reader.get("/").text).xpath("//footer//a/@href")


def test_many_e_mails_come_in_pages(place: Place, reader: Reader) -> None:
    for number in range(60):
        written(place, f"m{number:03}.eml", Subject=f"Number {number}")
    first, second = reader.get("/outbox"), reader.get("/outbox?page=2")
    counts = [len(lxml.html.fromstring(page.text).xpath("//tbody/tr")) for page in (first, second)]
    assert counts == [50, 11]


def test_an_e_mail_that_is_nonsense_is_shown_as_far_as_it_goes(place: Place, reader: Reader) -> None:
    file = place.service.settings.outbox / "odd.eml"
    file.write_bytes(
        b"Subject: =?utf-8?b?====?=\nTo: <<>@,;\nDate: never\n"
        b"Content-Type: text/html; charset=nowhere\n\n\xff\xfe"
    )
    assert reader.get("/outbox").status == 200
    for path in ("/outbox/odd.eml", "/outbox/odd.eml/html", "/outbox/odd.eml/raw"):
        assert reader.get(path).status in {200, 404}


def test_the_newest_page_says_that_an_e_mail_may_take_a_second(reader: Reader) -> None:
    assert "it may take a second" in reader.get("/outbox").text
