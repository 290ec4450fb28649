"""A language model over any server that speaks OpenAI's chat completions, in reading order.

model         questions side by side, and their answers kept
client        one question, with every way it can fail
capabilities  what a server can do, and the table of what it says and what is tried next
refusals      what a server says when it refuses, and what can go wrong, in words
completions   what it answers, whole or in pieces
budget        how it is reached; tokens, cost and ceilings
"""

from service.adapters.openai_model.budget import OpenAISettings, Price
from service.adapters.openai_model.model import OpenAIModel

__all__ = ["OpenAIModel", "OpenAISettings", "Price"]
