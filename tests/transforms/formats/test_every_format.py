"""The same rows are the same dataset, whatever the format that they come in and how it is packed."""

from __future__ import annotations

import bz2
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import fastavro
import openpyxl
import pyarrow as pa
import pytest
from pyarrow import feather, ipc, orc

from tests.transforms.drafting import drafted, flow_with, parquet
from tests.transforms.fuzz.seeds import zstandard
from transforms.flow.source import Format

COLUMNS: dict[str, Any] = {
    "id": {"type": "int32", "required": True, "min": 1},
    "carrier": {"type": "string", "allowed": ["AA", "B6", "UA"]},
    "km": "float64",
    "at": "timestamp",
    "day": "date",
    "price": "decimal(10,2)",
    "late": "bool",
}
ROWS: list[dict[str, Any]] = [
    {
        "id": number if number % 10 else None if number % 20 else -1,
        "carrier": ["AA", "B6", None, "UA", "XX"][number % 5],
        "km": number / 8 if number % 7 else None,
        "at": datetime(2024, 7, 1, number % 24, number % 60, 1, tzinfo=UTC),
        "day": date(2024, 1, 1 + number % 31),
        "price": Decimal(number) / 4 if number % 3 else None,
        "late": bool(number % 2),
    }
    for number in range(1, 120)
]
BAD = {row for row in range(1, 120) if row % 10 == 0 or row % 5 == 4}


def text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def delimited(delimiter: str) -> bytes:
    lines = [delimiter.join(COLUMNS), *(delimiter.join(text(value) for value in row.values()) for row in ROWS)]
    return ("\n".join(lines) + "\n").encode()


def json_records() -> list[str]:
    return [json.dumps({name: in_json(value) for name, value in row.items()}) for row in ROWS]


def in_json(value: Any) -> Any:
    return str(value) if isinstance(value, datetime | date | Decimal) else value


def json_array() -> bytes:
    return f"[{','.join(json_records())}]".encode()


def table() -> pa.Table:
    return pa.Table.from_pylist(ROWS).set_column(
        5, "price", pa.array([row["price"] for row in ROWS], pa.decimal128(10, 2))
    )


def arrow() -> bytes:
    with io.BytesIO() as buffer:
        with ipc.new_file(buffer, table().schema) as writer:
            writer.write_table(table(), max_chunksize=50)
        return buffer.getvalue()


def feathered() -> bytes:
    with io.BytesIO() as buffer:
        feather.write_feather(table(), buffer)
        return buffer.getvalue()


def orc_file() -> bytes:
    with io.BytesIO() as buffer:
        orc.write_table(table(), buffer)
        return buffer.getvalue()


def avro() -> bytes:
    kinds: dict[str, Any] = {
        "id": "int",
        "carrier": "string",
        "km": "double",
        "at": {"type": "long", "logicalType": "timestamp-micros"},
        "day": {"type": "int", "logicalType": "date"},
        "price": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2},
        "late": "boolean",
    }
    fields = [{"name": name, "type": ["null", kind]} for name, kind in kinds.items()]
    with io.BytesIO() as buffer:
        fastavro.writer(buffer, {"type": "record", "name": "flight", "fields": fields}, ROWS)
        return buffer.getvalue()


def excel() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(COLUMNS))
    for row in ROWS:
        sheet.append([value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row.values()])
    with io.BytesIO() as buffer:
        book.save(buffer)
        return buffer.getvalue()


WRITTEN: dict[str, Callable[[], bytes]] = {
    "csv": lambda: delimited(","),
    "tsv": lambda: delimited("\t"),
    "jsonl": lambda: "\n".join(json_records()).encode(),
    "json": json_array,
    "parquet": lambda: parquet(table().to_pydict()),
    "arrow": arrow,
    "feather": feathered,
    "orc": orc_file,
    "avro": avro,
    "excel": excel,
}
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": zstandard,
}


def test_no_format_is_left_out() -> None:
    assert set(WRITTEN) == set(get_args(Format))


@pytest.mark.parametrize("packing", [pytest.param(name, id=name or "as it is") for name in PACKINGS])
@pytest.mark.parametrize("format_name", WRITTEN)
def test_the_same_rows_are_the_same_dataset(format_name: str, packing: str) -> None:
    data = PACKINGS[packing](WRITTEN[format_name]())
    result = drafted(flow_with(COLUMNS, source={"format": format_name}), data, name=f"a.{format_name}{packing}")
    expected = drafted(flow_with(COLUMNS), delimited(","))
    assert result.contents == expected.contents
    assert result.draft.profile == expected.draft.profile
    assert result.draft.counts == expected.draft.counts
    assert [(row["record"], sorted(map(str, row["reasons"]))) for row in result.quarantine] == [
        (row["record"], sorted(map(str, row["reasons"]))) for row in expected.quarantine
    ]
    assert {row["record"] for row in result.quarantine} == BAD
