"""python hands the table to a function beside the flow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from transforms.errors import StepFailed

Run = Callable[..., Any]
ROWS = {"a": [1, 2, None], "b": ["x", None, "z"]}
OWN = '''
"""Functions of a flow."""
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def doubled(table: pa.Table) -> pa.Table:
    return table.append_column("twice", pc.multiply(table["a"], 2))


def framed(frame: pd.DataFrame) -> pd.DataFrame:
    frame["known"] = frame["b"].notna()
    return frame


def kept(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def quoted(frame: "pd.DataFrame"):
    return type(frame).__name__


def half(table):
    return table.slice(0, 1)


def twofold(table):
    return pa.concat_tables([table, table])


def failing(table):
    secret = table["b"][0].as_py()
    raise KeyError("no such column")


def hidden(table):
    return table.append_column("__row", table["a"])


def shouting(table):
    return table.append_column("A", table["a"])


def batched(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    schema = reader.schema.append(pa.field("twice", pa.int64()))
    return pa.RecordBatchReader.from_batches(schema, (_twice(batch) for batch in reader))


def yielding(batches: "Iterator[pa.RecordBatch]"):
    for batch in batches:
        yield _twice(batch)


def _twice(batch):
    return batch.append_column("twice", pc.multiply(batch["a"], 2))


def regrouped(batches: "Iterator[pa.RecordBatch]"):
    for batch in batches:
        yield from (batch.slice(start, 1) for start in range(batch.num_rows))


def odd_ones(batches: "Iterator[pa.RecordBatch]"):
    for batch in batches:
        yield batch.filter(pc.equal(pc.bit_wise_and(batch["a"], 1), 1))


def unlike(batches: "Iterator[pa.RecordBatch]"):
    for batch in batches:
        yield batch
        yield batch.rename_columns([name + "_" for name in batch.schema.names])


def tables(batches: "Iterator[pa.RecordBatch]"):
    yield pa.table({"a": [1]})


def nothing(batches: "Iterator[pa.RecordBatch]"):
    yield from ()


def no_batches(batches: "Iterator[pa.RecordBatch]"):
    return 7


def breaking(batches: "Iterator[pa.RecordBatch]"):
    yield next(batches)
    raise KeyError("in the middle")


def greedy(table):
    return table.append_column("a", table["b"])


not_callable = 7
'''


def _call(name: str, **says: Any) -> dict[str, Any]:
    return {"python": {"call": f"own:{name}"} | says}


def test_a_function_takes_and_returns_an_arrow_table(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(ROWS, {"filter": "b IS NOT NULL"}, _call("doubled"), files={"own.py": OWN})
    assert outcome.columns == {"a": [1, None], "b": ["x", "z"], "twice": [2, None]}
    assert outcome.row_numbers == [0, 2]
    assert count_of(outcome) == (2, 0, 0, 2)


def test_an_annotation_asks_for_a_data_frame(run: Run) -> None:
    outcome = run(ROWS, _call("framed"), files={"own.py": OWN})
    assert outcome.columns == ROWS | {"known": [True, False, True]}


def test_a_data_frame_gives_back_the_types_and_values_it_got(run: Run) -> None:
    rows = pa.table(
        {
            "small": pa.array([1, None], pa.int8()),
            "big": pa.array([2**62 + 1, None], pa.int64()),
            "flag": pa.array([True, None]),
            "ratio": pa.array([0.5, None]),
            "text": pa.array(["a", None]),
            "none": pa.array([None, None], pa.string()),
            "at": pa.array([datetime(2013, 1, 1, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
            "naive": pa.array([datetime(2013, 1, 1), None], pa.timestamp("us")),  # noqa: DTZ001 - UTC by convention
        }
    )
    outcome = run(rows, {"derive": {"ratio": "ratio"}}, _call("kept"), files={"own.py": OWN})
    same = {name: values.to_pylist() for name, values in zip(rows.column_names, rows.columns, strict=True)}
    assert outcome.columns == same
    assert list(outcome.types.values()) == [
        "TINYINT",
        "BIGINT",
        "BOOLEAN",
        "DOUBLE",
        "VARCHAR",
        "VARCHAR",
        "TIMESTAMP WITH TIME ZONE",
        "TIMESTAMP",
    ]


def test_columns_that_the_function_does_not_see_stay(run: Run) -> None:
    outcome = run(ROWS, {"filter": "b IS NOT NULL"}, _call("doubled", columns=["a"]), files={"own.py": OWN})
    assert outcome.columns == {"b": ["x", "z"], "a": [1, None], "twice": [2, None]}
    assert outcome.row_numbers == [0, 2]


@pytest.mark.parametrize("name", ["batched", "yielding"])
def test_a_function_takes_and_returns_batches(run: Run, count_of: Callable[..., Any], name: str) -> None:
    outcome = run(ROWS, {"filter": "b IS NOT NULL"}, _call(name), files={"own.py": OWN})
    assert outcome.columns == {"a": [1, None], "b": ["x", "z"], "twice": [2, None]}
    assert outcome.row_numbers == [0, 2]
    assert count_of(outcome) == (2, 0, 0, 2)


def test_batches_may_be_cut_otherwise_and_unseen_columns_stay(run: Run) -> None:
    outcome = run(ROWS, {"filter": "b IS NOT NULL"}, _call("regrouped", columns="a"), files={"own.py": OWN})
    assert outcome.columns == {"b": ["x", "z"], "a": [1, None]}
    assert outcome.row_numbers == [0, 2]


def test_rows_of_batches_may_change_when_the_step_says_so(run: Run, count_of: Callable[..., Any]) -> None:
    size = 200_000
    rows = pa.table({"a": pa.array(range(size))})
    outcome = run(rows, _call("odd_ones", rows="may_change"), files={"own.py": OWN})
    assert outcome.columns["a"] == list(range(1, size, 2))
    assert outcome.row_numbers == list(range(size // 2))
    assert count_of(outcome) == (size, size, size // 2, size // 2)


def test_many_batches_keep_their_order(run: Run) -> None:
    size = 300_000
    rows = pa.table({"a": pa.array(range(size)), "b": pa.array(range(size))})
    outcome = run(rows, {"filter": "a % 2 = 0"}, _call("yielding", columns="a"), files={"own.py": OWN})
    assert outcome.columns["b"] == outcome.columns["a"] == outcome.row_numbers == list(range(0, size, 2))


def test_a_row_that_fails_before_the_function_is_not_its_fault(run: Run) -> None:
    with pytest.raises(StepFailed, match=r"^steps\[0\]\.derive\.c: Could not convert"):
        run(ROWS, {"derive": {"c": "b::INTEGER"}}, _call("yielding"), files={"own.py": OWN})


def test_a_column_that_the_function_does_not_see_is_not_replaced(run: Run) -> None:
    with pytest.raises(StepFailed, match=r"own:greedy returned 'a', a column that it does not see"):
        run(ROWS, _call("greedy", columns="b"), files={"own.py": OWN})


def test_columns_limit_what_the_function_sees(run: Run) -> None:
    assert run(ROWS, _call("half", rows="may_change", columns="b"), files={"own.py": OWN}).columns == {"b": ["x"]}


def test_rows_may_change_when_the_step_says_so(run: Run, count_of: Callable[..., Any]) -> None:
    outcome = run(ROWS, _call("twofold", rows="may_change"), files={"own.py": OWN})
    assert outcome.columns["b"] == ["x", None, "z"] * 2
    assert outcome.row_numbers == list(range(6))
    assert count_of(outcome) == (3, 3, 6, 6)


def test_a_module_leaves_no_trace(run: Run) -> None:
    modules, paths = set(sys.modules), list(sys.path)
    run(ROWS, _call("half", rows="may_change"), files={"own.py": OWN})
    assert not {name for name in set(sys.modules) - modules if "own" in name}
    assert sys.path == paths


def test_an_empty_table_is_handed_over_too(run: Run) -> None:
    for_tables = run(ROWS, {"filter": "false"}, _call("doubled"), {"filter": "true"}, files={"own.py": OWN})
    assert for_tables.columns["twice"] == []


def test_an_empty_table_is_a_batch_without_rows(run: Run) -> None:
    assert run(ROWS, {"filter": "false"}, _call("yielding"), files={"own.py": OWN}).columns["twice"] == []


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        pytest.param(
            "own:failing", "own:failing failed: line 35 of own.py: KeyError: 'no such column'", id="it raises"
        ),
        pytest.param(
            "own:half", "own:half returned 1 rows for 3; return as many, or say `rows: may_change`", id="rows lost"
        ),
        pytest.param("own:quoted", "own:quoted returned str; return a pandas.DataFrame or a", id="no table"),
        pytest.param("own:unlike", "a batch with a_ int64, b_ string after one with a int64, b", id="unlike batches"),
        pytest.param("own:tables", "the function returned Table; return a pyarrow.RecordBatch each", id="no batch"),
        pytest.param("own:nothing", "the function returned no batch; return one, without rows", id="nothing at all"),
        pytest.param("own:no_batches", "own:no_batches returned int; return a pyarrow.RecordBatchR", id="no iterator"),
        pytest.param("own:breaking", "own:breaking failed: line 90 of own.py: KeyError: 'in the", id="it breaks off"),
        pytest.param("own:odd_ones", "own:odd_ones returned 1 rows for 3; return as many", id="rows of batches lost"),
        pytest.param("own:hidden", "own:hidden returned '__row'; names that start with two", id="a reserved column"),
        pytest.param("own:shouting", "own:shouting returned the column 'a' twice", id="names that differ in case"),
        pytest.param("own:missing", "no function missing in own.py; it has doubled, framed", id="no such function"),
        pytest.param("own:not_callable", "no function not_callable in own.py", id="not a function"),
        pytest.param("other:half", "no file other.py beside the flow", id="no such module"),
        pytest.param(
            "broken:half", "broken.py cannot be imported: line 2 of broken.py: ZeroDivisionError", id="no import"
        ),
        pytest.param("typo:half", "typo.py cannot be imported: ", id="no Python"),
    ],
)
def test_a_function_that_cannot_serve_is_refused(run: Run, call: str, sentence: str) -> None:
    files = {"own.py": OWN, "broken.py": "x = 1\ny = x / 0\n", "typo.py": "def half(:\n"}
    with pytest.raises(StepFailed) as failed:
        run(ROWS, {"python": {"call": call}}, files=files)
    assert str(failed.value).startswith("steps[0].python.call: ")
    assert sentence in str(failed.value)
