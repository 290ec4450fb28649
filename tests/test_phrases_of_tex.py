"""Phrases of texts with TeX: words as they are shown, names with their capitals."""

from service.language.phrases import phrases, surface_of


def test_phrases_are_those_that_a_reader_sees() -> None:
    text = r"A problem of Erd\H{o}s, Schr\"odinger operators, the [{\rm Fe/H}] gradient and \texttt{KeyVT}."
    found = phrases(text)
    assert found["schrodinger operator"] == "Schrödinger operators"
    assert {"erdos", "fe/h", "gradient", "keyvt"} <= set(found)
    assert not {"rm", "rm fe/h", "s problem", "odinger", "odinger operator", "texttt"} & set(found)


def test_a_script_belongs_to_its_word() -> None:
    found = phrases(r"The $T_{\rm eff}$ profile, the $C^*$-algebra and H$_2$O masers differ.")
    assert found["t_eff profile"] == "T_eff profile"
    assert found["h2o maser"] == "H₂O masers"
    assert not {"eff", "eff profile", "algebra"} & set(found)


def test_names_keep_their_capitals() -> None:
    assert (
        surface_of(["Kullback-Leibler divergence", "Kullback-Leibler Divergence"])
        == "Kullback-Leibler divergence"
    )
    assert surface_of(["Schrödinger operators"]) == "Schrödinger operators"
    assert surface_of(["Large Language Models", "large language models"]) == "large language models"
