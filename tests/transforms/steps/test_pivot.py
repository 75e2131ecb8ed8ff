"""pivot turns rows into columns, unpivot columns into rows."""

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
ROWS = {"id": [2, 1, 2, None, 2], "month": ["feb", "jan", "jan", "jan", "feb"], "kwh": [1.0, 2.0, 4.0, 8.0, 16.0]}
SPLIT = {"split": {"into": {"train": 0.5, "test": 0.5}, "by": "id"}}


def _pivot(**says: Any) -> dict[str, Any]:
    return {"pivot": {"by": "id", "names_from": "month", "values_from": "sum(kwh)"} | says}


def test_values_become_columns_and_keys_rows_in_first_seen_order(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(ROWS, _pivot())
    assert outcome.columns == {"id": [2, 1, None], "month_feb": [17.0, None, None], "month_jan": [4.0, 2.0, 8.0]}
    assert outcome.fitted == {"pivot": {"month": {"names": ["feb", "jan"]}}}
    assert outcome.notes == ()
    assert count_of(outcome) == (5, 5, 3, 3)


def test_declared_names_are_the_columns_whatever_the_rows_hold(run: Run) -> None:
    outcome = run(ROWS, _pivot(names=["jan", "mar"], values_from="count(*)"))
    assert outcome.columns == {"id": [2, 1, None], "month_jan": [1, 1, 1], "month_mar": [None, None, None]}
    assert outcome.fitted == {}
    assert outcome.notes == ("steps[0].pivot: 2 rows have a value of month that is no column, or none",)


def test_names_may_be_whole_numbers_and_keys_several_columns(run: Run) -> None:
    rows = {"a": [1, 1, 2], "b": [1, 2, 1], "n": [10, 9, 10], "x": [5, 6, 7]}
    outcome = run(rows, _pivot(by=["a", "b"], names_from="n", values_from="max(x)"))
    assert outcome.columns == {"a": [1, 1, 2], "b": [1, 2, 1], "n_9": [None, 6, None], "n_10": [5, None, 7]}
    assert outcome.fitted == {"pivot": {"n": {"names": [9, 10]}}}


def test_names_are_learnt_from_train_rows_alone(run: Run) -> None:
    # By the rule of `split`, ids 1 and 2 are in train, 3 in test.
    rows = {"id": [1, 2, 3], "month": ["jan", "jan", "mar"], "kwh": [1.0, 2.0, 3.0]}
    outcome = run(rows, SPLIT, _pivot(by=["id", "split"]))
    assert outcome.columns == {"id": [1, 2, 3], "split": ["train", "train", "test"], "month_jan": [1.0, 2.0, None]}
    assert outcome.notes == ("steps[1].pivot: 1 rows have a value of month that is no column, or none",)


@pytest.mark.parametrize(
    ("rows", "says", "sentence"),
    [
        pytest.param(ROWS, {"by": "no"}, "pivot.by[0]: no column 'no'", id="no key"),
        pytest.param(ROWS, {"names_from": "no"}, "pivot.names_from: no column 'no'", id="no names"),
        pytest.param(ROWS, {"names_from": "kwh"}, "names_from: kwh is DOUBLE; categories are texts", id="floats"),
        pytest.param(ROWS, {"values_from": "kwh"}, "values_from: column", id="no aggregate"),
        pytest.param(ROWS, {"names_from": "id", "names": ["x"]}, "names[0]: the value 'x' does not fit", id="unfit"),
        pytest.param(ROWS, {"names": ["jan", "jan"]}, "given twice", id="a name twice"),
        pytest.param(ROWS | {"month": ["a", "A", "a", "a", "a"]}, {}, "differ in case alone", id="case alone"),
        pytest.param(ROWS | {"month_jan": [1] * 5}, {"by": "month_jan"}, "'month_jan' is there", id="a name taken"),
        pytest.param(
            {"id": [1] * 201, "month": list(range(201)), "kwh": [1] * 201},
            {},
            "more than 200 categories",
            id="too many",
        ),
    ],
)
def test_a_pivot_that_does_not_fit_is_refused(run: Run, rows: Any, says: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run(rows, _pivot(**says))
    assert sentence in str(failed.value)


WIDE = {"id": [7, 9], "jan": [1.5, None], "feb": [2.0, 0.5]}


def test_unpivot_makes_a_row_of_each_column(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(WIDE, {"unpivot": {"columns": ["jan", "FEB"], "names_to": "month", "values_to": "kwh"}})
    assert outcome.columns == {"id": [7, 7, 9, 9], "month": ["jan", "feb"] * 2, "kwh": [1.5, 2.0, None, 0.5]}
    assert outcome.row_numbers == [0, 1, 2, 3]
    assert count_of(outcome) == (2, 2, 4, 4)


def test_unpivot_drops_nulls_where_the_flow_says_so(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(WIDE, {"unpivot": {"columns": ["jan", "feb"], "nulls": "drop"}})
    assert outcome.columns == {"id": [7, 7, 9], "name": ["jan", "feb", "feb"], "value": [1.5, 2.0, 0.5]}
    assert count_of(outcome) == (2, 2, 3, 3)


def test_many_rows_keep_their_order_on_several_threads(run: Run) -> None:
    size = 300_000
    rows = pa.table({"a": pa.array(range(size)), "b": pa.array(range(size))})
    outcome = run(rows, {"filter": "a % 2 = 0"}, {"unpivot": {"columns": ["a", "b"]}})
    assert outcome.columns["value"] == [value for value in range(0, size, 2) for _ in range(2)]
    assert outcome.row_numbers == sorted(outcome.row_numbers)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        pytest.param({"columns": ["jan", "no"]}, "unpivot.columns[1]: no column 'no'", id="no column"),
        pytest.param({"columns": ["id", "jan"]}, '"id" is BIGINT, "jan" is DOUBLE; cast them', id="other types"),
        pytest.param({"columns": ["jan", "JAN"]}, "columns: named twice", id="named twice"),
        pytest.param({"columns": "jan", "names_to": "id"}, "names_to: a column 'id' is there", id="a name taken"),
        pytest.param({"columns": "jan", "names_to": "Value"}, "both new columns are named", id="one name for both"),
    ],
)
def test_an_unpivot_that_does_not_fit_is_refused(run: Run, says: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run(WIDE, {"unpivot": says})
    assert sentence in str(failed.value)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 9)), st.integers(0, 9)), min_size=1, max_size=20))
def test_pivot_undoes_unpivot(rows: list[tuple[int | None, int]]) -> None:
    wide = {
        "id": list(range(len(rows))),
        "v_a": pa.array([a for a, _ in rows], pa.int64()),
        "v_b": pa.array([b for _, b in rows], pa.int64()),
    }
    long = try_step(wide, {"unpivot": {"columns": ["v_a", "v_b"], "names_to": "v"}})
    pivot = {"by": "id", "names_from": "v", "values_from": "max(value)", "names": ["v_a", "v_b"]}
    again = try_step(long, {"pivot": pivot})
    assert again == {"id": wide["id"], "v_v_a": [a for a, _ in rows], "v_v_b": [b for _, b in rows]}
