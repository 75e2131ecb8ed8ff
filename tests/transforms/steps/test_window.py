"""window looks at the rows around each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from transforms.errors import StepFailed
from transforms.steps.trial import flow_of, try_step

Run = Callable[..., Any]
ROWS = {"id": ["a", "b", "a", "a", "b"], "day": [2, 1, 1, 1, None], "x": [1, 2, 4, None, 16]}


def _window(into: dict[str, Any], **says: Any) -> dict[str, Any]:
    return {"window": {"by": "id", "order_by": "day", "into": into} | says}


@pytest.mark.parametrize(
    ("how", "column"),
    [
        pytest.param("row_number", [3, 1, 1, 2, 2], id="row_number breaks ties by upload order"),
        pytest.param("rank", [3, 1, 1, 1, 2], id="rank gives ties one number and then skips"),
        pytest.param("dense_rank", [2, 1, 1, 1, 2], id="dense_rank skips none"),
        pytest.param({"lag": "x"}, [None, None, None, 4, 2], id="lag"),
        pytest.param({"lag": "x", "rows": 2}, [4, None, None, None, None], id="lag by two"),
        pytest.param({"lead": "x * 10"}, [None, 160, None, 10, None], id="lead of an expression"),
        pytest.param({"sum": "x"}, [5, 2, 4, 4, 18], id="running sum"),
        pytest.param({"sum": "x", "rows": 2}, [1, 2, 4, 4, 18], id="rolling sum"),
        pytest.param({"mean": "x", "rows": 3}, [2.5, 2.0, 4.0, 4.0, 9.0], id="rolling mean"),
        pytest.param({"min": "x"}, [1, 2, 4, 4, 2], id="running min"),
        pytest.param({"max": "x"}, [4, 2, 4, 4, 16], id="running max"),
        pytest.param({"count": "x"}, [2, 1, 1, 1, 2], id="running count without nulls"),
        pytest.param({"std": "x"}, [pytest.approx(2.1213203), None, None, None, pytest.approx(9.8994949)], id="std"),
    ],
)
def test_a_column_is_computed_from_the_rows_around(
    run: Run, count_of: Callable[..., Any], how: Any, column: list[Any]
) -> None:
    outcome = run(ROWS, _window({"y": how}))
    assert outcome.columns == ROWS | {"y": column}
    assert outcome.row_numbers == [0, 1, 2, 3, 4]
    assert count_of(outcome) == (5, 0, 0, 5)


def test_without_keys_all_rows_are_around_each_other(run: Run) -> None:
    into = {"place": "row_number", "so_far": {"sum": "x"}}
    outcome = run({"x": [1, 2, 4]}, {"window": {"order_by": "x DESC -- the largest first", "into": into}})
    assert outcome.columns == {"x": [1, 2, 4], "place": [3, 2, 1], "so_far": [7, 6, 4]}
    assert outcome.types["so_far"] == "BIGINT"


def test_an_empty_table_stays_empty(run: Run) -> None:
    empty = pa.table({"x": pa.array([], pa.int8())})
    assert run(empty, {"window": {"order_by": "x", "into": {"y": {"lag": "x"}}}}).columns == {"x": [], "y": []}


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("ntile", id="no such function"),
        pytest.param({}, id="nothing"),
        pytest.param({"lag": "x", "lead": "x"}, id="two at once"),
        pytest.param({"lag": "x", "rows": 0}, id="no rows"),
    ],
)
def test_what_is_no_function_is_a_mistake(how: Any) -> None:
    with pytest.raises(ValidationError):
        flow_of([_window({"y": how})], ROWS)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        pytest.param(_window({"x": "rank"}), "window.into.x: a column 'x' is there already", id="a name taken"),
        pytest.param(_window({"y": "rank"}, by="no"), "window.by[0]: no column 'no'", id="no key"),
        pytest.param(_window({"y": "rank"}, order_by="no"), "window.order_by: no column 'no'", id="no order"),
        pytest.param(_window({"y": {"sum": "no"}}), "window.into.y.sum: no column 'no'", id="no column"),
        pytest.param(_window({"y": {"sum": "id"}}), "window.into.y: ", id="a sum of texts"),
    ],
)
def test_a_window_that_does_not_fit_is_refused(run: Run, step: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run(ROWS, step)
    assert sentence in str(failed.value)
    assert "__row" not in str(failed.value)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=25),
    st.integers(1, 4),
)
def test_rolling_sums_are_those_of_plain_python(rows: list[tuple[int, int, int]], width: int) -> None:
    expected: list[int] = [0] * len(rows)
    for key in (0, 1):
        places = sorted((at, place) for place, (known, at, _) in enumerate(rows) if known == key)
        values = [rows[place][2] for _, place in places]
        for index, (_, place) in enumerate(places):
            expected[place] = sum(values[max(0, index - width + 1) : index + 1])
    table = dict(zip(("id", "day", "x"), map(list, zip(*rows, strict=True)), strict=True))
    assert try_step(table, _window({"y": {"sum": "x", "rows": width}}))["y"] == expected
