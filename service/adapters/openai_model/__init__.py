"""A language model over any server that speaks OpenAI's chat completions, in reading order.

model         questions side by side, and their answers kept
client        one question, with every way it can fail
capabilities  what a server can do, and the table of what it says and what is tried next
refusals      what a server says when it refuses      completions   what it answers, whole or in pieces
failures      what can go wrong, in words             budget        tokens, cost and ceilings
settings      how it is reached
"""

from service.adapters.openai_model.model import OpenAIModel
from service.adapters.openai_model.settings import OpenAISettings, Price

__all__ = ["OpenAIModel", "OpenAISettings", "Price"]
