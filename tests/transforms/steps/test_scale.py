"""scale brings numbers onto one scale."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import StepFailed
from transforms.steps.trial import try_step

Run = Callable[..., Any]
SPLIT = {"split": {"into": {"train": 0.5, "test": 0.5}, "by": "id"}}


@pytest.mark.parametrize(
    ("method", "scaled", "center", "scale"),
    [
        pytest.param("standard", [-1.0, None, 1.0], 4.0, 2.0, id="standard"),
        pytest.param("minmax", [0.0, None, 1.0], 2.0, 4.0, id="minmax"),
        pytest.param("robust", [-1.0, None, 1.0], 4.0, 2.0, id="robust"),
    ],
)
def test_values_are_centered_scaled_and_recorded(
    run: Run, method: str, scaled: list[Any], center: float, scale: float
) -> None:
    outcome = run({"a": [1, 2, 3], "x": [2, None, 6], "z": [1, 2, 3]}, {"scale": {"X": method}})
    assert outcome.columns == {"a": [1, 2, 3], "x": scaled, "z": [1, 2, 3]}
    assert outcome.types["x"] == "DOUBLE"
    assert outcome.fitted == {"scale": {"x": {"method": method, "center": center, "scale": scale}}}


@settings(max_examples=20)
@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=30))
def test_standard_and_robust_are_those_of_numpy(values: list[int]) -> None:
    x = np.array(values, dtype=float)
    low, high = np.quantile(x, [0.25, 0.75])
    standard = (x - x.mean()) / (x.std() or 1)
    robust = (x - np.median(x)) / ((high - low) or 1)
    assert try_step({"x": values}, {"scale": {"x": "standard"}})["x"] == pytest.approx(standard.tolist(), abs=1e-9)
    assert try_step({"x": values}, {"scale": {"x": "robust"}})["x"] == pytest.approx(robust.tolist(), abs=1e-9)


@pytest.mark.parametrize(
    ("values", "scaled"),
    [
        pytest.param([5, 5], [0.0, 0.0], id="all alike"),
        pytest.param([1.0, float("inf"), 3.0], [0.0, float("inf"), 1.0], id="infinity teaches nothing"),
        pytest.param([Decimal("1.0"), Decimal("3.0")], [0.0, 1.0], id="decimals"),
    ],
)
def test_edges_of_minmax(run: Run, values: list[Any], scaled: list[float]) -> None:
    assert run({"x": values}, {"scale": {"x": "minmax"}}).columns["x"] == scaled


def test_train_rows_alone_are_learnt_from(run: Run) -> None:
    # By the rule of `split`, ids 1, 2 and 6 are in train, 3 in test.
    outcome = run({"id": [1, 2, 6, 3], "x": [0, 10, 5, 20]}, SPLIT, {"scale": {"x": "minmax"}})
    assert outcome.columns["x"] == [0.0, 1.0, 0.5, 2.0]


def test_an_empty_table_teaches_nothing(run: Run) -> None:
    outcome = run(pa.table({"x": pa.array([], pa.int8())}), {"scale": {"x": "standard"}})
    assert outcome.types == {"x": "DOUBLE"}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        pytest.param({"y": [1]}, "steps[0].scale.x: no column 'x'", id="no such column"),
        pytest.param({"x": ["a"]}, "scale.x: x is VARCHAR; cast it to a number first", id="text"),
        pytest.param({"x": pa.array([None], pa.int8())}, "scale.x: no value of x in the rows", id="all null"),
    ],
)
def test_a_scale_that_does_not_fit_is_refused(run: Run, rows: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run(rows, {"scale": {"x": "standard"}})
    assert sentence in str(failed.value)
