"""Quarantined rows in: what an earlier run could not use of an upload is read again, from the text that was kept.

The text was cut into records before, and each record stays one, however the flow reads today: what is no whole
record is damage, and takes no neighbour with it. Records whose bytes are lost are not read again at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from transforms.damage import DamageLog
from transforms.dialect import Dialect
from transforms.encodings import UTF_8
from transforms.errors import UnreadableUpload
from transforms.formats.csv import CsvReader
from transforms.formats.jsonl import json_reader
from transforms.json_lines import stage_json_lines
from transforms.relation import quoted, text
from transforms.staging import StagedText
from transforms.text_form import TextForm

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from transforms.flow.contract import Contract
    from transforms.formats.opening import Opening
    from transforms.formats.reader import Reader

_AS_LINES = frozenset({"json", "jsonl"})
_AS_TEXT = frozenset({"csv", "tsv"})
_ROWS_AT_ONCE = 100
_NO_RECORD = "not read again\n"


def kept_as_text(format_name: str) -> bool:
    """True for formats whose quarantined records are there as they were written."""
    return format_name in _AS_LINES | _AS_TEXT


def open_quarantined(opening: Opening) -> Reader:
    """The quarantined rows of one upload are staged and ready to be read, numbered from 1.

    Raises:
        UnreadableUpload: the flow reads another format today, or there is no text to read.
        UploadTooLarge: they do not fit into the room.
    """
    written = _written(opening)
    _number_rows(opening)
    if opening.format in _AS_LINES:
        return json_reader(opening, stage_json_lines(opening, _lines(opening), is_plain=False), UTF_8)
    staged = _stage_text(opening, _form(opening, written), opening.options.column_names or tuple(written["columns"]))
    return CsvReader(staged, opening.options, f"rejects_{opening.folder.name}")


def rows_of_quarantine(order: int) -> str:
    """The name of the table of (place, record, raw, reasons, is_held) of an upload's quarantined rows.

    `place` is the number that a row has in this run; `is_held` rows are not read again.
    """
    return f"kept_upload_{order}"


def _written(opening: Opening) -> Mapping[str, Any]:
    kept = opening.upload.quarantined
    written = kept.written if kept else {}
    families = [_AS_LINES, _AS_TEXT]
    if not any({opening.format, written.get("format")} <= family for family in families):
        raise UnreadableUpload(
            f"{opening.upload.name}: its quarantined rows were read as {written.get('format')}, and the flow reads "
            f"{opening.format} today; rerun the upload itself"
        )
    return written


def _number_rows(opening: Opening) -> None:
    kept = opening.upload.quarantined
    files = ", ".join(text(file.as_posix()) for file in kept.files) if kept else ""
    connection = opening.connection
    connection.execute(f"""
        CREATE TABLE {quoted(f"kept_{opening.folder.name}")} AS
        SELECT row_number() OVER (ORDER BY record) AS place, record, raw, reasons,
            raw IS NULL OR {_lost("reasons")} OR {_repeats("reasons", opening.contract)} AS is_held
        FROM read_parquet([{files}]) WHERE upload = {text(opening.upload.name)}""")


def _lost(reasons: str) -> str:
    """The text is not what was written: bytes that are no text were escaped."""
    return f"""len(list_filter({reasons},
        lambda reason: reason."column" IS NULL AND reason.rule IN ('encoding', 'nul', 'length'))) > 0"""


def _repeats(reasons: str, contract: Contract | None) -> str:
    """The row repeats one that is published, by a key that the contract still has."""
    columns = [name for name, column in contract.columns.items() if column.unique] if contract else []
    keys = [*columns, *(", ".join(key) for key in (contract.keys if contract else ()))]
    named = ", ".join(text(key) for key in keys)
    return (
        f"""len(list_filter({reasons},
        lambda reason: reason.rule = 'unique' AND reason."column" IN ({named}))) > 0"""
        if keys
        else "false"
    )


def _batches(opening: Opening) -> Iterator[list[tuple[int, str, bool]]]:
    found: DuckDBPyConnection = opening.connection.cursor()
    rows = quoted(f"kept_{opening.folder.name}")
    found.execute(f"SELECT place, coalesce(raw, ''), is_held FROM {rows} ORDER BY place")
    while batch := found.fetchmany(_ROWS_AT_ONCE):
        yield batch


def _lines(opening: Opening) -> Iterator[bytes]:
    """Each record as a line; one that is not read again as a line that is none."""
    for batch in _batches(opening):
        held = (_NO_RECORD if is_held or "\n" in raw or "\r" in raw else f"{raw}\n" for _, raw, is_held in batch)
        yield "".join(held).encode()


def _form(opening: Opening, written: Mapping[str, Any]) -> TextForm:
    """What the flow declares today, and what was found out of the upload where it declares nothing."""
    options = opening.options
    delimiter = options.delimiter or ("\t" if opening.format == "tsv" else written["delimiter"])
    quote = written["quote"] if options.quote is None else options.quote
    escape = options.escape or written["escape"]
    return TextForm(
        dialect=Dialect(delimiter.encode(), quote.encode(), b"" if escape == quote else escape.encode()),
        encoding=UTF_8,
        preamble_lines=0,
        preamble_bytes=0,
        record_end=b"",
        header_rows=1,
        column_names=(),
        footer_records=0,
        numbers_odd_names=False,
        detected=(),
    )


def _stage_text(opening: Opening, form: TextForm, columns: tuple[str, ...]) -> StagedText:
    record, records = form.dialect.one_record, 0
    path, damage = opening.folder / "text.csv", opening.folder / "damage.parquet"
    with path.open("wb") as file, DamageLog(damage) as log:
        file.write(form.dialect.delimiter.join(b"%d" % index for index in range(len(columns))) + b"\n")
        for batch in _batches(opening):
            encoded = [raw.encode() for _, raw, _ in batch]
            is_whole = [
                not is_held and bool(record.fullmatch(raw)) for raw, (*_, is_held) in zip(encoded, batch, strict=True)
            ]
            lines = b"".join(raw + b"\n" for raw, whole in zip(encoded, is_whole, strict=True) if whole)
            opening.room.take(len(lines), opening.upload.name)
            file.write(lines)
            _set_aside(log, [row for row, whole in zip(batch, is_whole, strict=True) if not whole])
            records += len(batch)
    return StagedText(
        name=opening.upload.name,
        path=path,
        columns=columns,
        has_header=True,
        records=records,
        damaged=log.records,
        damage=damage,
        line_break="\n",
        form=form,
    )


def _set_aside(log: DamageLog, rows: list[tuple[int, str, bool]]) -> None:
    log.add_records([place for place, *_ in rows], ["quote"] * len(rows), [raw for _, raw, _ in rows])
