"""The glossary: acronyms that the brief uses, with their expansions as the abstracts give them."""

import re
from collections.abc import Iterable

from service.briefs.claims import Citation, Claim
from service.briefs.extractive.acronyms import expansions_in
from service.briefs.extractive.corpus import Corpus
from service.briefs.model import GlossaryEntry

MOST = 10


def make_glossary(corpus: Corpus, told: Iterable[Claim]) -> tuple[GlossaryEntry, ...]:
    """Acronyms that the sentences told hold and do not explain, the most frequent, in alphabetical order."""
    texts = [claim.text for claim in told]
    found: dict[str, GlossaryEntry] = {}
    for source in corpus.sources:
        for sentence in source.sentences:
            for entry in definitions(source.id, sentence.text) if sentence.is_quotable else ():
                if entry.term != source.handle:
                    found.setdefault(entry.term, entry)
    explained = {entry.term for text in texts for entry in definitions("", text)}
    uses = {
        term: sum(bool(re.search(rf"(?<![\w-]){re.escape(term)}s?(?![\w-])", text)) for text in texts)
        for term in found
        if term not in explained
    }
    once = {term.casefold(): term for term in sorted(uses, key=lambda term: (uses[term], term)) if uses[term]}
    best = sorted(once.values(), key=lambda term: (-uses[term], term))[:MOST]
    return tuple(found[term] for term in sorted(best, key=str.casefold))


def definitions(paper_id: str, text: str) -> list[GlossaryEntry]:
    """The acronyms that a sentence explains, with the words that explain them."""
    return [
        GlossaryEntry(acronym, expansion, Citation(paper_id, evidence))
        for acronym, expansion, evidence in expansions_in(text)
    ]
