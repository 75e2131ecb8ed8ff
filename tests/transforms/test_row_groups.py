"""Row groups: every row comes out once, in order, and a group holds no more than it may."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import RowsLost
from transforms.row_groups import MOST_BYTES, ROWS_PER_GROUP, ROWS_PER_PIECE, RowGroups, row_groups

LONG = [f"'{number}'" for number in range(200)]
"""The engine makes a join of a list this long, and a join gives up the order."""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 4}) as opened:
        yield opened


def rows_of(groups: RowGroups, most: int = ROWS_PER_GROUP) -> list[list[int]]:
    found = [group["__row"].to_pylist() for group in iter(lambda: groups.take(most), None)]
    return [[int(row) for row in rows if row is not None] for rows in found]


@given(st.lists(st.integers(0, 3 * ROWS_PER_PIECE), max_size=8), st.integers(1, 4 * ROWS_PER_PIECE))
def test_groups_are_cut_alike_however_the_engine_cuts_its_batches(sizes: list[int], most: int) -> None:
    total = sum(sizes)
    everything = pa.record_batch({"__row": pa.array(range(total), pa.int64())})
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    batches = [everything.slice(start, size) for start, size in zip(starts, sizes, strict=True)]
    found = rows_of(RowGroups(pa.RecordBatchReader.from_batches(everything.schema, batches)), most)
    assert [row for group in found for row in group] == list(range(total))
    assert [len(group) for group in found[:-1]] == [most] * (len(found) - 1)


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        pytest.param("repeat('x', 4096)", 5, id="texts"),
        pytest.param("[repeat('x', 2048), repeat('y', 2048)]", 5, id="lists"),
        pytest.param("{'a': repeat('x', 4096)}", 5, id="structs"),
        pytest.param("MAP {'a': repeat('x', 4095)}", 5, id="maps"),
        pytest.param("i", 1, id="numbers"),
    ],
)
def test_wide_rows_share_a_group_with_fewer_others(
    connection: duckdb.DuckDBPyConnection, value: str, groups: int
) -> None:
    query = f"SELECT i AS __row, {value} AS v FROM range(20 * {ROWS_PER_PIECE}) r(i)"
    with row_groups(connection, query) as stream:
        found = rows_of(stream)
    assert len(found) == groups
    assert all(len(group) % ROWS_PER_PIECE == 0 for group in found)
    assert len(found[0]) >= MOST_BYTES // 4096
    assert [row for group in found for row in group] == list(range(20 * ROWS_PER_PIECE))


def test_rows_that_a_join_disturbs_are_put_in_order(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE trips AS SELECT i AS __row, (i % 300)::VARCHAR AS kind FROM range(500_000) r(i)")
    connection.execute(f"CREATE VIEW few AS SELECT * FROM trips WHERE kind IN ({', '.join(LONG)})")
    with row_groups(connection, "SELECT * FROM few") as stream:
        found = [row for group in rows_of(stream) for row in group]
    assert found == [row for row in range(500_000) if row % 300 < 200]


def test_rows_out_of_order_are_refused(connection: duckdb.DuckDBPyConnection) -> None:
    with row_groups(connection, "SELECT 9 - i AS __row FROM range(10) r(i)") as stream, pytest.raises(RowsLost):
        stream.take(10)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        pytest.param("error('no')", duckdb.InvalidInputException, id="what the query says"),
        pytest.param("CAST('x' || i AS INTEGER)", duckdb.ConversionException, id="a value that does not fit"),
        pytest.param("(127 + i // 90_000)::TINYINT", duckdb.ConversionException, id="a number that is too large"),
    ],
)
def test_a_row_that_fails_late_is_an_error_of_the_engine(
    connection: duckdb.DuckDBPyConnection, value: str, error: type[duckdb.Error]
) -> None:
    query = f"SELECT i AS __row, CASE WHEN i > 90_000 THEN {value} END AS v FROM range(100_000) r(i)"
    with row_groups(connection, query) as stream, pytest.raises(error):
        rows_of(stream)
    assert connection.execute("SELECT 1").fetchall() == [(1,)]
