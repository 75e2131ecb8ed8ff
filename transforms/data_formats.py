"""Formats of data files: how one is written from a table, and how many rows it says that it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.dialect import Dialect
from transforms.draft import LocalUpload
from transforms.json_lines import LINES
from transforms.records import blocks_of
from transforms.relation import Relation, quoted, text
from transforms.unpack import chunks_of

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from transforms.flow.output import Compression, OutputFormat

ROWS_PER_GROUP = 122_880
"""DuckDB's own row group: whole groups pass from a table to a file as they are."""

_MOMENTS = "TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S.%fZ'"
_EXACT_DIGITS = 15
"""Digits that every reader of JSON keeps."""


@dataclass(frozen=True)
class DataFormat:
    """One format of data files."""

    ending: str
    stored: Callable[[str, str], str]
    """SQL for a column (as SQL) of a type, as the file can hold it."""
    write: Callable[[DuckDBPyConnection, str, Path, Compression], None]
    """A query's rows are in the file, in order."""
    rows: Callable[[Path], int]
    """What the file says by itself, read without DuckDB."""
    is_packed_whole: bool = False
    """Compressed as a file, which its name then says, and not inside."""

    def suffix(self, compression: Compression) -> str:
        """How the name of a file ends."""
        return self.ending + (_SUFFIXES[compression] if self.is_packed_whole else "")


def _write_parquet(connection: DuckDBPyConnection, query: str, path: Path, compression: Compression) -> None:
    codec = "uncompressed" if compression == "none" else compression
    _copy(connection, query, path, f"FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE {ROWS_PER_GROUP}")


def _write_csv(connection: DuckDBPyConnection, query: str, path: Path, compression: Compression) -> None:
    _copy(connection, query, path, f"FORMAT csv, HEADER true, COMPRESSION {compression}, {_MOMENTS}")


def _write_jsonl(connection: DuckDBPyConnection, query: str, path: Path, compression: Compression) -> None:
    _copy(connection, query, path, f"FORMAT json, COMPRESSION {compression}, {_MOMENTS}")


def _write_arrow(connection: DuckDBPyConnection, query: str, path: Path, compression: Compression) -> None:
    from pyarrow import ipc

    options = ipc.IpcWriteOptions(compression=compression if compression in {"zstd", "lz4"} else None)
    batches = connection.sql(query).to_arrow_reader(ROWS_PER_GROUP)
    with ipc.new_file(str(path), batches.schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _copy(connection: DuckDBPyConnection, query: str, path: Path, options: str) -> None:
    connection.execute(f"COPY ({query}) TO {text(path.as_posix())} ({options})")


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


def stored_rows(table: Relation, data_format: DataFormat) -> str:
    """The query for all rows of a table as files of the format hold them.

    Example:
        >>> stored_rows(Relation("part", {"id": "INTEGER", "photo": "BLOB"}), DATA_FORMATS["csv"])
        'SELECT "id" AS "id", to_base64("photo") AS "photo" FROM "part"'
    """
    columns = [f"{data_format.stored(quoted(name), kind)} AS {quoted(name)}" for name, kind in table.columns.items()]
    return f"SELECT {', '.join(columns)} FROM {table.sql}"


_SUFFIXES: dict[Compression, str] = {"gzip": ".gz", "zstd": ".zst", "none": ""}
DATA_FORMATS: dict[OutputFormat, DataFormat] = {
    "parquet": DataFormat(".parquet", _as_it_is, _write_parquet, _rows_in_footer),
    "csv": DataFormat(".csv", _in_csv, _write_csv, _records_below_header, is_packed_whole=True),
    "jsonl": DataFormat(".jsonl", _in_json, _write_jsonl, _lines, is_packed_whole=True),
    "arrow": DataFormat(".arrow", _in_arrow, _write_arrow, _rows_in_batches),
}
