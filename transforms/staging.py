"""Staging: an upload becomes a file in scratch that holds whole, well-formed records and nothing else.

    upload --(plain, well-formed)------------------> linked as it is
       `-----(packed, damaged, odd line breaks)----> written anew; damage goes to a log of its own

All records are counted here, by code that has nothing to do with DuckDB.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.damage import DamageLog
from transforms.dialect import Dialect
from transforms.draft import LocalUpload
from transforms.encodings import UTF_8, in_utf_8
from transforms.errors import UnreadableUpload
from transforms.header import header_of
from transforms.plain_lines import count_plain_lines
from transforms.record_marks import with_line_breaks
from transforms.records import Block, blocks_of
from transforms.text_form import TextForm, text_form_of
from transforms.unpack import Room, chunks_of, is_packed, refuse_other_formats

if TYPE_CHECKING:
    from transforms.flow.read_options import ReadOptions


@dataclass(frozen=True)
class StagedText:
    """One CSV upload in scratch. `records` counts all of them, `damaged` those that are only in `damage`."""

    name: str
    path: Path
    columns: tuple[str, ...]
    has_header: bool
    records: int
    damaged: int
    damage: Path
    line_break: str
    form: TextForm
    comments: int = 0
    is_plain: bool = False
    """Each line is a record, or the header."""

    @property
    def dialect(self) -> Dialect:
        return self.form.dialect


@dataclass(frozen=True)
class _Text:
    """An upload as blocks of records, once its form is known."""

    upload: LocalUpload
    form: TextForm

    def blocks(self) -> Iterator[Block]:
        """Every block; at least one has a record."""
        empty = True
        for block in blocks_of(self._lines(), self.form.dialect):
            empty = empty and not len(block)
            yield block
        if empty:
            raise UnreadableUpload(f"{self.upload.name}: empty, there are only blank lines; expected a header and rows")

    def _lines(self) -> Iterator[bytes]:
        mark = self.form.record_end
        return with_line_breaks(self.chunks(), mark, self.form.dialect) if mark else self.chunks()

    def chunks(self) -> Iterator[bytes]:
        skipped = self.form.preamble_bytes
        for chunk in in_utf_8(chunks_of(self.upload), self.form.encoding):
            yield chunk[skipped:]
            skipped = max(0, skipped - len(chunk))


def stage_text(
    upload: LocalUpload, folder: Path, options: ReadOptions, room: Room, names: Collection[str] = ()
) -> StagedText:
    """One CSV upload is in scratch, its records counted, its damaged records set aside.

    `names` are columns that it should have; they help to find out how it is written.

    Shape:
        One pass over a well-formed plain file, which is linked, not copied; two over any other.
    Raises:
        UnreadableUpload: empty, packed badly, of another format, or with a header that is not text.
        UploadTooLarge: unpacked, it does not fit into `room`.
    """
    first_bytes = next(chunks_of(upload))
    refuse_other_formats(first_bytes, upload.name)
    text = _Text(upload, text_form_of(first_bytes, options, names))
    staged = _survey(text, folder) if _may_be_linked(text) else None
    if staged is None:
        return _rewrite(text, folder, room)
    place(upload, staged.path, room)
    return staged


def _may_be_linked(text: _Text) -> bool:
    form = text.form
    is_as_it_is = not is_packed(text.upload) and form.encoding == UTF_8
    has_more = form.preamble_bytes or form.footer_records or form.header_rows > 1 or form.record_end
    return is_as_it_is and not has_more


def place(upload: LocalUpload, target: Path, room: Room) -> Path:
    """The file is reachable in scratch: linked where the disk allows it, else copied.

    Raises:
        UploadTooLarge: it does not fit into `room`, which a link takes as well: the upload was brought here.
    """
    room.take(upload.path.stat().st_size, upload.name)
    try:
        os.link(upload.path, target)
    except OSError:
        shutil.copyfile(upload.path, target)
    return target


def _survey(text: _Text, folder: Path) -> StagedText | None:
    """What is to be known of a file that DuckDB can read as it is; None for any other."""
    plain = _plain_lines(text)
    found = plain or _well_formed_records(text)
    if found is None:
        return None
    columns, records, line_break = found
    if any(separator in name for name in columns for separator in "\r\n"):
        return None
    return StagedText(
        name=text.upload.name,
        path=folder / "text.csv",
        columns=columns,
        has_header=text.form.header_rows == 1,
        records=records - text.form.header_rows,
        damaged=0,
        damage=folder / "damage.parquet",
        line_break=line_break,
        form=text.form,
        is_plain=plain is not None,
    )


def _plain_lines(text: _Text) -> tuple[tuple[str, ...], int, str] | None:
    """Column names, records and line break of a file of plain lines; None for any other."""
    lines = count_plain_lines(text.chunks(), text.form.dialect)
    if lines is None:
        return None
    return header_of(next(text.blocks()), text.upload.name, text.form), lines, "\n"


def _well_formed_records(text: _Text) -> tuple[tuple[str, ...], int, str] | None:
    """Column names, records and line break of a file in which every record is well-formed; None for any other."""
    columns: tuple[str, ...] = ()
    records, line_breaks = 0, set[bytes]()
    for block in text.blocks():
        if not len(block):
            return None
        columns = columns or header_of(block, text.upload.name, text.form)
        records += len(block)
        line_breaks |= block.line_breaks
        if block.damaged or block.blank_lines or block.comments or len(line_breaks) > 1 or b"\r" in line_breaks:
            return None
    return columns, records, line_breaks.pop().decode()


def _rewrite(text: _Text, folder: Path, room: Room) -> StagedText:
    """The whole records are written anew, with plain line breaks and a header of numbers."""
    form = text.form
    stop = sum(len(block) for block in text.blocks()) - form.footer_records if form.footer_records else None
    columns: tuple[str, ...] = ()
    records = comments = 0
    with (folder / "text.csv").open("wb") as file, DamageLog(folder / "damage.parquet") as log:
        for block in text.blocks():
            room.take(len(block.data), text.upload.name)
            if not columns and len(block):
                columns = header_of(block, text.upload.name, form)
                file.write(form.dialect.delimiter.join(b"%d" % index for index in range(len(columns))) + b"\n")
            data = block.part(
                max(0, form.header_rows - records), len(block) if stop is None else max(0, stop - records)
            )
            log.add(data, first_record=max(records, form.header_rows) - form.header_rows + 1)
            file.write(data.whole_records())
            records, comments = records + len(block), comments + block.comments
    return StagedText(
        name=text.upload.name,
        path=folder / "text.csv",
        columns=columns,
        has_header=True,
        records=max(0, (records if stop is None else stop) - form.header_rows),
        damaged=log.records,
        damage=log.path,
        line_break="\n",
        form=form,
        comments=comments,
    )
