"""Grades: how well a paper fits a topic, 0 to 10, by a language model that reads its title and opening."""

from collections.abc import Iterable, Sequence

from service.briefs.modelled.asking import (
    BASE_TOKENS,
    DATA_RULE,
    Answer,
    AnswerStore,
    LanguageModel,
    Prompt,
    PromptData,
    Unanswered,
    digest,
    in_order,
    keyed,
    one_line,
    versions,
)
from service.briefs.modelled.batches import answered
from service.papers import Paper
from subscribers.topics import Topic

OPENING = 320  # characters of an abstract that are read
PAPERS_PER_REQUEST = 40
GRADE_TOKENS = 16  # of an answer, for one paper
HIGHEST = 10

GRADING_SYSTEM = f"""\
You choose papers for a weekly brief on one topic. {DATA_RULE}

Each entry is the title of a paper and the opening of its abstract. Grade how well the paper fits the \
topic, as an expert who edits the brief would, by what the paper itself contributes:
- 10: the topic is its whole subject. 8: its main contribution is to the topic.
- 6: a real contribution to the topic among others, or to a neighbouring question that the topic's readers \
follow.
- 4: it uses the topic's methods for another end, in one application or another modality.
- 2: it names the topic in passing. 0: another subject, or another meaning of the word.
The words of the topic do not make a paper fit; what it contributes does. Odd grades are for what lies \
between.
Every entry gets exactly one grade, under its key, in the order given."""


class GradeAnswer(Answer):
    key: str
    grade: int


class GradesAnswer(Answer):
    grades: tuple[GradeAnswer, ...]

    def __bool__(self) -> bool:
        return bool(self.grades)


class ModelGrader:
    """Grades papers by a language model; what it graded once is kept by paper version, topic and model."""

    def __init__(self, model: LanguageModel, store: AnswerStore) -> None:
        self._model = model
        self._store = store

    def grade(self, topic: Topic, papers: Sequence[Paper]) -> dict[str, int]:
        """Grades by paper id, of those that got one; a model that is away grades nothing."""
        grades = kept_grades(topic, papers, self._store, self._model.name)
        ungraded = in_order(paper for paper in papers if paper.id not in grades)
        batches = [batch for batch, _ in prompts_for(topic, ungraded)]
        session = self._model.begin()
        for batch, answer in answered(session, batches, lambda batch: grading_prompt(topic, batch)):
            if not isinstance(answer, Unanswered):
                self._keep(topic, batch, read := graded(batch, answer))
                grades |= read
        return grades

    def _keep(self, topic: Topic, batch: Iterable[Paper], grades: dict[str, int]) -> None:
        for paper in batch:
            if paper.id in grades:
                self._store.put(_subject(topic, paper), self._model.name, str(grades[paper.id]))


def kept_grades(topic: Topic, papers: Iterable[Paper], store: AnswerStore, model: str) -> dict[str, int]:
    """The grades that are kept already, by paper id."""
    found = {paper.id: store.get(_subject(topic, paper), model) for paper in papers}
    return {paper_id: int(text) for paper_id, text in found.items() if text and text.isdigit()}


def ungraded(topic: Topic, papers: Sequence[Paper], store: AnswerStore, model: str) -> list[Paper]:
    """The papers that a grade would have to be asked for."""
    kept = kept_grades(topic, papers, store, model)
    return in_order(paper for paper in papers if paper.id not in kept)


def prompts_for(topic: Topic, papers: Sequence[Paper]) -> list[tuple[list[Paper], Prompt[GradesAnswer]]]:
    """The questions that grade these papers, each with its papers."""
    starts = range(0, len(papers), PAPERS_PER_REQUEST)
    batches = [list(papers[start : start + PAPERS_PER_REQUEST]) for start in starts]
    return [(batch, grading_prompt(topic, batch)) for batch in batches]


def grading_prompt(topic: Topic, papers: Sequence[Paper]) -> Prompt[GradesAnswer]:
    """Ask for the grades of a batch of papers."""
    sheet = PromptData(
        tuple(
            (key, (("title", paper.title), ("opening", paper.abstract[:OPENING])))
            for key, paper in keyed(papers).items()
        )
    )
    return Prompt(
        task="grades",
        subject=f"{topic.slug} {versions(papers)}",
        system=GRADING_SYSTEM,
        user=f"{topic_text(topic)}\n{len(papers)} entries.\n{sheet}",
        schema=GradesAnswer,
        completion_tokens=BASE_TOKENS + GRADE_TOKENS * len(papers),
        items=len(papers),
    )


def topic_text(topic: Topic) -> str:
    """The topic in words: its name, its sentence and its examples."""
    examples = "; ".join(one_line(example.title) for example in topic.examples)
    lines = [f"Topic: {one_line(topic.name)}: {one_line(topic.description)}"]
    return "\n".join([*lines, f"Papers that show what is meant: {examples}."] if examples else lines)


def graded(papers: Sequence[Paper], answer: GradesAnswer) -> dict[str, int]:
    """Grades by paper id; those of keys that no paper has are passed over."""
    shown = keyed(papers)
    held = {one.key.strip(" []"): one.grade for one in reversed(answer.grades)}
    return {shown[key].id: min(max(grade, 0), HIGHEST) for key, grade in held.items() if key in shown}


def _subject(topic: Topic, paper: Paper) -> str:
    about = digest([("topic", (("text", topic_text(topic)),))])
    return f"grade-{about}-{paper.id}v{paper.version}"
