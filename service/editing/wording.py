"""An editor's own words: short, plain, without links, markup or instructions; places as editors know them."""

from service.briefs.grounding import Place, Section
from service.briefs.grounding.language import foreign
from service.briefs.writing import LABELS
from service.editing.edits import EditRefused

LONGEST_HEADING = 120  # characters
LONGEST_SUBJECT = 64  # of what stands between names and counts; phones show 40 of a whole subject
LONGEST_NOTE = 600
LONGEST_SENTENCE = 400
HEADINGS = {
    Section.THEMES: "heading",
    Section.METHODS: "name",
    Section.CHALLENGES: "heading",
    Section.READING_ORDER: "purpose",
}


def plain_words(text: str, what: str, longest: int) -> str:
    """The text on one line; EditRefused where it is too long or holds a link, markup or an order."""
    words = " ".join(text.split())
    if len(words) > longest:
        raise EditRefused(f"The {what} has {len(words)} characters; at most {longest} can be shown.")
    if found := foreign(words):
        raise EditRefused(f"The {what} holds {found[0]}, which can't go out. Use plain words only.")
    return words


def sentence_of(text: str) -> str:
    """One sentence of an editor's; EditRefused for an empty one too."""
    if words := plain_words(text, "sentence", LONGEST_SENTENCE):
        return words
    raise EditRefused("A sentence can't be empty; leave it out instead.")


def spot(place: Place) -> str:
    """A place in an editor's words: the section as it is headed, and which of its items."""
    section = LABELS.get(place.section, f"the {place.section.value.replace('_', ' ')}")
    if place.item is None:
        return section
    kind = "heading" if place.part and place.part == HEADINGS.get(place.section) else "item"
    return f"{section}, {kind} {place.item + 1}"
