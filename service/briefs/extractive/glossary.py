"""The glossary: acronyms of the window with their expansions, as the abstracts give them."""

from service.briefs.claims import Citation
from service.briefs.extractive.acronyms import expansions_in
from service.briefs.extractive.corpus import Corpus
from service.briefs.model import GlossaryEntry

MOST = 24


def make_glossary(corpus: Corpus) -> tuple[GlossaryEntry, ...]:
    """Acronyms that most papers use, in alphabetical order, each with the first expansion found."""
    found: dict[str, GlossaryEntry] = {}
    for source in corpus.sources:
        for sentence in source.sentences:
            for entry in definitions(source.id, sentence.text):
                found.setdefault(entry.term, entry)
    texts = [source.paper.text for source in corpus.sources]
    uses = {acronym: sum(acronym in text for text in texts) for acronym in found}
    best = sorted(found, key=lambda acronym: (-uses[acronym], acronym))[:MOST]
    return tuple(found[acronym] for acronym in sorted(best, key=str.casefold))


def definitions(paper_id: str, text: str) -> list[GlossaryEntry]:
    """The acronyms that a sentence explains, with the words that explain them."""
    return [
        GlossaryEntry(acronym, expansion, Citation(paper_id, evidence))
        for acronym, expansion, evidence in expansions_in(text)
    ]
