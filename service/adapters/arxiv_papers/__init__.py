"""arXiv's query API as a trustworthy source of papers, in reading order.

source     ArxivPapers.fetch(): pages, totals, and the rule that zero papers is a finding to verify
query      what is asked of arXiv for a topic, and the same rules over papers at hand
feed       Atom bytes -> papers; whatever is missing or malformed is said
answers    one HTTP request that always ends, one at a time to each server; an outage is found once;
           TransientError: ask again; PermanentError: that is no use
announced  what is announced day by day, kept, to fill what the query API does not give
days       every paper of some weeks, kept once they are over
texts      ArxivTexts.ask(): the HTML of a paper's full text, or that there is none
"""

from service.adapters.arxiv_papers.announced import WithAnnouncements, keep_announcements
from service.adapters.arxiv_papers.answers import Pace, shared_pace
from service.adapters.arxiv_papers.days import keep_week, last_weeks, papers_of_weeks
from service.adapters.arxiv_papers.feed import Announcement, Page, read_announcements, read_page
from service.adapters.arxiv_papers.query import matching, search_query
from service.adapters.arxiv_papers.source import ArxivPapers
from service.adapters.arxiv_papers.texts import ArxivTexts

__all__ = [
    "Announcement",
    "ArxivPapers",
    "ArxivTexts",
    "Pace",
    "Page",
    "WithAnnouncements",
    "keep_announcements",
    "keep_week",
    "last_weeks",
    "matching",
    "papers_of_weeks",
    "read_announcements",
    "read_page",
    "search_query",
    "shared_pace",
]
