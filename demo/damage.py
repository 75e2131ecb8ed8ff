"""What happens to files on their way: letters in numbers, ragged rows, impossible values. Seeded, so repeatable."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

DAMAGED_MONTHS = frozenset({1, 4, 7, 10})
SHARE = 0.002
"""Well below the 1 % that the flow's contract forgives."""

FLIGHT, DISTANCE, MONTH = 10, 15, 1
"""Columns that the contract declares as numbers, by position."""


def damage(records: Sequence[bytes], seed: int) -> tuple[list[bytes], int]:
    """Some records are broken, each in one way; returns all records and how many were broken.

    Example:
        >>> broken, count = damage([b"2013,1,1,517,515,2,830,819,11,UA,1545,N14228,EWR,IAH,227,1400,5,15,x\\n"], seed=1)
        >>> len(broken), count
        (1, 1)
    """
    # Not for secrets: the same seed must break the same rows.
    chance = random.Random(seed)  # noqa: S311
    chosen = chance.sample(range(len(records)), max(1, round(len(records) * SHARE)))
    broken = list(records)
    for position in chosen:
        broken[position] = chance.choice(WAYS)(broken[position])
    return broken, len(chosen)


def _letters_in_a_number(record: bytes) -> bytes:
    return _with(record, DISTANCE, b"1O89")


def _no_number_at_all(record: bytes) -> bytes:
    return _with(record, FLIGHT, b"unknown")


def _month_out_of_range(record: bytes) -> bytes:
    return _with(record, MONTH, b"13")


def _negative_distance(record: bytes) -> bytes:
    return _with(record, DISTANCE, b"-1")


def _cut_short(record: bytes) -> bytes:
    return record.rsplit(b",", maxsplit=5)[0] + b"\n"


def _one_field_too_many(record: bytes) -> bytes:
    return record.rstrip(b"\r\n") + b",extra\n"


WAYS: tuple[Callable[[bytes], bytes], ...] = (
    _letters_in_a_number,
    _no_number_at_all,
    _month_out_of_range,
    _negative_distance,
    _cut_short,
    _one_field_too_many,
)


def _with(record: bytes, column: int, value: bytes) -> bytes:
    fields = record.split(b",")
    fields[column] = value
    return b",".join(fields)
