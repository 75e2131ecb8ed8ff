"""encode turns categories into numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from transforms.errors import StepFailed

Run = Callable[..., Any]
SPLIT = {"split": {"into": {"train": 0.5, "test": 0.5}, "by": "id"}}


def test_one_hot_replaces_the_column_where_it_stands(run: Run) -> None:
    outcome = run({"a": [1, 2, 3], "x": ["b", "a", None], "z": [4, 5, 6]}, {"encode": {"x": "one_hot"}})
    assert outcome.columns == {"a": [1, 2, 3], "x_a": [0, 1, 0], "x_b": [1, 0, 0], "z": [4, 5, 6]}
    assert outcome.fitted == {"encode": {"x": {"encoding": "one_hot", "categories": ["a", "b"]}}}


def test_ordinal_gives_the_place_of_the_category(run: Run) -> None:
    outcome = run({"x": ["b", "a", None, "b"]}, {"encode": {"x": "ordinal"}})
    assert outcome.columns == {"x": [1, 0, None, 1]}
    assert outcome.fitted == {"encode": {"x": {"encoding": "ordinal", "categories": ["a", "b"]}}}


@pytest.mark.parametrize(
    ("values", "categories"),
    [
        pytest.param([10, 9, None], [9, 10], id="whole numbers in their order"),
        pytest.param([True, False], [False, True], id="booleans"),
        pytest.param([date(2013, 1, 31)], ["2013-01-31"], id="dates"),
        pytest.param(["é", "z", "Z", "'"], ["'", "Z", "z", "é"], id="texts by their code points"),
    ],
)
def test_categories_are_sorted_and_recorded_as_json(run: Run, values: list[Any], categories: list[Any]) -> None:
    assert run({"x": values}, {"encode": {"x": "ordinal"}}).fitted["encode"]["x"]["categories"] == categories


@pytest.mark.parametrize(("how", "unseen"), [("one_hot", {"x_a": 0, "x_c": 0}), ("ordinal", {"x": None})])
def test_what_was_not_seen_in_train_is_no_category(run: Run, how: str, unseen: dict[str, Any]) -> None:
    # By the rule of `split`, ids 1, 2 and 6 are in train, 3, 4, 5 and 7 in test.
    rows = {"id": [1, 2, 6, 3], "x": ["a", "c", "a", "b"]}
    outcome = run(rows, SPLIT, {"encode": {"x": how}})
    assert outcome.columns["split"] == ["train", "train", "train", "test"]
    assert {name: values[3] for name, values in outcome.columns.items() if name.startswith("x")} == unseen


def test_an_empty_table_has_no_categories(run: Run) -> None:
    outcome = run(
        pa.table({"x": pa.array([], pa.string()), "y": pa.array([], pa.int8())}), {"encode": {"x": "one_hot"}}
    )
    assert outcome.columns == {"y": []}


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        pytest.param({"y": [1]}, "steps[0].encode.x: no column 'x'", id="no such column"),
        pytest.param({"x": [0.5]}, "encode.x: x is DOUBLE; categories are texts", id="floats"),
        pytest.param({"x": list(range(201))}, "encode.x: x has more than 200 categories, too many", id="too many"),
        pytest.param({"x": pa.array([None], pa.string())}, "encode.x: no value of x in the rows", id="all null"),
        pytest.param({"x": ["a", "A"]}, "encode.x: categories of x differ in case alone", id="case alone"),
        pytest.param({"x": ["a"], "X_A": [1]}, "encode.x: a column 'x_a' is there already", id="a name taken"),
    ],
)
def test_an_encode_that_does_not_fit_is_refused(run: Run, rows: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run(rows, {"encode": {"x": "one_hot"}})
    assert sentence in str(failed.value)
