"""Lemmas: spellings that are one word have one key, and words that differ keep theirs."""

from service.language.phrases import lemma

SAME = """
    model models; policy policies; optimization optimisation; gas gases; lens lenses
    analysis analyses
    basis bases
    matrix matrices; vertex vertices; index indices; network networks; operator operators; galaxy galaxies
    theory theories; tokeniser tokenizers; LLM LLMs; agent's agent; box boxes; mass masses; virus viruses
    corpus corpora; search searches; patch patches; process processes; status statuses; hypothesis hypotheses
    spectrum spectra; Schrödinger schrodinger; H₂O h2o; Erdős erdos
"""
OTHER = """
    bias bia; optimization optimal; generation general; dynamics dynamic
    physics physical; statistics statistic
    learning learner; training train; operator operation; ethics ethic; tokenizer token; relation relativity
    computer computation; marketing market; experience experiment; iteration iterate; policy police
"""


def pairs(text: str) -> list[list[str]]:
    return [pair.split() for line in text.splitlines() for pair in line.split(";") if pair.strip()]


def test_spellings_of_one_word_have_one_lemma() -> None:
    assert [pair for pair in pairs(SAME) if lemma(pair[0]) != lemma(pair[1])] == []


def test_other_words_keep_other_lemmas() -> None:
    assert [pair for pair in pairs(OTHER) if lemma(pair[0]) == lemma(pair[1])] == []
