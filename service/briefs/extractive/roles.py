"""Roles: what a sentence of an abstract does there, as far as its words and its place tell.

Each function says how well a sentence fills one role, 0 where it does not: what a paper does, what it
found, the problem that it takes on, a limit of its own, a result against expectation. A named thing and a
figure with its setting count for more than praise.
"""

import re
from functools import lru_cache

from service.language.sentences import Sentence

READ = 50_000  # sentences whose roles are kept
_SELF = r"(?:we|this (?:paper|work|study|article|survey|report|thesis|position paper|note))"
_OWN = ("We ", "we ", "This ", "this ")  # without one of them the paper does not speak of itself
_DOES = re.compile(
    rf"(?i)\b{_SELF}\b[^.,;:]{{0,24}}?\b(?:propos|introduc|present|develop|design|devis|formali[sz]|formulat|"
    rf"construct|"
    r"buil[dt]|establish|describ|investigat|stud(?:y|ies)|examin|explor|revisit|characteri|analy[sz]e|argue|"
    r"conduct|survey|review|address|extend|evaluat|compar|measur|recast|reformulat|deriv|train|test|ask|"
    r"creat|collect|curat|"
    r"quantif|audit|benchmark|model|give|adapt|provid|unif|generali[sz])",
)
_MAKES = re.compile(
    rf"(?i)\b{_SELF}\b[^.,;:]{{0,40}}?\b(?:propos|introduc|present|develop|design|devis|construct|buil[dt]|"
    rf"creat)",
)
# What a paper also does, or does for a part of what it does.
_ASIDE = re.compile(
    r"\b(?:further|also|additionally|moreover|finally|begin by)\b|^(?:To|For) [^,]{3,60}, we\b", re.IGNORECASE
)
_ALSO = re.compile(r"\b(?:further|also|additionally|moreover|finally)\b", re.IGNORECASE)
_FINDS = re.compile(
    r"(?i)\b(?:we|results?|experiments?|analys[ei]s|evaluations?|findings?|study|simulations?|ablations?|"
    r"evidence|theorem)\b[^.;]{0,160}?\b(?:show|find|found|reveal|demonstrat|observ|discover|indicat|confirm|"
    r"prov[ei]|uncover|conclude|establish|report|achiev)|\b(?:reveal|uncover)s\b|"
    r"\b(?:is|are) (?:provably|NP-hard|undecidable|optimal)\b",
)
_GAINS = re.compile(
    r"(?i)\b(?:outperform|surpass|exceed|improv|enhanc|achiev|reduc|increas|boost|gain|accelerat|faster|"
    r"cuts?\b|lower|rais(?:e|ing)|attain|beats?\b|match|sav(?:e|ing)|reach|yield|drop|decreas|halv|doubl|"
    r"degrad|fall|ris(?:e|ing)|"
    r"recover)",
)
# What is said to do best, with a number or without.
_BEST = re.compile(
    r"\b(?:outperform|surpass)(?:s|ed|ing)?\b|\bfindings emerge\b|\b(?:attain|achiev|perform|obtain|yield|"
    r"reach)(?:e?s|e?d|ing)? (?:the )?(?:\w+ )?(?:best|strongest|highest|lowest)\b"
)
# What a gain costs, where it ends, or what differs: a result with two sides.
_SIDES = re.compile(
    r"(?i)\bwhereas\b|(?<!superior )(?<!better )(?<!improved )(?<!favorable )(?<!best )\btrade-?offs? "
    r"between\b|\bat the (?:cost|expense) of\b|\b(?:but|although|even though|however)\b(?! (?:also|not only|"
    r"still|nevertheless|nonetheless)\b)|"
    r"\bwhile [^.;]{5,150}, (?:they|it|these|those|the|its) |\bonly (?:when|if|where)\b",
)
# What is found out, rather than improved.
_LEARNS = re.compile(
    r"(?i)\b(?:find|found|show|observe|reveal|discover|uncover|prove|demonstrate|indicate|establish)(?:s|d|"
    r"ed)?"
    r"(?:,? [\w ]{2,20},?)? that\b|\b(?:reveal|uncover)s?\b",
)
_VAGUE = re.compile(r"foundation|implications|effectiveness")
_LISTS = re.compile(r"\bfindings emerge\b|\b[Ww]e (?:\w+ )?(?:find|observe|discover) that\b.*\bthan\b")
_EMPTY = re.compile(
    r"(?i)\b(?:effective(?:ness)?|useful|superior\w*|promising|competitive|impressive|excellent|"
    r"state-of-the-art|"
    r"strong (?:performance|results)|robustness of|"
    r"remains? (?:highly |largely |still |critically )?(?:vulnerable|challenging|difficult|limited|unsolved|"
    r"open|fragile))\b",
)
_FIGURE = re.compile(
    r"(?<![\w.-])(?:[\d.,]*\d\s?(?:-|–|--|to)\s?)?[\d.,]*\d\$?\s?(?:\\?%|percent|percentage|points?\b|pp\b|"
    r"x\b|×|\$?\\times|-?fold\b|times\b|ms\b|(?:seconds|minutes|hours|GB|FPS|Hz)\b)|"
    r"(?<![\w.-])[+-]?\d+\.\d+(?![\w.]*[a-zA-Z])|\bfrom \$?\d[\d.,]*(?![\d.,]*[BMK]\b)\S* to \$?\d"
)
_VERSION = re.compile(  # of a model: "Stable Diffusion 1.5"
    r"\b(?!AUC|F1|BLEU|Dice|PSNR|SSIM|Elo|MOS|IoU|R2)[A-Z][A-Za-z]+[ ~-]v?\d\.\d\b(?!\d|\s?\\?%|[x×])"
)
_SETTING = re.compile(
    r"\b(?:on|across|over|under|in|for|with|from|at) (?:the |a |an |all |both |"
    r"its )?(?:[\w-]+ ){0,3}?(?:[A-Z][\w-]*[A-Z0-9]"
    r"[\w.-]*|[A-Z][a-z]+[-\d]\S*|\d[\d,.]*[BM]?\b|(?:two|three|four|five|six|seven|eight|nine|ten|twelve)\b)"
)
_ON = re.compile(  # of these what it was measured on, not what with or over what
    r"\b(?:on|[Oo]n|[Aa]cross|[Uu]nder|in|In|for|at|[Aa]gainst|[Ee]valuated|[Ww]ith|"
    r"[Uu]sing) (?:[\w/.-]+ ){0,5}?(?:benchmarks?|data ?sets?|tasks?|models?|suites?|settings?|GPUs?|"
    r"domains?|backbones?|[A-Z]\w*(?:[-.]?\d|[Bb]ench|[A-Z]{2})[\w.-]*)"
)
_AGAINST_WHAT = re.compile(
    r"\b(?:than|over|compared (?:with|to)|versus|vs\.?|relative to|against|baselines?|from \d\S* to)\b"
)
_PRAISE = re.compile(
    r"(?i)\b(?:superior\w*|state-of-the-art|effectiveness|promising|remarkabl\w*|strong (?:performance|"
    r"results)|robustness of|significant(?:ly)?|substantial(?:ly)?|consistent(?:ly)?|competitive|impressive|"
    r"notabl[ey]|excellent|effectively|great potential|favorabl[ey]|extensive experiments|"
    r"offer\w* (?:\w+ )*insights?|implications|insights|principled|"
    r"paths? (?:to|toward)|foundations? for)\b",
)
_MECHANISM = re.compile(
    r"\b(?:by \w+ing|via|through|that \w+s\b|which \w+s\b|consists? of|combin|decompos|decoupl|assign|comput|"
    r"convert|first\b.*\bthen|using|replac|treats?|learns?|estimat|maps?|encod|reformulat|selects?|aligns?|"
    r"updates?|jointly|aggregat|sampl|retriev|penali|reweigh|partition|trained on)"
)
# How it does so: what follows says by what, from what, into what, or in place of what.
_HOW = re.compile(
    r"(?i)\b(?:by (?:\w+ly )?\w+ing|via|through|from|into|when(?:ever)?|instead of|rather than|using|so that|"
    r"where|"
    r"as an? \w+|combin\w+|replac\w+|first\b.*\bthen)\b",
)
_HAIL = re.compile(r"\b(?:new|principled) (?:foundation|paradigm)|\bestablishes a new\b")
_NO_DEED = re.compile(r"\b(?:inspired by|motivated by|hypothes[ie]s|conjecture)\b|\bwhether\b", re.IGNORECASE)
_STEPS = re.compile(
    r"\b(?:filter|generat|restrict|scor(?:es|ing)|weigh|construct|inject|transfer|integrat|rout)"
)
# Of a sentence that names nobody's work: what is said to be lacking.
_LACKING = re.compile(
    r"(?i)\b(?:yet|fails?|lacks?|lacking|remains?|suffers?|struggles?|challeng(?:e|es|ing)|difficult|poorly|"
    r"unclear|under-?explored|unexplored|cannot|little is known|scarce|falls? short|intractable)\b",
)
_TURN = re.compile(r"^(?:Yet|However|But),? ")  # told without it, it must be a problem still
# That something is not known or not easy names no problem yet.
_OPEN = re.compile(
    r"(?i)\b(?:poorly understood|unclear|under-?explored|unexplored|little is known|under-?(?:studied|"
    r"evaluated)|remains? (?:\w+ )?"
    r"(?:challeng|difficult|open|limited|elusive))",
)
_PROBLEM = re.compile(
    _LACKING.pattern
    + r"|\b(?:however|failing|bottlenecks?|limited|costly|expensive|prohibitive\w*|degrad\w+|brittle|"
    r"vulnerab\w+|insufficient\w*|neglect\w*|overlook\w*|ignor\w+|hinder\w*|unreliab\w+|unstable|prone to|"
    r"rarely|risks?|open (?:problem|question))\b",
    re.IGNORECASE,
)
# Why it is lacking: what the methods before do, or leave out.
_REASON = re.compile(
    r"(?i)\b(?:because|since|due to|owing to|as (?:they|it)|whose|without|rather than|instead of|regardless|"
    r"treat\w*|assum\w+|rel(?:y|ies|ying) (?:\w+ )?on|requir\w+|overlook\w*|ignor\w+|neglect\w*|conflat\w+|"
    r"collaps\w+|discard\w*|averag\w+|fixed|static|uniform(?:ly)?|leading to|leads? to|caus\w+|result\w* in|"
    r"manual(?:ly)?|at the (?:cost|expense) of|by \w+ing)\b",
)
_EXTENT = re.compile(
    r"(?i)\b(?:compris|consist|contain|span|cover|includ|total|cur?at|collect|annotat|pair|across|with|of|over)\w*\b"
    r"[^.;]{0,40}(?<![\w.-])\d[\d,.]*(?:K|M|k)?\+? (?![%x×]|points?|percent)[a-z]"
)
_PLEDGE = re.compile(
    rf"(?i)\b{_SELF}\b|\bour\b|\b[Tt]o (?:address|tackle|overcome|bridge|fill|mitigate|solve|resolve|"
    rf"alleviate)\b",
)
_OWN_LIMIT = re.compile(
    r"(?i)\blimitations? (?:of (?:our|this|the (?:proposed|present))|include|remain)|\b(?:our|"
    r"this) (?:\w+ ){0,2}(?:study|work|analysis|method|approach|evaluation|results?|findings?|framework|"
    r"benchmark|conclusions?) (?:is|are|remains?) (?:\w+ )?(?:limited|restricted|confined|preliminary|"
    r"bounded)\b|\bwe (?:do not|did not|cannot|could not) (?:yet )?(?:claim|evaluate|test|establish|study|"
    r"rule out|verify|prove|show|cover|detect|measure|address|guarantee|model|know|resolve|compare)\b|"
    r"\bwe (?:caution|acknowledge)\b|\bat the (?:cost|expense) of\b|\b(?:does|do|"
    r"did) not reach (?:statistical )?significance|\bnot statistically significant\b|\bunderpowered\b|"
    r"\b(?:remains?|is|are) (?:untested|to be (?:seen|tested|validated|confirmed))\b|\b(?:left|"
    r"leave) (?:\w+ ){0,4}(?:to|for|as) future\b|\bour (?:\w+ )?(?:method|model|approach|system) "
    r"(?:\w+ )?(?:fails?|struggles?|requires|does not|cannot)\b",
)
# What a method spares its users, in the words that limits are said with.
_SPARES = re.compile(
    r"(?i)\b(?:requir|need)\w* (?:\w+ly )?(?:no|only|just|few|fewer|little|less|minimal|neither|nothing|zero|"
    r"at most|as little|a (?:single|few|handful|fraction|small))\b|\b(?:rel(?:y|ies|ying)|depend\w*) (?:only "
    r"|solely |neither )?on (?:no|neither|nothing)\b|\b(?:adds?|incurs?|introduc\w+|costs?|suffers?|"
    r"imposes?) (?:from )?(?:no|only|little|negligible|minimal|nothing|almost no)\b|\b(?:do|does|did|need|is|"
    r"are|was|were|will|would)(?: not|n't) (?:\w+ly |(?:be|to) |even |itself )*(?:need|requir|degrad|hurt|"
    r"harm|suffer|rel[yi]|depend|sacrific|compromis|incur|impair|worsen|impos|deteriorat|forget|necess|"
    r"restricted|limited|confined)\w*|\b(?:never|rarely|seldom|hardly|without) (?:\w+ly )?(?:ever )?"
    r"(?:need|requir|degrad|hurt|harm|suffer|rely|depend|sacrific|compromis|fail|struggl|incur|impair|los)\w*",
)
_AGAINST = re.compile(
    r"(?i)\b(?:contrary to|surprising(?:ly)?|counter-?intuitive(?:ly)?|unexpected(?:ly)?|paradoxical(?:ly)?|"
    r"in contrast to (?:common|prior|the (?:common|prevailing))|challeng(?:es|ing) (?:the|"
    r"a) (?:\w+ ){0,2}(?:assumption|view|belief|notion|wisdom)|(?:does|do|did) not (?:necessarily |always |"
    r"consistently |reliably |significantly )?(?:improve|help|transfer|hold|generali[sz]e|predict|reduce|"
    r"guarantee|imply|lead|scale|correlate|benefit|outperform|explain|emerge|matter)|no (?:significant|"
    r"consistent|measurable|reliable|statistically significant|clear) (?:\w+ )?(?:improvement|gain|benefit|"
    r"difference|effect|advantage|evidence)s?|fails? to (?:outperform|improve|generali[sz]e|beat)|"
    r"no better than|hurts?\b|"
    r"backfires?)\b",
)
_OTHERS = re.compile(
    r"(?i)\b(?:existing|prior|previous|current|conventional|traditional|most|recent|"
    r"today's)\b[^.;]{0,40}\b(?:methods?|approach\w*|models?|systems?|techniques?|benchmarks?|works?|"
    r"solutions?|frameworks?|agents|algorithms|studies|"
    r"evaluations|datasets|LLMs|VLMs|MLLMs|strateg\w+|practices?|pipelines?)\b",
)
_ASKS = re.compile(
    r"\b(?:whether|conditions under which|"
    r"hypothesi[sz]e|conjecture|we ask|can serve as|future (?:work|research|directions))\b"
)
_NO_LIMIT = re.compile(r"\b[Ww]ithout\b|\bno longer\b|\bnot only\b|\brequires? (?:no|only|little|minimal)\b")
_SAYS_SO = re.compile(
    r"(?i)contrary to|surprising|counter-?intuit|unexpected|paradox|"
    r"challeng\w+ (?:the|a) (?:\w+ ){0,2}(?:assum|view|bel|notion|wisd)",
)
_TEX = re.compile(r"[$\\^~{}]|_\w")
UNSET = 0.3  # what a result loses that does not say on what
COMFORT, FEW = range(10, 36), 11  # words of a sentence that reads well; of one that says too little


def ease(sentence: Sentence) -> float:
    """What a sentence loses where it is long, short or full of TeX."""
    long = 0.0 if sentence.words in COMFORT else 0.3 + 0.02 * max(0, sentence.words - COMFORT.stop)
    return -long - 0.12 * min(len(_TEX.findall(sentence.text)), 6) / 2


def _late(sentence: Sentence) -> bool:
    """Whether it stands in the half of the abstract that holds results."""
    return sentence.place * 2 >= sentence.of - 1


@lru_cache(maxsize=READ)
def does(sentence: Sentence) -> float:
    """What the paper does: makes or studies something, and best how."""
    text = sentence.shown
    if (
        not any(word in text for word in _OWN)
        or not _DOES.search(text)
        or (_FIGURE.search(text) and _GAINS.search(text))
    ):
        return 0.0
    made = 0.25 * makes(sentence)
    aside = 0.5 * bool(_ASIDE.search(text)) + 0.3 * sentence.place / sentence.of
    worth = 0.6 + made + 0.2 * bool(_MECHANISM.search(text)) - 0.2 * praises(text) - aside
    return max(0.05, worth + ease(sentence))


@lru_cache(maxsize=READ)
def finds(sentence: Sentence) -> float:
    """What the paper found: best with a figure, what it was measured on, and against what."""
    if not _late(sentence):
        return 0.0
    text = sentence.shown
    told = bool(_FINDS.search(text) or _BEST.search(text))
    better = bool(_GAINS.search(text))
    figure = figures(text)
    if not (told or (better and figure)) or _ASKS.search(text):
        return 0.0
    if _MAKES.search(text) and not figure:
        return 0.0
    worth = 0.4 + 0.5 * figure + 0.3 * bool(_SETTING.search(text)) + 0.2 * bool(_AGAINST_WHAT.search(text))
    vague = 0.4 * (better and not figure) - 0.4 * sides(text)
    learns = 0.25 * (bool(_LEARNS.search(text)) and not better)
    return max(
        0.05, worth + learns - vague + 0.1 * told - 0.25 * praises(text) * (2 - figure) + ease(sentence)
    )


def sides(text: str) -> bool:
    """Whether a result has two sides: a gain and its cost, or two that differ."""
    return bool(_SIDES.search(text))


def says(text: str) -> bool:
    """Whether a result says something: a figure, two sides, what was learnt; not that it is better."""
    learns = bool(_LEARNS.search(text) and len(text.split()) > FEW)
    learns = learns and not (_GAINS.search(text) or _EMPTY.search(text))
    return learns or bool(_LISTS.search(text)) or figures(text) or sides(text)


def gains(sentence: Sentence) -> float:
    """What the paper found or gained, where that says something."""
    worth = finds(sentence) if says(sentence.shown) else 0.0
    return max(0.05, worth - UNSET * (not _ON.search(sentence.shown))) if worth else 0.0


@lru_cache(maxsize=READ)
def works(sentence: Sentence) -> float:
    """How the paper's own thing works: where it is made, or between that and the results."""
    text = sentence.shown
    how, made = bool(_MECHANISM.search(text) or _STEPS.search(text)), bool(does(sentence))
    if not made and (not how or not sentence.place or finds(sentence) or problem(sentence) or figures(text)):
        return 0.0
    less = 0.2 * praises(text) + 0.3 * bool(_ALSO.search(text)) + 0.3 * sentence.place / sentence.of
    return 0.55 + 0.15 * makes(sentence) + 0.35 * how - less - 0.06 * min(len(_TEX.findall(text)), 6)


def makes(sentence: Sentence) -> bool:
    """Whether the paper says in it what it makes."""
    return bool(_MAKES.search(sentence.shown))


def praises(text: str) -> bool:
    """Whether words praise rather than tell."""
    return bool(_PRAISE.search(text))


def says_how(text: str) -> bool:
    """Whether words say how a thing works, not only what it is, what inspired it or what it asks."""
    return bool(_HOW.search(text)) and not (_NO_DEED.search(text) or _HAIL.search(text))


def figures(text: str) -> bool:
    """Whether a text holds a result in numbers: a percentage, a factor, a change."""
    return bool(_FIGURE.search(_VERSION.sub("", text)))


def is_own_limit(text: str) -> bool:
    """Whether authors say in it what their own work does not do, reach or know."""
    return bool(_OWN_LIMIT.search(text)) and not spares(text)


def spares(text: str) -> bool:
    """Whether it says what a method does without: a strength, however much it sounds like a limit."""
    return bool(_SPARES.search(text))


@lru_cache(maxsize=READ)
def problem(sentence: Sentence) -> float:
    """The problem that the paper takes on: said before it speaks of itself."""
    text = _TURN.sub("", sentence.shown)
    if _late(sentence) or _PLEDGE.search(text) or not _PROBLEM.search(text) or praises(text):
        return 0.0
    others = bool(_OTHERS.search(text))
    if not others and not _LACKING.search(text):
        return 0.0
    open_ = 0.4 * bool(_OPEN.search(text))
    return max(0.05, 0.5 + 0.2 * others + 0.1 * (sentence.place > 0) - open_ + ease(sentence))


def explains(text: str) -> bool:
    """Whether a problem is told with its reason: what the methods before do or leave out."""
    return bool(_REASON.search(text))


@lru_cache(maxsize=READ)
def extent(sentence: Sentence) -> float:
    """How much there is of what is made, in numbers that are no result: "comprises 1,200 tasks"."""
    text = sentence.shown
    if not _EXTENT.search(text) or finds(sentence) or problem(sentence) or _FIGURE.search(text):
        return 0.0
    return max(0.05, 0.6 + 0.1 * len(re.findall(r"\d[\d,.]*", text)) + ease(sentence))


@lru_cache(maxsize=READ)
def limit(sentence: Sentence) -> float:
    """A limit that the authors state of their own work, late in the abstract."""
    text = sentence.shown
    others = _MAKES.search(text) or _OTHERS.search(text) or _NO_LIMIT.search(text)
    if sentence.place * 5 < sentence.of * 3 or not is_own_limit(text) or others:
        return 0.0
    return max(0.05, 0.6 + ease(sentence))


@lru_cache(maxsize=READ)
def against(sentence: Sentence) -> float:
    """A result against expectation, in the words of the paper that found it."""
    text = sentence.shown
    if not _late(sentence) or not _AGAINST.search(text) or _ASKS.search(text) or _MAKES.search(text):
        return 0.0
    if _OTHERS.search(text) or _VAGUE.search(text) or sentence.words < COMFORT.start:
        return 0.0
    said = bool(_SAYS_SO.search(text))
    return max(0.05, 0.5 + 0.3 * said + 0.2 * bool(_FIGURE.search(text)) + ease(sentence))
