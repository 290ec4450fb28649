from pathlib import Path

import pytest

from tests.newsdesk import ADMINS, EDITOR, VIEWER, link_for
from tests.readers import Place, open_place


@pytest.fixture
def place(tmp_path: Path, migrated: Path) -> Place:
    return open_place(tmp_path, migrated, admins=ADMINS)


def test_who_is_not_signed_in_is_led_to_the_sign_in_page(place: Place) -> None:
    answer = place.reader().get("/admin")
    assert answer.status == 303
    assert answer.headers["location"] == "/admin/sign-in"


@pytest.mark.parametrize("address", [EDITOR, VIEWER])
def test_the_link_of_the_letter_signs_an_admin_in(place: Place, address: str) -> None:
    admin = place.reader()
    answer = admin.press(admin.get(link_for(place, address)), "Sign in")
    assert (answer.status, answer.headers["location"]) == (303, "/admin")
    assert address in admin.get("/admin").text
