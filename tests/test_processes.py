import os

from service.adapters.processes import is_gone, own_name


def test_this_process_is_not_gone() -> None:
    assert not is_gone(own_name())


def test_a_process_that_ended_is_gone() -> None:
    if not (child := os.fork()):
        os._exit(0)
    host, _, started = own_name().rsplit(":", 2)
    os.waitpid(child, 0)
    assert is_gone(f"{host}:{child}:{started}")


def test_a_later_process_with_the_same_number_is_another() -> None:
    host, number, started = own_name().rsplit(":", 2)
    assert is_gone(f"{host}:{number}:{int(started) - 1}")


def test_a_process_of_another_machine_may_still_run() -> None:
    assert not is_gone(f"elsewhere-{own_name()}")
