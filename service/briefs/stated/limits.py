"""A limit that authors state of their own work: in a section on limits, else where they say so."""

import re
from collections.abc import Iterator

from service.briefs.extractive.roles import ease, is_own_limit, praises, spares
from service.briefs.stated.sentences import Stated, stated_in
from service.papers.text import FullText, Part, Section

LONGEST = 42  # words of a limit that is quoted
AFTER_COLON = 4  # words from which a list of limits is told
WORTH = 0.5  # from which a sentence is one
_BOUND = re.compile(
    r"\b(?:only|limit(?:ed|s|ation)?|cannot|can not|not|no|may|might|restrict\w*|confin\w+|lack\w*|assum\w+|"
    r"requir\w+|fail\w*|unclear|unknown|depend\w*|rel(?:y|ies|iance)|single|small|few|expensive|cost\w*|slow\w*|bias\w*|"
    r"sensitive|narrow|without|degrad\w+|struggl\w+|untested|approximat\w+|overhead)\b",
    re.IGNORECASE,
)
_OURS = re.compile(
    r"\b(?:we|our|this (?:work|study|paper|method|approach|analysis)|the (?:present|proposed))\b",
    re.IGNORECASE,
)
_FALLS_SHORT = re.compile(
    r"\b(?:we|our \w+|the (?:\w+ )?(?:method|approach|model|system|probe|study))\b[^.;,]{0,40}?"
    r"\b(?:can(?:no|['’])t|(?:do|does|did)(?: not|n['’]t)|only|fails?|unable|limited to|restricted to)\b|"
    r"\bwe (?:\w+ly )?(?:test|evaluat|stud[iy]|examin|train)\w* (?:only|a single|one|two)\b",
    re.IGNORECASE,
)
_SIGNPOST = re.compile(
    r"\b(?:discuss|describ|outlin|list|summari[sz]|highlight|mention|identif|detail)\w*\b[^.]{0,60}"
    r"\b(?:limitations?|directions?|caveats?)\b|"
    r"\b(?:several|some|two|three|four|five|following|certain|few|important|key|main|number of|has|have)"
    r" (?:\w+ ){0,2}(?:limitations|caveats)\b(?! (?:are|include)\b)|"
    r"^(?:Limitations?|Caveats?)\b(?! (?:of|are|include)\b)|\b(?:[Ss]ection|[Aa]ppendix) \w",
)
_NAMED = re.compile(
    r"\b(?:limitation|drawback|shortcoming|weakness|caveat)s? (?:of (?:\w+ ){1,4})?"
    r"(?:is|are|include|lies?)\b",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\bfuture (?:work|research|stud\w+|directions?|versions?|extensions?|efforts?)\b|"
    r"\bwe (?:plan|hope|intend|aim|expect|believe|encourage|envision)\b|\b(?:promising|interesting|natural) "
    r"(?:\w+ )?(?:directions?|extensions?|avenues?)\b",
    re.IGNORECASE,
)
_REPAIRED = re.compile(
    r"\b(?:nevertheless|nonetheless|despite|mitigat\w+|overcom\w+|address(?:es|ed|ing)?|outperform\w*)\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:prior|previous|existing|other|earlier) (?:\w+ ){0,2}(?:work|methods?|approach\w*|stud\w+)\b",
    re.IGNORECASE,
)
_ELSEWHERE: tuple[Part, ...] = ("conclusion", "discussion", "results", "experiments")


def limit_of(text: FullText) -> Stated | None:
    """The limit that says most; None where the authors state none that can be quoted."""
    rated = [(worth, one) for one in _candidates(text) if (worth := _worth(one)) >= WORTH]
    if rated:
        return max(rated, key=lambda each: (round(each[0], 6), -each[1].place))[1]
    return next(_plain(text), None)


def _candidates(text: FullText) -> Iterator[Stated]:
    sections = (*text.of("limitations"), *text.of(*_ELSEWHERE))
    return (
        one
        for one in stated_in(text.paper_id, sections)
        if one.telling.length <= LONGEST and not spares(one.text)
    )


def _worth(one: Stated) -> float:
    """How well a sentence states a limit of the paper's own work, by its words and its section."""
    said = last_of(one.text)
    own = is_own_limit(said) or bool(_NAMED.search(said))
    if is_signpost(said) or _OTHERS.search(said) or (_LATER.search(said) and not own):
        return 0.0
    is_short = one.section.part == "limitations" and bool(_FALLS_SHORT.search(said))
    if not own and not is_short and not (is_of_limits(one.section) and _BOUND.search(said)):
        return 0.0
    worth = (
        0.35 * own
        + 0.25 * (one.section.part == "limitations")
        + 0.2 * (is_short or bool(_BOUND.search(said)))
    )
    worth += 0.2 * bool(_OURS.search(said)) - 0.3 * bool(_REPAIRED.search(said)) - 0.3 * praises(said)
    return worth + 0.1 + ease(one.telling.sentence) - 0.01 * one.place


def _plain(text: FullText) -> Iterator[Stated]:
    """Sentences of a section that is on limits alone, which say no more than what it is."""
    for one in stated_in(text.paper_id, filter(is_of_limits, text.of("limitations"))):
        said = last_of(one.text)
        is_else = any(words.search(said) for words in (_LATER, _REPAIRED, _OTHERS))
        if one.telling.length <= LONGEST and not (is_else or is_signpost(said) or spares(said)):
            yield one


def is_signpost(said: str) -> bool:
    """Whether a sentence says that limits follow, and none of them itself."""
    return bool(_SIGNPOST.search(said)) and len(said.partition(":")[2].split()) < AFTER_COLON


def last_of(text: str) -> str:
    """Of two sentences that are quoted together the second, which is what they are quoted for."""
    return text.rpartition(". ")[2]


_OF_LIMITS = frozenset(
    """
    limitation limitations threats to validity caveats shortcomings of our this the work study and method
    approach future directions scope ethical considerations broader impact impacts
    """.split()  # noqa: SIM905 - a list of words reads better as text
)


def is_of_limits(section: Section) -> bool:
    """Whether a section is on limits alone, and not on a discussion's other matters."""
    words = [word.strip(".,:;&0123456789").casefold() for word in section.title.split()]
    return section.part == "limitations" and _OF_LIMITS.issuperset(filter(None, words))
