"""limit keeps the first rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from transforms.steps.trial import flow_of, try_step

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("limit", "kept", "counts"),
    [
        pytest.param(2, [5, 6], (3, 1, 0, 2), id="fewer than there are"),
        pytest.param(3, [5, 6, 7], (3, 0, 0, 3), id="as many as there are"),
        pytest.param(9, [5, 6, 7], (3, 0, 0, 3), id="more than there are"),
    ],
)
def test_the_first_rows_stay(run: Run, count_of: Callable[..., Any], limit: int, kept: list[int], counts: Any) -> None:
    outcome = run({"id": [4, 5, 6, 7]}, {"filter": "id > 4"}, {"limit": limit})
    assert outcome.columns == {"id": kept}
    assert count_of(outcome) == counts


def test_after_a_sort_the_highest_stay(run: Run) -> None:
    assert run({"id": [4, 9, 6]}, {"sort": "id DESC"}, {"limit": 2}).columns == {"id": [9, 6]}


def test_the_first_of_many_rows_are_the_first_on_several_threads(run: Run) -> None:
    outcome = run(pa.table({"id": pa.array(range(500_000))}), {"filter": "id % 3 = 0"}, {"limit": 130_000})
    assert outcome.columns["id"] == list(range(0, 390_000, 3))


@pytest.mark.parametrize("limit", [0, -1, 1.5, "3", True])
def test_only_a_number_of_rows_is_a_limit(limit: Any) -> None:
    with pytest.raises(ValidationError):
        flow_of([{"limit": limit}], {"id": [1]})


@settings(max_examples=30)
@given(st.integers(1, 50), st.integers(1, 50))
def test_a_limit_after_a_limit_is_the_smaller_of_both(one: int, other: int) -> None:
    rows = {"id": list(range(40))}
    twice = try_step(try_step(rows, {"limit": one}), {"limit": other})
    assert twice == try_step(rows, {"limit": min(one, other)})
