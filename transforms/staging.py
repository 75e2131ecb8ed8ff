"""Staging: an upload becomes a file in scratch that holds whole, well-formed records and nothing else.

    upload --(plain, well-formed)------------------> linked as it is
       `-----(packed, damaged, odd line breaks)----> written anew; damage goes to a log of its own

All records are counted here, by code that has nothing to do with DuckDB.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from transforms.damage import DamageLog
from transforms.draft import LocalUpload
from transforms.errors import UnreadableUpload
from transforms.header import header_of
from transforms.record_ends import Dialect
from transforms.records import Block, blocks_of
from transforms.unpack import Room, chunks_of, is_packed, refuse_other_formats


@dataclass(frozen=True)
class StagedText:
    """One CSV upload in scratch. `records` counts all of them, `damaged` those that are only in `damage`."""

    name: str
    path: Path
    header: tuple[str, ...]
    records: int
    damaged: int
    damage: Path
    line_break: str
    dialect: Dialect


def stage_text(upload: LocalUpload, folder: Path, dialect: Dialect, room: Room) -> StagedText:
    """One CSV upload is in scratch, its records counted, its damaged records set aside.

    Shape:
        One pass over a well-formed plain file, which is linked, not copied; two over any other.
    Raises:
        UnreadableUpload: empty, packed badly, of another format, or with a header that is not text.
        UploadTooLarge: unpacked, it does not fit into `room`.
    """
    survey = None if is_packed(upload) else _survey(upload, dialect)
    if survey is None:
        return _rewrite(upload, folder, dialect, room)
    header, records, line_break = survey
    path = place(upload, folder / "text.csv", room)
    return StagedText(upload.name, path, header, records, 0, folder / "damage.parquet", line_break, dialect)


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


def _survey(upload: LocalUpload, dialect: Dialect) -> tuple[tuple[str, ...], int, str] | None:
    """Header, records and line break of a file that DuckDB can read as it is; None for any other."""
    header: tuple[str, ...] = ()
    records, line_breaks = 0, set[bytes]()
    for block in _blocks(upload, dialect):
        header = header or header_of(block, upload.name, dialect)
        records += len(block)
        line_breaks |= block.line_breaks
        if block.damaged or block.blank_lines or len(line_breaks) > 1 or b"\r" in line_breaks:
            return None
    if any(separator in name for name in header for separator in "\r\n"):
        return None
    return header, records - 1, line_breaks.pop().decode()


def _rewrite(upload: LocalUpload, folder: Path, dialect: Dialect, room: Room) -> StagedText:
    """The whole records are written anew, with plain line breaks and a header of numbers."""
    header: tuple[str, ...] = ()
    records = 0
    with (folder / "text.csv").open("wb") as file, DamageLog(folder / "damage.parquet") as log:
        for block in _blocks(upload, dialect):
            room.take(len(block.data), upload.name)
            if not header:
                header = header_of(block, upload.name, dialect)
                file.write(dialect.delimiter.join(b"%d" % index for index in range(len(header))) + b"\n")
            log.add(block, first_record=records)
            file.write(_whole_records(block, skip_header=not records))
            records += len(block)
    return StagedText(upload.name, folder / "text.csv", header, records - 1, log.records, log.path, "\n", dialect)


def _blocks(upload: LocalUpload, dialect: Dialect) -> Iterator[Block]:
    """Blocks with records in them; there is at least one."""
    empty = True
    for block in blocks_of(_text_chunks(upload), dialect):
        if len(block):
            empty = False
            yield block
    if empty:
        raise UnreadableUpload(f"{upload.name}: empty, there are only blank lines; expected a header and rows")


def _text_chunks(upload: LocalUpload) -> Iterator[bytes]:
    for index, chunk in enumerate(chunks_of(upload)):
        if not index:
            refuse_other_formats(chunk, upload.name)
        yield chunk


def _whole_records(block: Block, *, skip_header: bool) -> bytes:
    """The undamaged records, each with one LF behind it."""
    import numpy as np

    kept = np.ones(len(block), np.bool_)
    kept[list(block.damaged)] = False
    kept[: int(skip_header)] = False
    starts, ends = block.starts[kept], block.ends[kept]
    letters = np.frombuffer(block.data, np.uint8).copy()
    letters[ends] = ord("\n")
    edges = np.zeros(len(letters) + 1, np.int8)
    edges[starts] += 1
    edges[ends + 1] -= 1
    return letters[np.cumsum(edges[:-1], dtype=np.int8).view(np.bool_)].tobytes()
