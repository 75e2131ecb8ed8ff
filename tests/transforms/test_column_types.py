"""What was read becomes its declared type exactly, or breaks it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.transforms.drafting import drafted, flow_with, parquet
from transforms.column_types import contract_type, sql_type

NESTED = "struct<id: int8, tags: list<string>>"


def read(column: Any, texts: list[str]) -> tuple[list[Any], list[str]]:
    """The values of good rows, and the texts that break the type."""
    quoted = "".join('"{}",1\n'.format(text.replace('"', '""')) for text in texts)
    result = drafted(flow_with({"v": column, "n": "int8"}), f"v,n\n{quoted}".encode())
    reasons = [reason for row in result.quarantine for reason in row["reasons"]]
    assert {reason["rule"] for reason in reasons} <= {"type"}
    return result.column("v"), [reason["value"] for reason in reasons]


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        pytest.param("decimal(10,2)", "1234.50", Decimal("1234.50"), id="decimal"),
        pytest.param("decimal(10,2)", "-.5", Decimal("-0.50"), id="decimal without a digit before the point"),
        pytest.param("decimal(10,2)", "1.500", Decimal("1.50"), id="zeros behind are no digits"),
        pytest.param("decimal(38,0)", "9" * 38, Decimal("9" * 38), id="the widest decimal"),
        pytest.param("time", "10:30:05.25", time(10, 30, 5, 250_000), id="time"),
        pytest.param({"type": "time", "format": "%I:%M %p"}, "01:30 PM", time(13, 30), id="time of a format"),
        pytest.param("binary", "AAE=", b"\x00\x01", id="binary in base64"),
        pytest.param({"type": "binary", "format": "hex"}, "0fA0", b"\x0f\xa0", id="binary in hex"),
        pytest.param("json", '{"a": [1, null]}', '{"a": [1, null]}', id="json keeps its text"),
        pytest.param("list<int8>", "[1, null, 3]", [1, None, 3], id="list"),
        pytest.param("list<date>", '["2013-01-31"]', [date(2013, 1, 31)], id="list of dates"),
        pytest.param("list<decimal(4,1)>", "[1.5]", [Decimal("1.5")], id="list of decimals"),
        pytest.param("list<string>", '["a \\"b\\"", 3]', ['a "b"', "3"], id="list of strings"),
        pytest.param("list<json>", '[{"a":1},3]', ['{"a":1}', "3"], id="list of anything"),
        pytest.param(NESTED, '{"tags":["x"],"id":7}', {"id": 7, "tags": ["x"]}, id="struct"),
        pytest.param(NESTED, "{}", {"id": None, "tags": None}, id="fields that are not there are null"),
        pytest.param('struct<"a, b": int8>', '{"a, b": 1}', {"a, b": 1}, id="a field of any name"),
        pytest.param("list<struct<at: list<timestamp>>>", '[{"at":["2024-07-01T10:00:00+02:00"]}]',
                     [{"at": [datetime(2024, 7, 1, 8, tzinfo=UTC).replace(tzinfo=None)]}], id="deep inside"),
    ],
)  # fmt: skip
def test_a_text_becomes_its_type(column: Any, text: str, value: Any) -> None:
    assert read(column, [text]) == ([value], [])


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        pytest.param("decimal(10,2)", ["1.239", "100000000", "1e3", "1,5", "nan"], id="decimal"),
        pytest.param("decimal(38,0)", ["1.5"], id="a decimal without decimals"),
        pytest.param("time", ["25:00", "10:00+02", "2013-01-01 10:00", "noon"], id="time"),
        pytest.param("binary", ["AAE", "!"], id="base64"),
        pytest.param({"type": "binary", "format": "hex"}, ["0fA", "0g"], id="hex"),
        pytest.param("json", ["[1", "x", "{'a': 1}"], id="json"),
        pytest.param("list<int8>", ["[1.5]", "[300]", '["x"]', "[[1]]", "7", "{}", "[1"], id="list"),
        pytest.param(NESTED, ['{"id":1000}', '{"id":1,"more":2}', '{"tags":"x"}', "[]"], id="struct"),
    ],
)
def test_a_text_that_does_not_fit_breaks_the_type(column: Any, texts: list[str]) -> None:
    assert read(column, texts) == ([], texts)


@pytest.mark.parametrize(
    ("column", "values", "good"),
    [
        pytest.param("decimal(10,2)", [0.1, 0.125], [Decimal("0.10")], id="decimal of floats"),
        pytest.param("decimal(4,1)", [Decimal("1.50"), Decimal("1.25")], [Decimal("1.5")], id="decimal of decimals"),
        pytest.param("binary", [b"\x00"], [b"\x00"], id="binary"),
        pytest.param("time", [time(1, 2)], [time(1, 2)], id="time"),
        pytest.param("list<int8>", [[1, 2], [300]], [[1, 2]], id="list"),
        pytest.param("struct<a: int8>", [{"a": 1}, {"a": 1000}], [{"a": 1}], id="struct"),
        pytest.param("json", [[1, 2]], ["[1,2]"], id="json of a list"),
        pytest.param("timestamp", [datetime(2024, 7, 1, tzinfo=UTC)], [datetime(2024, 7, 1, tzinfo=UTC)], id="time"),
    ],
)
def test_a_typed_source_is_read_as_exactly(column: str, values: list[Any], good: list[Any]) -> None:
    result = drafted(flow_with({"v": column}, source={"format": "parquet"}), parquet({"v": values}))
    assert result.column("v") == good
    assert result.draft.counts.quarantined == len(values) - len(good)


@pytest.mark.parametrize(
    "written",
    ["string", "decimal(10,2)", "list<int32>", "list<list<decimal(4,1)>>", "time", "binary", "json", "timestamp"],
)
def test_the_schema_says_the_type_as_the_contract_does(written: str) -> None:
    [(kind,)] = duckdb.execute(f"SELECT typeof(NULL::{sql_type(written)})").fetchall()
    assert contract_type(kind) == written


def test_lists_and_structs_keep_the_order_of_rows_on_several_threads() -> None:
    fields = [f"f{place}" for place in range(30)]
    column = f"struct<{', '.join(f'{name}: int32' for name in fields)}, tags: list<string>>"
    rows = "".join(f'"{{""f7"": {number}, ""tags"": [{"1" if number % 5 else "{}"}]}}"\n' for number in range(60_000))
    result = drafted(flow_with({"v": column}), f"v\n{rows}".encode())
    assert [value["f7"] for value in result.column("v")] == [number for number in range(60_000) if number % 5]
    assert [row["record"] for row in result.quarantine] == list(range(1, 60_001, 5))
