"""The brief writer that uses a language model, over any server that speaks OpenAI's chat completions.

papers ─ cards.py ─ reduce.py: one question, or parts and merges ─ compose.py ─ Brief
the gates' refusals ─ repairs.py: asked again once

settings.py   how the model is reached, and what may be spent      store.py      answers that are kept
calls.py      one question, with every way it can fail             failures.py   those ways in words
spending.py   tokens, cost and ceilings                            estimates.py  the same, beforehand
claims.py     a model's words as the brief's                       evidence.py   where a quote stands
answers.py    several questions side by side                       writer.py     the writer
"""

from service.adapters.openai_briefs.estimates import Estimate
from service.adapters.openai_briefs.settings import OpenAISettings, Price
from service.adapters.openai_briefs.store import CardKey, CardStore, MemoryCardStore
from service.adapters.openai_briefs.writer import OpenAIWriter

__all__ = ["CardKey", "CardStore", "Estimate", "MemoryCardStore", "OpenAISettings", "OpenAIWriter", "Price"]
