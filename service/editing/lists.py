"""Lists of a brief that an editor may put into another order or add to: sentences, items of sections."""

from dataclasses import dataclass, field, replace

from service.briefs.claims import Claim
from service.briefs.grounding import Place, Section
from service.briefs.grounding.places import MOST, items_of, with_items
from service.briefs.model import Brief, Takeaway
from service.editing.edits import EditRefused, Reorder
from service.editing.wording import spot

# Sections whose items are sentences; those whose items have lists of sentences; those whose items may move
SENTENCES = (Section.AGAINST, Section.ALIKE, Section.OVERVIEW)
HELD = {Section.THEMES: "claims", Section.CHALLENGES: "claims"}
MOVABLE = (
    Section.TAKEAWAYS, Section.THEMES, Section.METHODS, Section.NOTABLE, Section.RESOURCES,
    Section.CHALLENGES, Section.DECISIONS, Section.READING_ORDER,
)  # fmt: skip


def list_at(brief: Brief, place: Place) -> tuple[object, ...]:
    """The sentences or items at a place without an index; EditRefused where there is no such list."""
    items = items_of(brief, place.section)
    is_items = place.item is None and not place.part and place.section in MOVABLE
    if is_items or (place.section in SENTENCES and place.item is None and place.part == "claims"):
        return items
    if (
        place.part
        and place.part == HELD.get(place.section)
        and place.item is not None
        and place.item < len(items)
    ):
        return tuple(getattr(items[place.item], place.part))
    raise EditRefused(f"{brief.topic_name} has no list of sentences in {spot(place)}.")


def with_list(brief: Brief, place: Place, held: tuple[object, ...]) -> Brief:
    """The brief with other sentences or items at a place that `list_at` knows."""
    if place.item is None:
        return with_items(brief, place.section, held)
    items = list(items_of(brief, place.section))
    items[place.item] = replace(items[place.item], **{place.part: held})
    return with_items(brief, place.section, tuple(items))


@dataclass
class Moves:
    """Where places of a brief are after its lists were put into another order."""

    _moved: dict[Place, dict[int, int]] = field(default_factory=dict)  # by list: index before to index after

    def put(self, brief: Brief, edit: Reorder) -> Brief:
        """The brief with one list in another order; its place is that of the brief as it was."""
        at = self.now(edit.place)
        held = list_at(brief, at)
        if sorted(edit.order) != list(range(len(held))):
            raise EditRefused("The order must name every one of them once.")
        if edit.place in self._moved:
            raise EditRefused("One save can put a list into one order only.")
        self._moved[edit.place] = {before: after for after, before in enumerate(edit.order)}
        return with_list(brief, at, tuple(held[before] for before in edit.order))

    def now(self, place: Place) -> Place:
        """Where a place of the brief as it was is now."""
        if place.index is not None and (moved := self._moved.get(replace(place, index=None))):
            place = replace(place, index=moved.get(place.index, place.index))
        if place.item is not None and (moved := self._moved.get(Place(place.section))):
            place = replace(place, item=moved.get(place.item, place.item))
        return place


def added(brief: Brief, place: Place, claim: Claim) -> Brief:
    """The brief with one sentence more at the end of a list; EditRefused where it takes no more."""
    section, is_takeaway = place.section, place.section is Section.TAKEAWAYS
    if is_takeaway and (brief.minute is None or claim.is_reading):
        raise EditRefused("The minute takes facts alone." if brief.minute else "This brief has no minute.")
    held = list_at(brief, place)
    if not (place.part or is_takeaway):
        raise EditRefused(f"{spot(place)} takes no sentence by itself: add it to one of its items.")
    if place.item is None and len(held) >= MOST[section]:
        raise EditRefused(f"{spot(place)} takes {MOST[section]} at most: leave one out in an earlier save.")
    return with_list(brief, place, (*held, Takeaway(claim, None) if is_takeaway else claim))
