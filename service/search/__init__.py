"""Search: sentences of briefs, and every paper that was considered for them, found by their words.

question   what somebody asks for: words, phrases, filters
entries    what can be found: one for each sentence, paper and brief of an issue
ranking    the best of what was found first, and where its words stand

Nothing here is a store: an index of an issue is made of its briefs and papers, and can be made again.
"""

from service.search.entries import VERSION, Entry, entries_of
from service.search.question import Question
from service.search.ranking import Found, best, marked

__all__ = ["VERSION", "Entry", "Found", "Question", "best", "entries_of", "marked"]
