"""Many cases of one rule as one test, where a test for each would cost more than what it checks."""

import inspect
import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest


def every(names: str | tuple[str, ...], values: Iterable[Any]) -> Callable[[Callable[..., None]], Any]:
    """Call a test with each of the values, as `pytest.mark.parametrize` does, but within one test.

    All cases run whatever becomes of the others; those that failed are raised together, each with what it was
    called with. Several of these over one test give every combination. What the test takes besides are
    fixtures, made once for all cases: only for tests that change none of them.
    """
    keys = [names] if isinstance(names, str) else list(names)
    rows = [dict(zip(keys, [one] if isinstance(names, str) else one, strict=True)) for one in values]

    def decorated(function: Callable[..., None]) -> Any:
        body: Callable[..., None] = getattr(function, "body", function)
        cases = [row | one for row, one in itertools.product(rows, getattr(function, "cases", [{}]))]

        def test(**fixtures: Any) -> None:
            run_all(body, cases, fixtures)

        taken = inspect.signature(body).parameters.values()
        fixtures = [one for one in taken if all(one.name not in case for case in cases)]
        described = {"__name__": body.__name__, "__module__": body.__module__, "__doc__": body.__doc__}
        vars(test).update(body=body, cases=cases, __signature__=inspect.Signature(fixtures))
        for name, value in described.items():
            setattr(test, name, value)
        return test

    return decorated


def run_all(body: Callable[..., None], cases: list[dict[str, Any]], fixtures: dict[str, Any]) -> None:
    """Run every case; raises BaseExceptionGroup of all that failed."""
    assert cases, "there is nothing to check"
    failed: list[BaseException] = []
    for case in cases:
        try:
            body(**fixtures, **case)
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  # any failure is a case's, and is raised below
            error.add_note(f"with {', '.join(f'{name}={value!r:.200}' for name, value in case.items())}")
            failed.append(error)
    if failed:
        raise BaseExceptionGroup(f"{len(failed)} of {len(cases)} cases failed", failed)
