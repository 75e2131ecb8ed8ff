"""Whole uploads of every format, with the same records; what the mutations start from."""

from __future__ import annotations

import bz2
import gzip
import io
import json
from collections.abc import Callable, Mapping
from typing import Any, Literal

import fastavro
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather, ipc, orc

COLUMNS = {"id": "int32", "note": "string", "km": "float64"}
RECORDS: list[dict[str, Any]] = [
    {"id": number, "note": f'note {number}, "é"' if number % 5 else f"line\n{number}", "km": number / 4}
    for number in range(1, 61)
]


def csv_text(delimiter: str = ",", line_break: str = "\n") -> bytes:
    """A CSV with quotes in every note."""
    lines = [delimiter.join(COLUMNS)]
    for record in RECORDS:
        note = str(record["note"]).replace('"', '""')
        lines.append(delimiter.join([str(record["id"]), f'"{note}"', str(record["km"])]))
    return (line_break.join(lines) + line_break).encode()


def json_lines() -> bytes:
    """One record a line."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in RECORDS)


def json_array() -> bytes:
    """One array, over many lines."""
    return json.dumps(RECORDS, indent=1, ensure_ascii=False).encode()


def table() -> pa.Table:
    """The records, with a column of lists."""
    found = pa.Table.from_pylist(RECORDS)
    return found.append_column("tags", pa.array([["a", None]] * len(RECORDS)))


def parquet_file(compression: Literal["zstd", "none"]) -> bytes:
    """A Parquet file of several row groups."""
    with io.BytesIO() as buffer:
        pq.write_table(table(), buffer, compression=compression, row_group_size=25)
        return buffer.getvalue()


def arrow_file() -> bytes:
    """An IPC file of several batches, not compressed."""
    with io.BytesIO() as buffer:
        with ipc.new_file(buffer, table().schema) as writer:
            writer.write_table(table(), max_chunksize=25)
        return buffer.getvalue()


def arrow_stream() -> bytes:
    """An IPC stream of several batches."""
    with io.BytesIO() as buffer:
        with ipc.new_stream(buffer, table().schema) as writer:
            writer.write_table(table(), max_chunksize=25)
        return buffer.getvalue()


def feather_file() -> bytes:
    """A compressed IPC file."""
    with io.BytesIO() as buffer:
        feather.write_feather(table(), buffer, compression="lz4")
        return buffer.getvalue()


def orc_file() -> bytes:
    """An ORC file."""
    with io.BytesIO() as buffer:
        orc.write_table(table(), buffer, compression="ZLIB")
        return buffer.getvalue()


def avro_file(codec: str) -> bytes:
    """An Avro container of several blocks."""
    fields = [
        {"name": "id", "type": ["null", "int"]},
        {"name": "note", "type": "string"},
        {"name": "km", "type": "double"},
        {"name": "tags", "type": {"type": "array", "items": ["null", "string"]}},
    ]
    records = [{**record, "tags": ["a", None]} for record in RECORDS]
    with io.BytesIO() as buffer:
        schema = {"type": "record", "name": "r", "fields": fields}
        fastavro.writer(buffer, schema, records, codec=codec, sync_interval=600)
        return buffer.getvalue()


def avro_container(schema: Any, records: int, data: bytes, codec: str = "null") -> bytes:
    """An Avro container with one block that says what it likes."""
    sync = bytes(range(16))
    with io.BytesIO() as file:
        file.write(b"Obj\x01")
        metadata = {"avro.schema": json.dumps(schema).encode(), "avro.codec": codec.encode()}
        fastavro.schemaless_writer(file, {"type": "map", "values": "bytes"}, metadata)
        file.write(sync)
        fastavro.schemaless_writer(file, "long", records)
        fastavro.schemaless_writer(file, "long", len(data))
        file.write(data + sync)
        return file.getvalue()


def excel_file() -> bytes:
    """A workbook of one sheet."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(list(COLUMNS))
    for record in RECORDS:
        sheet.append([record["id"], record["note"], record["km"]])
    with io.BytesIO() as buffer:
        book.save(buffer)
        return buffer.getvalue()


def zstandard(data: bytes) -> bytes:
    """The bytes, packed."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


SEEDS: Mapping[str, tuple[str, str, Callable[[], bytes]]] = {
    "csv": ("csv", "a.csv", csv_text),
    "csv with CRLF": ("csv", "a.csv", lambda: csv_text(";", "\r\n")),
    "csv in UTF-16": ("csv", "a.csv", lambda: csv_text().decode().encode("utf-16")),
    "csv.gz": ("csv", "a.csv.gz", lambda: gzip.compress(csv_text(), mtime=0)),
    "csv.bz2": ("csv", "a.csv.bz2", lambda: bz2.compress(csv_text())),
    "csv.zst": ("csv", "a.csv.zst", lambda: zstandard(csv_text())),
    "tsv": ("tsv", "a.tsv", lambda: csv_text("\t")),
    "jsonl": ("jsonl", "a.jsonl", json_lines),
    "json": ("json", "a.json", json_array),
    "parquet": ("parquet", "a.parquet", lambda: parquet_file("zstd")),
    "parquet, not packed": ("parquet", "a.parquet", lambda: parquet_file("none")),
    "arrow": ("arrow", "a.arrow", arrow_file),
    "arrow stream": ("arrow", "a.arrows", arrow_stream),
    "feather": ("feather", "a.feather", feather_file),
    "orc": ("orc", "a.orc", orc_file),
    "avro": ("avro", "a.avro", lambda: avro_file("null")),
    "avro, packed": ("avro", "a.avro", lambda: avro_file("deflate")),
    "excel": ("excel", "a.xlsx", excel_file),
}
"""Format, name and bytes of each."""
