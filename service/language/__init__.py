"""Language: what a text says, for readers and for programs; nothing here knows of papers.

text        words as they came and as a reader sees them: Text, read(), shown()
tex         TeX as a tree and on one line
visible     no hidden characters, no longer than sensible
sentences   where sentences end, and which must never be quoted
phrases     noun phrases, and the keys under which spellings are one
vocabulary  the word lists by name
words       the word lists, which are text files
"""

from service.language.text import Text, read, shown
from service.language.visible import inert, shortened, visible

__all__ = ["Text", "inert", "read", "shortened", "shown", "visible"]
