"""Topics: something to follow, with its arXiv query."""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from subscribers.terms import Term, TermError, read_term

OTHER = "Other topics"
# https://arxiv.org/category_taxonomy: what is no archive of these is one of physics
FIELDS: Mapping[str, str] = {
    "cs": "Computer science",
    "econ": "Economics",
    "eess": "Electrical engineering",
    "math": "Mathematics",
    "q-bio": "Quantitative biology",
    "q-fin": "Quantitative finance",
    "stat": "Statistics",
}
PHYSICS = "Physics"


def field_of(categories: Sequence[str]) -> str:
    """The field of a topic's first category, such as ``cs.LG`` or ``q-bio.*``."""
    archive = next(iter(categories), "").partition(".")[0]
    return FIELDS.get(archive, PHYSICS) if archive else OTHER


SHIPPED = Path(__file__).with_name("topics.toml")
ARXIV_CATEGORIES = Path(__file__).with_name("arxiv_categories.toml")
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
PAPER_ID = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}")
UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
FEWEST_PAPERS, MOST_PAPERS = 5, 300
LONGEST_SLUG, LONGEST_NAME, LONGEST_DESCRIPTION, LONGEST_TITLE = 60, 80, 300, 300
MOST_ENTRIES = 200  # of any list of a topic


@dataclass(frozen=True, slots=True)
class Example:
    """A known paper that shows what a topic means: arXiv id and title."""

    paper_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Topic:
    """What to ask arXiv for, and how to rank what it answers; ``terms.read_term`` says how to write terms."""

    slug: str  # lower-case letters, digits and hyphens
    name: str
    description: str  # one sentence
    categories: tuple[str, ...]  # arXiv categories; any of them, also as cross-list; "cs.*" a whole archive
    search_terms: tuple[str, ...]  # words and phrases for loose recall, any of them, in title or abstract
    ranking_terms: tuple[str, ...] = ()  # make a paper more this topic's: "DPO^2" twice as much, "^-1" less
    excluded_terms: tuple[str, ...] = ()  # a paper with one of these in its title or abstract is left out
    examples: tuple[Example, ...] = ()
    papers_per_brief: int = 77


class TopicError(ValueError):
    """A topic that can't be used: every problem found, each with its place (``search_terms[3]: …``)."""

    def __init__(self, problems: Iterable[tuple[str, str]], *, topic: str = "") -> None:
        self.problems = tuple(problems)
        self.topic = topic
        lines = "\n".join(f"{place}: {message}" for place, message in self.problems)
        super().__init__(f"topic {topic}:\n{lines}" if topic else lines)


def load_topics(path: Path = SHIPPED) -> tuple[Topic, ...]:
    """The topics of a TOML file, by default those that ship; TopicError names the topic and the place."""
    tables = tomllib.loads(path.read_text(encoding="utf-8")).get("topics", [])
    topics = tuple(read_topic(table) for table in tables)
    slugs = [topic.slug for topic in topics]
    for at, slug in enumerate(slugs):
        if slug in slugs[:at]:
            raise TopicError([("slug", f"{slug!r} is taken by an earlier topic of {path.name}")], topic=slug)
    return topics


def read_topic(mapping: Mapping[str, Any]) -> Topic:
    """A topic from untrusted input, such as JSON or a form; TopicError lists every problem with its place.

    Lists hold strings; ``examples`` holds mappings of ``paper_id`` and ``title``. Texts are trimmed, repeated
    entries dropped, terms written in their plainest form.
    """
    problems: list[tuple[str, str]] = list(_unknown_fields(mapping))
    read: dict[str, Any] = {}
    for name, reader in _READERS.items():
        if name in mapping:
            read[name] = reader(name, mapping[name], problems)
        elif name not in _OPTIONAL:
            problems.append((name, "missing"))
    if problems:
        slug = mapping.get("slug")
        raise TopicError(problems, topic=slug if isinstance(slug, str) and SLUG.fullmatch(slug) else "")
    return Topic(**read)


def to_mapping(topic: Topic) -> dict[str, Any]:
    """The topic as JSON holds it; ``read_topic`` gives the same topic back."""
    plain = asdict(topic)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


def edit(topic: Topic, changes: Mapping[str, Any]) -> Topic:
    """The topic with some fields replaced; TopicError as for ``read_topic``."""
    return read_topic({**to_mapping(topic), **changes})


@cache
def arxiv_categories() -> dict[str, str]:
    """Every category of arXiv and its name (https://arxiv.org/category_taxonomy)."""
    names: dict[str, str] = tomllib.loads(ARXIV_CATEGORIES.read_text(encoding="utf-8"))["categories"]
    return names


def in_categories(topic: Topic, categories: Iterable[str]) -> bool:
    """Whether a paper listed in these categories is in one of the topic's."""
    wanted = tuple(each[:-1] if each.endswith("*") else f"{each} " for each in topic.categories)
    return any(f"{category} ".startswith(wanted) for category in categories)


Problems = list[tuple[str, str]]


def _unknown_fields(mapping: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in mapping:
        if name not in _READERS:
            yield str(name), f"a topic has no such field{_suggest(str(name), _READERS)}"


def _suggest(written: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(written, list(known), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _text(place: str, value: object, longest: int, problems: Problems) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not isinstance(value, str):
        problems.append((place, f"must be text, not {type(value).__name__}"))
    elif not text:
        problems.append((place, "missing"))
    elif len(text) > longest:
        problems.append((place, f"{len(text)} characters; at most {longest}"))
    elif found := UNREADABLE.search(text):
        problems.append((place, f"an unreadable character at character {found.start() + 1}"))
    return text


def _read_slug(place: str, value: object, problems: Problems) -> str:
    slug = _text(place, value, LONGEST_SLUG, problems)
    if slug and not SLUG.fullmatch(slug):
        nearest = re.sub(r"[^a-z0-9]+", "-", slug.casefold()).strip("-")
        hint = f"; write it as {nearest}" if nearest else ""
        problems.append((place, f"{slug!r} is not lower-case letters, digits and single hyphens{hint}"))
    return slug


def _read_name(place: str, value: object, problems: Problems) -> str:
    return _text(place, value, LONGEST_NAME, problems)


def _read_description(place: str, value: object, problems: Problems) -> str:
    return _text(place, value, LONGEST_DESCRIPTION, problems)


def _entries(
    place: str, value: object, problems: Problems, *, needed: bool = False
) -> Iterable[tuple[str, Any]]:
    """Each entry of a list with its place: ``search_terms[3]`` is the fourth."""
    if not isinstance(value, list | tuple):
        problems.append((place, f"must be a list, not {type(value).__name__}"))
        return ()
    if needed and not value:
        problems.append((place, "at least one is needed"))
    if len(value) > MOST_ENTRIES:
        problems.append((place, f"{len(value)} entries; at most {MOST_ENTRIES}"))
    return tuple((f"{place}[{at}]", entry) for at, entry in enumerate(value[:MOST_ENTRIES]))


def _read_categories(place: str, value: object, problems: Problems) -> tuple[str, ...]:
    entries = _entries(place, value, problems, needed=True)
    return tuple(dict.fromkeys(_read_category(at, entry, problems) for at, entry in entries))


def _read_category(place: str, value: object, problems: Problems) -> str:
    category = _text(place, value, LONGEST_SLUG, problems)
    known = arxiv_categories()
    archives = {f"{name.split('.')[0]}.*" for name in known if "." in name}
    if category and category not in known and category not in archives:
        by_case = {name.casefold(): name for name in (*known, *sorted(archives))}
        exact = by_case.get(category.casefold())
        hint = f"; did you mean {exact}?" if exact else _suggest(category, [*known, *sorted(archives)])
        problems.append((place, f"{category!r} is no arXiv category{hint}"))
    return category


def _read_terms(
    place: str, value: object, problems: Problems, *, weighted: bool, needed: bool
) -> tuple[str, ...]:
    terms: dict[str, str] = {}
    for at, entry in _entries(place, value, problems, needed=needed):
        if not isinstance(entry, str):
            problems.append((at, f"must be text, not {type(entry).__name__}"))
        elif term := _read_term(at, entry, problems, weighted=weighted):
            terms.setdefault(f"{term.text.casefold()}{term.is_prefix}", str(term))
    return tuple(terms.values())


def _read_term(place: str, written: str, problems: Problems, *, weighted: bool) -> Term | None:
    try:
        return read_term(written, weighted=weighted)
    except TermError as error:
        problems.append((place, str(error)))
        return None


def _read_search_terms(place: str, value: object, problems: Problems) -> tuple[str, ...]:
    return _read_terms(place, value, problems, weighted=False, needed=True)


def _read_ranking_terms(place: str, value: object, problems: Problems) -> tuple[str, ...]:
    return _read_terms(place, value, problems, weighted=True, needed=False)


def _read_excluded_terms(place: str, value: object, problems: Problems) -> tuple[str, ...]:
    return _read_terms(place, value, problems, weighted=False, needed=False)


def _read_examples(place: str, value: object, problems: Problems) -> tuple[Example, ...]:
    entries = _entries(place, value, problems)
    return tuple(dict.fromkeys(_read_example(at, entry, problems) for at, entry in entries))


def _read_example(place: str, value: object, problems: Problems) -> Example:
    if not isinstance(value, Mapping):
        problems.append((place, "must hold paper_id and title"))
        return Example("", "")
    paper_id = _text(f"{place}.paper_id", value.get("paper_id", ""), LONGEST_SLUG, problems)
    if paper_id and not PAPER_ID.fullmatch(paper_id):
        problems.append(
            (f"{place}.paper_id", f"{paper_id!r} is no arXiv id such as 2305.18290 (without version)")
        )
    return Example(paper_id, _text(f"{place}.title", value.get("title", ""), LONGEST_TITLE, problems))


def _read_papers_per_brief(place: str, value: object, problems: Problems) -> int:
    number = int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,6}", value.strip()) else value
    if isinstance(number, bool) or not isinstance(number, int):
        problems.append((place, "must be a whole number"))
        return FEWEST_PAPERS
    if not FEWEST_PAPERS <= number <= MOST_PAPERS:
        problems.append((place, f"{number} is not between {FEWEST_PAPERS} and {MOST_PAPERS}"))
    return number


_READERS: dict[str, Callable[[str, Any, Problems], Any]] = {
    "slug": _read_slug,
    "name": _read_name,
    "description": _read_description,
    "categories": _read_categories,
    "search_terms": _read_search_terms,
    "ranking_terms": _read_ranking_terms,
    "excluded_terms": _read_excluded_terms,
    "examples": _read_examples,
    "papers_per_brief": _read_papers_per_brief,
}
_OPTIONAL = {"ranking_terms", "excluded_terms", "examples", "papers_per_brief"}
