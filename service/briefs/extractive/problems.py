"""What challenges are told by: kinds of problems, with their headings and the words that name them."""

# What can be in the way, by its noun: a kind of problem, a heading for it, and the nouns that name it.
PROBLEMS = (
    (
        "costs",
        "Costs and overhead",
        "cost overhead latency consumption expense budget burden slowdown inefficiency footprint",
    ),
    (
        "attacks",
        "Attacks and vulnerabilities",
        "attack injection jailbreak jailbreaking poisoning vulnerability threat backdoor",
    ),
    ("privacy risks", "Privacy and leakage", "leakage memorization reidentification surveillance"),
    (
        "instability",
        "Instability and collapse",
        "collapse instability divergence variance oscillation saturation",
    ),
    ("forgetting", "Forgetting and interference", "forgetting interference overwriting"),
    ("hallucination", "Hallucination", "hallucination fabrication confabulation"),
    ("bias", "Bias and imbalance", "bias imbalance unfairness stereotype disparity inequality"),
    ("shift", "Distribution shift", "shift drift mismatch heterogeneity discrepancy misspecification"),
    (
        "weak generalization",
        "Weak generalization",
        "generalization transferability extrapolation overfitting",
    ),
    ("scarcity", "Scarce data and sparse signals", "scarcity sparsity shortage paucity"),
    (
        "noise and uncertainty",
        "Noise and uncertainty",
        "noise uncertainty ambiguity confounding occlusion distortion",
    ),
    (
        "misaligned incentives",
        "Misaligned incentives",
        "hacking misalignment sycophancy deception gaming incentive collusion",
    ),
    (
        "errors",
        "Errors and failures",
        "error failure artifact inconsistency mistake degradation misclassification",
    ),
    ("bottlenecks", "Bottlenecks and constraints", "bottleneck contention constraint congestion"),
    (
        "hardness",
        "Hardness and complexity",
        "hardness undecidability intractability complexity impossibility explosion",
    ),
    ("risks", "Risks and harms", "risk harm danger hazard crash liability contagion exposure"),
    ("gaps", "Gaps and limitations", "gap limitation fragility brittleness redundancy conflict"),
    ("opacity", "Opacity", "opacity opaqueness uninterpretability"),
    ("trade-offs", "Trade-offs", "trade-off tradeoff dilemma tension"),
)

# The same kinds by the words before the noun.
_SCARCE = (
    r"\b(?:lack|scarcity|shortage|absence) of [\w-]+(?: [\w-]+)?|"
    r"\b(?:sparse|scarce|limited|insufficient) [\w-]+"
    r"(?: (?:data|supervision|feedback|rewards?|signals?|labels?|annotations?|samples?|resources?))?"
)
PROBLEM_PATTERNS = (
    ("scarcity", _SCARCE),
    ("costs", r"\b(?:expensive|costly|computationally (?:expensive|intensive|demanding|prohibitive)) [\w-]+"),
    ("noise and uncertainty", r"\bnoisy [\w-]+"),
    (
        "opacity",
        r"\b(?:opaque|uninterpretable|inscrutable) [\w-]+|\black of (?:interpretability|transparency)",
    ),
    ("instability", r"\bunstable [\w-]+"),
)
