"""sort brings the rows into another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import FlowBroken, StepFailed
from transforms.steps.trial import try_step

Run = Callable[..., Any]
ROWS = {"id": [1, 2, 3, 4], "day": [2, None, 1, 2], "kind": ["b", "a", "a", "b"]}


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        pytest.param("day", [3, 1, 4, 2], id="nulls last and ties in their order"),
        pytest.param("day DESC", [1, 4, 3, 2], id="nulls last in descending order too"),
        pytest.param("day DESC NULLS FIRST", [2, 1, 4, 3], id="nulls first where the flow says so"),
        pytest.param("kind, id DESC", [3, 2, 4, 1], id="several columns"),
        pytest.param("abs(id - 3) -- the middle first", [3, 2, 4, 1], id="an expression with a comment"),
        pytest.param("kind = $wanted DESC", [1, 4, 2, 3], id="a parameter"),
    ],
)
def test_rows_come_in_this_order_and_are_numbered_anew(run: Run, order: str, ids: list[int]) -> None:
    outcome = run(ROWS, {"sort": order}, parameters={"wanted": "b"})
    assert outcome.columns["id"] == ids
    assert outcome.row_numbers == [0, 1, 2, 3]


def test_no_row_comes_or_goes(run: Run, count_of: Callable[..., Any]) -> None:
    assert count_of(run(ROWS, {"filter": "id > 1"}, {"sort": "day"})) == (3, 0, 0, 3)


def test_an_empty_table_stays_empty(run: Run, count_of: Callable[..., Any]) -> None:
    assert count_of(run(pa.table({"id": pa.array([], pa.int8())}), {"sort": "id"})) == (0, 0, 0, 0)


def test_many_rows_are_in_order_on_several_threads(run: Run) -> None:
    size = 300_000
    outcome = run(pa.table({"id": pa.array([number * 7919 % size for number in range(size)])}), {"sort": "id"})
    assert outcome.columns["id"] == list(range(size))
    assert outcome.row_numbers == list(range(size))


@pytest.mark.parametrize(
    ("order", "kind", "sentence"),
    [
        pytest.param("no", StepFailed, "steps[0].sort: no column 'no'; the columns are id, day, kind", id="no column"),
        pytest.param("random()", FlowBroken, "steps[0].sort: found a call of random()", id="volatile"),
        pytest.param("id LIMIT 1", FlowBroken, "expected SQL expressions to order by", id="more than an order"),
    ],
)
def test_an_order_that_does_not_fit_is_refused(run: Run, order: str, kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind) as failed:
        run(ROWS, {"sort": order})
    assert sentence in str(failed.value)


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.integers(-3, 3)), min_size=1, max_size=40))
def test_sort_is_stable_and_sorting_twice_changes_nothing(values: list[int | None]) -> None:
    rows = {"x": pa.array(values, pa.int8()), "place": list(range(len(values)))}
    once = try_step(rows, {"sort": "x"})
    in_order = sorted(range(len(values)), key=lambda place: (values[place] is None, values[place] or 0))
    assert once["place"] == in_order
    assert try_step({"x": pa.array(once["x"], pa.int8()), "place": once["place"]}, {"sort": "x"}) == once
