"""Invented briefs to render, in the form of the extractive writer: the same each time, of no real paper."""

import datetime as dt
from itertools import cycle, islice

from service.briefs.claims import Citation, Claim
from service.briefs.metadata import GateCount, RunMetadata
from service.briefs.model import (
    Brief,
    CatalogEntry,
    Challenge,
    GlossaryEntry,
    Method,
    Notable,
    Overview,
    ReadingStep,
    Revision,
    Theme,
    Trend,
)
from service.emails import Recipient, Sender
from service.issues import Issue
from service.papers import Window

WINDOW = Window.of_week("2026-W21")
BUILT = dt.datetime(2026, 5, 23, 6, 0, tzinfo=dt.UTC)
SENDER = Sender(
    name="The arXiv Education Brief",
    address="brief@mail.example.org",
    base_url="https://brief.example.org",
    postal_address="Invented Society, 1 Example Street, Sampletown",
    list_id="brief.example.org",
)
HEADINGS = (
    "Dense credit assignment replaces sequence rewards",
    "Rubrics take over from scalar rewards",
    "Anchors keep distillation on its policy",
    "Data topology decides what transfers",
    "Alignment drift is measured, not assumed",
)
METHODS = ("Token-level advantage", "Generated rubrics", "Anchored distillation", "Environment synthesis")
NAMES = (
    "Quill",
    "Lattice",
    "Harbor",
    "Sable",
    "Meridian",
    "Tern",
    "Corvid",
    "Umbra",
    "Fathom",
    "Girder",
    "Prism",
)
KINDS = ("RL", "Bench", "DPO", "Mem", "Probe", "Flow", "Mix")
PEOPLE = ("Ada Example", "Bo Sample", "Chidi Invented", "Dörte Müster", "Eun-ji Placeholder", "Farid Nobody")
SUBJECTS = (
    "long-horizon agents",
    "rubric rewards",
    "selective distillation",
    "memory editing",
    "preference drift",
)
VERBS = ("Assigns", "Measures", "Separates", "Anchors", "Compresses")


def recipient(name: str | None = "Ada Example", address: str = "ada@example.org") -> Recipient:
    return Recipient(
        address=address,
        name=name,
        message_id="2026-W21.0f1e2d3c4b5a69788796a5b4@mail.example.org",
        manage_url="https://brief.example.org/manage/17.Zm9vYmFy-signature_of_manage",
        leave_url="https://brief.example.org/leave/17.Zm9vYmFy-signature_of_leave",
        one_click_url="https://brief.example.org/one-click/17.Zm9vYmFy-signature_of_one_click",
        web_url="https://brief.example.org/web-view/2026-W21.17.Zm9vYmFy-signature_of_web_view",
        respond_url="https://brief.example.org/respond/17.Zm9vYmFy-signature_of_respond",
    )


def issue(*briefs: Brief) -> Issue:
    return Issue("2026-W21", WINDOW, BUILT, briefs)


def brief(
    slug: str = "llm-post-train", name: str = "LLM Post-Train", papers: int = 77, words: int = 1
) -> Brief:
    """A brief over so many papers; ``words`` makes its sentences that many times longer."""
    catalog = tuple(entry(number, words) for number in range(papers))
    themes = tuple(theme(index, len(name), catalog, words) for index in range(len(HEADINGS) if papers else 0))
    return Brief(
        topic_slug=slug,
        topic_name=name,
        title=f"{name}: latest arXiv summary",
        window_label="2026-W21",
        first=WINDOW.first,
        last=WINDOW.last,
        generated_at=BUILT,
        themes=themes,
        methods=tuple(method(index, catalog, words) for index in range(len(METHODS) if papers else 0)),
        notable=tuple(notable(each, words) for each in catalog[:6]),
        trends=trends(catalog),
        challenges=tuple(challenge(index, catalog, words) for index in range(4 if papers else 0)),
        overview=overview(catalog, words),
        glossary=glossary(catalog),
        catalog=catalog,
        revisions=revisions() if papers else (),
        metadata=metadata(papers),
    )


def entry(number: int, words: int = 1) -> CatalogEntry:
    handle = f"{NAMES[number % 11]}{KINDS[number % 7]}"
    paper_id = f"2605.{20000 + 37 * number:05}"
    subject = SUBJECTS[number % 5]
    return CatalogEntry(
        paper_id=paper_id,
        version=1 + number % 2,
        handle=handle,
        title=f"{handle}: a small study of {subject} under weak supervision",
        authors=tuple(islice(cycle(PEOPLE), number % 5, number % 5 + 1 + number % 7)),
        categories=("cs.LG", "cs.CL", "cs.AI")[: 1 + number % 3],
        submitted=WINDOW.first + dt.timedelta(days=number % 5),
        url=f"https://arxiv.org/abs/{paper_id}",
        line=" ".join(
            [f"{VERBS[number % 5]} credit for {subject} with {2 + number % 9} probes per step."] * words
        ),
        reason="its title has two of the topic's terms",
        theme=number % 6 if number % 6 < 5 else None,
        late=number % 19 == 7,
    )


def claim(text: str, *papers: CatalogEntry, words: int = 1) -> Claim:
    """``{}`` in the text is filled with the papers' handles in turn."""
    said = text.format(*(paper.handle for paper in papers))
    return Claim(" ".join([said] * words), tuple(Citation(paper.paper_id, paper.title) for paper in papers))


def picked(catalog: tuple[CatalogEntry, ...], start: int, count: int) -> tuple[CatalogEntry, ...]:
    return tuple(islice(cycle(catalog), start, start + count))


def theme(index: int, turn: int, catalog: tuple[CatalogEntry, ...], words: int) -> Theme:
    own = tuple(each for each in catalog if each.theme == index) or catalog[:1]
    heading = HEADINGS[(index + turn) % len(HEADINGS)]
    a, b, c, d = picked(own, 0, 4)
    lead = f"{len(own)} of {len(catalog)} papers share “{heading.lower()}”, {{}} and {{}} first among them."
    claims = (
        claim(lead, a, b, words=words),
        claim("{} assigns credit to single steps and reports 4.2 points over a baseline.", a, words=words),
        claim("{} does so with a third of the samples, where {} needs a verifier.", b, c, words=words),
        claim("“We find no gain beyond eight probes per step”, as {} puts it.", d, words=words),
    )  # fmt: skip
    return Theme(heading, claims, tuple(each.paper_id for each in own))


def method(index: int, catalog: tuple[CatalogEntry, ...], words: int) -> Method:
    a, b, c = picked(catalog, 5 * index + 3, 3)
    return Method(
        name=METHODS[index],
        how=(claim("{} and {} route the reward to the tokens that earned it.", a, b, words=words),),
        strength=(claim("{} needs 38 % fewer rollouts for the same accuracy.", a, words=words),),
        trade_off=(claim("{} reports that every latent structure adds a source of bias.", c, words=words),),
        paper_ids=(a.paper_id, b.paper_id, c.paper_id),
    )


def notable(paper: CatalogEntry, words: int) -> Notable:
    return Notable(
        paper.paper_id,
        shows=claim("{} is the clearest statement of the week's main question.", paper, words=words),
        why=claim("How {} separates the signal of a step from that of its trajectory.", paper, words=words),
    )


def trends(catalog: tuple[CatalogEntry, ...]) -> tuple[Trend, ...]:
    if not catalog:
        return ()
    a, b, c = picked(catalog, 2, 3)
    return (
        Trend(
            "term",
            "rubric reward",
            min(12, len(catalog)),
            len(catalog),
            9,
            240,
            claim("{}, {} and {} use it.", a, b, c),
        ),
        Trend(
            "benchmark",
            "StepBench",
            min(7, len(catalog)),
            len(catalog),
            4,
            240,
            claim("{} introduces a harder split.", b),
        ),
        Trend("method", "outcome-only reward", 0, len(catalog), 21, 240, None),
    )


def challenge(index: int, catalog: tuple[CatalogEntry, ...], words: int) -> Challenge:
    a, b = picked(catalog, 7 * index + 1, 2)
    heading = (
        "Faithful dense supervision",
        "Audits under adaptation",
        "Rewards one can read",
        "Cheap and predictable",
    )
    said = claim(
        "{} shows how a routing assumption can dominate the outcome; {} leaves the audit open.",
        a,
        b,
        words=words,
    )
    return Challenge(heading[index], (said,))


def overview(catalog: tuple[CatalogEntry, ...], words: int) -> Overview:
    if not catalog:
        return Overview((), ())
    a, b, c = picked(catalog, 0, 3)
    said = claim(
        "Read together, {}, {} and {} move the field from more reward to better routed reward.",
        a,
        b,
        c,
        words=words,
    )
    steps = (
        ReadingStep("For the mental model", (a.paper_id,)),
        ReadingStep("For richer rewards", (b.paper_id, c.paper_id)),
    )
    return Overview((said,), steps)


def glossary(catalog: tuple[CatalogEntry, ...]) -> tuple[GlossaryEntry, ...]:
    if not catalog:
        return ()
    source = Citation(catalog[0].paper_id, "reinforcement learning with verifiable rewards (RLVR)")
    return (
        GlossaryEntry("RLVR", "reinforcement learning with verifiable rewards", source),
        GlossaryEntry("DPO", "direct preference optimization", Citation(catalog[-1].paper_id, "DPO")),
    )


def revisions() -> tuple[Revision, ...]:
    return (
        Revision("2605.00042", 2, "LanternProbe: what a probe can't see", "https://arxiv.org/abs/2605.00042"),
    )


def metadata(papers: int) -> RunMetadata:
    return RunMetadata(
        writer="extractive",
        fetched=3 * papers + 9,
        recalled=papers + 36 if papers else 0,
        analysed=papers,
        late=min(papers, 4),
        claims_written=61,
        claims_repaired=3,
        claims_dropped=1,
        gates=(GateCount("citations exist", 61, 0), GateCount("quotations are verbatim", 40, 1)),
    )
