"""What a brief would take, reckoned before anything is asked."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from service.briefs import Assignment
from service.briefs.modelled.asking import AnswerStore, Usage, tokens_of
from service.briefs.modelled.cards import batches, cards_prompt, kept_cards
from service.briefs.modelled.grading import prompts_for, ungraded
from service.briefs.modelled.outline import MOST_PAPERS, THEME_PAPERS, themes_wished
from service.briefs.stated.passages import TOKENS
from service.papers import Paper
from service.papers.selection import GRADED

# Measured on the briefs of docs/briefs.md, in tokens.
CARD = 480  # of an answer, for one paper; and as many of the outline's question
GRADE = 12  # of an answer, for one paper
RULES = 2_600  # of one question: rules and schema
OUTLINE, DRAFT, CLOSING = 1_500, 1_300, 1_700  # of one answer
VERDICTS = 3_600  # of all checks' answers
SECTIONS = 4  # beside the themes: methods, news, challenges, what else the week was about
CHECKED_AGAIN = 0.35  # of the check's question, for the sentences that were mended


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens and cost of one brief; what is kept already costs nothing."""

    usage: Usage
    requests: int
    papers: int
    papers_read: int  # papers whose cards are kept
    graded: int  # candidates whose grades would be asked for


def estimate(  # noqa: PLR0913 - each changes what is reckoned
    assignment: Assignment, store: AnswerStore, model: str, *, grades: bool, checks: bool, texts: bool = False
) -> Estimate:
    """What ``write`` would take now for the papers as their words choose them; within about a fifth."""
    selection = assignment.selection
    papers = [ranked.paper for ranked in selection.taken]
    near = [ranked.paper for ranked in (*selection.taken, *selection.left)]
    candidates = near[: GRADED * selection.topic.papers_per_brief] if grades else []
    unknown = ungraded(selection.topic, candidates, store, model)
    grading = [prompt for _, prompt in prompts_for(selection.topic, unknown)]
    unread = [paper for paper in papers if paper.id not in kept_cards(papers, store, model)]
    reading = [cards_prompt(batch) for batch in batches(unread)]
    asked = Usage(
        sum(prompt.tokens for prompt in grading) + sum(prompt.tokens for prompt in reading),
        GRADE * len(unknown) + CARD * len(unread),
    )
    writing, requests = _writing(papers, checks=checks, passages=TOKENS if texts else 0)
    total = len(grading) + len(reading) + requests
    return Estimate(asked + writing, total, len(papers), len(papers) - len(unread), len(unknown))


def _writing(papers: Sequence[Paper], *, checks: bool, passages: int) -> tuple[Usage, int]:
    """Outline, drafts, closing and checks; with so many tokens of each told paper's full text."""
    if not papers:
        return Usage(), 0
    abstract = math.ceil(sum(tokens_of(paper.text) for paper in papers) / len(papers))
    outlined, themes = min(len(papers), MOST_PAPERS), themes_wished(len(papers))
    told = min(THEME_PAPERS * themes, len(papers))
    shown = (told + 2 * SECTIONS) * (abstract + CARD + passages)
    drafts = themes + SECTIONS
    prompt = (
        RULES
        + outlined * CARD
        + drafts * RULES
        + shown
        + 2 * RULES
        + 6 * (abstract + CARD + passages)
        + 9_000
    )
    completion = OUTLINE + drafts * DRAFT + 2 * CLOSING
    requests = 1 + drafts + 2
    if checks:
        questions = drafts + 2
        once = questions * RULES + math.ceil(1.5 * told) * abstract + 9_000
        prompt += math.ceil((1 + CHECKED_AGAIN) * once)
        completion += VERDICTS
        requests += questions + 2
    return Usage(prompt, completion), requests
