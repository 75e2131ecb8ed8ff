"""CSV: text in, parsed by DuckDB into declared types; bad lines are found while parsing, at no cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.breaches import REASON
from transforms.column_types import read_as
from transforms.draft import LocalUpload
from transforms.line_texts import raw_batch, texts_of_lines
from transforms.record_ends import LONGEST_RECORD
from transforms.records import blocks_of
from transforms.relation import number, quoted, text
from transforms.staging import StagedText, stage_text
from transforms.unpack import chunks_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Column
    from transforms.flow.read_options import ReadOptions
    from transforms.formats.opening import Opening

_LINE_BREAKS = {"\n": r"'\n'", "\r\n": r"'\r\n'"}


@dataclass(frozen=True)
class CsvReader:
    """One CSV upload, staged."""

    staged: StagedText
    options: ReadOptions
    rejects: str

    @property
    def name(self) -> str:
        return self.staged.name

    @property
    def records(self) -> int:
        return self.staged.records

    @property
    def columns(self) -> Mapping[str, str]:
        return dict.fromkeys(self.staged.columns, "VARCHAR")

    @property
    def damage(self) -> Path | None:
        return self.staged.damage if self.staged.damaged else None

    @property
    def dialect(self) -> Mapping[str, Any]:
        told = {"columns": list(self.staged.columns), "comment_lines": self.staged.comments}
        return {"format": "csv", **self.staged.form.told, **told}

    def parsed_type(self, name: str, column: Column) -> str:  # noqa: ARG002 - other formats ask the source
        return read_as(column)

    def rows(self, types: Sequence[str]) -> str:
        rejects = {"store_rejects": "true", "rejects_limit": "0"} | {
            "rejects_table": text(self.rejects),
            "rejects_scan": text(f"{self.rejects}_scan"),
        }
        written = {"header": str(self.staged.has_header).lower(), "new_line": _LINE_BREAKS[self.staged.line_break]}
        return self._read(self.staged.path, types, written | rejects)

    def rejected(self, connection: DuckDBPyConnection) -> str | None:
        """DuckDB's `line` counts records, and the header where there is one; the staged text has no other lines."""
        if not number(connection, f"SELECT count(*) FROM {quoted(self.rejects)}"):
            return None
        names = ", ".join(text(name) for name in self.columns)
        reason = f"""CAST(CASE WHEN error_type = 'CAST' THEN ROW([{names}][column_idx::BIGINT], 'type', NULL)
            WHEN error_type::VARCHAR LIKE '%COLUMNS' THEN ROW(NULL, 'columns', lower(error_type::VARCHAR))
            ELSE ROW([{names}][column_idx::BIGINT], 'csv', lower(error_type::VARCHAR)) END AS {REASON})"""
        before = int(self.staged.has_header)
        return f"""(SELECT line::BIGINT - {before} AS ordinal, bool_and(error_type = 'CAST') AS whole,
            list(DISTINCT {reason}) AS reasons FROM {quoted(self.rejects)} GROUP BY line)"""

    def keep_sources(self, connection: DuckDBPyConnection, suspects: str, target: str) -> None:
        raws, again = self.staged.path.with_name("raws.parquet"), self.staged.path.with_name("again.csv")
        self._extract(connection, suspects, raws, again)
        texts = self._read(again, ["VARCHAR"] * len(self.columns), {"header": "false", "new_line": r"'\n'"})
        connection.execute(f"CREATE TABLE {quoted(f'{target}_texts')} AS SELECT * FROM {texts}")
        connection.execute(f"""
            CREATE TABLE {quoted(target)} AS
            SELECT known.ordinal, raws.raw, texts.*
            FROM (SELECT ordinal, whole, count(*) FILTER (whole) OVER (ORDER BY ordinal) - 1 AS line FROM {suspects})
                AS known
            JOIN read_parquet({text(raws.as_posix())}) AS raws USING (ordinal)
            LEFT JOIN {quoted(f"{target}_texts")} AS texts ON known.whole AND texts.rowid = known.line""")

    def _extract(self, connection: DuckDBPyConnection, suspects: str, raws: Path, again: Path) -> None:
        """The raw text of the suspects: all in `raws`, those with a whole number of fields in `again` as well."""
        import pyarrow.parquet as pq

        found = connection.execute(f"SELECT whole FROM {suspects} ORDER BY ordinal").fetchnumpy()
        whole = iter(found["whole"].tolist())
        with pq.ParquetWriter(raws, raw_batch([], []).schema) as writer, again.open("wb") as lines:
            for ordinals, texts in self._texts(connection, suspects):
                writer.write_batch(raw_batch(ordinals, texts))
                lines.writelines(text + b"\n" for text in texts if next(whole))

    def _texts(self, connection: DuckDBPyConnection, suspects: str) -> Iterator[tuple[list[int], list[bytes]]]:
        """The suspects in their order, some at a time."""
        before = int(self.staged.has_header)
        if self.staged.is_plain:
            wanted = f"(SELECT ordinal + {before} AS ordinal FROM {suspects})"
            for lines, texts in texts_of_lines(connection, self.staged.path, wanted):
                yield [line - before for line in lines], texts
            return
        first = 1 - before
        for block in blocks_of(chunks_of(LocalUpload(self.staged.path.name, self.staged.path)), self.staged.dialect):
            found = connection.execute(
                f"SELECT ordinal FROM {suspects} WHERE ordinal >= ? AND ordinal < ? ORDER BY ordinal",
                [first, first + len(block)],
            ).fetchall()
            yield [ordinal for (ordinal,) in found], [block.raw(ordinal - first) for (ordinal,) in found]
            first += len(block)

    def _read(self, path: Path, types: Sequence[str], more: Mapping[str, str]) -> str:
        dialect = self.staged.dialect
        nulls = self.options.null_values if self.options.null_values is not None else ("",)
        options = {
            "auto_detect": "false",
            "delim": text(dialect.delimiter.decode()),
            "quote": text(dialect.quote.decode()),
            "escape": text((dialect.escape or dialect.quote).decode()),
            "nullstr": f"[{', '.join(text(value) for value in nulls)}]",
            "max_line_size": str(LONGEST_RECORD + 16),
            "columns": f"{{{', '.join(f'c{place}: {text(kind)}' for place, kind in enumerate(types))}}}",
        } | dict(more)
        if self.options.ragged_rows == "pad":
            # With quoted line breaks the parallel reader refuses to pad.
            options |= {"null_padding": "true", "parallel": "false"}
        return f"read_csv({text(path.as_posix())}, {', '.join(f'{key} = {value}' for key, value in options.items())})"


def open_csv(opening: Opening) -> CsvReader:
    """One CSV or TSV upload is staged and ready to be read.

    Raises:
        UnreadableUpload, UploadTooLarge: see `stage_text`.
    """
    options = opening.options
    if opening.format == "tsv" and options.delimiter is None:
        options = options.model_copy(update={"delimiter": "\t"})
    staged = stage_text(opening.upload, opening.folder, options, opening.room, opening.names)
    return CsvReader(staged, options, f"rejects_{opening.folder.name}")
