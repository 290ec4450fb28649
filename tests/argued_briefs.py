"""An invented brief that argues, as a language model's writer makes one: some 1,350 words before its tables.

argued()             one topic, of the size and form that the specification of a brief describes
argued_issue(3)      an issue of so many such topics, each with its own papers and week's news

No paper, model, benchmark or figure here exists.
"""

# ruff: noqa: E501 - a page of prose

import re
from dataclasses import replace

from service.briefs.claims import Citation, Claim
from service.briefs.metadata import CheckCount, GateCount, RunMetadata
from service.briefs.model import (
    AlsoHere,
    Brief,
    CatalogEntry,
    Challenge,
    Decision,
    Earlier,
    GlossaryEntry,
    Method,
    Minute,
    News,
    Notable,
    Overview,
    ReadingStep,
    Resource,
    Start,
    Takeaway,
    Theme,
    Thread,
)
from service.issues import Issue
from tests.briefs_for_emails import BUILT, WINDOW, entry, issue

# Handle, rest of the title, pages, venue, whether there is code.
PAPERS = (
    ("TernStep", "step rewards that a verifier pays for", 14, "ICML 2026", True),
    ("QuillSeq", "one reward a sequence is enough below eight steps", 9, "", True),
    ("SableCredit", "token credit from paired rollouts", 22, "", False),
    ("HarborNoise", "how much of a gain is the seed", 11, "TMLR", True),
    ("LatticeGate", "gating dense rewards by verifier confidence", 13, "", False),
    ("UmbraRubric", "rubrics written by the model that is graded", 18, "", True),
    ("GirderRubric", "criteria that move and criteria that do not", 12, "ACL 2026 Findings", True),
    ("CorvidJudge", "judges agree with themselves", 10, "", False),
    ("FathomScale", "rubric rewards at four sizes", 27, "", False),
    ("PrismEdit", "repairing a rubric while training runs", 8, "", True),
    ("MeridianKL", "an anchor that moves with its policy", 15, "ICLR 2026", True),
    ("AnchorLess", "distillation without a reference model", 12, "", False),
    ("DriftMeter", "measuring how far a policy has walked", 9, "", True),
    ("SlowTeacher", "late teachers for early students", 16, "", False),
    ("MixDown", "which data a small policy forgets first", 19, "", False),
    ("RootPath", "one graph of skills, many curricula", 21, "", True),
    ("HopBench", "multi-hop tasks with known shortest paths", 17, "NeurIPS 2026 Datasets", True),
    ("LoopGuard", "when agents repeat themselves", 7, "", True),
    ("PackRat", "memory that a policy chooses to keep", 13, "", False),
    ("OpenLedger", "40,000 graded rollouts with their costs", 6, "", True),
)  # fmt: skip
IDS = {handle: f"2605.{10001 + 7 * at}" for at, (handle, *_) in enumerate(PAPERS)}


def fact(id_: str, text: str, setting: str = "", cites: str = "") -> Claim:
    """A fact that cites each paper it names, or those of ``cites``."""
    named = [handle for handle in IDS if re.search(rf"\b{handle}\b", cites or text)]
    words = f"we report this in our own setting: {text.lower()}"
    return Claim(
        text, tuple(Citation(IDS[one], words) for one in named), "written", "fact", id_, setting=setting
    )


def reading(id_: str, text: str, *rests_on: str) -> Claim:
    return Claim(text, (), "written", "reading", id_, rests_on)


def theme(number: int, heading: str, thesis: str, told: tuple[Claim, ...], **also: str) -> Theme:
    first = next(claim.id for claim in told if not claim.is_reading)
    ids = dict.fromkeys(id_ for claim in told for id_ in claim.paper_ids)
    more = tuple(AlsoHere(IDS[handle], words) for handle, words in also.items())
    return Theme(
        heading,
        told,
        (*ids, *(one.paper_id for one in more)),
        reading(f"t{number}.0", thesis, first),
        more,
    )


THEMES = (
    theme(
        1,
        "Step rewards pay only where the verifier is cheap",
        "Dense rewards seem to buy sample efficiency rather than ability: they win while checking a step costs "
        "less than sampling another answer, and lose beyond that.",
        (
            fact(
                "t1.1",
                "TernStep asks a small verifier after each reasoning step whether the step can still lead to "
                "the answer, and pays the policy for the change in that probability.",
            ),
            fact(
                "t1.2",
                "It reaches the baseline's accuracy with 38% fewer rollouts, as TernStep reports.",
                "7B policy, 1B verifier, StepArith, against sequence rewards",
            ),
            fact(
                "t1.3",
                "SableCredit gets a similar saving without a verifier: it compares two rollouts that part at "
                "one token and credits that token with the difference.",
                "8B, StepArith and CodeTurn",
            ),
            fact(
                "t1.4",
                "QuillSeq finds no gain from step rewards on problems of fewer than eight steps, whatever the "
                "verifier.",
                "7B, four arithmetic sets, five seeds",
            ),
            reading(
                "t1.5",
                "Together they suggest that length, not difficulty, decides whether density helps.",
                "t1.2",
                "t1.4",
            ),
            fact(
                "t1.6",
                "HarborNoise repeats three published step-reward gains and finds two of them within the "
                "spread of ten seeds.",
                "7B, same code and data",
            ),
            fact(
                "t1.7",
                "LatticeGate pays step rewards only where the verifier is confident, and keeps 90% of the "
                "gain at a third of the verifier calls.",
                "8B, CodeTurn",
            ),
            reading(
                "t1.8",
                "Before adding a verifier, log the length of your solutions and the spread over seeds; if "
                "most have fewer than eight steps, sample more answers instead.",
                "t1.4",
                "t1.6",
            ),
        ),
        SlowTeacher="delays dense rewards to late training",
        MixDown="loses short problems first under density",
    ),
    theme(
        2,
        "Rubrics help until the model learns which lines do not move",
        "A rubric seems to work as a curriculum more than as a judge, as long as its criteria still differ between "
        "two rollouts of the same question.",
        (
            fact(
                "t2.1",
                "UmbraRubric lets the policy write the criteria by which it is then graded, and freezes them "
                "for one epoch.",
            ),
            fact(
                "t2.2",
                "Win rate over a scalar reward rises by 6.1 points, while the length of answers stays, in "
                "UmbraRubric.",
                "8B, WriteWell-500, human raters",
            ),
            fact(
                "t2.3",
                "GirderRubric shows that four of ten criteria never vary after 200 steps; dropping them "
                "changes nothing but the cost.",
            ),
            fact(
                "t2.4",
                "FathomScale finds the gain of rubrics shrinking from 7.0 to 1.2 points as the policy grows "
                "from 1B to 30B.",
                "same data, one judge",
            ),
            fact(
                "t2.5",
                "CorvidJudge reports that a judge agrees with its own rubric 94% of the time and with "
                "another judge's 61%.",
                "six judges, WriteWell-500",
            ),
            reading(
                "t2.6",
                "The headline gain may thus be partly agreement of a judge with itself; raters that did "
                "not write the rubric are the test.",
                "t2.2",
                "t2.5",
            ),
            reading(
                "t2.7",
                "Log the variance of each criterion across rollouts every hundred steps, and drop those "
                "near zero.",
                "t2.3",
            ),
        ),
        PrismEdit="rewrites dead criteria during training",
    ),
    theme(
        3,
        "A moving anchor keeps distillation on its policy",
        "What keeps a distilled policy from drifting appears to be how recent its anchor is, less how strong the "
        "penalty is.",
        (
            fact(
                "t3.1",
                "MeridianKL replaces the fixed reference model of the usual penalty by an average of the "
                "policy's own last checkpoints, so that the penalty measures speed and not distance.",
            ),
            fact(
                "t3.2",
                "MeridianKL needs half the steps to the same score, and forgets less of the tasks that are "
                "not trained.",
                "3B student of a 30B teacher, six held-out sets",
            ),
            fact(
                "t3.3",
                "AnchorLess drops the reference model altogether and clips updates per token; it matches the "
                "fixed anchor on score but loses 4 points on held-out tasks.",
                "3B, same six sets",
            ),
            fact(
                "t3.4",
                "DriftMeter finds that distance to the starting model predicts forgetting worse than the "
                "speed of the last hundred steps.",
                "correlation 0.31 against 0.74, 40 runs",
            ),
            reading(
                "t3.5",
                "That would explain why a slow anchor and none at all differ less in score than in what "
                "is forgotten.",
                "t3.2",
                "t3.3",
                "t3.4",
            ),
            reading(
                "t3.6",
                "Plot speed beside distance in your next run; larger students than 3B are untested here.",
                "t3.4",
            ),
        ),
    ),
    theme(
        4,
        "Curricula built as graphs transfer, memories do not yet",
        "For agents of several hops the order of tasks seems to matter more than what is remembered between them.",
        (
            fact(
                "t4.1",
                "RootPath draws tasks from one graph of skills, where an edge means that one task is a part "
                "of another, and trains along paths from simple to composed.",
            ),
            fact(
                "t4.2",
                "RootPath solves 52% of tasks two hops longer than any it was trained on.",
                "8B, HopBench, random order reaches 31%",
            ),
            fact(
                "t4.3",
                "HopBench publishes tasks with known shortest paths, so that a detour can be told from a "
                "failure.",
            ),
            fact(
                "t4.4",
                "PackRat lets the policy choose what to keep between tasks and finds that it mostly keeps "
                "what it never reads again.",
                "8B, HopBench, 12% of entries are read",
            ),
            fact(
                "t4.5",
                "LoopGuard ends an episode when a state comes back, which alone recovers 9 points.",
                "8B, HopBench",
            ),
            reading(
                "t4.6",
                "A loop check is a fair baseline for any memory on this benchmark; run it first.",
                "t4.4",
                "t4.5",
            ),
        ),
    ),
)
METHODS = (
    Method(
        "Token credit from paired rollouts",
        (
            fact(
                "m1.how",
                "SableCredit continues two rollouts from every token where they part, and gives that token "
                "the difference of their mean rewards.",
            ),
        ),
        (fact("m1.strength", "It saves a third of the rollouts in SableCredit.", "8B, StepArith"),),
        (fact("m1.trade", "Pairs must share a prefix, which SableCredit says costs 1.6 times the memory."),),
        (IDS["SableCredit"],),
        (
            reading(
                "m1.use", "answers are long, no verifier exists, and memory is not what stops you", "m1.how"
            ),
        ),
    ),
    Method(
        "Rubrics with live criteria",
        (
            fact(
                "m2.how",
                "PrismEdit watches the variance of each criterion and asks the model for a new one where it "
                "falls to zero; GirderRubric only drops it.",
            ),
        ),
        (fact("m2.strength", "PrismEdit keeps its gain for twice as many steps.", "8B, WriteWell-500"),),
        (),
        (IDS["PrismEdit"], IDS["GirderRubric"]),
        (reading("m2.use", "quality has several sides and the reward curve goes flat early", "m2.strength"),),
    ),
    Method(
        "Anchors from recent checkpoints",
        (fact("m3.how", "MeridianKL penalises the distance to an average of the last eight checkpoints."),),
        (fact("m3.strength", "Half the steps to the same score in MeridianKL.", "3B student"),),
        (
            fact(
                "m3.trade", "MeridianKL states that the average hides a sudden collapse for some fifty steps."
            ),
        ),
        (IDS["MeridianKL"],),
        (reading("m3.use", "forgetting costs you more than the last point of score", "m3.strength"),),
    ),
)
NOTABLE = (
    Notable(IDS["HarborNoise"], fact("q1.shows", "Two of three published gains lie within the spread of ten seeds.",
            "7B, same code", cites="HarborNoise"), reading("q1.why", "Its table tells how many seeds a gain of your size needs.", "q1.shows"),
            fact("q1.caveat", "All three gains are on arithmetic.", cites="HarborNoise")),
    Notable(IDS["TernStep"], fact("q2.shows", "The verifier pays for itself up to 0.4 of the policy's cost a token.",
            "7B and 1B", cites="TernStep"), reading("q2.why", "A cost model that carries over to other verifiers.", "q2.shows"),
            fact("q2.caveat", "The verifier is trained on the same problems.", cites="TernStep")),
    Notable(IDS["GirderRubric"], fact("q3.shows", "The criteria that stop moving can be told after 50 steps.",
            "precision 0.88", cites="GirderRubric"), reading("q3.why", "The cheapest check of a rubric that you can run today.", "q3.shows")),
    Notable(IDS["MeridianKL"], fact("q4.shows", "The window of eight checkpoints is best from 1B to 7B.",
            "six held-out sets", cites="MeridianKL"), reading("q4.why", "It separates speed from distance cleanly.", "q4.shows"),
            fact("q4.caveat", "One teacher only.", cites="MeridianKL")),
    Notable(IDS["RootPath"], fact("q5.shows", "Half of the gain stays when edges are drawn at random.", "8B, HopBench", cites="RootPath"),
            reading("q5.why", "An honest ablation of a curriculum, which are rare.", "q5.shows")),
    Notable(IDS["OpenLedger"], fact("q6.shows", "40,000 rollouts come with grades, tokens and prices.", cites="OpenLedger"),
            reading("q6.why", "It lets you test credit schemes without training.", "q6.shows")),
)  # fmt: skip
NEWS = News(
    against=(
        fact("n1", "More seeds, not more steps, is what HarborNoise says most step-reward papers lack."),
        fact("n2", "Larger policies gain less from rubrics in FathomScale, where the usual claim is the opposite.",
             "1B to 30B"),
    ),
    alike=(fact("a1", "GirderRubric and PrismEdit both watch the variance of criteria; one drops, one rewrites."),),
    resources=(
        Resource("HopBench", "benchmark", fact("r1.1", "HopBench has 3,200 tasks with shortest paths.")),
        Resource("OpenLedger", "data", fact("r2.1", "OpenLedger holds 40,000 graded rollouts.")),
        Resource("DriftMeter", "tool", fact("r3.1", "DriftMeter logs speed and distance of a run.")),
    ),
    threads=(
        Thread(
            "Do step rewards survive more seeds?", "contradicts",
            fact("p1.1", "HarborNoise finds the gain within the spread of ten seeds."),
            (Earlier("2026-W19", "Step rewards add 3.1 points on StepArith.", ("2605.00011",)),),
        ),
        Thread(
            "Does an anchor have to be fixed?", "continues",
            fact("p2.1", "MeridianKL lets it move and halves the steps."),
            (Earlier("2026-W20", "A fixed anchor forgets least of four schedules.", ("2605.00042",)),),
        ),
    ),
)  # fmt: skip
CHALLENGES = (
    Challenge(
        "Gains smaller than the spread of seeds",
        (fact("c1.1", "HarborNoise shows that a gain of 1.5 points needs 14 seeds to be seen, and that the median paper "
              "it repeats ran three."),),
        reading("c1.s", "Rerun the two lost gains on CodeTurn with fourteen seeds, the same verifier and the same cost.",
                "c1.1"),
    ),
    Challenge(
        "Judges that agree with themselves",
        (fact("c2.1", "CorvidJudge reports 61% agreement between judges; UmbraRubric uses one."),),
        reading("c2.s", "Grade UmbraRubric's answers by the rubrics of two other judges and compare the win rate.",
                "c2.1"),
    ),
    Challenge(
        "Memories that nobody reads",
        (fact("c3.1", "PackRat finds 12% of what is kept read again, and says that its reward cannot see that."),),
        reading("c3.s", "Charge for each kept entry and see whether the share that is read rises before the score falls.",
                "c3.1"),
    ),
)  # fmt: skip
OVERVIEW = Overview(
    (
        reading("o1", "The week's evidence is mostly from 3B to 8B policies on synthetic tasks; read it as a list of "
                "what to measure before scaling.", "t1.2", "t3.2"),
        fact("o2", "Dense rewards and rubrics both save samples early, and both lose their edge where TernStep and "
             "FathomScale look further."),
        fact("o3", "HarborNoise is the strongest counter-example: two of three gains are gone with ten seeds."),
    ),
    (
        ReadingStep("To doubt a gain", (IDS["HarborNoise"], IDS["QuillSeq"])),
        ReadingStep("To build rewards", (IDS["TernStep"], IDS["GirderRubric"], IDS["LatticeGate"])),
        ReadingStep("To keep what was learned", (IDS["MeridianKL"], IDS["DriftMeter"])),
    ),
    (
        Decision("read", reading("d1", "HarborNoise, if you are about to report a gain under three points.", "o3")),
        Decision("try", reading("d2", "Log the variance of each rubric criterion across rollouts, drop those near zero, "
                                "and compare steps to plateau.", "t2.3")),
        Decision("wait", reading("d3", "RootPath's transfer to longer tasks rests on one benchmark of its own lab.",
                                 "t4.2")),
        Decision("skip", reading("d4", "PackRat unless your agents already end their loops.", "t4.4", "t4.5")),
    ),
)  # fmt: skip
MINUTE = Minute(
    fact("k0.1", "Two of three step-reward gains vanish with ten seeds", cites="HarborNoise"),
    reading("k0.q", "The week asks what a denser reward buys: ability, or only fewer samples on the way to the same "
            "place?", "t1.2", "t1.4"),
    (
        Takeaway(
            fact("k1.1", "TernStep needs 38% fewer rollouts when a small verifier pays for each step.",
                 "7B, StepArith, against sequence rewards"),
            reading("k1.2", "worth trying where solutions are longer than eight steps.", "k1.1"),
        ),
        Takeaway(
            fact("k2.1", "HarborNoise finds two of three such gains within the spread of ten seeds.", "7B, same code"),
            reading("k2.2", "run more seeds before more ideas.", "k2.1"),
        ),
        Takeaway(
            fact("k3.1", "GirderRubric shows that four of ten rubric criteria never vary after 200 steps."),
            reading("k3.2", "log their variance, and drop what stands still.", "k3.1"),
        ),
    ),
    Start(IDS["HarborNoise"], reading("k0.s", "it tells how large a gain must be to be one.", "k2.1")),
)  # fmt: skip
GLOSSARY = (
    GlossaryEntry("Rollout", "one complete answer sampled from the policy during training", None, False),
    GlossaryEntry("Rubric", "a list of criteria by which an answer is graded, one mark each",
                  Citation(IDS["UmbraRubric"], "a rubric, a list of criteria"), False),
    GlossaryEntry("KL", "Kullback–Leibler divergence", Citation(IDS["MeridianKL"], "KL divergence")),
)  # fmt: skip
METADATA = RunMetadata(
    writer="openai", model="invented-large-1", prompt_version="9f2c", prompt_tokens=182_340,
    completion_tokens=24_410, fetched=231, recalled=96, analysed=40, late=3, claims_written=74, claims_repaired=6,
    claims_dropped=3, gates=(GateCount("citations exist", 74, 0), GateCount("numbers as shown", 48, 2)),
    checked_by="invented-check-1", graded=96, recorded=True,
    checks=(CheckCount("fact", "full", 44, 0, 0), CheckCount("fact", "partial", 6, 5, 1),
            CheckCount("reading", "follows", 20, 0, 0), CheckCount("reading", "stretches", 4, 1, 3)),
)  # fmt: skip


def argued(slug: str = "llm-post-train", name: str = "LLM Post-Train", papers: int = 40) -> Brief:
    """The whole brief; papers beyond those that it tells are in the catalog alone."""
    catalog = tuple(_told_entry(at) for at in range(len(PAPERS)))
    rest = tuple(replace(entry(number), theme=None) for number in range(papers - len(catalog)))
    return Brief(
        topic_slug=slug, topic_name=name, title=f"{name}: latest arXiv summary", window_label="2026-W21",
        first=WINDOW.first, last=WINDOW.last, generated_at=BUILT, themes=THEMES, methods=METHODS,
        notable=NOTABLE, trends=(), challenges=CHALLENGES, overview=OVERVIEW, glossary=GLOSSARY,
        catalog=(*catalog, *rest), revisions=(), metadata=METADATA, minute=MINUTE, news=NEWS,
    )  # fmt: skip


NAMES = (
    "LLM Post-Train", "Robot Learning", "Exoplanets", "Agents & Tools", "Speech <fast>", "Causality", "Graphs",
    "Vision", "Law", "Bio",
)  # fmt: skip


def argued_issue(topics: int) -> Issue:
    return issue(*(argued(f"topic-{at}", NAMES[at]) for at in range(topics)))


def _told_entry(at: int) -> CatalogEntry:
    handle, rest, pages, venue, has_code = PAPERS[at]
    theme_of = {id_: number for number, one in enumerate(THEMES) for id_ in one.paper_ids}
    made = entry(at)
    return replace(
        made, paper_id=IDS[handle], handle=handle, title=f"{handle}: {rest}", theme=theme_of.get(IDS[handle]),
        url=f"https://arxiv.org/abs/{IDS[handle]}", pages=pages, venue=venue, has_code=has_code, grade=8,
    )  # fmt: skip
