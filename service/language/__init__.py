"""Language: what a text says, for readers and for programs; nothing here knows of papers.

text        words as they came and as a reader sees them: Text, read(), shown(); the word lists by name
tex         TeX as a tree and on one line
sentences   where sentences end, and which must never be quoted
phrases     noun phrases, and the keys under which spellings are one
words       the word lists, which are text files
"""

from service.language.text import Text, inert, read, shortened, shown, visible

__all__ = ["Text", "inert", "read", "shortened", "shown", "visible"]
