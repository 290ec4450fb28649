"""Known parts of a paper, by the words of a heading."""

from service.papers.text.model import Part

# In this order: "Limitations and future work" are limitations, "Experimental results" are results.
_WORDS: tuple[tuple[Part, tuple[str, ...]], ...] = (
    ("limitations", ("limitation", "threats to validity", "shortcoming", "caveat")),
    ("background", ("related work", "background", "preliminar", "prior work", "literature")),
    ("introduction", ("introduction", "motivation", "overview")),
    ("conclusion", ("conclusion", "concluding", "summary", "outlook", "future work", "future direction")),
    ("discussion", ("discussion",)),
    ("results", ("result", "finding", "ablation", "analysis", "performance")),
    (
        "experiments",
        ("experiment", "evaluation", "setup", "setting", "dataset", "detail", "baseline", "validat"),
    ),
    ("method", ("method", "approach", "architecture", "framework", "algorithm", "formulation", "proposed")),
)  # fmt: skip
_OTHERS = ("acknowledg", "ethic", "impact", "contribution", "funding", "disclosure", "checklist")


def part_of(title: str) -> Part | None:
    """The part that a heading names; None where it names none, so that it belongs to what is around it."""
    folded = title.casefold()
    if any(word in folded for word in _OTHERS) and "limitation" not in folded:
        return "other"
    return next((part for part, words in _WORDS if any(word in folded for word in words)), None)
