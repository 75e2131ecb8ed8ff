"""Formats of data files: how one is written, a group of rows after the other, and how many it says that it holds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from transforms.dialect import Dialect
from transforms.draft import LocalUpload
from transforms.json_lines import LINES
from transforms.records import blocks_of
from transforms.relation import quoted, text
from transforms.row_groups import ROWS_PER_GROUP
from transforms.unpack import chunks_of

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.parquet as pq
    from duckdb import DuckDBPyConnection
    from pyarrow import ipc

    from transforms.flow.output import Compression, OutputFormat

_MOMENTS = "TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'"
_EXACT_DIGITS = 15
"""Digits that every reader of JSON keeps."""

Add = Callable[["pa.Table"], None]
"""The rows of a group are in the file, behind those before; of its columns those that the file is to have."""
Stored = Callable[[str, str], str]
"""SQL for a column (as SQL) of a type, as a file can hold it."""


@dataclass(frozen=True)
class Target:
    """A file to be: its columns (name -> DuckDB type), and a connection that may look at a group."""

    path: Path
    columns: Mapping[str, str]
    compression: Compression
    connection: DuckDBPyConnection


@dataclass(frozen=True)
class DataFormat:
    """One format of data files."""

    ending: str
    fetched: Stored
    """How a column leaves the engine."""
    open: Callable[[Target], AbstractContextManager[Add]]
    """Inside, groups can be added; afterwards the file is whole."""
    rows: Callable[[Path], int]
    """What the file says by itself, read without DuckDB."""
    is_packed_whole: bool = False
    """Compressed as a file, which its name then says, and not inside."""

    def suffix(self, compression: Compression) -> str:
        """How the name of a file ends."""
        return self.ending + (_SUFFIXES[compression] if self.is_packed_whole else "")


def _parquet(target: Target) -> AbstractContextManager[Add]:
    import pyarrow.parquet as pq

    return _columnar(target, lambda schema: pq.ParquetWriter(target.path, schema, compression=target.compression))


def _arrow(target: Target) -> AbstractContextManager[Add]:
    import pyarrow as pa
    from pyarrow import ipc

    options = ipc.IpcWriteOptions(compression=None if target.compression == "none" else pa.Codec(target.compression))
    return _columnar(target, lambda schema: ipc.new_file(str(target.path), schema, options=options))


@contextmanager
def _columnar(
    target: Target, opened: Callable[[pa.Schema], pq.ParquetWriter | ipc.RecordBatchFileWriter]
) -> Iterator[Add]:
    """A file of tables, opened once the schema is known."""
    writer: pq.ParquetWriter | ipc.RecordBatchFileWriter | None = None

    def add(group: pa.Table) -> None:
        nonlocal writer
        table = group.select(list(target.columns))
        writer = writer or opened(table.schema)
        writer.write_table(table, ROWS_PER_GROUP)

    try:
        yield add
    finally:
        if writer:
            writer.close()


def _csv(target: Target) -> AbstractContextManager[Add]:
    return _text(target, _in_csv, lambda is_first: f"FORMAT csv, HEADER {str(is_first).lower()}, {_MOMENTS}")


def _jsonl(target: Target) -> AbstractContextManager[Add]:
    return _text(target, _in_json, lambda _: f"FORMAT json, {_MOMENTS}")


@contextmanager
def _text(target: Target, stored: Stored, options: Callable[[bool], str]) -> Iterator[Add]:
    """A text of the engine's for each group, one behind the other in one stream: many readers know but one."""
    import pyarrow as pa

    piece = target.path.with_name(f"{target.path.name}.piece")
    values = ", ".join(f"{stored(quoted(name), kind)} AS {quoted(name)}" for name, kind in target.columns.items())
    with ExitStack() as stack:
        file: pa.NativeFile = stack.enter_context(pa.OSFile(str(target.path), "wb"))
        if codec := _CODECS.get(target.compression):
            file = stack.enter_context(pa.CompressedOutputStream(file, codec))

        def add(group: pa.Table) -> None:
            target.connection.register("group_of_rows", group)
            copied = f"COPY (SELECT {values} FROM group_of_rows) TO {text(piece.as_posix())}"
            target.connection.execute(f"{copied} ({options(file.tell() == 0)})")
            target.connection.unregister("group_of_rows")
            with piece.open("rb") as source:
                shutil.copyfileobj(source, file)
            piece.unlink()

        yield add


def _rows_in_footer(path: Path) -> int:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return file.metadata.num_rows


def _rows_in_batches(path: Path) -> int:
    from pyarrow import ipc, memory_map

    with memory_map(str(path)) as source:
        file = ipc.open_file(source)
        return sum(file.get_batch(number).num_rows for number in range(file.num_record_batches))


def _records_below_header(path: Path) -> int:
    return sum(len(block) for block in blocks_of(chunks_of(LocalUpload(path.name, path)), Dialect())) - 1


def _lines(path: Path) -> int:
    return sum(len(block) for block in blocks_of(chunks_of(LocalUpload(path.name, path)), LINES))


def _as_it_is(value: str, kind: str) -> str:  # noqa: ARG001 - other formats ask the type
    return value


def _in_parquet(value: str, kind: str) -> str:
    """Parquet has no intervals that its readers know, and no unions."""
    return f"CAST({value} AS VARCHAR)" if "INTERVAL" in kind or "UNION" in kind else _in_arrow(value, kind)


def _in_arrow(value: str, kind: str) -> str:
    return f"CAST({value} AS VARCHAR)" if kind == "JSON" else value


def _in_csv(value: str, kind: str) -> str:
    """What is nested as JSON, bytes as base64."""
    if kind.endswith("[]") or kind.startswith(("STRUCT", "MAP")):
        return f"CASE WHEN {value} IS NOT NULL THEN CAST(to_json({value}) AS VARCHAR) END"
    return f"to_base64({value})" if kind == "BLOB" else value


def _in_json(value: str, kind: str) -> str:
    """Bytes as base64, long decimals as text; JSON has no NaN and no infinity."""
    if kind in {"FLOAT", "DOUBLE"}:
        return f"CASE WHEN isfinite({value}) THEN {value} END"
    if kind.startswith("DECIMAL(") and int(kind[8:].partition(",")[0]) > _EXACT_DIGITS:
        return f"CAST({value} AS VARCHAR)"
    return f"to_base64({value})" if kind == "BLOB" else value


_CODECS: dict[Compression, Literal["gzip", "zstd"]] = {"gzip": "gzip", "zstd": "zstd"}
_SUFFIXES: dict[Compression, str] = {"gzip": ".gz", "zstd": ".zst", "none": ""}
DATA_FORMATS: dict[OutputFormat, DataFormat] = {
    "parquet": DataFormat(".parquet", _in_parquet, _parquet, _rows_in_footer),
    "csv": DataFormat(".csv", _as_it_is, _csv, _records_below_header, is_packed_whole=True),
    "jsonl": DataFormat(".jsonl", _as_it_is, _jsonl, _lines, is_packed_whole=True),
    "arrow": DataFormat(".arrow", _in_arrow, _arrow, _rows_in_batches),
}
