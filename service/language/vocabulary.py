"""English word lists that tell a noun phrase from the words around it, for any field that arXiv covers.

The lists are text files in ``words/``.
"""

from service.language.words import lines, words

FUNCTION_WORDS = frozenset(words("function_words"))
WEAK_MODIFIERS = frozenset(words("weak_modifiers"))
COMPARATIVES = frozenset(words("comparatives"))
WEAK_NOUNS = frozenset(words("weak_nouns"))
WEAK_PHRASES = frozenset(lines("weak_phrases"))
ACRONYMS = frozenset(words("acronyms"))
NOUN_INGS = frozenset(words("noun_ings"))
NOUN_EDS = frozenset(words("noun_eds"))
NOUNS_LIKE_ADJECTIVES = frozenset(words("nouns_like_adjectives"))
ADJECTIVE_ENDINGS = words("adjective_endings")
HYPHENATED_ENDINGS = frozenset(words("hyphenated_endings"))
LINK_WORDS = frozenset(words("link_words"))
METRICS = frozenset(words("metrics"))
MODIFYING_PREFIXES = frozenset(words("modifying_prefixes"))
STOCK_OF_TITLES = frozenset(words("stock_of_titles"))
FIELDS = WEAK_PHRASES | frozenset(lines("fields"))
_plurals = words("irregular_plurals")
IRREGULAR_PLURALS = dict(zip(_plurals[::2], _plurals[1::2], strict=True))
EPONYMS = frozenset(words("eponyms"))
LINKS = frozenset(words("links"))
POSSESSIVES = frozenset(words("possessives"))
BEFORE_VERBS = frozenset(words("before_verbs"))


def _inflected(verb: str) -> tuple[str, ...]:
    stem = verb.removesuffix("e")
    if verb.endswith("y") and verb[-2] not in "aeou":
        return (verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied", f"{verb}ing")
    third = f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "o")) else f"{verb}s"
    return (verb, third, f"{stem}ed", f"{stem}ing", f"{stem}{stem[-1]}ed", f"{stem}{stem[-1]}ing")


def _forms(verb: str) -> tuple[str, ...]:
    forms = _inflected(verb)
    return forms[2:] if verb in _ALSO_NOUNS else forms


_ALSO_NOUNS = frozenset(words("verbs_also_nouns"))
VERBS = frozenset(words("verbs"))
_NO_VERBS = NOUN_INGS | {"set", "sets", "cut", "based", "mapping", "mapped", "structured", "embedding"}
VERB_FORMS = (
    frozenset(form for verb in VERBS for form in _forms(verb)).union(words("irregular_verb_forms"))
    - _NO_VERBS
)
