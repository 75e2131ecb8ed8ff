"""Parquet in: cast by the contract, numbered by row, never trusted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tests.transforms.drafting import drafted, flow_with, parquet
from transforms.errors import UnreadableUpload
from transforms.flow.flow import Flow

WHOLE = parquet({"id": list(range(5000)), "note": [f"note {number}" for number in range(5000)]})


def parquet_flow(columns: dict[str, Any], **parts: Any) -> Flow:
    return flow_with(columns, source={"format": "parquet"}, **parts)


def test_rows_that_break_the_contract_have_their_number_and_no_raw_text() -> None:
    data = parquet({"id": [1, 300, None, 4], "note": ["a", "b", "c", "!"]})
    flow = parquet_flow({"id": {"type": "int8", "required": True}, "note": {"type": "string", "pattern": "[a-z]"}})
    result = drafted(flow, data, name="a.parquet")
    assert result.rows == [{"id": 1, "note": "a"}]
    assert result.bad == {
        2: (None, [("id", "type")]),
        3: (None, [("id", "required")]),
        4: (None, [("note", "pattern")]),
    }
    assert result.quarantine[0]["reasons"][0]["value"] == "300"


@pytest.mark.parametrize(
    ("values", "column", "good", "bad"),
    [
        pytest.param(["1", "2.0", "x"], "int8", [1, 2], [3], id="text to integer"),
        pytest.param([1.0, 2.5, 3.0], "int32", [1, 3], [2], id="float to integer"),
        pytest.param([1, -1], "uint8", [1], [2], id="signed to unsigned"),
        pytest.param([Decimal("1.00"), Decimal("1.50")], "int8", [1], [2], id="decimal to integer"),
        pytest.param([1, 2], "string", ["1", "2"], [], id="integer to text"),
        pytest.param([1.5, float("nan")], "float64", [1.5, None], [], id="NaN to null"),
        pytest.param([datetime(2024, 1, 1, 5), datetime(2024, 1, 1)], "date", [date(2024, 1, 1)], [1], id="to date"),  # noqa: DTZ001 - naive on purpose
        pytest.param([True, None], "bool", [True, None], [], id="bool"),
    ],
)
def test_columns_are_cast_without_loss(values: list[Any], column: str, good: list[Any], bad: list[int]) -> None:
    result = drafted(parquet_flow({"v": column}), parquet({"v": values}), name="a.parquet")
    assert result.column("v") == good
    assert list(result.bad) == bad


@pytest.mark.parametrize(
    ("stored", "zone"),
    [
        pytest.param(pa.timestamp("us", "UTC"), None, id="UTC"),
        pytest.param(pa.timestamp("ns"), None, id="naive nanoseconds"),
        pytest.param(pa.timestamp("ms"), None, id="naive milliseconds"),
        pytest.param(pa.timestamp("us", "America/New_York"), "Asia/Tokyo", id="a zone of its own wins"),
    ],
)
def test_timestamps_are_utc(stored: pa.DataType, zone: str | None) -> None:
    moment = datetime(2024, 7, 1, 12, tzinfo=UTC)
    data = parquet({"at": pa.array([int(moment.timestamp())], pa.timestamp("s", "UTC")).cast(stored)})
    flow = parquet_flow({"at": {"type": "timestamp", "zone": zone}})
    assert drafted(flow, data, name="a.parquet").column("at") == [moment]


def test_unknown_columns_keep_their_type() -> None:
    data = parquet({"id": [1], "tags": [["a", "b"]], "size": [{"w": 1}]})
    result = drafted(parquet_flow({"id": "int8"}), data, name="a.parquet")
    assert result.rows == [{"id": 1, "tags": ["a", "b"], "size": {"w": 1}}]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"id,note\n1,x\n", id="text"),
        pytest.param(WHOLE[:-100], id="no footer"),
        pytest.param(WHOLE[:1000] + b"\0" * 2000 + WHOLE[3000:], id="a damaged page"),
        pytest.param(WHOLE[-3000:], id="no beginning"),
    ],
)
def test_a_damaged_file_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableUpload, match=r"^a\.parquet: .+; write it again"):
        drafted(parquet_flow({"id": "int32", "note": "string"}), data, name="a.parquet")


def test_takes_columns_named_like_its_own() -> None:
    data = parquet({"c1": [1], "ordinal": ["x"], "raw": [300]})
    result = drafted(parquet_flow({"raw": "int8", "c1": "int8", "ordinal": "string"}), data, name="a.parquet")
    assert result.bad == {1: (None, [("raw", "type")])}
