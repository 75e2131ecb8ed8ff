"""bin turns numbers into the number of their bin."""

from __future__ import annotations

from bisect import bisect_right
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
SPLIT = {"split": {"into": {"train": 0.5, "test": 0.5}, "by": "id"}}


@pytest.mark.parametrize(
    ("how", "bins", "learnt"),
    [
        pytest.param({"edges": [10]}, [0, 1, 1, None], {"how": "edges", "edges": [10.0]}, id="edges"),
        pytest.param(
            {"how": "width", "bins": 2},
            [0, 0, 1, None],
            {"how": "width", "bins": 2, "edges": [50.0]},
            id="alike in width",
        ),
        pytest.param(
            {"how": "quantile", "bins": 2},
            [0, 1, 1, None],
            {"how": "quantile", "bins": 2, "edges": [10.0]},
            id="alike in rows",
        ),
    ],
)
def test_values_fall_into_bins_that_are_recorded(
    run: Run, how: dict[str, Any], bins: list[int | None], learnt: dict[str, Any]
) -> None:
    outcome = run({"x": [0, 10, 100, None]}, {"bin": {"x": how}})
    assert outcome.columns == {"x": bins}
    assert outcome.types["x"] == "SMALLINT"
    assert outcome.fitted == {"bin": {"x": learnt}}


@pytest.mark.parametrize(
    ("values", "how", "bins"),
    [
        pytest.param([-1e9, 1e9], {"edges": [0, 1]}, [0, 2], id="values beyond all edges"),
        pytest.param([float("nan"), float("inf")], {"edges": [0]}, [None, 1], id="no number and infinity"),
        pytest.param([1, 1, 1, 1, 9], {"how": "quantile", "bins": 4}, [1, 1, 1, 1, 1], id="equal edges fall together"),
        pytest.param([5, 5], {"how": "width", "bins": 3}, [1, 1], id="all alike"),
    ],
)
def test_odd_values_have_a_bin_too(run: Run, values: list[Any], how: dict[str, Any], bins: list[int | None]) -> None:
    assert run({"x": values}, {"bin": {"x": how}}).columns["x"] == bins


def test_train_rows_alone_are_learnt_from(run: Run) -> None:
    # By the rule of `split`, ids 1, 2 and 6 are in train, 3 in test.
    outcome = run({"id": [1, 2, 6, 3], "x": [0, 10, 5, 1000]}, SPLIT, {"bin": {"x": {"how": "width", "bins": 2}}})
    assert outcome.columns["x"] == [0, 1, 1, 1]


def test_an_empty_table_teaches_nothing(run: Run) -> None:
    empty = pa.table({"x": pa.array([], pa.int8())})
    assert run(empty, {"bin": {"x": {"how": "quantile", "bins": 4}}}).fitted["bin"]["x"]["edges"] == []


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"edges": [1, 1]}, id="edges that do not rise"),
        pytest.param({"edges": []}, id="no edge"),
        pytest.param({"how": "quantile", "bins": 1}, id="one bin"),
        pytest.param({"how": "width", "bins": 101}, id="too many bins"),
    ],
)
def test_bins_that_cannot_be_are_mistakes(how: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        flow_of([{"bin": {"x": how}}], {"x": [1]})


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        pytest.param({"y": [1]}, "steps[0].bin.x: no column 'x'", id="no such column"),
        pytest.param({"x": ["a"]}, "bin.x: x is VARCHAR; cast it to a number first", id="text"),
        pytest.param({"x": pa.array([None], pa.int8())}, "bin.x: no value of x in the rows", id="all null"),
    ],
)
def test_a_bin_that_does_not_fit_is_refused(run: Run, rows: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run(rows, {"bin": {"x": {"how": "width", "bins": 2}}})
    assert sentence in str(failed.value)


@settings(max_examples=30)
@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20), st.sets(st.floats(-100, 100), min_size=1, max_size=9))
def test_the_bin_is_the_number_of_edges_not_above_the_value(values: list[float], edges: set[float]) -> None:
    in_order = sorted(edges)
    found = try_step({"x": values}, {"bin": {"x": {"edges": in_order}}})
    assert found["x"] == [bisect_right(in_order, value) for value in values]
