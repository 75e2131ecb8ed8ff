"""Rules over several columns: a row breaks one where it is false, and is told so with the values it has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.transforms.drafting import Drafted, drafted, flow_with, parquet

TRIP: dict[str, Any] = {"pickup": "timestamp", "dropoff": "timestamp", "km": "float64"}
RULES = {"ends_after_start": "pickup <= dropoff", "not_too_fast": "km < 200 * epoch(dropoff - pickup) / 3600"}


def told(result: Drafted) -> list[tuple[int, str, str]]:
    return [(row["record"], reason["rule"], reason["value"]) for row in result.quarantine for reason in row["reasons"]]


def trips(*lines: str, **parts: Any) -> Drafted:
    flow = flow_with(TRIP, contract={"rules": RULES}, **parts)
    return drafted(flow, "pickup,dropoff,km\n{}\n".format("\n".join(lines)).encode())


def test_a_row_that_breaks_rules_lists_each_with_the_values_as_written() -> None:
    result = trips("2024-07-01 10:00,2024-07-01 11:00,50", "2024-07-01 10:00,2024-07-01 09:00,050")
    values = "pickup=2024-07-01 10:00, dropoff=2024-07-01 09:00"
    assert told(result) == [
        (2, "rules.ends_after_start", values),
        (2, "rules.not_too_fast", "km=050, dropoff=2024-07-01 09:00, pickup=2024-07-01 10:00"),
    ]
    assert result.quarantine[0]["reasons"][0]["column"] is None
    assert result.column("km") == [50]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(",2024-07-01 09:00,1", id="a null"),
        pytest.param("2024-07-01 10:00,2024-07-01 11:00,nan", id="a value that is not finite is null"),
    ],
)
def test_a_rule_that_comes_out_null_is_kept(line: str) -> None:
    assert told(trips(line)) == []


def test_a_rule_is_not_asked_where_a_value_has_the_wrong_type() -> None:
    assert told(trips("soon,2024-07-01 09:00,1")) == [(1, "type", "soon")]


def test_constraints_and_rules_of_one_row_are_all_told() -> None:
    columns = {"a": {"type": "int8", "max": 5}, "b": "int8"}
    result = drafted(flow_with(columns, contract={"rules": {"rises": "a < b"}}), b"a,b\n1,2\n9,3\n")
    assert told(result) == [(2, "max", "9"), (2, "rules.rises", "a=9, b=3")]


def test_rules_take_parameters() -> None:
    flow = flow_with(
        {"a": "int8"}, contract={"rules": {"low": "a < $top"}}, parameters={"top": {"type": "int8", "default": 3}}
    )
    assert drafted(flow, b"a\n1\n3\n5\n").column("a") == [1]
    assert drafted(flow, b"a\n1\n3\n5\n", parameters={"top": 4}).column("a") == [1, 3]


def test_a_rule_sees_a_column_that_an_upload_lacks_as_null() -> None:
    columns = {"a": "int8", "b": "int8"}
    flow = flow_with(columns, contract={"rules": {"b_is_there": "b IS NOT NULL"}, "missing_columns": "null"})
    result = drafted(flow, b"a,b\n1,2\n", b"a\n7\n")
    assert told(result) == [(1, "rules.b_is_there", "b=null")]
    assert result.column("a") == [1]


def test_columns_may_have_the_names_of_our_own() -> None:
    flow = flow_with({"ordinal": "int8", "c0": "int8", "reasons": "int8"}, contract={"rules": {"r": "ordinal < c0"}})
    assert told(drafted(flow, b"reasons,c0,ordinal\n1,2,1\n1,2,3\n")) == [(2, "rules.r", "ordinal=3, c0=2")]


def test_rules_look_into_structs_and_lists() -> None:
    columns = {"place": "struct<lat: float64>", "tags": "list<string>"}
    rules = {"on_earth": "place.lat BETWEEN -90 AND 90", "tagged": "len(tags) > 0"}
    flow = flow_with(columns, contract={"rules": rules}, source={"format": "parquet"})
    result = drafted(flow, parquet({"place": [{"lat": 1.0}, {"lat": 91.0}], "tags": [["x"], []]}))
    assert [(record, rule) for record, rule, _ in told(result)] == [(2, "rules.on_earth"), (2, "rules.tagged")]


def test_rules_do_not_disturb_the_order_of_rows() -> None:
    lines = "".join(f"{number},{number % 7}\n" for number in range(50_000))
    flow = flow_with({"n": "int32", "d": "int8"}, contract={"rules": {"sound": "NOT (d = 3 AND n % 2 = 0)"}})
    numbers = drafted(flow, f"n,d\n{lines}".encode()).column("n")
    assert numbers == [number for number in range(50_000) if not (number % 7 == 3 and number % 2 == 0)]


def test_values_of_a_key_together_are_unique() -> None:
    flow = flow_with({"station": "string", "hour": "int8", "mm": "float64"}, contract={"keys": [["station", "hour"]]})
    result = drafted(flow, b"station,hour,mm\nA,1,0\nA,2,0\nA,1,5\nB,1,0\nA,,0\nA,,0\n", b"hour,station,mm\n2,A,1\n")
    assert [row["reasons"] for row in result.quarantine] == [
        [{"column": "station, hour", "rule": "unique", "value": "A, 1"}],
        [{"column": "station, hour", "rule": "unique", "value": "A, 2"}],
    ]
    assert result.column("mm") == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("column", "good", "bad"),
    [
        pytest.param({"type": "string", "length": {"min": 2, "max": 3}}, ["ab", "éèê"], ["a", "abcd"], id="string"),
        pytest.param({"type": "binary", "length": {"max": 1}}, ["AA=="], ["AAE="], id="bytes"),
        pytest.param({"type": "list<int8>", "length": {"min": 1}}, ["[1]"], ["[]"], id="elements"),
        pytest.param({"type": "date", "min": "2013-01-01"}, ["2013-01-01"], ["2012-12-31"], id="min"),
        pytest.param({"type": "time", "max": "12:00"}, ["12:00"], ["12:00:01"], id="max"),
        pytest.param({"type": "timestamp", "min": "2013-01-01T00:00:00+02:00"}, ["2012-12-31T22:00:00Z"],
                     ["2012-12-31T21:59:59Z"], id="min"),
        pytest.param({"type": "decimal(4,1)", "min": 0.5}, ["0.5"], ["0.4"], id="min"),
        pytest.param({"type": "decimal(4,1)", "allowed": [1.5, 2]}, ["1.5", "2.0"], ["2.5"], id="allowed"),
        pytest.param({"type": "date", "allowed": ["2013-01-01"]}, ["2013-01-01"], ["2013-01-02"], id="allowed"),
    ],
)  # fmt: skip
def test_a_constraint_holds_for_its_type(column: dict[str, Any], good: list[str], bad: list[str]) -> None:
    rule = next(word for word in ("length", "min", "max", "allowed") if word in column)
    lines = "".join(f'"{text}",1\n' for text in [*good, *bad])
    result = drafted(flow_with({"v": column, "n": "int8"}), f"v,n\n{lines}".encode())
    assert len(result.rows) == len(good)
    assert [reasons for _, reasons in result.bad.values()] == [[("v", rule)]] * len(bad)
