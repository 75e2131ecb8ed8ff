"""JSON lines in: one object a line. Values are text until the contract casts them, what is nested is JSON."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.breaches import reason
from transforms.damage import DAMAGE
from transforms.encodings import UTF_8, detected_encoding, in_utf_8
from transforms.errors import UnreadableUpload
from transforms.json_lines import StagedLines, stage_json_lines
from transforms.key_shapes import is_record, json_lines_of, structs_of
from transforms.line_texts import raw_batch, texts_of_lines
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
        values = ", ".join(
            f"{self._value(f'struct_extract(record, {text(name)})', kind)} AS c{place}"
            for place, (name, kind) in enumerate(zip(self.columns, types, strict=True))
        )
        return f"(SELECT {values} FROM {self._records(types)} WHERE record IS NOT NULL)"

    def _records(self, types: Sequence[str]) -> str:
        """SQL after FROM: a struct of each record, and nulls for some of what is rejected."""
        path, shapes = self.staged.path, self.staged.shapes
        kinds = dict(zip(self.columns, types, strict=True))
        if not shapes.misfits:
            return structs_of(path, f"STRUCT({', '.join(f'{quoted(name)} {kind}' for name, kind in kinds.items())})")
        # Once more the long way: as a struct, what is no object or has a key twice could not be told from a record.
        return f"""(SELECT json_transform(line, {text(json.dumps(kinds))}) AS record FROM {json_lines_of(path)}
            WHERE {is_record("line")})"""

    def rejected(self, connection: DuckDBPyConnection) -> str | None:  # noqa: ARG002 - it is known before
        rejects = self.staged.shapes.rejects
        why = reason("NULL", "'json'", text(DAMAGE["json"]))
        return f"(SELECT ordinal, false AS whole, [{why}] AS reasons FROM {quoted(rejects)})" if rejects else None

    def keep_sources(self, connection: DuckDBPyConnection, suspects: str, target: str) -> None:
        import pyarrow.parquet as pq

        raws = self.staged.path.with_name("raws.parquet")
        with pq.ParquetWriter(raws, raw_batch([], []).schema) as writer:
            for ordinals, texts in texts_of_lines(connection, self.staged.path, suspects):
                writer.write_batch(raw_batch(ordinals, texts))
        # What is nested stays JSON here too: as plain text, the string "[1]" would pass for the list [1].
        kinds = {name: "JSON" if name in self.nested else "VARCHAR" for name in self.columns}
        values = ", ".join(
            f"CAST({self._value(f'struct_extract(record, {text(name)})', kind)} AS VARCHAR) AS c{place}"
            for place, (name, kind) in enumerate(kinds.items())
        )
        connection.execute(f"""
            CREATE TABLE {quoted(target)} AS SELECT ordinal, raw, {values}
            FROM (SELECT ordinal, raw, CASE WHEN whole THEN json_transform(raw, {text(json.dumps(kinds))}) END AS record
                FROM read_parquet({text(raws.as_posix())}) JOIN {suspects} USING (ordinal))""")

    def _value(self, source: str, kind: str) -> str:
        """The null of JSON, and words that mean it, are null."""
        if kind != "VARCHAR":
            return f"CASE WHEN json_type({source}) <> 'NULL' THEN {source} END"
        for word in self.null_values:
            source = f"nullif({source}, {text(word)})"
        return source


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
    names = list(staged.shapes.keys)
    if contract is not None and contract.unknown_columns == "drop":
        names = [name for name in names if name in contract.columns]
    if contract is not None and not staged.has_records:
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
