"""Language: what a text says, for readers and for programs; nothing here knows of papers.

text         untrusted text as a reader sees it: TeX as Unicode, nothing invisible
sentences    where sentences end, what each does in its abstract, which must never be quoted
phrases      noun phrases, and the keys under which spellings are one
vocabulary   the word lists, which are text files in words/
"""

from service.language.text import shortened, shown, visible

__all__ = ["shortened", "shown", "visible"]
