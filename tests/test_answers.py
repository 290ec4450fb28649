"""A language model's words read as the agreed form: out of thoughts, fences, prose and broken JSON."""

import json

from hypothesis import given
from hypothesis import strategies as st

from service.briefs.modelled.answers import read_answer
from service.briefs.modelled.asking import Answer, Prompt
from tests.cases import every


class NoteAnswer(Answer):
    key: str
    text: str


class NotesAnswer(Answer):
    notes: tuple[NoteAnswer, ...]


EVIDENCE = r"A bound of $O(\nu^{3/2})$ by Schr\"odinger operators, $2\times$ faster at $\alpha = 5\%$"
WANTED = NotesAnswer(notes=(NoteAnswer(key="P1", text="a fact"),))
SAID = json.dumps(WANTED.model_dump())
DRAFT = SAID.replace("a fact", "a draft")


def prompt(evidence: str = EVIDENCE) -> Prompt[NotesAnswer]:
    return Prompt("notes", "1", "system", evidence, NotesAnswer, 100)


def read(*texts: str, mends: bool = True) -> NotesAnswer | None:
    return read_answer(texts, prompt(), mends=mends)


@every(
    "said",
    [
        SAID,
        f"Certainly:\n```json\n{SAID}\n```\nIs there {{anything}} else?",
        f"<think>{{hm</think>{SAID}",
        f"a brace {{ in thoughts that were never opened</think>\n\n{SAID}",
        f'<think>{DRAFT}, or rather {{"notes": []}}</think>{SAID}',
        f"<think>{DRAFT}</think>{SAID}\n\nI hope that {{helps}}.",
        f"[THINK]{DRAFT}[/THINK]{SAID}",
        f"◁think▷{DRAFT}◁/think▷{SAID}",
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{SAID}",
        f"First {DRAFT} but better: {SAID}",
        f'{{"answer": {SAID}}}',
        SAID.replace("}]", "},]"),
        SAID.replace('"', "'"),
        SAID.replace("}]}", "}],}"),
        f"{SAID[:-1]}",
        SAID.replace('{"notes"', "{notes"),
        f"\ufeff{SAID}",
        f"<think>\n{SAID}",
    ],
)
def test_an_answer_is_found_in_whatever_stands_around_it(said: str) -> None:
    assert read(said) == WANTED


@every(
    "said",
    [
        "",
        "Certainly! Here are the notes.",
        "[]",
        "null",
        '{"notes": "none"}',
        '{"notes": [{"key": "P1"}]}',
        '{"notes": [{"key": "P1", "te',
        "{" * 5000,
        f"<think>{DRAFT}</think>I can't help with that.",
    ],
)
def test_what_has_not_the_form_is_no_answer_and_nothing_is_filled_in(said: str) -> None:
    assert read(said) is None


def test_an_answer_that_speaks_of_thoughts_is_read_whole() -> None:
    text = "the model closes its <think> block with </think> and goes on"
    said = json.dumps({"notes": [{"key": "P1", "text": text}]})
    found = read(said)
    assert found is not None
    assert found.notes[0].text == text


def test_an_answer_that_was_cut_off_is_not_mended() -> None:
    assert read(SAID[:-2], mends=False) is None
    assert read(f"{SAID}  \n", mends=False) == WANTED


def test_the_likeliest_text_is_read_first() -> None:
    assert read("I think so", SAID, DRAFT) == WANTED


@every(
    ("written", "meant"),
    [
        (r"$2\times$ faster", r"$2\times$ faster"),  # JSON reads a tab and "imes"
        (r"$O(\nu^{3/2})$", r"$O(\nu^{3/2})$"),  # a line break and "u"
        (r"$\alpha = 5\%$", r"$\alpha = 5\%$"),  # no escape of JSON at all
        (r"$2\\\\times$", r"$2\times$"),  # escaped twice
        (r"Schr\"odinger operators", r"Schr\"odinger operators"),  # reads as a quotation mark
        (r"two lines:\n- no TeX", "two lines:\n- no TeX"),
        (r"a\tb", "a\tb"),
    ],
)
def test_tex_that_json_swallows_is_put_back_as_the_question_has_it(written: str, meant: str) -> None:
    found = read(f'{{"notes": [{{"key": "P1", "text": "{written}"}}]}}')
    assert found is not None
    assert found.notes[0].text == meant


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=60)), max_size=4))
def test_sound_json_is_read_as_it_is(notes: list[tuple[str, str]]) -> None:
    wanted = {"notes": [{"key": key, "text": text} for key, text in notes]}
    found = read_answer([json.dumps(wanted)], prompt("no TeX here"))
    assert found is not None
    assert found.model_dump(mode="json") == wanted
