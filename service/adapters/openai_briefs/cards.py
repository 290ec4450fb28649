"""Cards: what each paper says, asked in batches side by side, and kept: no paper is paid for twice."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from pydantic import ValidationError

from service.adapters.openai_briefs.evidence import locate
from service.adapters.openai_briefs.failures import CallFailedError, Failure, Trouble
from service.adapters.openai_briefs.store import CardKey, CardStore
from service.briefs.prompts import (
    FINDINGS,
    PROMPT_VERSION,
    Card,
    CardAnswer,
    CardsAnswer,
    Finding,
    FindingAnswer,
    Prompt,
    cards_prompt,
)
from service.papers import Paper

IN_VAIN = 3  # requests in a row without any card, whole batches or single papers: the others are not asked

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CardsRead:
    """Cards by paper id; papers without one, and why."""

    cards: dict[str, Card]
    missing: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def fatal(self) -> Failure | None:
        return next((failure for failure in self.failures if failure.trouble.ends_all), None)


Ask = Callable[[Prompt[CardsAnswer]], CardsAnswer]


def key_of(paper: Paper, model: str) -> CardKey:
    return CardKey(f"{paper.id}v{paper.version}", PROMPT_VERSION, model)


def kept_cards(papers: Iterable[Paper], store: CardStore, model: str) -> dict[str, Card]:
    """The cards that are kept already, by paper id."""
    return {paper.id: card for paper in papers if (card := _kept_card(paper, store, model))}


def _kept_card(paper: Paper, store: CardStore, model: str) -> Card | None:
    if (text := store.get(key_of(paper, model))) is None:
        return None
    try:
        return checked_card(paper, CardAnswer.model_validate_json(text))
    except ValidationError:
        return None


def checked_card(paper: Paper, answer: CardAnswer) -> Card | None:
    """A card with the findings whose quotes stand in the paper; None where none does."""
    found = {name: _checked_finding(paper, getattr(answer, name)) for name in FINDINGS}
    return Card(paper.id, **found) if any(found.values()) else None


def _checked_finding(paper: Paper, answer: FindingAnswer) -> Finding | None:
    quote = locate(answer.quote, paper)
    return Finding(answer.text, quote) if quote and answer.text.strip() else None


def batches(papers: Sequence[Paper], size: int) -> list[tuple[Paper, ...]]:
    return [tuple(papers[start : start + size]) for start in range(0, len(papers), size)]


def keyed(papers: Iterable[Paper]) -> dict[str, Paper]:
    """Papers under the keys P1, P2, … that a prompt gives them."""
    return {f"P{number}": paper for number, paper in enumerate(papers, start=1)}


def read_cards(  # noqa: PLR0913 - by name, and each is a different thing
    papers: Sequence[Paper], *, ask: Ask, store: CardStore, model: str, batch_size: int, concurrency: int
) -> CardsRead:
    """Cards of all papers: kept ones, and asked ones, which are then kept. Failures are values."""
    cards = kept_cards(papers, store, model)
    unread = batches([paper for paper in papers if paper.id not in cards], batch_size)
    failures: list[Failure] = []

    def keep(answered: dict[str, CardAnswer], batch: Sequence[Paper]) -> bool:
        sound = [(paper, card) for paper in batch if (card := _answered_card(paper, answered))]
        for paper, card in sound:
            store.put(key_of(paper, model), answered[paper.id].model_dump_json())
            cards[paper.id] = card
        return bool(sound)

    with ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="cards") as pool:
        _read_batches(pool, unread, ask, keep, failures)
    missing = tuple(paper.id for paper in papers if paper.id not in cards)
    if missing and not failures:
        failures.append(Failure(Trouble.WRONG_SHAPE, "cards without a quote that stands in the paper"))
    read = {paper.id: cards[paper.id] for paper in papers if paper.id in cards}
    return CardsRead(read, missing, tuple(sorted(failures, key=str)))


def _answered_card(paper: Paper, answered: Mapping[str, CardAnswer]) -> Card | None:
    return checked_card(paper, answered[paper.id]) if paper.id in answered else None


def _read_batches(
    pool: ThreadPoolExecutor,
    unread: Sequence[tuple[Paper, ...]],
    ask: Ask,
    keep: Callable[[dict[str, CardAnswer], Sequence[Paper]], bool],
    failures: list[Failure],
) -> None:
    """Keep each batch as it comes; stop where no further one can succeed."""
    running: dict[Future[tuple[dict[str, CardAnswer], tuple[Failure, ...]]], tuple[Paper, ...]] = {
        pool.submit(read_batch, batch, ask): batch for batch in unread
    }
    in_vain = 0
    while running:
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in sorted(done, key=lambda future: running[future][0].id):
            batch = running.pop(future)
            if future.cancelled():
                continue
            answered, troubles = future.result()
            failures.extend(troubles)
            in_vain = 0 if keep(answered, batch) else in_vain + 1
            if in_vain == IN_VAIN or any(failure.trouble.ends_all for failure in troubles):
                logger.info(
                    "no further cards are asked for: %s", troubles[-1] if troubles else "none could be used"
                )
                _cancel(running)


def _cancel(running: Iterable[Future[tuple[dict[str, CardAnswer], tuple[Failure, ...]]]]) -> None:
    for future in running:
        future.cancel()


def read_batch(batch: Sequence[Paper], ask: Ask) -> tuple[dict[str, CardAnswer], tuple[Failure, ...]]:
    """Answers by paper id, and what failed; what fails by its content is asked again paper by paper."""
    try:
        answered = _ask(batch, ask)
    except CallFailedError as error:
        if error.failure.trouble.lies_in_content and len(batch) > 1:
            return _read_one_by_one(batch, ask)
        return {}, (error.failure,)
    left_out = [paper for paper in batch if paper.id not in answered]
    if left_out and answered:
        again, failures = read_batch(left_out, ask)
        return answered | again, failures
    return answered, ()


def _read_one_by_one(batch: Sequence[Paper], ask: Ask) -> tuple[dict[str, CardAnswer], tuple[Failure, ...]]:
    answered: dict[str, CardAnswer] = {}
    failures: list[Failure] = []
    for paper in batch:
        try:
            answered |= _ask([paper], ask)
        except CallFailedError as error:
            failures.append(error.failure)
            hopeless = not answered and len(failures) == IN_VAIN
            if hopeless or not error.failure.trouble.lies_in_content:
                break
    return answered, tuple(failures)


def _ask(batch: Sequence[Paper], ask: Ask) -> dict[str, CardAnswer]:
    papers = keyed(batch)
    answer = ask(cards_prompt(papers))
    by_key = {card.key.strip(" []"): card for card in reversed(answer.cards)}
    return {paper.id: by_key[key] for key, paper in papers.items() if key in by_key}
