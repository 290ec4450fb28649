"""`every` runs all cases in one test and hides no failure."""

import pytest

from tests.cases import every, run_all


def test_every_case_runs_and_each_that_fails_is_named() -> None:
    seen: list[int] = []

    def body(number: int) -> None:
        seen.append(number)
        if number == 2:
            raise ValueError(number)
        if number == 3:
            with pytest.raises(ValueError):
                pass

    with pytest.raises(BaseExceptionGroup, match="2 of 4 cases failed") as raised:
        run_all(body, [{"number": number} for number in (1, 2, 3, 4)], {})
    assert seen == [1, 2, 3, 4]
    assert [error.__notes__ for error in raised.value.exceptions] == [["with number=2"], ["with number=3"]]


def test_several_give_every_combination() -> None:
    seen: set[tuple[int, str, str]] = set()

    @every("number", [1, 2])
    @every(("letter", "other"), [("a", "x"), ("b", "y")])
    def check(number: int, letter: str, other: str) -> None:
        seen.add((number, letter, other))

    check()
    assert seen == {(1, "a", "x"), (2, "a", "x"), (1, "b", "y"), (2, "b", "y")}


def test_no_case_at_all_is_a_failure() -> None:
    with pytest.raises(AssertionError, match="nothing to check"):
        every("number", [])(lambda number: None)()
