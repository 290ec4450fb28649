"""A language model over any server that speaks OpenAI's chat completions.

model.py      questions side by side, and their answers kept   settings.py   how it is reached
calls.py      one question, with every way it can fail         failures.py   those ways in words
spending.py   tokens, cost and ceilings
"""

from service.adapters.openai_model.model import OpenAIModel
from service.adapters.openai_model.settings import OpenAISettings, Price

__all__ = ["OpenAIModel", "OpenAISettings", "Price"]
