"""Damage: repeatable, counted, and always something that the contract notices."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from demo.damage import SHARE, WAYS, damage

RECORD = b"2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z\n"
MONTH = [RECORD.replace(b"1545", str(number).encode()) for number in range(1000)]


def test_the_same_seed_breaks_the_same_rows() -> None:
    assert damage(MONTH, seed=4) == damage(MONTH, seed=4)
    assert damage(MONTH, seed=4) != damage(MONTH, seed=7)


def test_the_count_is_the_number_of_rows_that_changed() -> None:
    broken, count = damage(MONTH, seed=1)
    assert count == 1000 * SHARE
    assert sum(before != after for before, after in zip(MONTH, broken, strict=True)) == count


def test_the_original_is_untouched() -> None:
    before = list(MONTH)
    damage(MONTH, seed=1)
    assert before == MONTH


@pytest.mark.parametrize("way", [pytest.param(way, id=way.__name__.strip("_").replace("_", " ")) for way in WAYS])
def test_a_broken_row_stays_one_line(way: Callable[[bytes], bytes]) -> None:
    broken = way(RECORD)
    assert broken != RECORD
    assert broken.endswith(b"\n")
    assert broken.count(b"\n") == 1
    assert b'"' not in broken
