"""Rows in a Parquet file: what every binary format becomes in scratch, if it is not one already.

parquet ------------------------------> linked, or unpacked
arrow, orc, avro --(batch by batch)---> written as Parquet, rows counted on the way
excel ---------------------------------> the same, every cell as text; too wide rows are damage
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.errors import UnreadableUpload, UploadTooLarge
from transforms.full_disk import is_full_disk
from transforms.relation import quoted, text
from transforms.staging import place
from transforms.unpack import chunks_of, is_packed

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Column
    from transforms.formats.opening import Opening

_USUAL_TYPES = {"TIMESTAMPTZ_NS": "TIMESTAMP WITH TIME ZONE", "TIME_NS": "TIME", '"NULL"': "VARCHAR"}
"""Types that no contract has, and the nearest that one has."""

_STUMBLES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What libraries raise when they stumble over damaged bytes."""

BATCH_ROWS = 32_768
"""Rows that a reader has in memory at a time, as far as its format lets it."""


@dataclass(frozen=True)
class ColumnarReader:
    """One upload as a Parquet file in scratch. An ordinal is the number of the row in the upload."""

    name: str
    path: Path
    records: int
    columns: Mapping[str, str]
    dialect: Mapping[str, Any]
    damage: Path | None = None

    def parsed_type(self, name: str, column: Column) -> str:  # noqa: ARG002 - text is parsed as declared
        return self.columns[name]

    def rows(self, types: Sequence[str]) -> str:  # noqa: ARG002 - the file knows its types
        return f"(SELECT {self._columns} FROM read_parquet({text(self.path.as_posix())}))"

    def rejected(self, connection: DuckDBPyConnection) -> str | None:  # noqa: ARG002 - a damaged page ends the reading
        return None

    def keep_sources(self, connection: DuckDBPyConnection, suspects: str, target: str) -> None:
        connection.execute(f"""
            CREATE TABLE {quoted(target)} AS
            SELECT file_row_number + 1 AS ordinal, NULL::VARCHAR AS raw, {self._columns}
            FROM read_parquet({text(self.path.as_posix())}, file_row_number = true)
            WHERE file_row_number + 1 IN (SELECT ordinal FROM {suspects})""")

    @property
    def _columns(self) -> str:
        return ", ".join(
            f"CAST({quoted(name)} AS {kind}) AS c{place}" for place, (name, kind) in enumerate(self.columns.items())
        )


def brought(opening: Opening, file: str) -> Path:
    """The bytes of an upload are a file in its folder, unpacked where its name says that they are packed.

    Raises:
        UnreadableUpload: they are packed badly.
        UploadTooLarge: unpacked, they do not fit into the room.
    """
    target = opening.folder / file
    if not is_packed(opening.upload):
        return place(opening.upload, target, opening.room)
    with target.open("wb") as unpacked:
        for chunk in chunks_of(opening.upload):
            opening.room.take(len(chunk), opening.upload.name)
            unpacked.write(chunk)
    return target


def reader_of(opening: Opening, path: Path, records: int) -> ColumnarReader:
    """The reader of a Parquet file in scratch.

    Raises:
        UnreadableUpload: DuckDB cannot read its schema.
    """
    import duckdb

    source = f"read_parquet({text(path.as_posix())})"
    try:
        described = opening.connection.execute(f"DESCRIBE FROM {source}").fetchall()
    except (duckdb.OutOfMemoryException, duckdb.PermissionException):
        raise
    except duckdb.Error as error:
        raise unreadable(opening, "Parquet", error) from error
    columns = {str(row[0]): _USUAL_TYPES.get(str(row[1]), str(row[1])) for row in described}
    return ColumnarReader(opening.upload.name, path, records, columns, {"format": opening.format})


def staged_batches(
    opening: Opening, format_name: str, batches: Callable[[], tuple[pa.Schema, Iterable[pa.RecordBatch]]]
) -> ColumnarReader:
    """The batches of a format are a Parquet file in scratch.

    Raises:
        UnreadableUpload: the batches end in an error of their reader, or have a type that Parquet has not.
        UploadTooLarge: they do not fit into the room, or one of them not into memory.
    """
    import pyarrow as pa

    path = opening.folder / "rows.parquet"
    try:
        schema, found = batches()
        records = _written(opening, path, schema, found)
    except MemoryError as error:
        raise UploadTooLarge(
            f"{opening.upload.name}: a block of this {format_name} file does not fit into memory ({error}); "
            "write it with smaller blocks, or split it"
        ) from error
    except (pa.ArrowException, *_STUMBLES) as error:
        if is_full_disk(error):
            raise
        raise unreadable(opening, format_name, error) from error
    return reader_of(opening, path, records)


def unreadable(opening: Opening, format_name: str, error: Exception) -> UnreadableUpload:
    """The refusal of an upload that is not a whole file of its format."""
    said = str(error).partition("\n")[0]
    return UnreadableUpload(f"{opening.upload.name}: not a whole {format_name} file ({said}); write it again")


def _written(opening: Opening, path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    import pyarrow.parquet as pq

    records = 0
    with pq.ParquetWriter(path, schema, compression="lz4", store_schema=False) as writer:
        for batch in batches:
            # First of all: whatever else looks at damaged offsets may read memory that is not there.
            batch.validate(full=True)
            opening.room.take(batch.nbytes, opening.upload.name)
            writer.write_batch(batch)
            records += len(batch)
    return records
