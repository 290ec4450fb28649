"""What papers state of themselves in their full texts, quoted beside what a brief tells of them.

sentences  the sentences of a full text that may be quoted, each with its section and anchor
limits     a limit that the authors state of their own work
passages   the few passages that a language model is shown
setups     what they say their results were measured on
table      what each paper states of model, size, data, baseline, result, cost, limit and code
citing     who cites whom
beside     with_stated(): a brief with both, whoever wrote it
"""

from service.briefs.stated.beside import with_stated

__all__ = ["with_stated"]
