"""unnest makes rows of lists and columns of structs."""

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
LISTS = {"id": [1, 2, 3, 4], "x": pa.array([["a", None], [], None, ["b"]], pa.list_(pa.string()))}
STRUCTS = {"id": [1, 2], "at": [{"lat": 1.5, "name": "x"}, None], "z": [8, 9]}


def test_an_element_is_a_row_and_an_empty_list_stays_as_null(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(LISTS, {"unnest": {"column": "x"}})
    assert outcome.columns == {"id": [1, 1, 2, 3, 4], "x": ["a", None, None, None, "b"]}
    assert outcome.row_numbers == [0, 1, 2, 3, 4]
    assert count_of(outcome) == (4, 0, 1, 5)


def test_empty_lists_are_dropped_where_the_flow_says_so(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(LISTS, {"unnest": {"column": "X", "empty": "drop"}})
    assert outcome.columns == {"id": [1, 1, 4], "x": ["a", None, "b"]}
    assert count_of(outcome) == (4, 2, 1, 3)


def test_a_field_is_a_column_where_the_struct_stood(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(STRUCTS, {"unnest": {"column": "at"}})
    assert outcome.columns == {"id": [1, 2], "at_lat": [1.5, None], "at_name": ["x", None], "z": [8, 9]}
    assert count_of(outcome) == (2, 0, 0, 2)


def test_a_list_of_structs_takes_two_steps(run: Run) -> None:
    rows = {"x": [[{"a": 1}, {"a": 2}], [{"a": 3}]]}
    assert run(rows, {"unnest": {"column": "x"}}, {"unnest": {"column": "x"}}).columns == {"x_a": [1, 2, 3]}


def test_many_elements_keep_their_order_on_several_threads(run: Run) -> None:
    size = 200_000
    rows = pa.table({"x": pa.array([[number] * (number % 3) for number in range(size)])})
    outcome = run(rows, {"unnest": {"column": "x", "empty": "drop"}})
    assert outcome.columns["x"] == [number for number in range(size) for _ in range(number % 3)]
    assert outcome.row_numbers == list(range(len(outcome.columns["x"])))


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        pytest.param("no", "steps[0].unnest.column: no column 'no'", id="no such column"),
        pytest.param("id", "id is BIGINT; name a column of lists or structs", id="a number"),
        pytest.param("at", "a column 'at_lat' is there already", id="a name taken"),
    ],
)
def test_an_unnest_that_does_not_fit_is_refused(run: Run, column: str, sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run({"id": [1], "at": [{"lat": 1.5}], "at_lat": [0]}, {"unnest": {"column": column}})
    assert sentence in str(failed.value)


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=4)), min_size=1))
def test_elements_are_those_of_plain_python(lists: list[list[int | None] | None]) -> None:
    rows = {"id": list(range(len(lists))), "x": pa.array(lists, pa.list_(pa.int8()))}
    expected = [(place, element) for place, elements in enumerate(lists) for element in elements or [None]]
    found = try_step(rows, {"unnest": {"column": "x"}})
    assert list(zip(found["id"], found["x"], strict=True)) == expected
