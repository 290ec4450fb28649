"""Word senses: ten topics with words of two meanings, over invented papers and over real weeks."""

import datetime as dt

import pytest

from service.adapters.arxiv_papers import matching
from service.briefs import Assignment
from service.briefs.extractive import ExtractiveWriter
from service.briefs.writing import write_brief
from service.papers import Paper, Window, select
from subscribers.topics import Example, Topic
from tests.weeks import AT, papers

WEEK = Window.of_week("2026-W22")
NOON = dt.datetime(2026, 5, 26, 12, tzinfo=dt.UTC)


def topic(name: str, description: str, categories: str, terms: str, example: str) -> Topic:
    return Topic(
        slug=name.lower().replace(" ", "-"),
        name=name,
        description=description,
        categories=tuple(categories.split()),
        search_terms=tuple(terms.split(", ")),
        examples=(Example("2001.00001", example),),
    )


#: Topics of physics, biology, mathematics, economics, engineering and computer science.
TOPICS = (
    topic(
        "Battery Materials",
        "Materials of lithium-ion and solid-state batteries: electrolytes, cathodes, anodes, degradation.",
        "cond-mat.mtrl-sci physics.chem-ph cs.LG cs.CL cs.AI",
        "battery, batteries",
        "Data-driven prediction of battery cycle life before capacity degradation",
    ),
    topic(
        "Power Transformers",
        "Monitoring and fault diagnosis of transformers in power grids: windings, oil, insulation.",
        "eess.SY cs.SY cs.LG cs.CL",
        "transformer, transformers",
        "Dissolved gas analysis for power transformer fault diagnosis",
    ),
    topic(
        "Diffusion in Matter",
        "How particles and heat diffuse in fluids and solids: random walks, transport coefficients.",
        "cond-mat.stat-mech physics.comp-ph cs.LG cs.CV",
        "diffusion",
        "The random walk's guide to anomalous diffusion: a fractional dynamics approach",
    ),
    topic(
        "Matching Markets",
        "Stable matching, school choice, kidney exchange and assignment without prices.",
        "econ.TH cs.GT cs.LG cs.CV cs.AI",
        "matching",
        "College admissions and the stability of marriage",
    ),
    topic(
        "Mercury",
        "The planet Mercury: its surface, core, exosphere and orbit.",
        "astro-ph.EP physics.space-ph cs.LG cs.CL cs.IT",
        "mercury",
        "The geology of Mercury: the view prior to the MESSENGER mission",
    ),
    topic(
        "Cell Biology",
        "How living cells divide, move and signal: microscopy, gene expression, sequencing.",
        "q-bio.CB q-bio.GN cs.LG cs.CL cs.CR",
        "cell, cells",
        "Single-cell RNA sequencing of the human heart",
    ),
    topic(
        "Monetary Policy",
        "Central banks, interest rates, inflation and how they are transmitted to the economy.",
        "econ.GN q-fin.EC cs.LG cs.AI",
        "policy, inflation",
        "Monetary policy rules and macroeconomic stability",
    ),
    topic(
        "Bridge Engineering",
        "Bridges of steel and concrete: loads, cracks, inspection and structural health monitoring.",
        "physics.app-ph eess.SP cs.CV cs.LG",
        "bridge, bridges",
        "Vision-based crack detection of concrete bridges",
    ),
    topic(
        "Random Graph Matching",
        "Finding correspondences between vertices of correlated graphs: quadratic assignment, seeds.",
        "math.ST cs.DS cs.CV cs.LG",
        "matching",
        "Exact matching of random graphs with constant correlation",
    ),
    topic(
        "Computer Viruses",
        "Malicious programs that spread between machines: infection, payloads, antivirus software.",
        "cs.CR q-bio.PE cs.LG",
        "virus, viruses",
        "A survey of polymorphic computer viruses and antivirus evasion",
    ),
)
#: Of each topic a paper that is its own, and one that only shares its word. All are invented.
OWN = (
    (
        "Fluorinated cathode coatings",
        "A battery with a coated cathode loses less capacity; degradation is slow.",
    ),
    ("Winding faults under load", "We detect winding faults of a power transformer from gas in its oil."),
    ("Heat in porous solids", "Anomalous diffusion of particles in porous solids follows a random walk."),
    ("School choice with ties", "We study stable matching in school choice; assignment is without prices."),
    ("Ice at the poles", "Radar of Mercury shows ice; the planet has a thin exosphere and an iron core."),
    ("How heart cells divide", "Sequencing shows which cells of the heart divide, and what genes they use."),
    ("Rate rules at zero", "Monetary policy at zero interest rates: central banks and inflation targets."),
    ("Cracks in steel decks", "Inspection of a concrete bridge finds cracks; steel loads are monitored."),
    ("Seeds that suffice", "Graph matching recovers vertices of correlated graphs from few seeds."),
    (
        "A worm that sleeps",
        "A computer virus hides its payload from antivirus software until it spreads.",
    ),
)
OTHER = (
    ("Asking in many ways", "We probe language models with a battery of strategies and report accuracy."),
    ("Attention at scale", "A transformer with sparse attention reads texts; transformer layers are few."),
    ("Pictures from noise", "Diffusion models draw pictures; a diffusion model is guided by text prompts."),
    ("Flows for pictures", "Flow matching trains generators; flow matching needs no simulation of paths."),
    ("A fast coder", "Mercury writes code with a language model; it is quick on programming tasks."),
    ("Cells of a table", "Each cell of a spreadsheet is read by a language model; empty cells are filled."),
    ("Off-policy learning", "Policy gradients learn a policy; the policy is updated from old trajectories."),
    ("Between two fields", "We bridge the gap between vision and language with a bridge between encoders."),
    ("Words in two tongues", "Score matching and distribution matching align words in both tongues."),
    ("Waves of influenza", "A virus spreads in a city; the virus mutates; vaccines slow it."),
)  # fmt: skip


def paper(number: int, title: str, abstract: str, category: str) -> Paper:
    return Paper(f"2605.{number:05}", 1, title, abstract, ("A. Author",), (category,), category, NOON, NOON)


def invented(which: int) -> list[Paper]:
    """One week: the topic's own paper, and those that share a word with it, in categories of its own."""
    first, *_, last = TOPICS[which].categories
    made = [paper(90000, *OWN[which], first)]
    others = enumerate((OTHER[which], *OTHER[:which], *OTHER[which + 1 :]), 90001)
    return [*made, *(paper(number, *text, last) for number, text in others)]


@pytest.mark.parametrize("which", range(len(TOPICS)), ids=[one.slug for one in TOPICS])
def test_a_brief_holds_the_topic_s_own_paper_and_none_of_another_sense(which: int) -> None:
    found = matching(TOPICS[which], invented(which))
    assert {one.id for one in found} >= {"2605.90000", "2605.90001"}
    selection = select(TOPICS[which], WEEK, found, seen=(), began=None)
    writer = ExtractiveWriter()
    brief = write_brief(writer, writer, Assignment(selection, AT))
    assert [entry.paper_id for entry in brief.catalog] == ["2605.90000"]
    (note,) = brief.metadata.notes
    assert "2605.90001 (shares only the word" in note


#: Words that a paper of the sense has; the real weeks are computer science, where most have none.
MARKS = {
    "battery-materials": (
        "lithium",
        "cathode",
        "anode",
        "electrolyte",
        "battery degradation",
        "battery materials",
    ),
    "power-transformers": ("power transformer", "winding", "grid"),
    "diffusion-in-matter": ("anomalous diffusion", "brownian", "particles"),
    "matching-markets": ("matching market", "stable matching", "two-sided"),
    "mercury": ("planet",),
    "cell-biology": ("single-cell", "cell type", "cellular", "gene"),
    "monetary-policy": ("monetary", "treasury", "central bank", "inflation"),
    "bridge-engineering": ("damage", "crack", "inspection", "defect"),
    "random-graph-matching": ("graph matching", "correspondence"),
    "computer-viruses": ("malware", "antivirus"),
}


@pytest.mark.parametrize("one", TOPICS, ids=[one.slug for one in TOPICS])
def test_no_paper_of_another_sense_is_in_a_brief_of_a_real_week(one: Topic) -> None:
    found = matching(one, [each for each in papers() if WEEK.holds(each.submitted)])
    selection = select(one, WEEK, found, seen=(), began=None)
    strangers = [
        each.paper.title
        for each in selection.taken
        if not any(mark in each.paper.text.casefold() for mark in MARKS[one.slug])
    ]
    assert strangers == []


def test_a_topic_that_says_little_of_itself_keeps_what_it_asked_for() -> None:
    bare = Topic("mercury", "Mercury", "Mercury.", ("cs.LG",), ("mercury",))
    given = [paper(1, "Mercury", "Mercury is quick.", "cs.LG")]
    assert len(select(bare, WEEK, given, seen=(), began=None).taken) == 1


def test_a_term_in_a_title_is_believed_where_the_window_vouches_for_it() -> None:
    robots = Topic(
        "robots", "Robots", "Arms and legs that learn to reach, walk, grasp and carry things.", ("cs.RO",),
        ("robot", "whole-body control"),
    )  # fmt: skip
    sure = [
        paper(n, f"Reaching {n}", f"Whole-body control lets robot {n} walk in kitchens.", "cs.LG")
        for n in range(1, 10)
    ]
    titled = paper(11, "A robot in kitchens", "It lets its body walk, reaching as a whole.", "cs.LG")
    passing = paper(12, "Words in kitchens", "We count words, as a robot does.", "cs.LG")
    taken = select(robots, WEEK, [*sure, titled, passing], seen=(), began=None).taken
    assert {each.paper.id for each in taken} >= {titled.id, *(one.id for one in sure)}
    assert passing.id not in {each.paper.id for each in taken}


def test_two_terms_of_the_topic_are_believed() -> None:
    both = topic("Batteries", "What stores power: cells and packs for cars and grids.", "cs.LG", "x", "Packs")
    both = Topic(
        **{**{f: getattr(both, f) for f in both.__slots__}, "search_terms": ("solid electrolyte", "x")}
    )
    given = [paper(1, "A fast one", "A solid electrolyte is fast.", "cs.LG")]
    assert len(select(both, WEEK, given, seen=(), began=None).taken) == 1
