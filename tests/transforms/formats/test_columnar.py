"""Binary formats in: the same rows whatever the file, numbered by row, and damage is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import feather, ipc, orc

from tests.transforms.drafting import drafted, flow_with
from transforms.errors import UnreadableUpload
from transforms.flow.flow import Flow

Write = Callable[[pa.Table], bytes]


def arrow_file(table: pa.Table) -> bytes:
    with io.BytesIO() as buffer:
        with ipc.new_file(buffer, table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
        return buffer.getvalue()


def arrow_stream(table: pa.Table) -> bytes:
    with io.BytesIO() as buffer:
        with ipc.new_stream(buffer, table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
        return buffer.getvalue()


def feather_file(table: pa.Table) -> bytes:
    with io.BytesIO() as buffer:
        feather.write_feather(table, buffer, compression="zstd")
        return buffer.getvalue()


def orc_file(table: pa.Table) -> bytes:
    with io.BytesIO() as buffer:
        orc.write_table(table, buffer, compression="ZLIB")
        return buffer.getvalue()


WRITERS = [
    pytest.param("arrow", arrow_file, id="Arrow file"),
    pytest.param("arrow", arrow_stream, id="Arrow stream"),
    pytest.param("feather", feather_file, id="Feather"),
    pytest.param("orc", orc_file, id="ORC"),
]


def flow_for(format_name: str, columns: dict[str, Any]) -> Flow:
    return flow_with(columns, source={"format": format_name})


@pytest.mark.parametrize(("format_name", "write"), WRITERS)
def test_rows_that_break_the_contract_have_their_number(format_name: str, write: Write) -> None:
    data = write(pa.table({"id": [1, 300, None, 4, 5], "note": ["a", "b", "c", "!", "e"]}))
    flow = flow_for(
        format_name, {"id": {"type": "int8", "required": True}, "note": {"type": "string", "pattern": "[a-z]"}}
    )
    result = drafted(flow, data, name="a.bin")
    assert result.rows == [{"id": 1, "note": "a"}, {"id": 5, "note": "e"}]
    assert result.bad == {
        2: (None, [("id", "type")]),
        3: (None, [("id", "required")]),
        4: (None, [("note", "pattern")]),
    }
    assert result.draft.counts.read == 5


@pytest.mark.parametrize(("format_name", "write"), WRITERS)
def test_values_keep_their_types(format_name: str, write: Write) -> None:
    table = pa.table(
        {
            "at": pa.array([datetime(2024, 7, 1, 12, tzinfo=UTC)], pa.timestamp("ns", "UTC")),
            "day": pa.array([date(2024, 7, 1)]),
            "price": pa.array([Decimal("1.50")], pa.decimal128(9, 2)),
            "tags": pa.array([["a", "b"]]),
            "size": pa.array([{"w": 1}]),
            "kind": pa.array(["x"]).dictionary_encode() if format_name != "orc" else pa.array(["x"]),
        }
    )
    flow = flow_for(format_name, {"at": "timestamp", "day": "date", "kind": "string"})
    assert drafted(flow, write(table), name="a.bin").rows == [
        {
            "at": datetime(2024, 7, 1, 12, tzinfo=UTC),
            "day": date(2024, 7, 1),
            "kind": "x",
            "price": Decimal("1.50"),
            "tags": ["a", "b"],
            "size": {"w": 1},
        }
    ]


@pytest.mark.parametrize(("format_name", "write"), WRITERS)
@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"id,note\n1,x\n" * 50, id="text"),
        pytest.param(lambda data: data[: len(data) // 2], id="cut"),
        pytest.param(lambda data: data[:20] + b"\0" * (len(data) - 20), id="zeros"),
    ],
)
def test_a_damaged_file_is_refused(format_name: str, write: Write, spoil: Callable[[bytes], bytes]) -> None:
    whole = write(pa.table({"id": list(range(1000)), "note": [f"note {number}" for number in range(1000)]}))
    with pytest.raises(UnreadableUpload, match=r"^a\.bin: .+; write it again"):
        drafted(flow_for(format_name, {"id": "int32", "note": "string"}), spoil(whole), name="a.bin")


@pytest.mark.parametrize(("format_name", "write"), WRITERS)
def test_no_rows_is_no_dataset(format_name: str, write: Write) -> None:
    data = write(pa.table({"id": pa.array([], pa.int32())}))
    rejection = drafted(flow_for(format_name, {"id": "int32"}), data, name="a.bin").draft.rejection
    assert rejection is not None
    assert rejection.code == "empty_result"
