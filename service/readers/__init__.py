"""A reader's own order: what was said of papers, compared with what an issue considers. Pure functions.

marks       what readers said, of one or of a block of many
space       papers as rows of words and pairs of words, by TF-IDF; what one reader's marks say there
order       from marks to weights
candidates  what an issue considered, and how like it is to what was marked
picks       a few papers for each of many readers at once, each with what speaks for it
"""

from service.readers.candidates import Candidates
from service.readers.marks import Block, ReaderMarks, ReaderTerms
from service.readers.picks import MOST, Pick, pick, unpacked
from service.readers.space import Space, terms_of

__all__ = [
    "MOST",
    "Block",
    "Candidates",
    "Pick",
    "ReaderMarks",
    "ReaderTerms",
    "Space",
    "pick",
    "terms_of",
    "unpacked",
]
