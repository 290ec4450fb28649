"""An admin at the pages: the place of readers.py with admins, and somebody who signs in through the letter.

place = open_place(folder, migrated, admins=ADMINS)
ann = signed_in(place, EDITOR)        a reader with an editor's session; VIEWER is the other one
press(page, "Save", name="…")         as readers do; the form's csrf field comes along
"""

from tests.readers import Place, Reader, path_in

EDITOR, VIEWER = "ann@example.org", "bob@example.org"
ADMINS = f"{EDITOR}, {VIEWER}=viewer"


def link_for(place: Place, address: str = EDITOR) -> str:
    """The path of a fresh sign-in link, as it comes by e-mail."""
    visitor = place.reader()
    visitor.press(visitor.get("/admin/sign-in"), "Send me a link", email=address)
    return path_in(place.letter("Sign in"), "admin/sign-in/", place.links.base_url)


def signed_in(place: Place, address: str = EDITOR) -> Reader:
    """Somebody with a session, which began with a link made on the command line."""
    admin = place.reader()
    token = place.service.store.ask_sign_in(address, place.clock.now)
    admin.press(admin.get(f"/admin/sign-in/{token}"), "Sign in")
    return admin
