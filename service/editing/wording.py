"""An editor's own words: they go out under the service's name, so they are checked as everybody else's."""

from service.briefs.grounding.foreign import foreign

LONGEST_HEADING = 120  # characters
LONGEST_SUBJECT = 64  # of what stands between names and counts; phones show 40 of a whole subject
LONGEST_NOTE = 600


class EditRefused(ValueError):
    """An edit that can't be made; the message says why, in words for the editor."""


def plain_words(text: str, what: str, longest: int) -> str:
    """The text on one line; EditRefused where it is too long or holds a link, markup or an order."""
    words = " ".join(text.split())
    if len(words) > longest:
        raise EditRefused(f"The {what} has {len(words)} characters; at most {longest} can be shown.")
    if found := foreign(words):
        raise EditRefused(f"The {what} holds {found[0]}, which can't go out. Use plain words only.")
    return words
