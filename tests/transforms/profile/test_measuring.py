"""The profile says what is in the columns, as JSON."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from transforms.profile.measuring import profile_of
from transforms.relation import relation_of


def column(values: str) -> dict[str, Any]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS SELECT row_number() OVER () AS __row, v FROM (VALUES {values}) t(v)")
        profile = profile_of(connection, relation_of(connection, "t"))
    assert json.loads(json.dumps(profile, allow_nan=False)) == profile
    found: dict[str, Any] = profile["columns"]["v"]
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param("(1), (3), (NULL)", {"count": 2, "nulls": 1, "min": 1, "max": 3, "mean": 2.0}, id="integers"),
        pytest.param("(1.5::DOUBLE), ('nan')", {"count": 2, "mean": 1.5, "max": 1.5}, id="NaN is counted, no more"),
        pytest.param("(1.50::DECIMAL(9,2))", {"min": 1.5, "mean": 1.5, "std": None}, id="decimals"),
        pytest.param(
            "('b'), ('a'), ('b')",
            {"min": "a", "max": "b", "distinct": 2, "top": [{"value": "b", "count": 2}, {"value": "a", "count": 1}]},
            id="texts",
        ),
        pytest.param("(DATE '2024-01-31')", {"min": "2024-01-31"}, id="dates"),
        pytest.param("(TIMESTAMP '2024-01-31 10:00')", {"max": "2024-01-31T10:00:00Z"}, id="times"),
        pytest.param("(TIMESTAMPTZ '2024-01-31 10:00+02')", {"max": "2024-01-31T08:00:00Z"}, id="times with a zone"),
        pytest.param("(true), (false)", {"min": False, "max": True}, id="booleans"),
        pytest.param("(NULL::INTEGER)", {"count": 0, "min": None, "mean": None, "distinct": 0}, id="nulls alone"),
        pytest.param("([1, 2]), (NULL)", {"count": 1, "nulls": 1, "type": "INTEGER[]"}, id="lists"),
    ],
)
def test_profiles(values: str, expected: dict[str, Any]) -> None:
    found = column(values)
    assert {statistic: found[statistic] for statistic in expected} == expected


def test_quantiles_are_named_by_their_share() -> None:
    quantiles = column(", ".join(f"({number})" for number in range(1, 102)))["quantiles"]
    assert quantiles["0.5"] == pytest.approx(51, abs=1)
    assert list(quantiles) == sorted(quantiles)


def test_long_texts_are_cut() -> None:
    assert len(column("(repeat('x', 5000))")["max"]) == 200
