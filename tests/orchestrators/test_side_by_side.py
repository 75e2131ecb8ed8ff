from __future__ import annotations

from threading import Barrier, current_thread

import pytest

from orchestrators.side_by_side import side_by_side

LONGEST_S = 30


def test_what_is_done_side_by_side_comes_back_in_its_order() -> None:
    together = Barrier(2, timeout=LONGEST_S)

    def work(number: int) -> int:
        together.wait()  # breaks where they come one after the other
        return number * 2

    assert side_by_side(work, [7, 8], 2) == [14, 16]


@pytest.mark.parametrize("things", [pytest.param([], id="nothing"), pytest.param([7], id="one alone")])
def test_no_thread_is_started_for_less_than_two(things: list[int]) -> None:
    assert side_by_side(lambda _: current_thread(), things, 8) == [current_thread()] * len(things)


@pytest.mark.parametrize("things", [pytest.param([0], id="one alone"), pytest.param([0, 1, 2], id="among others")])
def test_what_goes_wrong_comes_out(things: list[int]) -> None:
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda number: 1 / number, things, 2)
