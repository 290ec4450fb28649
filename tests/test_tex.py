"""TeX as a reader sees it: grouping kept, names kept, font switches silent, accents composed."""

# ruff: noqa: E501 - a source and what it shows stand side by side

from service.language import read, shown
from tests.cases import every


@every(
    ("tex", "plain"),
    [
        (r"$n^{3/2}$ and $T_{1/2}$", "n^(3/2) and T_(1/2)"),
        (r"$\frac{1}{1-\beta}$, $\tfrac12 x$, $\dfrac{a+b}{2\pi}$", "1/(1−β), (1/2) x, (a+b)/(2π)"),
        (r"$x^{n+1}$, $x_{i,j}$, $2^{2^n}$, $x^{2n}$", "x^(n+1), x_(i,j), 2^(2^n), x^(2n)"),
        (r"$\widetilde O(T^{2/3})$, $\tilde{O}(m^{4/3}+t)$", "Õ(T^(2/3)), Õ(m^(4/3)+t)"),
        (r"$\sqrt{n}\log n$, $\sqrt{x+1}$, $\sqrt[3]{n}$", "√n log n, √(x+1), ∛n"),
        (r"$1/\frac{a}{b}$ and ${a \over b}c$ and $\log\frac{a}{b}$", "1/(a/b) and (a/b)c and log(a/b)"),
        (r"$\binom{n}{k}$ and ${n \choose k}$", "(n choose k) and (n choose k)"),
        (r"$x_iy$, $e^{-x^2/2}$, $10^{-5}$, $a_1^2$", "x_i y, e^(−x²/2), 10⁻⁵, a₁²"),
        (r"$(a+b)^2$, ${a+b}^2$, $\left(\frac{a}{b}\right)^2$", "(a+b)², (a+b)², (a/b)²"),
        (
            r"$\sum_{i=1}^{n} x_i$, $\lim_{n\to\infty} a_n$, $\int_0^1 f$",
            "∑_(i=1)^n x_i, lim_(n→∞) a_n, ∫₀¹ f",
        ),
        (r"$\begin{pmatrix}a & b \\ c & d\end{pmatrix}$", "(a, b; c, d)"),
    ],
)
def test_what_belongs_together_stays_together(tex: str, plain: str) -> None:
    assert shown(tex) == plain


@every(
    ("tex", "plain"),
    [
        (r"\texttt{KeyVT} and \textsf{Rosebed}, \textup{up}", "KeyVT and Rosebed, up"),
        (r"\textcolor{red}{x} \colorbox{blue}{y} {\color{red} z}", "x y z"),
        (r"$\texttt{KeyVT}$-style, $\mathtt{beds}$", "KeyVT-style, beds"),
        (
            r"\method achieves more, \sys{}-based \foo{bar}, \role{a}{b}",
            "method achieves more, sys-based bar, a b",
        ),
        (
            r"\href{https://example.org}{words}, \LaTeX is \enquote{old}\footnote{No.}",
            "words, LaTeX is “old”",
        ),
        (r"\texorpdfstring{$n^2$}{n squared} \unicode{x2013}", "n squared –"),
        (r"$\bigO(n)$ and $\bigO{n}$, $\abs{x} \norm{y}$", "bigO(n) and bigO(n), |x| ‖y‖"),
    ],
)
def test_names_and_words_in_macros_are_kept(tex: str, plain: str) -> None:
    assert shown(tex) == plain


@every(
    ("tex", "plain"),
    [
        (r"$T_{\rm eff}$, $5\,{\rm TeV}$, ${\cal L}$, {\em Kepler}, {\it Spitzer}", "T_eff, 5 TeV, ℒ, Kepler, Spitzer"),
        (r"$\boldsymbol{x}$, $\bm{x}$, $\mathbf{x}$, $\operatorname{argmax}_x f(x)$", "x, x, x, argmax_x f(x)"),
        (r"$\rmTeV$ and \noindentHere", "TeV and Here"),
        (r"\ce{H2O}, $\ce{SO4^2-}$, H$_2$O, H_{2}O, La$_{2-x}$Sr$_x$CuO$_4$", "H₂O, SO₄²⁻, H₂O, H₂O, La₂₋ₓSrₓCuO₄"),
        (r"$37^\circ C$, $45^{\circ}$, 10$^\circ$", "37°C, 45°, 10°"),
        (r"$D_s^{*+}$ and $C^*$-algebras and $D^*$ mesons", "D_s^(*+) and C^*-algebras and D^* mesons"),
        (r"LHS~1140~b, Fig.~3, K{ä}hler, {\bf K}ähler, lone } and { braces", "LHS 1140 b, Fig. 3, Kähler, Kähler, lone and braces"),
        (r"Schr\"odinger, Gr\"{o}bner, Erd\H{o}s, \v{C}ech, na\"\i ve, \'{E}tale", "Schrödinger, Gröbner, Erdős, Čech, naïve, Étale"),
        (r"$\Lambda$CDM, $p-$value, 2{,}430, \$15 and \$2.30, $5 and $6, $5-$10", "ΛCDM, p-value, 2,430, $15 and $2.30, $5 and $6, $5-$10"),
        (r"$x \in X$, $x\in X$, $\sim 5$, A \rightarrow B, 5~10, ~5 GeV", "x ∈ X, x∈X, ∼5, A → B, 5~10, ~5 GeV"),
    ],
)  # fmt: skip
def test_switches_are_silent_and_characters_are_composed(tex: str, plain: str) -> None:
    assert shown(tex) == plain


def test_a_text_knows_its_source_and_what_is_shown() -> None:
    text = read(r"We grow $n^{3/2}$ {\em roses}.")
    assert text.source == r"We grow $n^{3/2}$ {\em roses}."
    assert str(text) == text.shown == "We grow n^(3/2) roses."
    assert len(text.masked) == len(text.source)


@every("tex", ["{" * 5000, "$" * 5001, "\\" * 999, r"\frac" * 500, r"$\sqrt{" * 300, "^{_{" * 400])
def test_broken_tex_never_stops_a_brief(tex: str) -> None:
    assert "\\" not in shown(f"Roses {tex} grow")
