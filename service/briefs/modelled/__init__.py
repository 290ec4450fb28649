"""The writer that asks a language model, without the network.

In reading order:

asking     a prompt with its schema, papers as data under keys, the Protocols LanguageModel and AnswerStore
grading    how well papers fit a topic
cards      what each paper says, with its own words for it
threads    what earlier briefs of the topic said
outline    the week's question, and which papers belong where
rules      what holds for every sentence, in the words of the prompts
drafting   themes, methods, what is new, challenges
closing    the minute, the overview, the table, from what was written
checking   each fact beside its abstracts, each reading beside its facts
rechecking  the same of a fact in an editor's words
keys       a model's words as a brief's        evidence   where a quote stands
writer     all of it in order
judging    two sheets for judging a brief, by a model
estimates  what it would take
"""

from service.briefs.modelled.asking import AnswerStore, LanguageModel
from service.briefs.modelled.estimates import Estimate, estimate
from service.briefs.modelled.grading import ModelGrader
from service.briefs.modelled.writer import ModelWriter

__all__ = ["AnswerStore", "Estimate", "LanguageModel", "ModelGrader", "ModelWriter", "estimate"]
