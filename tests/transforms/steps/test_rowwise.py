"""select, rename, derive and filter look at one row at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from transforms.errors import FlowBroken, StepFailed

Run = Callable[..., Any]
ROWS = {"a": [1, 2, None], "b": ["x", None, "z"]}


def test_select_keeps_the_named_columns_in_their_new_order(run: Run) -> None:
    assert run(ROWS, {"select": ["b", "A"]}).columns == {"b": ["x", None, "z"], "a": [1, 2, None]}


def test_rename_may_swap_names(run: Run) -> None:
    assert run(ROWS, {"rename": {"a": "b", "b": "a"}}).columns == {"b": ROWS["a"], "a": ROWS["b"]}


def test_derive_adds_columns_and_replaces_those_of_the_same_name(run: Run) -> None:
    outcome = run(ROWS, {"derive": {"a": "coalesce(a, 0)", "c": "a * 2"}})
    assert outcome.columns == {"a": [1, 2, 0], "b": ROWS["b"], "c": [2, 4, None]}


def test_derive_sees_the_columns_before_it_and_not_its_own(run: Run) -> None:
    with pytest.raises(StepFailed, match=r"steps\[0\]\.derive\.d: no column 'c'; the columns are a, b"):
        run(ROWS, {"derive": {"c": "a + 1", "d": "c + 1"}})


def test_filter_removes_rows_that_are_false_or_null(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(ROWS, {"filter": "a > 1"})
    assert outcome.columns == {"a": [2], "b": [None]}
    assert outcome.row_numbers == [1]
    assert count_of(outcome) == (3, 2, 0, 1)


def test_parameters_are_bound_by_name(run: Run) -> None:
    outcome = run(ROWS, {"filter": "b = $wanted"}, {"derive": {"c": "$wanted"}}, parameters={"wanted": "z"})
    assert outcome.columns == {"a": [None], "b": ["z"], "c": ["z"]}


def test_row_wise_steps_follow_each_other(run: Run, count_of: Callable[..., Any]) -> None:
    steps = [
        {"derive": {"c": "a + 1"}},
        {"filter": "c > 2"},
        {"rename": {"c": "d"}},
        {"select": ["d"]},
        {"filter": "true"},
    ]
    outcome = run(ROWS, *steps)
    assert outcome.columns == {"d": [3]}
    assert [count_of(outcome, place) for place in range(5)] == [
        (3, 0, 0, 3),
        (3, 2, 0, 1),
        (1, 0, 0, 1),
        (1, 0, 0, 1),
        (1, 0, 0, 1),
    ]


@pytest.mark.parametrize(
    "step",
    [
        pytest.param({"select": ["b"]}, id="select"),
        pytest.param({"rename": {"a": "c"}}, id="rename"),
        pytest.param({"derive": {"c": "length(b)"}}, id="derive"),
        pytest.param({"filter": "length(b) > 1"}, id="filter"),
    ],
)
def test_an_empty_table_stays_empty(run: Run, step: dict[str, Any], count_of: Callable[..., Any]) -> None:
    import pyarrow as pa

    outcome = run(pa.table({"a": pa.array([], pa.int32()), "b": pa.array([], pa.string())}), step)
    assert all(values == [] for values in outcome.columns.values())
    assert count_of(outcome) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        pytest.param({"select": ["a", "c"]}, "select[1]: no column 'c'; the columns are a, b", id="select nothing"),
        pytest.param({"select": ["a", "A"]}, "steps[0].select: named twice", id="select twice"),
        pytest.param({"rename": {"c": "d"}}, "steps[0].rename.c: no column 'c'", id="rename nothing"),
        pytest.param({"rename": {"a": "B"}}, "steps[0].rename: two columns would be named 'B'", id="rename to taken"),
        pytest.param({"derive": {"c": "d + 1"}}, "steps[0].derive.c: no column 'd'", id="derive from nothing"),
        pytest.param({"derive": {"c": "a + DATE '2013-01-01' + b"}}, "steps[0].derive.c: ", id="derive of unfit types"),
        pytest.param(
            {"filter": "a + 1"}, "steps[0].filter: found an expression of type BIGINT", id="filter by a number"
        ),
        pytest.param({"filter": "rows.a > 1 AND x.a > 1"}, "steps[0].filter: ", id="filter by another table"),
    ],
)
def test_a_step_that_does_not_fit_is_refused_with_its_place(run: Run, step: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run(ROWS, step)
    assert sentence in str(failed.value)
    assert "step_" not in str(failed.value)
    assert "\n" not in str(failed.value)


@pytest.mark.parametrize(
    "later",
    [
        pytest.param([], id="at the end"),
        pytest.param([{"filter": "c > 1"}], id="in a filter after it"),
        pytest.param([{"dedupe": {"keys": ["a"]}}], id="in a table after it"),
        pytest.param([{"derive": {"d": "a"}}], id="behind another derive"),
    ],
)
def test_a_row_that_fails_is_told_with_the_expression_that_failed(run: Run, later: list[dict[str, Any]]) -> None:
    steps = [{"derive": {"ok": "a + 1"}}, {"derive": {"d0": "a", "c": "b::INTEGER"}}, *later]
    with pytest.raises(StepFailed, match=r"^steps\[1\]\.derive\.c: Could not convert string 'x' to INT32 .*column b$"):
        run(ROWS, *steps)


def test_what_a_flow_may_not_say_is_refused_before_any_row_is_read(run: Run) -> None:
    with pytest.raises(FlowBroken, match=r"steps\[1\]\.filter: found a call of random\(\)"):
        run(ROWS, {"derive": {"c": "b::INTEGER"}}, {"filter": "random() > 0.5"})
