"""Word lists: text files of words between white space, or of phrases, one a line; ``#`` begins a comment."""

from importlib.resources import files


def words(name: str) -> tuple[str, ...]:
    """The words of the list ``<name>.txt``, in its order."""
    return tuple(word for line in lines(name) for word in line.split())


def lines(name: str) -> tuple[str, ...]:
    """The lines of the list ``<name>.txt`` that are no comment, such as phrases."""
    text = files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    stripped = (line.strip() for line in text.splitlines())
    return tuple(line for line in stripped if line and not line.startswith("# "))
