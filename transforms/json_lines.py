"""JSON lines, staged: every line that is one JSON object is in a file in scratch, the others in a log.

A block is judged at once: DuckDB gives a hash of the keys of each line, and only lines whose hash is not the usual
one are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from transforms.damage import DamageLog
from transforms.dialect import Dialect
from transforms.draft import LocalUpload
from transforms.errors import UnreadableUpload
from transforms.records import Block, blocks_of
from transforms.staging import place
from transforms.unpack import chunks_of

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from transforms.formats.opening import Opening
    from transforms.unpack import Room

LINES = Dialect(quote=b"")
"""Nothing but line breaks ends a record."""
DEEPEST = 500
"""Levels of nesting in one record; what reads JSON afterwards may not survive many more."""
MOST_KEYS = 2_000
"""Different keys in one upload; data that needs more has its values in its keys."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_SHAPES = """SELECT place, shape FROM (
        SELECT place, CASE WHEN json_valid(line) THEN hash(json_keys(line)) END AS shape
        FROM lines WHERE line IS NOT NULL
    ) WHERE shape IS NULL OR shape IS DISTINCT FROM ?"""
_KEYS = "SELECT place, json_keys(line) FROM lines WHERE place IN (SELECT unnest(?)) ORDER BY place"
# Guarded: the engine may look at what is no JSON before it looks at the places.
_OBJECTS = """SELECT place FROM lines
    WHERE place IN (SELECT unnest(?)) AND CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' END"""
_SHAPES_KEPT = 100_000
_BATCH_ROWS = 2048


@dataclass(frozen=True)
class StagedLines:
    """One upload in scratch. `records` counts all of its lines, `damaged` those that are only in `damage`."""

    path: Path
    keys: tuple[str, ...]
    """Of all records, in the order in which they were met."""
    records: int
    damaged: int
    damage: Path


def stage_json_lines(opening: Opening, chunks: Iterable[bytes], *, is_plain: bool) -> StagedLines:
    """One upload is in scratch as JSON lines, its records counted, what is no object set aside.

    `chunks` are its text in UTF-8; `is_plain` says that they are its bytes as well.

    Shape:
        One pass. A plain file without damage is linked, not copied.
    Raises:
        UnreadableUpload: empty, or with too many different keys.
        UploadTooLarge: it does not fit into `room`.
    """
    upload, folder = opening.upload, opening.folder
    judge = _Judge(opening.connection)
    records = 0
    with (
        _Target(upload, folder / "lines.jsonl", opening.room, is_plain) as target,
        DamageLog(folder / "damage.parquet") as log,
    ):
        for block in blocks_of(chunks, LINES, blank_is_record=False):
            judged = judge.judged(block)
            if len(judge.keys) > MOST_KEYS:
                raise UnreadableUpload(
                    f"{upload.name}: more than {MOST_KEYS:,} different keys; expected records with the same ones"
                )
            log.add(judged, first_record=records + 1)
            target.add(judged)
            records += len(block)
    if not records:
        raise UnreadableUpload(f"{upload.name}: empty, there are only blank lines; expected JSON objects")
    return StagedLines(target.path, tuple(judge.keys), records, log.records, log.path)


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


class _Judge:
    """Tells which lines are no object. Lines with the same keys have the same shape, and most lines the usual one."""

    def __init__(self, connection: DuckDBPyConnection) -> None:
        self.keys: dict[str, None] = {}
        """Of all objects so far, in the order in which they were met."""
        self._connection = connection
        self._usual: int | None = None
        self._shapes: dict[int, bool | None] = {}
        """True where each key is there once, False where one is there twice, None without any key."""

    def judged(self, block: Block) -> Block:
        """The block with every line damaged that is no object."""
        if not len(block):
            return block
        self._connection.register("lines", _lines(block))
        rows = self._connection.execute(_SHAPES, [self._usual]).fetchall()
        self._learn({shape: place for place, shape in reversed(rows) if shape is not None})
        keyless = [place for place, shape in rows if shape is not None and self._shapes[shape] is None]
        objects = self._places(_OBJECTS, keyless) if keyless else set()
        wrong = [place for place, shape in rows if shape is None or not (self._shapes[shape] or place in objects)]
        self._connection.unregister("lines")
        rules = dict(block.damaged) | dict.fromkeys(wrong, "json")
        rules |= {index: "depth" for index in _deep(block) if index not in rules}
        return replace(block, damaged=rules)

    def _learn(self, first: Mapping[int, int]) -> None:
        """The shapes of these lines are known."""
        if len(self._shapes) > _SHAPES_KEPT:
            self._shapes, self._usual = {}, None
        new = {place: shape for shape, place in first.items() if shape not in self._shapes}
        for first_place, names in self._connection.execute(_KEYS, [sorted(new)]).fetchall() if new else ():
            is_whole = len(set(names)) == len(names)
            self._shapes[new[first_place]] = is_whole if names else None
            if is_whole and names:
                self.keys.update(dict.fromkeys(names))
                self._usual = self._usual or new[first_place]

    def _places(self, query: str, places: list[int]) -> set[int]:
        return {int(place) for (place,) in self._connection.execute(query, [places]).fetchall()}


def _lines(block: Block) -> pa.Table:
    """The lines without a copy of their bytes, damaged ones null; line breaks are space to JSON."""
    import numpy as np
    import pyarrow as pa

    offsets = np.append(block.starts, block.ends[-1]).astype(np.int32)
    whole = np.ones(len(block), np.bool_)
    whole[list(block.damaged)] = False
    # Buffers of bytes: pyarrow's type stubs know no other; both are small beside the lines.
    validity, places = np.packbits(whole, bitorder="little").tobytes(), offsets.tobytes()
    lines = pa.StringArray.from_buffers(
        len(block), pa.py_buffer(places), pa.py_buffer(block.data), pa.py_buffer(validity)
    )
    table = pa.table({"place": pa.array(np.arange(len(block), dtype=np.int32)), "line": lines})
    # DuckDB's threads share a table batch by batch.
    return pa.Table.from_batches(table.to_batches(max_chunksize=_BATCH_ROWS))


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
