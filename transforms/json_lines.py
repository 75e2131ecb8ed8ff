"""JSON lines, staged: the text is in a file in scratch, line by line; lines that are no text for JSON are in a log.

Which of the lines are records is told by the engine, for the whole file (see `key_shapes`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from transforms.damage import DamageLog
from transforms.dialect import Dialect
from transforms.draft import LocalUpload
from transforms.errors import UnreadableUpload
from transforms.key_shapes import KeyShapes, shapes_of
from transforms.records import Block, blocks_of
from transforms.staging import place
from transforms.unpack import chunks_of

if TYPE_CHECKING:
    from transforms.formats.opening import Opening
    from transforms.unpack import Room

LINES = Dialect(quote=b"")
"""Nothing but line breaks ends a record."""
DEEPEST = 500
"""Levels of nesting in one record; what reads JSON afterwards may not survive many more."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ODD_SPACE = re.compile(rb"[\v\f]")
"""Space for C, and so for the engine; JSON allows it nowhere."""


@dataclass(frozen=True)
class StagedLines:
    """One upload in scratch. `records` counts all of its lines, `damaged` those that are only in `damage`."""

    path: Path
    shapes: KeyShapes
    records: int
    damaged: int
    damage: Path

    @property
    def has_records(self) -> bool:
        """True where at least one line is a record."""
        return self.records > self.damaged + self.shapes.rejected


def stage_json_lines(opening: Opening, chunks: Iterable[bytes], *, is_plain: bool) -> StagedLines:
    """One upload is in scratch as JSON lines, its lines counted, and it is known which of them are records.

    `chunks` are its text in UTF-8; `is_plain` says that they are its bytes as well.

    Shape:
        One pass over the text, and one of the engine. A plain file that the engine can read is linked, not copied.
    Raises:
        UnreadableUpload: empty, or with too many different keys.
        UploadTooLarge: it does not fit into `room`.
    """
    upload, folder = opening.upload, opening.folder
    records = 0
    with (
        _Target(upload, folder / "lines.jsonl", opening.room, is_plain) as target,
        DamageLog(folder / "damage.parquet") as log,
    ):
        for block in blocks_of(chunks, LINES, blank_is_record=False):
            lines = _without_oddities(block)
            log.add(lines, first_record=records + 1)
            target.add(lines)
            records += len(block)
    if not records:
        raise UnreadableUpload(f"{upload.name}: empty, there are only blank lines; expected JSON objects")
    shapes = shapes_of(opening.connection, target.path, upload.name, f"rejects_{folder.name}")
    return StagedLines(target.path, shapes, records, log.records, log.path)


class _Target:
    """The staged file: a link to the upload until a block cannot stay as it is, and a copy from then on."""

    def __init__(self, upload: LocalUpload, path: Path, room: Room, is_plain: bool) -> None:
        self.path = path
        self._upload, self._room = upload, room
        self._file: IO[bytes] | None = None if is_plain else path.open("wb")
        self._linkable_bytes = 0

    def __enter__(self) -> _Target:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if self._file:
            self._file.close()
        elif failed is None:
            place(self._upload, self.path, self._room)

    def add(self, block: Block) -> None:
        as_it_is = not block.damaged and not block.blank_lines and b"\r" not in block.line_breaks
        if self._file is None and as_it_is:
            self._linkable_bytes += len(block.data)
            return
        self._file = self._file or self._copied()
        self._room.take(len(block.data), self._upload.name)
        self._file.write(block.whole_records())

    def _copied(self) -> IO[bytes]:
        """A copy of the blocks so far."""
        file = self.path.open("wb")
        left = self._linkable_bytes
        self._room.take(left, self._upload.name)
        for chunk in chunks_of(self._upload):
            file.write(chunk[:left])
            left -= len(chunk)
            if left <= 0:
                break
        return file


def _without_oddities(block: Block) -> Block:
    """The block with every line damaged that the engine would take for more than it is, or pass over."""
    odd = dict.fromkeys(_odd_lines(block), "json") | dict.fromkeys(_deep(block), "depth")
    return replace(block, damaged=odd | dict(block.damaged)) if odd else block


def _odd_lines(block: Block) -> list[int]:
    """The lines of nothing but spaces, of one byte, and with a space that JSON does not know."""
    import numpy as np

    first_bytes = np.frombuffer(block.data, np.uint8)[block.starts]
    indented = np.flatnonzero((first_bytes == ord(" ")) | (first_bytes == ord("\t")))
    # DuckDB passes over a file of one byte.
    odd: list[int] = np.flatnonzero(block.ends - block.starts == 1).tolist()
    odd += [index for index in indented.tolist() if not block.raw(index).strip(b" \t")]
    if b"\v" in block.data or b"\f" in block.data:
        places = [match.start() for match in _ODD_SPACE.finditer(block.data)]
        odd += (np.searchsorted(block.starts, places, side="right") - 1).tolist()
    return odd


def _deep(block: Block) -> list[int]:
    """The lines that are nested too deep. Only a line that is long enough can be."""
    import numpy as np

    long = np.flatnonzero(block.ends - block.starts > DEEPEST)
    return [index for index in long.tolist() if index not in block.damaged and _depth(block.raw(index)) > DEEPEST]


def _depth(line: bytes) -> int:
    import numpy as np

    if line.count(b"[") + line.count(b"{") <= DEEPEST:
        return 0
    letters = np.frombuffer(_STRING.sub(b"", line), np.uint8)
    opened = (letters == ord("[")) | (letters == ord("{"))
    closed = (letters == ord("]")) | (letters == ord("}"))
    return int(np.cumsum(opened.astype(np.int64) - closed).max())
