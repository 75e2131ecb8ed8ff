"""Lookups: small tables beside the uploads, loaded whole, their types told by what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.draft import LocalUpload
from transforms.errors import UnreadableUpload
from transforms.formats.opening import Opening
from transforms.formats.parquet import open_parquet
from transforms.full_disk import is_full_disk
from transforms.relation import ROW, Relation, number, quoted, relation_of, text
from transforms.staging import StagedText, stage_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.lookup import Lookup
    from transforms.flow.read_options import ReadOptions
    from transforms.unpack import Room


def load_lookups(
    connection: DuckDBPyConnection, lookups: Mapping[str, Lookup], paths: Mapping[str, Path], folder: Path, room: Room
) -> dict[str, Relation]:
    """Every lookup is a relation; all of its rows are there, or the run is rejected.

    Shape:
        One table a lookup. CSV columns get a type that every one of their values fits.
    Units:
        Timestamps are UTC; without an offset they are taken as UTC.
    Raises:
        UnreadableUpload: a lookup is damaged; a lookup has no quarantine, its owner must mend it.
    """
    return {
        name: _load(connection, name, lookup, paths[name], folder / f"lookup_{name}", room=room)
        for name, lookup in lookups.items()
    }


def _load(
    connection: DuckDBPyConnection, name: str, lookup: Lookup, path: Path, folder: Path, *, room: Room
) -> Relation:
    import duckdb

    upload, table = LocalUpload(lookup.path, path), f"lookup_{name}"
    folder.mkdir()
    if lookup.format_by_name == "parquet":
        reader = open_parquet(Opening(upload, folder, "parquet", lookup.options, None, room, connection))
        rows, records = f"read_parquet({text(reader.path.as_posix())})", reader.records
    else:
        staged = stage_text(upload, folder, lookup.options, room, lookup.key)
        _refuse_damage(staged)
        rows, records = _detected(staged, lookup.options), staged.records
    try:
        connection.execute(f"CREATE TABLE {quoted(table)} AS SELECT row_number() OVER () - 1 AS {ROW}, * FROM {rows}")
    except duckdb.Error as error:
        if is_full_disk(error):
            raise
        raise UnreadableUpload(f"lookup {name} ({lookup.path}): {error}") from error
    _make_utc(connection, table)
    found = number(connection, f"SELECT count(*) FROM {quoted(table)}")
    if found != records:
        raise UnreadableUpload(f"lookup {name} ({lookup.path}): {records:,} records, but {found:,} could be read")
    return relation_of(connection, table)


def _make_utc(connection: DuckDBPyConnection, table: str) -> None:
    """Times with an offset become timestamps in UTC, as those of uploads are."""
    for name, kind in relation_of(connection, table).columns.items():
        if kind == "TIMESTAMP WITH TIME ZONE":
            column = quoted(name)
            connection.execute(
                f"ALTER TABLE {quoted(table)} ALTER {column} SET DATA TYPE TIMESTAMP USING timezone('UTC', {column})"
            )


def _refuse_damage(staged: StagedText) -> None:
    if staged.damaged:
        raise UnreadableUpload(
            f"lookup {staged.name}: {staged.damaged:,} of {staged.records:,} records are damaged (open quotes, or "
            "bytes that are not UTF-8); mend them and upload it again"
        )


def _detected(staged: StagedText, options: ReadOptions) -> str:
    names = ", ".join(text(name) for name in staged.columns)
    nulls = ", ".join(text(value) for value in options.null_values or ("",))
    dialect = staged.dialect
    quote, escape = text(dialect.quote.decode()), text((dialect.escape or dialect.quote).decode())
    return (
        f"read_csv({text(staged.path.as_posix())}, header = {str(staged.has_header).lower()}, names = [{names}], "
        f"nullstr = [{nulls}], delim = {text(dialect.delimiter.decode())}, quote = {quote}, escape = {escape}, "
        "sample_size = -1)"
    )
