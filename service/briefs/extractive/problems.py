"""What challenges are told by: kinds of problems, with their headings and the words that name them."""

# What can be in the way, by its noun: a kind of problem, a heading for it, and the nouns that name it.
PROBLEMS = (
    (
        "costs",
        "Costs and overhead",
        "cost overhead latency consumption expense burden slowdown inefficiency footprint",
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
    ("risks", "Risks and harms", "risk harm danger hazard crash liability contagion"),
    ("gaps", "Gaps and limitations", "gap limitation fragility brittleness redundancy conflict"),
    ("opacity", "Opacity", "opacity opaqueness uninterpretability"),
    ("trade-offs", "Trade-offs", "trade-off tradeoff dilemma tension"),
)

# The same kinds by the words before the noun, which is one of those where any are given.
RESOURCES = frozenset(
    """
    data dataset supervision feedback reward signal label annotation sample resource evidence coverage
    demonstration observation example memory compute context exploration bandwidth diversity
    """.split()  # noqa: SIM905 - a list of words reads better as text
)
LACKS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("scarcity", "sparse|scarce|limited|insufficient", RESOURCES),
    ("opacity", "lack of", frozenset(("interpretability", "transparency"))),
    ("scarcity", "(?:lack|scarcity|shortage|absence) of", frozenset()),
    ("costs", "(?:computationally )?expensive|computationally (?:intensive|demanding)|costly", frozenset()),
    ("noise and uncertainty", "noisy", frozenset()),
    ("opacity", "opaque|uninterpretable|inscrutable", frozenset()),
    ("instability", "unstable", frozenset()),
)

# What stands before a problem without saying which one it is: "dominant bottleneck", "decisive error".
UNSAYING = frozenset(
    """
    dominant dual auditable fragile decisive characteristic marginal prohibitive suboptimal severe random
    residual structural pre post additional serious unavoidable zero minor negligible hidden
    """.split()  # noqa: SIM905 - as above
)
# They sound like a problem, and are none.
NO_PROBLEMS = frozenset(
    ("kl divergence", "js divergence", "signal to noise", "noisy intermediate scale quantum")
)
