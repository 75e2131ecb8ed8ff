"""JSON lines in: one object a line. Values are text until the contract casts them, what is nested is JSON."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.breaches import REASON
from transforms.draft import LocalUpload
from transforms.encodings import UTF_8, detected_encoding, in_utf_8
from transforms.errors import UnreadableUpload
from transforms.json_lines import LINES, StagedLines, stage_json_lines
from transforms.record_ends import LONGEST_RECORD
from transforms.records import blocks_of
from transforms.relation import quoted, text
from transforms.unpack import chunks_of, is_packed, refuse_other_formats

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Column
    from transforms.formats.opening import Opening


@dataclass(frozen=True)
class JsonReader:
    """One upload as JSON lines in scratch. An ordinal is the number of the line."""

    name: str
    staged: StagedLines
    columns: Mapping[str, str]
    dialect: Mapping[str, Any]
    null_values: tuple[str, ...]
    nested: frozenset[str] = frozenset()

    @property
    def records(self) -> int:
        return self.staged.records

    @property
    def damage(self) -> Path | None:
        return self.staged.damage if self.staged.damaged else None

    def parsed_type(self, name: str, column: Column) -> str:  # noqa: ARG002 - other formats ask the source
        return "JSON" if _is_json(column) else "VARCHAR"

    def rows(self, types: Sequence[str]) -> str:
        columns = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in zip(self.columns, types, strict=True))
        values = ", ".join(
            f"{self._value(quoted(name), kind)} AS c{place}"
            for place, (name, kind) in enumerate(zip(self.columns, types, strict=True))
        )
        return f"""(SELECT {values} FROM read_json({text(self.staged.path.as_posix())}, format = 'newline_delimited',
            records = 'true', auto_detect = false, maximum_object_size = {LONGEST_RECORD + 16},
            columns = {{{columns}}}))"""

    def rejected(self) -> str:
        return f"(SELECT 0::BIGINT AS ordinal, true AS whole, []::{REASON}[] AS reasons WHERE false)"

    def keep_sources(self, connection: DuckDBPyConnection, suspects: str, target: str) -> None:
        raws = self.staged.path.with_name("raws.parquet")
        self._extract(connection, suspects, raws)
        kinds = {name: "JSON" if name in self.nested else "VARCHAR" for name in self.columns}
        shape = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in kinds.items())
        # What is nested stays JSON here too: as plain text, the string "[1]" would pass for the list [1].
        values = ", ".join(
            f"CAST({self._value(f'fields[{text(name)}]', kind)} AS VARCHAR) AS c{place}"
            for place, (name, kind) in enumerate(kinds.items())
        )
        connection.execute(f"""
            CREATE TABLE {quoted(target)} AS SELECT ordinal, raw, {values}
            FROM (SELECT ordinal, raw, json_transform(raw, to_json({{{shape}}})) AS fields
                FROM read_parquet({text(raws.as_posix())}))""")

    def _value(self, source: str, kind: str) -> str:
        """The null of JSON, and words that mean it, are null."""
        if kind != "VARCHAR":
            return f"CASE WHEN json_type({source}) <> 'NULL' THEN {source} END"
        for word in self.null_values:
            source = f"nullif({source}, {text(word)})"
        return source

    def _extract(self, connection: DuckDBPyConnection, suspects: str, raws: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.table({"ordinal": pa.array([], pa.int64()), "raw": pa.array([], pa.string())}).schema
        first = 1
        with pq.ParquetWriter(raws, schema) as writer:
            chunks = chunks_of(LocalUpload(self.staged.path.name, self.staged.path))
            for block in blocks_of(chunks, LINES, blank_is_record=False):
                found = connection.execute(
                    f"SELECT ordinal FROM {suspects} WHERE ordinal >= ? AND ordinal < ? ORDER BY ordinal",
                    [first, first + len(block)],
                ).fetchall()
                ordinals = [int(row[0]) for row in found]
                lines = [block.raw(ordinal - first).decode() for ordinal in ordinals]
                writer.write_table(pa.table({"ordinal": ordinals, "raw": lines}, schema))
                first += len(block)


def open_jsonl(opening: Opening) -> JsonReader:
    """One upload of JSON lines is staged and ready to be read.

    Raises:
        UnreadableUpload: empty, of another format, packed badly, or with keys that cannot be columns.
        UploadTooLarge: it does not fit into the room.
    """
    first_bytes = next(chunks_of(opening.upload))
    refuse_other_formats(first_bytes, opening.upload.name)
    encoding = opening.options.encoding or detected_encoding(first_bytes)
    is_plain = encoding == UTF_8 and not is_packed(opening.upload) and not first_bytes.startswith(codecs.BOM_UTF8)
    chunks = in_utf_8(chunks_of(opening.upload), encoding)
    return json_reader(opening, stage_json_lines(opening, chunks, is_plain=is_plain), encoding)


def json_reader(opening: Opening, staged: StagedLines, encoding: str) -> JsonReader:
    """The reader of staged JSON lines; keys that the contract drops are not among its columns.

    Raises:
        UnreadableUpload: a key that would become a column is blank.
    """
    contract = opening.contract
    names = list(staged.keys)
    if contract is not None and contract.unknown_columns == "drop":
        names = [name for name in names if name in contract.columns]
    if contract is not None and staged.records == staged.damaged:
        names = list(contract.columns)
    if any(not name.strip() for name in names):
        raise UnreadableUpload(f"{opening.upload.name}: a key is blank; name it, or declare unknown_columns: drop")
    columns = dict.fromkeys(names, "VARCHAR")
    dialect = {"format": opening.format, "encoding": encoding}
    declared = contract.columns if contract is not None else {}
    nested = frozenset(name for name, column in declared.items() if _is_json(column))
    return JsonReader(opening.upload.name, staged, columns, dialect, opening.options.null_values or (), nested)


def _is_json(column: Column) -> bool:
    return column.spec.is_nested or column.type == "json"
