"""aggregate sums up the rows of each key."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import FlowBroken, StepFailed
from transforms.relation import relation_of
from transforms.steps.apply import apply_steps
from transforms.steps.step import StepEnv
from transforms.steps.trial import flow_of, try_step

Run = Callable[..., Any]
ROWS = {"kind": ["b", "a", None, "b"], "size": [1, 2, 4, None], "name": ["x", "y", "z", "w"]}


def _totals(**into: str) -> dict[str, Any]:
    return {"aggregate": {"by": "kind", "into": into}}


def test_keys_come_in_first_seen_order_and_null_is_one(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(ROWS, _totals(rows="count(*)", sizes="count(size)", size="sum(size)"))
    assert outcome.columns == {"kind": ["b", "a", None], "rows": [2, 1, 1], "sizes": [1, 1, 1], "size": [1, 2, 4]}
    assert count_of(outcome) == (4, 4, 3, 3)


def test_without_keys_all_rows_become_one(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(ROWS, {"aggregate": {"into": {"size": "sum(size)", "n": "count(*)"}}})
    assert outcome.columns == {"size": [7], "n": [4]}
    assert count_of(outcome) == (4, 4, 1, 1)


@pytest.mark.parametrize(
    ("by", "left", "counts"),
    [
        pytest.param(None, {"n": [0]}, (0, 0, 1, 1), id="one row without keys"),
        pytest.param("x", {"x": [], "n": []}, (0, 0, 0, 0), id="none with keys"),
    ],
)
def test_no_rows_leave(run: Run, count_of: Callable[..., Any], by: Any, left: Any, counts: Any) -> None:
    empty = pa.table({"x": pa.array([], pa.int8())})
    outcome = run(empty, {"aggregate": {"by": by, "into": {"n": "count(*)"}}})
    assert outcome.columns == left
    assert count_of(outcome) == counts


@pytest.mark.parametrize(
    ("expression", "totals"),
    [
        pytest.param("sum(size) FILTER (size > 1)", [None, 2, 4], id="a filter"),
        pytest.param("string_agg(name, '' ORDER BY name DESC)", ["xw", "y", "z"], id="an order"),
        pytest.param("max(size) - min(size)", [0, 0, 0], id="several aggregates"),
        pytest.param("round(avg(size / 3.0), 2)", [0.33, 0.67, 1.33], id="a function around"),
        pytest.param("sum(DISTINCT size * 0.5)", [0.5, 1.0, 2.0], id="distinct floats"),
        pytest.param("count(*) > $least::INT -- many", [True, False, False], id="a parameter and a comment"),
        pytest.param("length(kind) + count(*)", [3, 2, None], id="the key itself"),
    ],
)
def test_totals_are_expressions_of_aggregates(run: Run, expression: str, totals: list[Any]) -> None:
    assert run(ROWS, _totals(x=expression), parameters={"least": "1"}).columns["x"] == totals


def test_sums_of_whole_numbers_are_whole_numbers_that_files_can_hold(run: Run) -> None:
    assert run(ROWS, _totals(x="sum(size)")).types["x"] == "BIGINT"


def test_a_sum_that_no_file_can_hold_ends_the_run(run: Run) -> None:
    with pytest.raises(StepFailed, match=r"steps\[0\]\.aggregate.*out of range"):
        run({"kind": [1, 1], "size": [2**62, 2**62]}, _totals(x="sum(size)"))


@pytest.mark.parametrize(
    ("into", "kind", "sentence"),
    [
        pytest.param({"x": "sum(no)"}, StepFailed, "aggregate.into.x: no column 'no'", id="no column"),
        pytest.param({"x": "size"}, StepFailed, 'into.x: column "size" must appear in the GROUP BY', id="no aggregate"),
        pytest.param({"KIND": "count(*)"}, StepFailed, "into.KIND: a column 'KIND' is there", id="a name taken"),
        pytest.param({"x": "first(size)"}, FlowBroken, "found first() without an order", id="the order left open"),
        pytest.param({"x": "arg_max(size, name)"}, FlowBroken, "arg_max() without an order", id="ties left open"),
        pytest.param({"x": "null_fraction(size)"}, FlowBroken, "a call of null_fraction()", id="a word of checks"),
        pytest.param({"x": "(SELECT 1)"}, FlowBroken, "found a subquery", id="a subquery"),
        pytest.param({"x": "sum(size) OVER ()"}, FlowBroken, "found a window", id="a window"),
    ],
)
def test_what_does_not_fit_is_refused(run: Run, into: Any, kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind) as failed:
        run(ROWS, _totals(**into))
    assert sentence in str(failed.value)
    assert "__row" not in str(failed.value)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.one_of(st.none(), st.floats(-1e6, 1e6))), min_size=1, max_size=40))
def test_totals_are_those_of_plain_python(rows: list[tuple[int, float | None]]) -> None:
    table = {"k": [key for key, _ in rows], "x": pa.array([value for _, value in rows], pa.float64())}
    into = {"n": "count(*)", "s": "sum(x)", "m": "max(x)"}
    found = try_step(table, {"aggregate": {"by": "k", "into": into}})
    groups = {key: [value for known, value in rows if known == key and value is not None] for key, _ in rows}
    assert found["k"] == list(groups)
    assert found["n"] == [sum(known == key for known, _ in rows) for key in groups]
    assert found["m"] == [max(values, default=None) for values in groups.values()]
    for total, values in zip(found["s"], groups.values(), strict=True):
        assert (total is None) == (not values)
        assert math.isclose(total or 0.0, math.fsum(values), rel_tol=1e-9, abs_tol=1e-6)


def test_the_last_digit_is_the_same_in_any_number_of_threads() -> None:
    into = {"s": "sum(x)", "a": "avg(x)", "d": "stddev(x)", "l": "string_agg(k, '' ORDER BY k % 2) FILTER (k < 50)"}
    flow = flow_of([{"aggregate": {"by": "g", "into": into}}], {"g": []})
    found = set()
    for threads in (1, 2, 4):
        with duckdb.connect(":memory:", config={"threads": threads}) as connection:
            columns = "i AS __row, i % 3 AS g, i AS k, (i * 7919 % 1000003) * 0.1 + 1e-7 * i AS x"
            connection.execute(f"CREATE TABLE rows AS SELECT {columns} FROM range(400000) r(i)")
            result = apply_steps(connection, relation_of(connection, "rows"), flow, StepEnv({}, {}, Path()))
            found.add(repr(connection.execute(f"SELECT * FROM {result.relation.sql}").fetchall()))
    assert len(found) == 1
