"""A reader's own order: what was said of papers, compared with what an issue considers. Pure functions.

space     papers as rows of words and pairs of words, by TF-IDF; what one reader's marks say there
order     from marks to weights, from weights to scores, mixed with the order that all share
picks     a few papers for each of many readers at once, each with what speaks for it
"""

from service.readers.picks import MOST, Candidates, Pick, ReaderMarks, pick, unpacked
from service.readers.space import Space, terms_of

__all__ = ["MOST", "Candidates", "Pick", "ReaderMarks", "Space", "pick", "terms_of", "unpacked"]
