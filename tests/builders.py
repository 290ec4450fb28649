"""Builders of invented papers, topics, selections and briefs. No paper here exists.

papers()                 a window of 14 invented papers            paper(...)       one of your own
selection(), topic()     what a writer is given                    assignment()     the same with the moment
brief()                  a sound brief of papers(): it passes every gate
quoted(paper, ...)       a claim in a paper's own words            counted(...)     a claim that counts papers
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

from service.briefs import Assignment
from service.briefs.claims import Citation, Claim
from service.briefs.metadata import RunMetadata
from service.briefs.model import (
    Brief,
    CatalogEntry,
    Challenge,
    GlossaryEntry,
    Method,
    Notable,
    Overview,
    ReadingStep,
    Theme,
    Trend,
)
from service.papers import Paper, Ranked, Selection, Window
from subscribers.topics import Topic

WINDOW = Window(dt.date(2026, 5, 18), dt.date(2026, 5, 22))
GENERATED_AT = dt.datetime(2026, 5, 23, 6, 0, tzinfo=dt.UTC)

# Handle, rest of the title, and four sentences: problem, method, result, limit.
_TEXTS = (
    (
        "TideNet",
        "Forecasting Harbour Currents with Sparse Buoys",
        "Harbour pilots need current forecasts where buoys are rare.",
        "TideNet couples a shallow water solver with a learned residual.",
        "It lowers forecast error by 18.5% on 12 harbours.",
        "The residual drifts after storms, which leaves long forecasts unreliable.",
    ),
    (
        "BuoyMix",
        "Mixing Drifting and Moored Sensors",
        "Drifting sensors and moored sensors disagree near river mouths.",
        "BuoyMix weighs each sensor by its age and its distance to shore.",
        "Mixed sensors cut the error of surface currents by 2.4x.",
        "Old sensors still dominate sheltered bays.",
    ),
    (
        "KelpRank",
        "Ranking Kelp Forests from Orbit",
        "Kelp forests shrink faster than divers can map them.",
        "KelpRank orders coastal tiles by the texture of their canopies.",
        "Canopy texture finds 91% of the forests that divers confirmed.",
        "Clouds hide two thirds of northern tiles.",
    ),
    (
        "ReefTalk",
        "Listening for Healthy Reefs",
        "Reefs are loud when they are healthy.",
        "ReefTalk trains a small acoustic encoder on hydrophone recordings.",
        "The acoustic encoder separates healthy reefs from bleached reefs in 40 seconds.",
        "Shipping noise masks quiet reefs at night.",
    ),
    (
        "HullGuard",
        "Detecting Biofouling before It Costs Fuel",
        "Biofouling on hulls raises fuel use long before crews notice.",
        "HullGuard reads shaft torque and compares it with a clean twin of the vessel.",
        "Torque reveals fouling 31 days earlier than inspections do.",
        "The clean twin must be fitted anew for every vessel.",
    ),
    (
        "SquallCast",
        "Minutes of Warning from Ship Radar",
        "Squalls reach small boats within minutes.",
        "SquallCast tracks rain cells in radar images with an optical flow prior.",
        "Crews gained 9 minutes of warning over 1,200 squalls.",
        "Radar shadows behind islands remain blind spots.",
    ),
    (
        "SiltFlow",
        "Predicting Dredging from Sediment Budgets",
        "Ports dredge on fixed calendars that ignore sediment.",
        "SiltFlow keeps a sediment budget for each basin and updates it daily.",
        "Sediment budgets saved 3 dredging campaigns in 5 ports.",
        "Floods break the budget within hours.",
    ),
    (
        "WhaleGate",
        "Rerouting Ferries around Migrating Whales",
        "Ferries strike whales where routes cross migration paths.",
        "WhaleGate solves a routing problem with penalties for crossing migration paths.",
        "Rerouted ferries crossed migration paths 64% less at a cost of 4 minutes.",
        "Sparse sightings make the penalties uncertain in winter.",
    ),
    (
        "DeltaQA",
        "A Benchmark for Questions about River Deltas",
        "Planners ask questions about deltas that language models answer badly.",
        "DeltaQA collects 2,310 questions with maps and gauges as evidence.",
        "The best language models answer 37% of the questions with correct evidence.",
        "Questions about erosion need evidence that no gauge holds.",
    ),
    (
        "GaugeLM",
        "Language Models That Read Tide Gauges",
        "Language models misread the units of tide gauges.",
        "GaugeLM converts gauge records into sentences with explicit units.",
        "Explicit units raise answer accuracy from 41% to 73%.",
        "Gauges with gaps still lead the language models astray.",
    ),
    (
        "LockStep",
        "Scheduling Canal Locks by Reinforcement Learning",
        "Barges queue for hours at canal locks.",
        "LockStep learns a lock schedule by reinforcement learning in a queue simulator.",
        "Learned schedules shorten the mean queue by 26 minutes.",
        "The queue simulator knows nothing of broken gates.",
    ),
    (
        "PilotPolicy",
        "Offline Reinforcement Learning for Harbour Pilots",
        "Logs of harbour pilots hold few mistakes to learn from.",
        "PilotPolicy learns docking by offline reinforcement learning with pessimistic values.",
        "Pessimistic values avoid 97% of the collisions that imitation makes.",
        "Wind from astern is missing in the logs.",
    ),
    (
        "MistSense",
        "Visibility from Ordinary Harbour Cameras",
        "Fog closes harbours without a visibility sensor.",
        "MistSense estimates visibility from the contrast of known landmarks.",
        "Landmark contrast agrees with sensors to within 80 metres.",
        "Snow changes the landmarks and fools the estimate.",
    ),
    (
        "EelTrace",
        "Following Eels by Sparse Acoustic Tags",
        "Eels vanish between receivers for weeks.",
        "EelTrace fills the gaps with a diffusion prior over river graphs.",
        "The diffusion prior locates eels within 1.5 km of their tags.",
        "Dams that open at night defeat the prior.",
    ),
)
PROBLEM, METHOD, RESULT, LIMIT = range(4)


def paper(number: int = 0, **changes: object) -> Paper:
    """An invented paper, the first of the window unless told otherwise; any field may be set."""
    handle, rest, *sentences = _TEXTS[number % len(_TEXTS)]
    submitted = dt.datetime(2026, 5, 18 + number % 5, 9, number % 60, tzinfo=dt.UTC)
    made = Paper(
        id=f"2605.{number + 1:05}",
        version=1,
        title=f"{handle}: {rest}",
        abstract=" ".join(sentences),
        authors=(f"Ada Nordvik{number:02}", "Bo Ostrander"),
        categories=("cs.LG", "physics.ao-ph"),
        primary_category="cs.LG",
        submitted=submitted,
        updated=submitted,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields are named by the test


def papers(count: int = len(_TEXTS)) -> dict[str, Paper]:
    """The invented window, by id."""
    made = [paper(number) for number in range(count)]
    return {each.id: each for each in made}


def topic(**changes: object) -> Topic:
    made = Topic(
        slug="coastal-learning",
        name="Coastal Learning",
        description="Machine learning for coasts and harbours.",
        categories=("cs.LG",),
        search_terms=("harbour", "tide"),
        ranking_terms=("harbour",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields are named by the test


def selection(taken: Iterable[Paper] | None = None, before: Sequence[Paper] = ()) -> Selection:
    """A topic's papers, best first."""
    held = tuple(papers().values() if taken is None else taken)
    ranked = tuple(Ranked(each, 1 - place / 100, "names harbour") for place, each in enumerate(held))
    return Selection(topic(), WINDOW, len(held), len(held), ranked, (), (), (), tuple(before))


def assignment(taken: Iterable[Paper] | None = None, before: Sequence[Paper] = ()) -> Assignment:
    return Assignment(selection(taken, before), GENERATED_AT)


def handle(number: int) -> str:
    return _TEXTS[number][0]


def sentence(number: int, which: int) -> str:
    return _TEXTS[number][2 + which]


def quoted(number: int, which: int, verb: str = "reports") -> Claim:
    """A claim in one paper's own words, attributed to it by handle."""
    said = sentence(number, which)
    citation = Citation(paper(number).id, said)
    return Claim(f"{handle(number)} {verb}: “{said}”", (citation,))


def counted(numbers: Sequence[int], term: str, of: int = len(_TEXTS)) -> Claim:
    """A claim that counts the papers whose abstract holds a term."""
    citations = tuple(Citation(paper(number).id, term) for number in numbers)
    return Claim(f"{len(numbers)} of {of} papers speak of “{term}”.", citations, "counted")


def theme(heading: str, numbers: Sequence[int], which: int = RESULT) -> Theme:
    ids = tuple(paper(number).id for number in numbers)
    return Theme(heading, tuple(quoted(number, which) for number in numbers), ids)


def method(name: str, number: int, other: int) -> Method:
    how, trade_off = quoted(number, METHOD, "explains"), quoted(other, LIMIT, "admits")
    strength = quoted(other, METHOD, "adds")
    return Method(name, (how,), (strength,), (trade_off,), (paper(number).id, paper(other).id))


def notable(number: int) -> Notable:
    held = paper(number)
    title = Claim(f"{handle(number)} is titled “{held.title}”.", (Citation(held.id, held.title),))
    return Notable(held.id, title, quoted(number, PROBLEM, "starts from"))


def challenge(heading: str, number: int) -> Challenge:
    return Challenge(heading, (quoted(number, LIMIT, "leaves open"),))


def entry(number: int) -> CatalogEntry:
    held = paper(number)
    return CatalogEntry(
        paper_id=held.id,
        version=held.version,
        handle=handle(number),
        title=held.title,
        authors=held.authors,
        categories=held.categories,
        submitted=held.submitted.date(),
        url=held.url,
        line=sentence(number, METHOD),
        reason="names harbour",
        theme=None,
    )


def trend() -> Trend:
    ids = (9, 8)
    citations = tuple(Citation(paper(number).id, "language models") for number in ids)
    text = "2 of 14 papers speak of “language models”, after 1 of 30 before."
    return Trend("term", "Language models", 2, 14, 1, 30, Claim(text, citations, "counted"))


def overview() -> Overview:
    order = (
        ReadingStep("Start with forecasts", (paper(0).id, paper(1).id)),
        ReadingStep("Then learned control", (paper(10).id, paper(11).id)),
    )
    return Overview((counted((10, 11), "reinforcement learning"),), order)


def brief(**changes: object) -> Brief:
    """A sound brief of the invented window: every gate passes; any field may be set."""
    made = Brief(
        topic_slug=topic().slug,
        topic_name=topic().name,
        title="Coastal Learning: Latest arXiv Summary",
        window_label=WINDOW.label,
        first=WINDOW.first,
        last=WINDOW.last,
        generated_at=GENERATED_AT,
        themes=(
            theme("Forecasting currents with few sensors", (0, 1)),
            theme("Watching life along coasts", (2, 3, 13)),
            theme("Warning crews earlier", (4, 5, 12)),
            theme("Learned schedules and policies", (10, 11)),
        ),
        methods=(
            method("Solvers with learned residuals", 0, 1),
            method("Texture and sound", 2, 3),
            method("Schedules from simulators", 10, 11),
        ),
        notable=tuple(notable(number) for number in (0, 3, 7, 8, 9)),
        trends=(trend(),),
        challenges=(
            challenge("Storms", 0),
            challenge("Clouds", 2),
            challenge("Winter sightings", 7),
            challenge("Floods", 6),
        ),
        overview=overview(),
        glossary=(
            GlossaryEntry("QA", "questions with maps and gauges", Citation(paper(8).id, sentence(8, METHOD))),
        ),
        catalog=tuple(entry(number) for number in range(len(_TEXTS))),
        revisions=(),
        metadata=RunMetadata(writer="extractive"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields are named by the test
