"""Parquet in: columns keep their source types until the contract casts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.breaches import REASON
from transforms.draft import LocalUpload
from transforms.errors import UnreadableUpload
from transforms.relation import quoted, text
from transforms.staging import place
from transforms.unpack import Room, chunks_of, is_packed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Column


@dataclass(frozen=True)
class ParquetReader:
    """One Parquet upload, staged. An ordinal is the number of the row in the file."""

    name: str
    path: Path
    records: int
    columns: Mapping[str, str]
    damage: None = None

    def parsed_type(self, name: str, column: Column) -> str:  # noqa: ARG002 - text is parsed as declared
        return self.columns[name]

    def rows(self, types: Sequence[str]) -> str:  # noqa: ARG002 - the file knows its types
        return f"(SELECT {self._columns} FROM read_parquet({text(self.path.as_posix())}))"

    def rejected(self) -> str:
        return f"(SELECT 0::BIGINT AS ordinal, true AS whole, []::{REASON}[] AS reasons WHERE false)"

    def keep_sources(self, connection: DuckDBPyConnection, suspects: str, target: str) -> None:
        connection.execute(f"""
            CREATE TABLE {quoted(target)} AS
            SELECT file_row_number + 1 AS ordinal, NULL::VARCHAR AS raw, {self._columns}
            FROM read_parquet({text(self.path.as_posix())}, file_row_number = true)
            WHERE file_row_number + 1 IN (SELECT ordinal FROM {suspects})""")

    @property
    def _columns(self) -> str:
        return ", ".join(f"{quoted(name)} AS c{place}" for place, name in enumerate(self.columns))


def open_parquet(upload: LocalUpload, folder: Path, room: Room, connection: DuckDBPyConnection) -> ParquetReader:
    """One Parquet upload is staged in `folder` and ready to be read; its footer says how many rows it has.

    Raises:
        UnreadableUpload: the file is damaged, or no Parquet at all.
        UploadTooLarge: unpacked, it does not fit into `room`.
    """
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    bring = _unpack if is_packed(upload) else place
    path = bring(upload, folder / "rows.parquet", room)
    try:
        with pq.ParquetFile(path) as file:
            records = file.metadata.num_rows
        described = connection.execute(f"DESCRIBE FROM read_parquet({text(path.as_posix())})").fetchall()
    except (pa.ArrowException, OSError, duckdb.Error) as error:
        raise UnreadableUpload(f"{upload.name}: not a whole Parquet file ({error}); write it again") from error
    return ParquetReader(upload.name, path, records, {str(row[0]): str(row[1]) for row in described})


def _unpack(upload: LocalUpload, target: Path, room: Room) -> Path:
    with target.open("wb") as file:
        for chunk in chunks_of(upload):
            room.take(len(chunk), upload.name)
            file.write(chunk)
    return target
