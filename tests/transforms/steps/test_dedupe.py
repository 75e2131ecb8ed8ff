"""dedupe keeps one row of each key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.errors import StepFailed
from transforms.relation import relation_of
from transforms.steps.apply import apply_steps
from transforms.steps.step import StepEnv
from transforms.steps.trial import flow_of, try_step

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        pytest.param([None, None, 1], [None, 1], id="null is a key"),
        pytest.param([3, 1, 3, 2], [3, 1, 2], id="first-seen order"),
        pytest.param([1, 1, 1], [1], id="one key"),
    ],
)
def test_keeps_the_first_of_each_key(run: Run, ids: list[int | None], kept: list[int | None]) -> None:
    assert run({"id": ids}, {"dedupe": {"keys": ["id"]}}).columns == {"id": kept}


def test_keys_may_be_several_columns(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run({"a": [1, 1, 1], "b": [1, 2, 1], "c": [1, 2, 3]}, {"dedupe": {"keys": ["a", "b"]}})
    assert outcome.columns == {"a": [1, 1], "b": [1, 2], "c": [1, 2]}
    assert count_of(outcome) == (3, 1, 0, 2)


@pytest.mark.parametrize(
    ("order", "kept"),
    [
        pytest.param("day DESC", [3, 4], id="the latest"),
        pytest.param("day", [1, 4], id="the earliest"),
        pytest.param("abs(day - 2)", [2, 4], id="an expression"),
        pytest.param("mark", [1, 4], id="ties by upload order"),
        pytest.param("$by = 'x' AND day = 2 DESC", [2, 4], id="a parameter"),
    ],
)
def test_keep_decides_by_its_order(run: Run, order: str, kept: list[int]) -> None:
    rows = {"id": [7, 7, 7, 9], "day": [1, 2, 3, 4], "mark": [0, 0, 0, 0]}
    step = {"dedupe": {"keys": "id", "keep": {"order_by": order}}}
    assert run(rows, step, parameters={"by": "x"}).columns["day"] == kept


def test_an_empty_table_has_no_keys(run: Run, count_of: Callable[..., Any]) -> None:
    import pyarrow as pa

    assert count_of(run(pa.table({"id": pa.array([], pa.int8())}), {"dedupe": {"keys": "id"}})) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        pytest.param({"keys": ["id", "no"]}, "steps[0].dedupe.keys[1]: no column 'no'", id="no such key"),
        pytest.param({"keys": "id", "keep": {"order_by": "no"}}, "keep.order_by: no column 'no'", id="no such order"),
    ],
)
def test_a_dedupe_that_does_not_fit_is_refused(run: Run, says: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StepFailed) as failed:
        run({"id": [1]}, {"dedupe": says})
    assert sentence in str(failed.value)


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=1, max_size=30))
def test_dedupe_keeps_first_seen_keys_and_doing_it_twice_changes_nothing(ids: list[int | None]) -> None:
    import pyarrow as pa

    rows = {"id": pa.array(ids, pa.int8()), "place": list(range(len(ids)))}
    once = try_step(rows, {"dedupe": {"keys": "id"}})
    assert once["id"] == list(dict.fromkeys(ids))
    assert once["place"] == [ids.index(key) for key in once["id"]]
    again = {"id": pa.array(once["id"], pa.int8()), "place": once["place"]}
    assert try_step(again, {"dedupe": {"keys": "id"}}) == once


def test_the_same_rows_are_kept_whatever_the_number_of_threads(connection: duckdb.DuckDBPyConnection) -> None:
    rows = "SELECT i AS __row, i * 7919 % 1000 AS id, i AS place FROM range(200000) r(i)"
    connection.execute(f"CREATE TABLE rows AS {rows}")
    flow = flow_of([{"dedupe": {"keys": "id"}}], {"id": [], "place": []})
    kept = []
    for threads in (1, 4):
        connection.execute(f"SET threads = {threads}")
        result = apply_steps(connection, relation_of(connection, "rows"), flow, StepEnv({}, {}, Path()))
        kept.append(connection.execute(f"SELECT place FROM {result.relation.sql}").fetchall())
    assert kept[0] == kept[1] == [(place,) for place in range(1000)]
