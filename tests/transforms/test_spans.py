"""Spans: every row is in one of them, in order, and each holds as many as it may."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.spans import spans_of

GAPS = st.lists(st.sampled_from([1, 2, 3, 40_000, 70_000, 200_000]), max_size=60)


@given(gaps=GAPS, most=st.integers(1, 25))
def test_rows_are_parted_in_their_order(gaps: list[int], most: int) -> None:
    rows = [sum(gaps[: place + 1]) - gaps[0] for place in range(len(gaps))]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE trips AS SELECT unnest(?::BIGINT[]) AS __row", [rows])
        spans = spans_of(connection, "trips WHERE true", most)
        parts = [
            [row for (row,) in connection.execute(f"SELECT __row FROM trips WHERE {span} ORDER BY 1").fetchall()]
            for span in spans
        ]
    assert [row for part in parts for row in part] == rows
    assert [len(part) for part in parts[:-1]] == [most] * (len(parts) - 1)
    assert all(0 < len(part) <= most for part in parts)


@pytest.mark.parametrize(
    ("condition", "spans"),
    [
        pytest.param("__row > 9", [], id="no row"),
        pytest.param("__row > 8", ["true"], id="one row"),
        pytest.param("__row % 3 = 0", ["(__row < 6)", "(__row >= 6)"], id="every third row"),
    ],
)
def test_only_rows_that_meet_the_condition_count(condition: str, spans: list[str]) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE trips AS SELECT i AS __row FROM range(10) r(i)")
        assert spans_of(connection, f"trips WHERE {condition}", 2) == spans
