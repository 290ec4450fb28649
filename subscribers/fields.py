"""Fields of science, by which a long list of topics is grouped; arXiv's archives belong to them."""

from collections.abc import Mapping, Sequence

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
