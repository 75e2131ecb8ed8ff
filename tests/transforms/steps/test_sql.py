"""sql makes the table anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from transforms.errors import StepFailed

Run = Callable[..., Any]
ROWS = {"a": [3, 1, 2], "b": ["x", None, "x"]}


def test_rows_are_numbered_in_the_order_that_the_select_gives(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(ROWS, {"sql": "SELECT a * 10 AS a FROM input WHERE a > 1 ORDER BY a"})
    assert outcome.columns == {"a": [20, 30]}
    assert outcome.row_numbers == [0, 1]
    assert count_of(outcome) == (3, 3, 2, 2)


def test_without_an_order_rows_stay_as_they_were(run: Run) -> None:
    import pyarrow as pa

    rows = pa.table({"a": list(range(400_000))})
    outcome = run(rows, {"sql": "SELECT a FROM input WHERE a % 2 = 0"})
    assert outcome.columns["a"] == list(range(0, 400_000, 2))
    assert outcome.row_numbers == list(range(200_000))


def test_a_large_result_is_numbered_in_its_order(run: Run) -> None:
    import pyarrow as pa

    numbers = [number * 7919 % 400_009 for number in range(400_000)]
    outcome = run(pa.table({"a": numbers}), {"sql": "SELECT a FROM input ORDER BY a DESC"})
    assert outcome.columns["a"] == sorted(numbers, reverse=True)
    assert outcome.row_numbers == list(range(400_000))


def test_lookups_are_tables_of_their_names(run: Run) -> None:
    statement = "WITH i AS (SELECT * FROM input) SELECT i.a, p.n FROM i JOIN names p ON i.b = p.b ORDER BY i.a"
    outcome = run(ROWS, {"sql": statement}, lookups={"names": {"b": ["x"], "n": [7]}})
    assert outcome.columns == {"a": [2, 3], "n": [7, 7]}


def test_star_takes_every_column_but_the_hidden_one(run: Run) -> None:
    assert run(ROWS, {"sql": "SELECT * FROM input"}).columns == ROWS


def test_parameters_are_bound(run: Run) -> None:
    outcome = run(ROWS, {"sql": "SELECT a, '$kind' AS k FROM input WHERE b = $kind -- $kind"}, parameters={"kind": "x"})
    assert outcome.columns == {"a": [3, 2], "k": ["$kind", "$kind"]}


def test_an_empty_result_is_a_table(run: Run, count_of: Callable[..., Any]) -> None:
    assert count_of(run(ROWS, {"sql": "SELECT a FROM input WHERE false"})) == (3, 3, 0, 0)


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        pytest.param("SELECT c FROM input", "steps[0].sql: no column 'c'; the columns are a, b", id="no such column"),
        pytest.param("SELECT a AS __a FROM input", "steps[0].sql: a column named '__a'", id="a reserved name"),
        pytest.param("SELECT b::INTEGER AS c FROM input", "steps[0].sql: Could not convert", id="a row that fails"),
        pytest.param("SELECT a + DATE '2013-01-01' + b AS c FROM input", "steps[0].sql: ", id="unfit types"),
    ],
)
def test_a_select_that_does_not_fit_is_refused(run: Run, statement: str, sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run(ROWS, {"sql": statement})
    assert sentence in str(failed.value)
    assert "step_" not in str(failed.value)
