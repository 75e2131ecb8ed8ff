"""The number among the rest leads back to the number among all."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.positions import position_among_all


@settings(max_examples=50)
@given(st.lists(st.booleans(), max_size=40))
def test_what_is_not_left_out_has_the_positions_that_are_left(left_out: list[bool]) -> None:
    gaps = [position for position, out in enumerate(left_out, 1) if out]
    kept = [position for position, out in enumerate(left_out, 1) if not out]
    listed = ", ".join(map(str, gaps))
    sql = position_among_all(
        f"(SELECT unnest(range(1, {len(kept) + 1})) AS number)",
        "number",
        f"(SELECT unnest([{listed}]::BIGINT[]) AS position)",
    )
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT position FROM ({sql}) ORDER BY number").fetchall()
    assert found == [(place,) for place in kept]
