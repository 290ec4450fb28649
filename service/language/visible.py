"""What a reader can see of a text: no hidden characters, one line, no longer than sensible."""

import unicodedata


def visible(text: str) -> str:
    """Without control, format (bidi, zero-width) and unassigned characters; any white space is one space."""
    if text.isprintable() and "  " not in text:  # nearly every text of arXiv
        return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()
    drawn = text if text.isprintable() else "".join(map(_drawn, text))
    normal = drawn if drawn.isascii() else unicodedata.normalize("NFC", drawn)
    return " ".join(normal.split())


def _drawn(character: str) -> str:
    """The character itself, a space for what separates, or nothing for what isn't drawn."""
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    return "" if character != "\x00" else " "


def inert(text: str) -> str:
    """Text for a spreadsheet, which runs what begins like a formula: strangers chose these words."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` characters; a quotation that is cut is closed."""
    if len(text) <= limit:
        return text
    head = _head(text, limit - 1)
    if unclosed := _unclosed(head):
        head = _head(text, limit - 1 - unclosed)
    return f"{head}…{'”' * _unclosed(head)}"


def _head(text: str, limit: int) -> str:
    head = text[:limit]
    cut = head.rfind(" ", limit * 2 // 3)
    return head[: cut if cut > 0 else None].rstrip(" ,;:.–-“")


def _unclosed(text: str) -> int:
    return max(0, text.count("“") - text.count("”"))
