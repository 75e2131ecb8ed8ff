"""impute fills nulls with a value that is learnt or given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from transforms.errors import StepFailed

Run = Callable[..., Any]
SPLIT = {"split": {"into": {"train": 0.5, "test": 0.5}, "by": "id"}}


@pytest.mark.parametrize(
    ("values", "kind", "how", "fill"),
    [
        pytest.param([1, 2, 8, 9, None], pa.int16(), "median", 2, id="lower median of whole numbers"),
        pytest.param([1.0, 2.0, 8.0, 9.0, None], pa.float64(), "median", 5.0, id="middle median of floats"),
        pytest.param([1, 2, 2, None], pa.int8(), "mean", 2, id="rounded mean of whole numbers"),
        pytest.param([0.1, 0.2, 0.3, None], pa.float64(), "mean", 0.2, id="mean of floats without noise"),
        pytest.param(["b", "a", "b", "a", None], pa.string(), "mode", "a", id="smallest of the most frequent"),
        pytest.param([True, False, False, None], pa.bool_(), "mode", False, id="mode of booleans"),
        pytest.param([date(2013, 1, 1), date(2013, 1, 5), None], pa.date32(), "median", date(2013, 1, 1), id="a date"),
        pytest.param([float("nan"), float("inf"), 3.0, None], pa.float64(), "mean", 3.0, id="finite values alone"),
        pytest.param([1, None], pa.int8(), {"value": 7}, 7, id="a given number"),
        pytest.param(["a", None], pa.string(), {"value": "O'Hare"}, "O'Hare", id="a given text with a quote"),
        pytest.param([True, None], pa.bool_(), {"value": False}, False, id="a given boolean"),
        pytest.param([date(2013, 1, 1), None], pa.date32(), {"value": "2013-01-31"}, date(2013, 1, 31), id="date"),
    ],
)
def test_nulls_are_filled_and_the_type_stays(run: Run, values: list[Any], kind: Any, how: Any, fill: Any) -> None:
    outcome = run(pa.table({"x": pa.array(values, kind)}), {"derive": {"was": "x"}}, {"impute": {"x": how}})
    assert outcome.columns["x"][-1] == fill
    assert outcome.types["x"] == outcome.types["was"]
    assert repr(outcome.columns["x"][:-1]) == repr(values[:-1])


def test_what_was_learnt_is_recorded(run: Run) -> None:
    rows = {"seats": [149, None], "maker": ["B", None], "day": [datetime(2013, 1, 1, tzinfo=UTC), None]}
    step = {"impute": {"seats": "median", "maker": {"value": "unknown"}, "day": "mode"}}
    assert run(rows, step).fitted == {
        "impute": {
            "seats": {"statistic": "median", "value": 149},
            "maker": {"statistic": "value", "value": "unknown"},
            "day": {"statistic": "mode", "value": "2013-01-01 00:00:00+00"},
        }
    }


def test_after_a_split_train_rows_alone_are_learnt_from(run: Run) -> None:
    rows = {"id": list(range(40)), "x": [None, *range(39)]}
    outcome = run(rows, SPLIT, {"impute": {"x": "median"}})
    known = zip(range(39), outcome.columns["split"][1:], strict=True)
    train = [x for x, split in known if split == "train"]
    assert outcome.fitted["impute"]["x"]["value"] == sorted(train)[(len(train) - 1) // 2]
    assert outcome.columns["x"][0] == outcome.fitted["impute"]["x"]["value"]


def test_an_empty_table_teaches_nothing(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(pa.table({"x": pa.array([], pa.float64())}), {"impute": {"x": "median"}})
    assert outcome.fitted == {"impute": {"x": {"statistic": "median", "value": None}}}
    assert count_of(outcome) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        pytest.param({"no": "median"}, "steps[0].impute.no: no column 'no'", id="no such column"),
        pytest.param(
            {"empty": "mean"}, "impute.empty: no value of empty in the rows to learn a mean from", id="all null"
        ),
        pytest.param(
            {"name": "median"}, "impute.name: no median of a column of type VARCHAR; use mode", id="median of text"
        ),
        pytest.param({"day": "mean"}, "impute.day: no mean of a column of type DATE; use mode", id="mean of dates"),
        pytest.param(
            {"small": {"value": 300}}, "the value 300 does not fit a column of type TINYINT", id="too big a value"
        ),
        pytest.param({"small": {"value": "x"}}, "the value 'x' does not fit a column of type TINYINT", id="a text"),
    ],
)
def test_an_impute_that_does_not_fit_is_refused(run: Run, says: dict[str, Any], sentence: str) -> None:
    rows = {
        "empty": pa.array([None], pa.float64()),
        "name": ["a"],
        "day": [date(2013, 1, 1)],
        "small": pa.array([1], pa.int8()),
    }
    with pytest.raises(StepFailed) as failed:
        run(rows, {"impute": says})
    assert sentence in str(failed.value)


def test_a_column_without_a_value_in_train_is_refused(run: Run) -> None:
    rows = {"id": list(range(10)), "x": pa.array([None] * 10, pa.int8())}
    with pytest.raises(StepFailed, match=r"no value of x in the train rows .* give \{value: …\}"):
        run(rows, SPLIT, {"impute": {"x": "mode"}})
