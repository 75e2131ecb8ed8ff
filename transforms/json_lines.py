"""JSON lines, staged: every line that is one JSON object is in a file in scratch, the others in a log.

Whole blocks are judged at once; only in a block with a line that is no object is each line judged by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

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
_KEYS = """SELECT keys, min(place) AS first, list(place) FILTER (coalesce(len(keys), 0) = 0) AS keyless
    FROM (SELECT place, {keys} AS keys FROM lines WHERE line IS NOT NULL) GROUP BY keys ORDER BY first"""
_CAREFUL = "CASE WHEN json_valid(line) THEN json_keys(line) END"
_OBJECTS = "SELECT place FROM lines WHERE CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' END"
_WITH_KEYS = f"SELECT place FROM lines WHERE {_CAREFUL} = ?"


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
    keys: dict[str, None] = {}
    records = 0
    with (
        _Target(upload, folder / "lines.jsonl", opening.room, is_plain) as target,
        DamageLog(folder / "damage.parquet") as log,
    ):
        for block in blocks_of(chunks, LINES, blank_is_record=False):
            judged = _judged(opening.connection, block, keys)
            if len(keys) > MOST_KEYS:
                raise UnreadableUpload(
                    f"{upload.name}: more than {MOST_KEYS:,} different keys; expected records with the same ones"
                )
            log.add(judged, first_record=records + 1)
            target.add(judged)
            records += len(block)
    if not records:
        raise UnreadableUpload(f"{upload.name}: empty, there are only blank lines; expected JSON objects")
    return StagedLines(target.path, tuple(keys), records, log.records, log.path)


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


def _judged(connection: DuckDBPyConnection, block: Block, keys: dict[str, None]) -> Block:
    """The block with every line damaged that is no object; the keys of the others are added to `keys`."""
    if not len(block):
        return block
    import duckdb

    connection.register("lines", _lines(block))
    try:
        found = connection.execute(_KEYS.format(keys="json_keys(line)")).fetchall()
    except duckdb.InvalidInputException:
        found = connection.execute(_KEYS.format(keys=_CAREFUL)).fetchall()
    wrong = {place for names, _, places in found if names is None for place in places or ()}
    if keyless := {place for names, _, places in found if names == [] for place in places}:
        wrong |= keyless - _places(connection, _OBJECTS)
    twice = [names for names, _, _ in found if names and len(set(names)) < len(names)]
    wrong |= {place for names in twice for place in _places(connection, _WITH_KEYS, names)}
    connection.unregister("lines")
    rules = dict(block.damaged) | dict.fromkeys(sorted(wrong), "json")
    rules |= {index: "depth" for index in _deep(block) if index not in rules}
    keys.update(dict.fromkeys(name for names, _, _ in found if names and names not in twice for name in names))
    return replace(block, damaged=rules)


def _places(connection: DuckDBPyConnection, query: str, *values: Any) -> set[int]:
    return {int(place) for (place,) in connection.execute(query, list(values)).fetchall()}


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
    return pa.table({"place": pa.array(np.arange(len(block), dtype=np.int32)), "line": lines})


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
