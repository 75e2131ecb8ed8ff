"""Files of a dataset: whatever their format, the same rows come out of them again."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc
from pydantic import ValidationError

from tests.transforms.drafting import LIMITS, drafted, flow_with, parquet
from transforms.draft import Limits
from transforms.flow.output import COMPRESSIONS, Compression, Output, OutputFormat
from transforms.manifest import ml_table
from transforms.row_groups import ROWS_PER_GROUP

COLUMNS: dict[str, Any] = {
    "id": "int64",
    "note": "string",
    "at": "timestamp",
    "day": "date",
    "price": "decimal(20,2)",
    "ratio": "float64",
    "flag": "bool",
    "tags": "list<string>",
    "size": "struct<w: int32, name: string>",
    "photo": "binary",
}
ROWS = [
    {
        "id": number,
        "note": None if number % 3 == 0 else f'a, "b"\nline {number} é',
        "at": datetime(2024, 7, 1, 12, 0, number % 60, 5000, tzinfo=UTC),
        "day": date(2024, 7, 1) if number % 2 else None,
        "price": Decimal("123456789012345678.90"),
        "ratio": number / 7,
        "flag": bool(number % 2),
        "tags": ["x", None] if number % 2 else [],
        "size": {"w": number, "name": "é"} if number % 4 else None,
        "photo": bytes([number % 256, 0, 255]),
    }
    for number in range(1, 40)
]
PACKINGS = [
    pytest.param(name, compression, id=f"{name} {compression}")
    for name, compressions in COMPRESSIONS.items()
    for compression in compressions
]


@pytest.mark.parametrize(("format_name", "compression"), PACKINGS)
def test_what_is_written_can_be_read_again(format_name: OutputFormat, compression: Compression) -> None:
    source = parquet(dict(pa.Table.from_pylist(ROWS).to_pydict()))
    output = {"format": format_name, "compression": compression, "rows_per_file": 25}
    written = drafted(flow_with(COLUMNS, source={"format": "parquet"}, output=output), source, name="a.parquet")
    assert [file.rows for file in written.draft.files] == [25, 14]
    assert [file.size_bytes for file in written.draft.files] == [len(data) for data in written.contents]
    name = written.draft.files[0].name
    again = drafted(flow_with(COLUMNS, source={"format": format_name}), *written.contents, name=name)
    assert again.rows == ROWS
    assert not again.quarantine


def test_without_a_word_parquet_and_arrow_are_compressed_inside_and_text_is_not() -> None:
    formats: list[OutputFormat] = ["parquet", "csv", "jsonl", "arrow"]
    assert [Output(format=name).packing for name in formats] == ["zstd", "none", "none", "zstd"]


def test_a_compression_that_the_format_has_not_is_a_mistake() -> None:
    with pytest.raises(ValidationError, match="a compression that csv has: none, gzip, zstd"):
        Output(format="csv", compression="snappy")


@pytest.mark.parametrize("format_name", ["parquet", "csv", "jsonl", "arrow"])
def test_the_bytes_do_not_depend_on_the_number_of_threads(format_name: str) -> None:
    data = b"id,note\n" + b"".join(b"%d,%d\n" % (number, number * number) for number in range(300_000))
    flow = flow_with({"id": "int32", "note": "string"}, output={"format": format_name})
    found = {
        tuple(drafted(flow, data, limits=Limits(LIMITS.memory_bytes, threads, LIMITS.scratch_bytes)).contents)
        for threads in (1, 2, 4)
    }
    assert len(found) == 1


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_a_text_of_several_groups_is_one_stream_with_one_header(
    compression: Literal["none", "gzip", "zstd"],
) -> None:
    rows = ROWS_PER_GROUP + 2
    data = b"id\n" + b"".join(b"%d\n" % number for number in range(rows))
    flow = flow_with({"id": "int32"}, output={"format": "csv", "compression": compression})
    [content] = drafted(flow, data).contents
    read = content if compression == "none" else pa.input_stream(io.BytesIO(content), compression=compression).read()
    assert read == data


def test_an_interval_is_text_in_parquet() -> None:
    flow = flow_with({"seen": "timestamp"}, steps=[{"derive": {"gap": "seen - TIMESTAMP '2013-01-31'"}}])
    [content] = drafted(flow, b"seen\n2013-01-31 00:20:00\n").contents
    assert pq.read_table(io.BytesIO(content))["gap"].to_pylist() == ["00:20:00"]


def test_csv_and_jsonl_are_plain_to_read() -> None:
    flow = {"id": "int32", "at": "timestamp", "tags": "list<int8>"}
    data = parquet({"id": [1], "at": [datetime(2024, 7, 1, tzinfo=UTC)], "tags": [[1, None]]})
    texts = [
        drafted(flow_with(flow, source={"format": "parquet"}, output={"format": name}), data, name="a.parquet").contents
        for name in ("csv", "jsonl")
    ]
    assert texts == [
        [b'id,at,tags\n1,2024-07-01T00:00:00.000000Z,"[1,null]"\n'],
        [b'{"id":1,"at":"2024-07-01T00:00:00.000000Z","tags":[1,null]}\n'],
    ]


def test_json_has_no_nan() -> None:
    column = {"ratio": {"type": "float64", "allow_nonfinite": True}, "id": "int8"}
    data = parquet({"ratio": [float("nan"), 1.5], "id": [1, 2]})
    flow = flow_with(column, source={"format": "parquet"}, output={"format": "jsonl"})
    assert drafted(flow, data, name="a.parquet").contents == [b'{"ratio":null,"id":1}\n{"ratio":1.5,"id":2}\n']


def test_one_column_of_nulls_is_counted_in_csv() -> None:
    flow = flow_with({"id": "int8"}, source={"format": "parquet"}, output={"format": "csv"})
    [file] = drafted(flow, parquet({"id": [None, 1, None, None]}), name="a.parquet").draft.files
    assert file.rows == 4


def test_arrow_files_say_that_times_are_utc() -> None:
    flow = flow_with({"at": "timestamp"}, source={"format": "parquet"}, output={"format": "arrow"})
    [data] = drafted(flow, parquet({"at": [datetime(2024, 7, 1, tzinfo=UTC)]}), name="a.parquet").contents
    assert ipc.open_file(io.BytesIO(data)).schema.field("at").type == pa.timestamp("us", "UTC")


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        pytest.param("a.parquet", "read_parquet", id="Parquet"),
        pytest.param("a.csv.gz", "read_delimited", id="CSV"),
        pytest.param("a.jsonl", "read_json_lines", id="JSON lines"),
    ],
)
def test_ml_table_reads_each_format(name: str, reading: str) -> None:
    assert f"  - {reading}" in ml_table([name]).decode()


def test_ml_table_lists_arrow_files_alone() -> None:
    assert "transformations" not in ml_table(["a.arrow"]).decode()
