"""Excel in: one sheet of a workbook, row by row, every cell as text; a formula has the value it last had."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.damage import DamageLog
from transforms.errors import UnreadableUpload, UploadTooLarge
from transforms.formats.columnar import BATCH_ROWS, brought, staged_batches
from transforms.header import column_names

if TYPE_CHECKING:
    import pyarrow as pa

    from transforms.formats.columnar import ColumnarReader
    from transforms.formats.opening import Opening

Row = tuple[str | None, ...]

_MOST_EXPANDED = 200
"""Times that a part of a workbook may be larger than it is packed, if it is large."""
_LARGE_BYTES = 50 * 2**20
_KEPT_WHOLE = frozenset({"xl/sharedStrings.xml", "xl/styles.xml"})
"""Parts that are held in memory."""
_MOST_KEPT_BYTES = 100 * 2**20
_ROWS_LOOKED_AT = 100


def open_excel(opening: Opening) -> ColumnarReader:
    """One Excel upload (.xlsx) is in scratch and ready to be read; blank rows are no records.

    Raises:
        UnreadableUpload: the workbook is damaged, or has no such sheet, or no header.
        UploadTooLarge: it does not fit into the room, or unpacks to far more than workbooks do.
    """
    path = brought(opening, "rows.xlsx")
    with DamageLog(opening.folder / "damage.parquet") as log, _quietly():
        sheet = _Sheet(opening, path, log)
        reader = staged_batches(opening, "Excel", sheet.batches)
    return replace(
        reader,
        records=reader.records + log.records,
        damage=log.path if log.records else None,
        dialect={"format": opening.format, "sheet": sheet.title, "preamble_rows": sheet.preamble_rows},
    )


@dataclass
class _Sheet:
    """The sheet that the flow names; `title` and `preamble_rows` are known once it was looked at."""

    opening: Opening
    path: Path
    log: DamageLog
    title: str = ""
    preamble_rows: int = 0

    def batches(self) -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
        import pyarrow as pa

        self._refuse_bombs()
        rows = self._rows()
        names, first = self._header(rows)
        schema = pa.schema([pa.field(name, pa.string()) for name in names])
        return schema, self._batches(chain(first, rows), schema)

    def _refuse_bombs(self) -> None:
        with zipfile.ZipFile(self.path) as archive:
            for part in archive.infolist():
                expands = part.file_size > max(_LARGE_BYTES, part.compress_size * _MOST_EXPANDED)
                if expands or (part.filename in _KEPT_WHOLE and part.file_size > _MOST_KEPT_BYTES):
                    raise UploadTooLarge(
                        f"{self.opening.upload.name}: its part {part.filename} unpacks to {part.file_size:,} bytes, "
                        "which is more than one transform may hold; save the sheet as CSV"
                    )

    def _rows(self) -> Iterator[Row]:
        """The rows that are not blank, without the footer."""
        import openpyxl

        options, workbook = self.opening.options, None
        try:
            workbook = openpyxl.load_workbook(self.path, read_only=True, data_only=True, keep_links=False)
            sheet = self._chosen(workbook)
            self.title = str(sheet.title)
            sheet.reset_dimensions()
            nulls = options.null_values if options.null_values is not None else ("",)
            texts = (tuple(_text(value, nulls) for value in row) for row in sheet.iter_rows(values_only=True))
            written = (row for row in texts if any(cell is not None for cell in row))
            yield from _without_last(written, options.skip_footer)
        finally:
            if workbook is not None:
                workbook.close()

    def _chosen(self, workbook: Any) -> Any:
        wanted = self.opening.options.sheet
        sheets = {str(sheet.title): sheet for sheet in workbook.worksheets}
        if not sheets or (wanted is not None and wanted not in sheets):
            raise UnreadableUpload(
                f"{self.opening.upload.name}: no sheet {wanted or 'with cells'}; found {', '.join(sheets) or 'none'}"
            )
        return sheets[wanted] if wanted is not None else next(iter(sheets.values()))

    def _header(self, rows: Iterator[Row]) -> tuple[tuple[str, ...], list[Row]]:
        """The column names, and the rows after them that were looked at on the way."""
        options, names = self.opening.options, self.opening.names
        looked_at = list(islice(rows, _ROWS_LOOKED_AT))
        self.preamble_rows = self._preamble(looked_at)
        data = looked_at[self.preamble_rows :]
        if len(data) < options.header_rows:
            raise UnreadableUpload(f"{self.opening.upload.name}: empty, sheet {self.title} has no row as the header")
        header, data = data[: options.header_rows], data[options.header_rows :]
        if options.column_names or not header:
            return options.column_names or names, data
        cells = [[cell or "" for cell in _trimmed(row)] for row in header]
        return column_names(cells, self.opening.upload.name, numbers_odd_names=options.odd_names == "number"), data

    def _preamble(self, rows: list[Row]) -> int:
        """Rows before the first one that names most of the columns, and at least half of them."""
        options, names = self.opening.options, set(self.opening.names)
        if options.skip_lines is not None or options.header_rows != 1 or options.column_names:
            return options.skip_lines or 0
        known = [len(names.intersection(cell for cell in row if cell)) for row in rows]
        best = max(range(len(rows)), key=known.__getitem__, default=0)
        return best if rows and known[best] >= max(2, (len(names) + 1) // 2) else 0

    def _batches(self, rows: Iterator[Row], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        width, record = len(schema), 0
        while chunk := list(islice(rows, BATCH_ROWS)):
            numbered = list(enumerate(chunk, record + 1))
            record += len(chunk)
            wide = [(number, row) for number, row in numbered if any(cell is not None for cell in row[width:])]
            self.log.add_records(
                [number for number, _ in wide], ["columns"] * len(wide), [_raw(row) for _, row in wide]
            )
            whole = [row for row in chunk if all(cell is None for cell in row[width:])]
            columns = [[row[place] if place < len(row) else None for row in whole] for place in range(width)]
            arrays = [pa.array(column, pa.string()) for column in columns]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _text(value: Any, nulls: tuple[str, ...]) -> str | None:
    """A cell as text that the contract can cast."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    text = value.isoformat(" ") if isinstance(value, datetime) else str(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        text = value.isoformat()
    return None if text in nulls else text


def _raw(row: Row) -> str:
    return json.dumps(_trimmed(row), ensure_ascii=False)


def _trimmed(row: Row) -> Row:
    """The row without blank cells at its end."""
    width = max((place for place, cell in enumerate(row, 1) if cell is not None), default=0)
    return row[:width]


def _without_last(rows: Iterator[Row], count: int) -> Iterator[Row]:
    held: deque[Row] = deque(islice(rows, count))
    for row in rows:
        held.append(row)
        yield held.popleft()


@contextmanager
def _quietly() -> Iterator[None]:
    """openpyxl warns of styles and extensions that say nothing about values."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="openpyxl")
        yield
