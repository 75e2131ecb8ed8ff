"""cast gives columns another type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from transforms.errors import StepFailed
from transforms.steps.trial import flow_of, try_step

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("values", "target", "cast", "kind"),
    [
        pytest.param(["7", None], "int8", [7, None], "TINYINT", id="text to whole number"),
        pytest.param([2.0, None], "int32", [2, None], "INTEGER", id="float without a fraction to whole number"),
        pytest.param([7], "float64", [7.0], "DOUBLE", id="whole number to float"),
        pytest.param([7, 0.5], "string", ["7.0", "0.5"], "VARCHAR", id="number to text"),
        pytest.param([True, False], "int8", [1, 0], "TINYINT", id="boolean to whole number"),
        pytest.param(["1.25"], "decimal(5,2)", [Decimal("1.25")], "DECIMAL(5,2)", id="text to decimal"),
        pytest.param(
            ["31/01/2013"], {"type": "date", "format": "%d/%m/%Y"}, [date(2013, 1, 31)], "DATE", id="a format"
        ),
        pytest.param(
            ["2013-01-31 06:00"],
            {"type": "timestamp", "zone": "America/New_York"},
            [datetime(2013, 1, 31, 11)],  # noqa: DTZ001 - UTC by convention
            "TIMESTAMP",
            id="a zone",
        ),
        pytest.param(["[1, 2]"], "list<int32>", [[1, 2]], "INTEGER[]", id="json to list"),
    ],
)
def test_values_and_type_change_where_the_column_stands(
    run: Run, values: list[Any], target: Any, cast: list[Any], kind: str
) -> None:
    outcome = run({"a": [1] * len(values), "x": values, "z": [2] * len(values)}, {"cast": {"X": target}})
    assert list(outcome.columns) == ["a", "x", "z"]
    assert outcome.columns["x"] == cast
    assert outcome.types["x"] == kind


@pytest.mark.parametrize(
    ("values", "target", "sentence"),
    [
        pytest.param(["7", "x", "y"], "int8", "2 values do not fit int8, the first is 'x'", id="text"),
        pytest.param([1.5], "int32", "1 values do not fit int32, the first is '1.5'", id="a fraction"),
        pytest.param([300], "int8", "1 values do not fit int8, the first is '300'", id="too big"),
        pytest.param(["2013-01-31 06:00"], "date", "do not fit date", id="a time of day"),
    ],
)
def test_a_value_that_would_change_is_refused_or_made_null(
    run: Run, values: list[Any], target: str, sentence: str
) -> None:
    rows = {"x": values}
    with pytest.raises(StepFailed) as failed:
        run(rows, {"cast": {"x": target}})
    assert str(failed.value).startswith("steps[0].cast.x: ")
    assert sentence in str(failed.value)
    nullified = try_step(rows, {"cast": {"x": {"type": target, "unfit": "nullify"}}})
    assert nullified["x"][-1] is None


def test_values_made_null_are_counted_in_the_notes(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run({"x": ["7", "x", None]}, {"cast": {"x": {"type": "int8", "unfit": "nullify"}}})
    assert outcome.columns == {"x": [7, None, None]}
    assert outcome.notes == ("steps[0].cast: 1 values of x did not fit int8, and are null",)
    assert count_of(outcome) == (3, 0, 0, 3)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("int33", id="no such type"),
        pytest.param({"type": "int8", "zone": "UTC"}, id="a zone of a number"),
        pytest.param({"type": "int8", "unfit": "ignore"}, id="no such way out"),
    ],
)
def test_a_target_that_cannot_be_is_a_mistake(target: Any) -> None:
    with pytest.raises(ValidationError):
        flow_of([{"cast": {"x": target}}], {"x": [1]})


def test_a_column_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(StepFailed, match=r"steps\[0\]\.cast\.no: no column 'no'"):
        run({"x": [1]}, {"cast": {"no": "int8"}})


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=20))
def test_whole_numbers_go_to_text_and_back(values: list[int | None]) -> None:
    rows = {"x": pa.array(values, pa.int64())}
    texts = try_step(rows, {"cast": {"x": "string"}})
    assert try_step({"x": pa.array(texts["x"], pa.string())}, {"cast": {"x": "int64"}})["x"] == values
