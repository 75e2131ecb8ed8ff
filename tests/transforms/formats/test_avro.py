"""Avro in: every codec and type, and nothing that is not whole."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import fastavro
import pyarrow as pa
import pytest

from tests.transforms.drafting import drafted, flow_with
from tests.transforms.fuzz.seeds import avro_container
from transforms.errors import TransformError, UnreadableUpload, UploadTooLarge
from transforms.flow.flow import Flow

SCHEMA = {
    "type": "record",
    "name": "note",
    "fields": [{"name": "id", "type": ["null", "long"]}, {"name": "note", "type": "string"}],
}
RECORDS = [{"id": number, "note": f"note {number}"} for number in range(1, 2001)]


def avro(schema: Any, records: list[dict[str, Any]], codec: str = "null") -> bytes:
    with io.BytesIO() as buffer:
        fastavro.writer(buffer, schema, records, codec=codec, sync_interval=2000)
        return buffer.getvalue()


def flow_for(columns: dict[str, Any], **contract: Any) -> Flow:
    return flow_with(columns, source={"format": "avro"}, contract=contract)


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_each_codec_is_unpacked(codec: str) -> None:
    result = drafted(flow_for({"id": "int32", "note": "string"}), avro(SCHEMA, RECORDS, codec), name="a.avro")
    assert result.rows == RECORDS


def test_rows_that_break_the_contract_have_their_number() -> None:
    data = avro(SCHEMA, [{"id": 1, "note": "a"}, {"id": 300, "note": "b"}, {"id": None, "note": "c"}])
    result = drafted(flow_for({"id": {"type": "int8", "required": True}, "note": "string"}), data, name="a.avro")
    assert result.rows == [{"id": 1, "note": "a"}]
    assert result.bad == {2: (None, [("id", "type")]), 3: (None, [("id", "required")])}


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        pytest.param(
            {"type": "long", "logicalType": "timestamp-millis"}, datetime(2024, 1, 1, tzinfo=UTC), None, id="at"
        ),
        pytest.param({"type": "int", "logicalType": "date"}, date(2024, 1, 1), None, id="date"),
        pytest.param({"type": "int", "logicalType": "time-millis"}, time(1, 2, 3), None, id="time"),
        pytest.param(
            {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}, Decimal("1.50"), None, id="decimal"
        ),
        pytest.param(
            {"type": "string", "logicalType": "uuid"}, UUID(int=7), "00000000-0000-0000-0000-000000000007", id="UUID"
        ),
        pytest.param({"type": "enum", "name": "e", "symbols": ["A", "B"]}, "B", None, id="enum"),
        pytest.param({"type": "fixed", "name": "f", "size": 3}, b"abc", None, id="fixed"),
        pytest.param({"type": "array", "items": "int"}, [1, 2], None, id="array"),
        pytest.param({"type": "map", "values": "int"}, {"a": 1}, [("a", 1)], id="map"),
        pytest.param(["null", "string", "int"], 7, "7", id="union as JSON text"),
        pytest.param("boolean", True, None, id="boolean"),
    ],
)
def test_each_type_has_its_own(kind: Any, value: Any, read: Any) -> None:
    schema = {"type": "record", "name": "r", "fields": [{"name": "id", "type": "int"}, {"name": "v", "type": kind}]}
    result = drafted(flow_for({"id": "int8"}), avro(schema, [{"id": 1, "v": value}]), name="a.avro")
    assert result.column("v") == [value if read is None else read]


def test_a_type_inside_itself_is_json_text() -> None:
    schema = {
        "type": "record",
        "name": "node",
        "fields": [{"name": "id", "type": "int"}, {"name": "next", "type": ["null", "node"]}],
    }
    data = avro(schema, [{"id": 1, "next": {"id": 2, "next": None}}])
    [row] = drafted(flow_for({"id": "int8"}), data, name="a.avro").rows
    assert json.loads(row["next"]) == {"id": 2, "next": None}


def damaged(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda _: b"id,note\n1,x\n", "does not start as an Avro container", id="text"),
        pytest.param(lambda data: data[:50], "not a whole Avro file", id="a cut header"),
        pytest.param(lambda data: data[:-20], "not a whole Avro file", id="a cut block"),
        pytest.param(lambda data: data[:-1] + b"!", "does not end as the header says", id="another end of a block"),
        pytest.param(lambda data: data + b"\x02", "not a whole Avro file", id="something behind"),
    ],
)
def test_a_damaged_file_is_refused(spoil: Callable[[bytes], bytes], says: str) -> None:
    with pytest.raises(UnreadableUpload, match=says):
        drafted(flow_for({"id": "int32", "note": "string"}), spoil(avro(SCHEMA, RECORDS)), name="a.avro")


@pytest.mark.parametrize("codec", ["snappy", "zstandard"])
def test_codecs_that_need_another_library_elsewhere_are_unpacked(codec: str) -> None:
    records = b"\x02\x02\x02x" * 50
    checksum = zlib.crc32(records).to_bytes(4, "big")
    snappy = pa.Codec("snappy").compress(records, asbytes=True) + checksum
    packed = snappy if codec == "snappy" else pa.Codec("zstd").compress(records, asbytes=True)
    result = drafted(
        flow_for({"id": "int32", "note": "string"}), avro_container(SCHEMA, 50, packed, codec), name="a.avro"
    )
    assert result.rows == [{"id": 1, "note": "x"}] * 50


@pytest.mark.parametrize(
    ("data", "error"),
    [
        pytest.param(avro_container(SCHEMA, 3, b"\x02\x02\x02a"), UnreadableUpload, id="more records than bytes"),
        pytest.param(avro_container(SCHEMA, 1, b"\x02\x02\x02ab"), UnreadableUpload, id="more bytes than records"),
        pytest.param(avro_container(SCHEMA, 2**60, b""), UnreadableUpload, id="records without end"),
        pytest.param(
            avro_container(
                {"type": "record", "name": "r", "fields": [{"name": "v", "type": {"type": "array", "items": "null"}}]},
                1,
                b"\x00",
            ),
            UnreadableUpload,
            id="values without a byte",
        ),
        pytest.param(avro_container(SCHEMA, 1, b"\x02\xfe\xff\xff\xff\x0f"), UnreadableUpload, id="a text of 2 GB"),
        pytest.param(avro(SCHEMA, [{"id": 1, "note": "x" * 2**27}], "deflate"), UploadTooLarge, id="a block of 128 MB"),
    ],
)
def test_a_file_that_lies_about_sizes_is_refused(data: bytes, error: type[TransformError]) -> None:
    with pytest.raises(error, match=r"^a\.avro: "):
        drafted(flow_for({"id": "int32"}, missing_columns="null"), data, name="a.avro")
