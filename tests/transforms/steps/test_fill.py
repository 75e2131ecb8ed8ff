"""fill takes values from the rows around a null."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import StepFailed
from transforms.steps.trial import try_step

Run = Callable[..., Any]
ROWS = {"id": ["a", "b", "a", "b", "a"], "day": [1, 1, 2, 2, 3], "x": [None, 7, 5, None, None]}


@pytest.mark.parametrize(
    ("says", "filled"),
    [
        pytest.param({"columns": {"x": "forward"}}, [None, 7, 5, 5, 5], id="forward"),
        pytest.param({"columns": {"x": "backward"}}, [7, 7, 5, None, None], id="backward"),
        pytest.param({"columns": {"x": "forward"}, "by": "id"}, [None, 7, 5, 7, 5], id="forward by key"),
        pytest.param({"columns": {"x": "backward"}, "by": "id"}, [5, 7, 5, None, None], id="backward by key"),
        pytest.param({"columns": {"x": "forward"}, "order_by": "day DESC"}, [5, 7, 5, 5, None], id="another order"),
        pytest.param({"columns": {"x": {"value": 0}}}, [0, 7, 5, 0, 0], id="a value"),
    ],
)
def test_nulls_are_filled_and_rows_stay_where_they_are(
    run: Run, count_of: Callable[..., Any], says: dict[str, Any], filled: list[int | None]
) -> None:
    outcome = run(ROWS, {"fill": says})
    assert outcome.columns == ROWS | {"x": filled}
    assert outcome.row_numbers == [0, 1, 2, 3, 4]
    assert count_of(outcome) == (5, 0, 0, 5)


def test_a_null_of_the_key_is_a_key(run: Run) -> None:
    rows = {"id": [None, "a", None], "x": [1, 2, None]}
    assert run(rows, {"fill": {"columns": {"x": "forward"}, "by": "id"}}).columns["x"] == [1, 2, 1]


def test_an_empty_table_stays_empty(run: Run) -> None:
    empty = pa.table({"x": pa.array([], pa.int8())})
    assert run(empty, {"fill": {"columns": {"x": "forward"}}}).types == {"x": "TINYINT"}


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        pytest.param({"columns": {"no": "forward"}}, "fill.columns.no: no column 'no'", id="no column"),
        pytest.param({"columns": {"x": "forward"}, "by": "no"}, "fill.by[0]: no column 'no'", id="no key"),
        pytest.param({"columns": {"x": "forward"}, "order_by": "no"}, "order_by: no column 'no'", id="no order"),
        pytest.param({"columns": {"x": {"value": "y"}}}, "fill.columns.x: the value 'y' does not fit", id="unfit"),
    ],
)
def test_a_fill_that_does_not_fit_is_refused(run: Run, says: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run(ROWS, {"fill": says})
    assert sentence in str(failed.value)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), st.one_of(st.none(), st.integers(0, 9))), min_size=1, max_size=30))
def test_forward_remembers_the_last_value_of_each_key(rows: list[tuple[int, int | None]]) -> None:
    last: dict[int, int] = {}
    expected = []
    for key, value in rows:
        if value is not None:
            last[key] = value
        expected.append(last.get(key))
    table = {"k": [key for key, _ in rows], "x": pa.array([value for _, value in rows], pa.int8())}
    assert try_step(table, {"fill": {"columns": {"x": "forward"}, "by": "k"}})["x"] == expected
