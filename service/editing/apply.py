"""Edits that are saved together, judged by the gates: what was sound stays sound, and no section runs short.

    orders | additions | rewritten and dropped sentences, headings | papers put first | notes, subject | gates
    then papers that are left out, and the gates again

Places are those of the issue as the editor saw it. All edits of one save are made, or none of them.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.briefs.claims import Claim
from service.briefs.grounding import Failure, Gate, Place, Section, check, claims, rewrite, texts
from service.briefs.grounding.places import Words
from service.briefs.grounding.sources import Sources
from service.briefs.model import Brief
from service.briefs.writing import signed
from service.editing.additions import with_paper
from service.editing.edits import (
    AddClaim,
    AddPaper,
    ChangeHeading,
    ChangeSubject,
    DropClaim,
    DropPaper,
    DropTopic,
    Edit,
    EditRefused,
    OrderNotable,
    Reorder,
    RewriteClaim,
    WriteIntroduction,
    WriteNote,
    in_words,
    place_of,
)
from service.editing.lists import Moves, added
from service.editing.papers import without_paper
from service.editing.sentences import new_claim, rewritten
from service.editing.wording import (
    HEADINGS,
    LONGEST_HEADING,
    LONGEST_NOTE,
    LONGEST_SUBJECT,
    plain_words,
    spot,
)
from service.issues import Issue
from service.papers import Paper

_PLACES = re.compile(r"\b[a-z_]+\[\d+\][a-z_.\[\]\d]*")  # such as themes[0].claims[1]
_ROUNDS = 4  # of dropping what a paper's leaving made unsound

_Key = tuple[Gate, str]
_Numbered = tuple[int, Edit]


def edited(issue: Issue, edit: Edit | Sequence[Edit], papers: Mapping[str, Paper]) -> Issue:
    """The issue with an edit, or with several that belong together.

    EditRefused where one can't be made or a gate refuses what it leaves; its problems name each that is.
    ``papers``: those of the issue's catalogs and those that are added, by id, which the gates read.
    """
    edits = [*enumerate(edit if isinstance(edit, Sequence) else (edit,))]
    problems: list[tuple[int, str]] = []
    briefs = []
    for brief in issue.briefs:
        try:
            briefs.append(_saved(brief, [one for one in edits if _concerns(one[1], brief)], papers))
        except EditRefused as refused:
            problems += refused.problems
    made = replace(issue, briefs=tuple(briefs)) if not problems else issue
    for at, one in edits:
        try:
            _refuse_strange(issue, one)
            made = _of_issue(made, one)
        except EditRefused as refused:
            problems.append((at, str(refused)))
    if problems:
        raise EditRefused(problems[0][1], tuple(problems))
    return made


def _refuse_strange(issue: Issue, edit: Edit) -> None:
    if not isinstance(edit, DropTopic) and not any(_concerns(edit, brief) for brief in issue.briefs):
        raise EditRefused(f"Issue {issue.label} holds nothing that this edit could change.")


def _of_issue(issue: Issue, edit: Edit) -> Issue:
    """The issue without a topic that is left out; as it is for another edit."""
    if isinstance(edit, DropTopic):
        return replace(issue, briefs=_without_topic(issue, edit.topic))
    return issue


def _without_topic(issue: Issue, slug: str) -> tuple[Brief, ...]:
    left = tuple(brief for brief in issue.briefs if brief.topic_slug != slug)
    if len(left) == len(issue.briefs):
        raise EditRefused(f"Issue {issue.label} has no topic {slug!r}.")
    if not any(not brief.is_quiet for brief in left):
        raise EditRefused("This is the last topic with papers: hold the issue instead of emptying it.")
    return left


def _concerns(edit: Edit, brief: Brief) -> bool:
    match edit:
        case DropPaper(paper_id):
            return paper_id in brief.entries
        case WriteIntroduction():
            return True
        case DropTopic():
            return False
        case _:
            return edit.topic == brief.topic_slug


def _saved(brief: Brief, edits: Sequence[_Numbered], papers: Mapping[str, Paper]) -> Brief:
    """The brief with its edits, marked as edited; EditRefused with the problems of each."""
    introductions = [edit for _, edit in edits if isinstance(edit, WriteIntroduction)]
    others = [(at, edit) for at, edit in edits if not isinstance(edit, WriteIntroduction)]
    made = _Save(brief, papers).made(others) if others else brief
    for edit in introductions:  # it stands above the issue, and no gate reads it
        try:
            made = replace(made, introduction=plain_words(edit.text, "introduction", LONGEST_NOTE), stored="")
        except EditRefused as refused:
            at = next(at for at, one in edits if one is edit)
            raise EditRefused(str(refused), ((at, str(refused)),)) from refused
    if edits and made == brief:
        raise EditRefused("Nothing would change.", ((edits[0][0], "Nothing would change."),))
    return made


@dataclass
class _Save:
    """One brief's part of a save."""

    brief: Brief
    papers: Mapping[str, Paper]
    problems: list[tuple[int, str]] = field(default_factory=list)
    said: dict[str, int] = field(default_factory=dict)  # an editor's words, or a paper's id: which edit's

    def made(self, edits: Sequence[_Numbered]) -> Brief:
        sources = self._sources(edits)
        dropped = [(at, edit) for at, edit in edits if isinstance(edit, DropPaper)]
        others = [(at, edit) for at, edit in edits if not isinstance(edit, DropPaper)]
        known = Counter(map(_key, check(self.brief, sources).failures))
        made = self._worded(self.brief, others, sources, known) if others else self.brief
        made = self._without(made, dropped, sources, known) if dropped and not self.problems else made
        if self.problems:
            raise EditRefused(self.problems[0][1], tuple(self.problems))
        if made == self.brief:
            raise EditRefused("Nothing would change.", ((edits[0][0], "Nothing would change."),))
        words = tuple(in_words(edit) for _, edit in edits)
        made = replace(made, metadata=replace(made.metadata, edits=(*made.metadata.edits, *words)), stored="")
        return signed(made) if made.metadata.sections else made

    def _sources(self, edits: Sequence[_Numbered]) -> Sources:
        """What the gates read; EditRefused where a paper is not kept any more."""
        ids = [*self.brief.entries, *(edit.paper_id for _, edit in edits if isinstance(edit, AddPaper))]
        missing = sorted({paper_id for paper_id in ids if paper_id not in self.papers})
        if missing:
            why = (
                f"The abstract of {missing[0]} is not kept any more, so nothing in {self.brief.topic_name} "
                "can be checked. Leave the topic out, or build the issue again."
            )
            raise EditRefused(why, ((edits[0][0], why),))
        return Sources(self.papers[paper_id] for paper_id in dict.fromkeys(ids))

    def _worded(
        self, brief: Brief, edits: Sequence[_Numbered], sources: Sources, known: Counter[_Key]
    ) -> Brief:
        """The brief with every edit but those that leave papers out, as the gates let it through."""
        moves, changes = Moves(), dict[Place, Words]()
        made = brief
        for at, edit in edits:
            try:
                changes |= self._changes(at, edit)
            except EditRefused as refused:
                self.problems.append((at, str(refused)))
        made = self._each(made, edits, lambda brief, edit: _ordered(brief, edit, moves))
        made = self._each(made, edits, lambda brief, edit: _extended(brief, edit, moves, sources))
        made = rewrite(made, {moves.now(place): words for place, words in changes.items()})
        made = self._each(made, edits, lambda brief, edit: _finished(brief, edit, sources))
        for failure in _new_failures(made, sources, known):
            self.problems.append((self._whose(failure, made, edits), _told(brief, failure)))
        return made

    def _each(self, made: Brief, edits: Sequence[_Numbered], make: Callable[[Brief, Edit], Brief]) -> Brief:
        for at, edit in edits:
            try:
                made = make(made, edit)
            except EditRefused as refused:
                self.problems.append((at, str(refused)))
        return made

    def _changes(self, at: int, edit: Edit) -> dict[Place, Words]:
        """The words that an edit puts into a place of the brief as it was seen; None drops what is there."""
        brief = self.brief
        match edit:
            case DropClaim(_, place):
                if place not in dict(claims(brief)):
                    raise EditRefused(f"{brief.topic_name} has no such claim in {spot(place)} any more.")
                return {place: None}
            case RewriteClaim(_, place, text):
                claim = rewritten(brief, place, text)
                self.said[claim.text] = at
                return {place: claim}
            case ChangeHeading(_, place, text):
                words = _heading(brief, place, text)
                self.said[words] = at
                return {place: words}
            case AddClaim(text=text):
                self.said[" ".join(text.split())] = at
            case AddPaper():
                self.said |= {" ".join(text.split()): at for text in (edit.shows, edit.why) if text.strip()}
                self.said[edit.paper_id] = at
        return {}

    def _whose(self, failure: Failure, made: Brief, edits: Sequence[_Numbered]) -> int:
        """Which edit a failure is about: by its words, or by the paper; else the only one, or none (-1)."""
        claim = failure.claim
        words = claim.text if claim else dict(texts(made)).get(failure.where, "")
        if words in self.said:
            return self.said[words]
        named = (claim.paper_ids if claim else ()) + tuple(one for one in self.said if one in failure.why)
        return next(
            (self.said[one] for one in named if one in self.said), edits[0][0] if len(edits) == 1 else -1
        )

    def _without(
        self, made: Brief, edits: Sequence[_Numbered], sources: Sources, known: Counter[_Key]
    ) -> Brief:
        """The brief without papers, and without the claims that lost their ground with them."""
        for at, edit in edits:
            assert isinstance(edit, DropPaper)
            if len(made.catalog) == 1:
                why = f"It is the only paper of {made.topic_name}: leave the topic out instead."
                self.problems.append((at, why))
                return made
            made = _cleared(without_paper(made, edit.paper_id), sources, known)
        if found := _new_failures(made, sources, known):
            self.problems.append((edits[0][0], _told(made, found[0])))
        return made


def _ordered(brief: Brief, edit: Edit, moves: Moves) -> Brief:
    match edit:
        case Reorder():
            return moves.put(brief, edit)
        case OrderNotable(topic, paper_ids):
            held = [one.paper_id for one in brief.notable]
            if sorted(paper_ids) != sorted(held):
                raise EditRefused("The order must name every notable paper once.")
            order = tuple(held.index(paper_id) for paper_id in paper_ids)
            return moves.put(brief, Reorder(topic, Place(Section.NOTABLE), order))
        case _:
            return brief


def _extended(brief: Brief, edit: Edit, moves: Moves, sources: Sources) -> Brief:
    if not isinstance(edit, AddClaim):
        return brief
    place = moves.now(edit.place)
    return added(brief, place, new_claim(brief, replace(edit, place=place), sources))


def _finished(brief: Brief, edit: Edit, sources: Sources) -> Brief:
    match edit:
        case AddPaper():
            return with_paper(brief, edit, sources)
        case ChangeSubject(_, text):
            return replace(brief, subject=plain_words(text, "subject", LONGEST_SUBJECT))
        case WriteNote(_, text):
            return replace(brief, note=plain_words(text, "note", LONGEST_NOTE))
        case _:
            return brief


def _heading(brief: Brief, place: Place, text: str) -> str:
    if place.part != HEADINGS.get(place.section) or place not in dict(texts(brief)):
        raise EditRefused(f"{brief.topic_name} has no heading that can be changed in {spot(place)}.")
    words = plain_words(text, "heading", LONGEST_HEADING)
    if not words:
        raise EditRefused("A heading can't be empty.")
    others = (
        held
        for at, held in texts(brief)
        if at != place and (at.section, at.part) == (place.section, place.part)
    )
    if words.casefold() in {held.casefold() for held in others}:
        raise EditRefused(f"“{words}” is another heading of this section already.")
    return words


def _cleared(brief: Brief, sources: Sources, known: Counter[_Key]) -> Brief:
    """The brief without the claims that lost their ground with a paper."""
    for _ in range(_ROUNDS):
        standing = dict(claims(brief))
        fallen: dict[Place, Claim | str | None] = {
            one.where: None for one in _new_failures(brief, sources, known) if one.where in standing
        }
        if not fallen:
            break
        brief = rewrite(brief, fallen)
    return brief


def _new_failures(brief: Brief, sources: Sources, known: Counter[_Key]) -> list[Failure]:
    """What the gates find that they did not find before the edit; how full sections are is judged apart."""
    left = known.copy()
    found = []
    for failure in check(brief, sources).failures:
        if failure.gate is Gate.SECTION and failure.where.item is None:
            continue
        key = _key(failure)
        if left[key] > 0:
            left[key] -= 1
        else:
            found.append(failure)
    return found


def _key(failure: Failure) -> _Key:
    return failure.gate, failure.claim.text if failure.claim else failure.why


def _told(brief: Brief, failure: Failure) -> str:
    """A gate's finding for an editor, with no place as the code writes it."""
    why = _PLACES.sub(lambda found: spot(at) if (at := place_of(found[0])) else found[0], failure.why)
    return f"{brief.topic_name}, {spot(failure.where)}: {why}."
