"""The profile says what is in the columns, as JSON."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from tests.transforms.profile.tables import numbers
from transforms.profile.measuring import profile_of
from transforms.relation import relation_of, row_count

SHARES = ["0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99"]
EDGES = [round(1 + 0.15 * edge, 10) for edge in range(21)]
COUNTS = [1, *[0] * 5, 2, *[0] * 12, 1]


def column(values: str) -> dict[str, Any]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS SELECT row_number() OVER () AS __row, v FROM (VALUES {values}) t(v)")
        relation = relation_of(connection, "t")
        profile = profile_of(connection, relation, row_count(connection, relation))
    assert json.loads(json.dumps(profile, allow_nan=False)) == profile
    found: dict[str, Any] = profile["columns"]["v"]
    return found


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(
            "(1), (3), (NULL)", {"count": 2, "nulls": 1, "min": 1, "max": 3, "mean": 2.0, "distinct": 2}, id="integers"
        ),
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
        pytest.param(
            "([1, 2]), (NULL)",
            {"count": 1, "nulls": 1, "type": "INTEGER[]", "lengths": {"min": 2, "max": 2, "mean": 2.0}},
            id="lists",
        ),
        pytest.param("('é'), ('abc')", {"lengths": {"min": 1, "max": 3, "mean": 2.0}}, id="lengths of texts"),
        pytest.param("('abc'::BLOB)", {"lengths": {"min": 3, "max": 3, "mean": 3.0}, "distinct": 1}, id="binaries"),
        pytest.param("({'a': 1}), ({'a': 1})", {"count": 2, "distinct": 1}, id="structs"),
        pytest.param(
            "(true), (false), (true)",
            {"top": [{"value": "true", "count": 2}, {"value": "false", "count": 1}]},
            id="truths are counted",
        ),
        pytest.param("(TIME '10:00')", {"min": "10:00:00", "quantiles": dict.fromkeys(SHARES, "10:00:00")}, id="time"),
        pytest.param("(DATE '2024-01-31'), ('infinity')", {"count": 2, "max": "2024-01-31"}, id="no end of time"),
        pytest.param("(1), (2), (2), (4)", {"histogram": {"edges": EDGES, "counts": COUNTS}}, id="histogram"),
        pytest.param("(7), (7)", {"histogram": {"edges": [7, 7], "counts": [2]}}, id="histogram of one value"),
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


@pytest.mark.parametrize("threads", [1, 4])
def test_large_tables_have_the_same_profile_with_any_number_of_threads(threads: int) -> None:
    assert numbers("sqrt(i * 7919 % 400009)", 400_000, threads) == numbers("sqrt(i * 7919 % 400009)", 400_000, 2)


def test_the_profile_of_a_large_table_is_near_the_truth() -> None:
    found = numbers("i * 7919 % 400009", 400_000)["columns"]["v"]
    assert (found["count"], found["min"], found["nulls"]) == (400_000, 0, 0)
    assert found["distinct"] == pytest.approx(400_000, rel=0.15)
    assert found["quantiles"]["0.25"] == pytest.approx(100_000, abs=4_000)
    assert sum(found["histogram"]["counts"]) == 400_000


def test_few_values_of_a_large_table_are_counted_exactly() -> None:
    found = numbers("CASE WHEN i % 1000 = 0 THEN 'rare' ELSE 'kind ' || i % 3 END", 300_000)["columns"]["v"]
    counts = {value["value"]: value["count"] for value in found["top"]}
    assert (found["distinct"], counts["rare"], sum(counts.values())) == (4, 300, 300_000)


def test_of_many_values_those_that_were_merely_drawn_are_not_called_frequent() -> None:
    found = numbers("CASE WHEN i % 4 = 0 THEN 'often' ELSE 'once ' || i END", 200_000)["columns"]["v"]
    [often] = found["top"]
    assert often["value"] == "often"
    assert often["count"] == pytest.approx(50_000, rel=0.03)


def test_only_numbers_and_short_texts_are_kept() -> None:
    found = column("(repeat('x', 5000)), (repeat('x', 6000))")
    assert len(json.dumps(found)) < 2_000
    assert found["lengths"]["max"] == 6_000
    assert found["distinct"] == 2
