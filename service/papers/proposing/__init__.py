"""A topic from what people have: a sentence, papers they know, or both. Nothing here asks anybody.

learning   Seeds, what a topic is to be like; which words tell the papers that are like them from all others
written    words as people write them, and as terms of a topic
counts     TermCount: how many papers of the last weeks hold a term, and what is odd about that
proposal   propose(): the categories and terms of a topic
"""

from service.papers.proposing.counts import TermCount, count_in_answer, count_terms
from service.papers.proposing.learning import Seeds, TooLittle
from service.papers.proposing.proposal import Proposal, propose

__all__ = ["Proposal", "Seeds", "TermCount", "TooLittle", "count_in_answer", "count_terms", "propose"]
