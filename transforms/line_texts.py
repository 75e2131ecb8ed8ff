"""Line texts: the text of some lines of a staged file, known by their numbers."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from transforms.records import BLOCK_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from transforms.record_ends import Offsets

_MOST_LINES, _MOST_NUMBERS = 10_000, 1_000_000
"""At once."""
_PIECE_BYTES = 2**18
"""Looked at together: of more, what numpy makes of it leaves the processor's cache."""


def texts_of_lines(connection: DuckDBPyConnection, path: Path, wanted: str) -> Iterator[tuple[list[int], list[bytes]]]:
    r"""The lines that `wanted` names pass by, some at a time: their numbers, and their texts.

    `wanted` is SQL after FROM with a column `ordinal`: numbers from 1, each once. The file is UTF-8; LF ends a line.

    Shape:
        About `BLOCK_BYTES` and one line are held at a time; nothing is read after the last line.
    Example:
        >>> import duckdb, tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "a.txt"
        ...     _ = path.write_bytes(b"one\ntwo\nthree")
        ...     list(texts_of_lines(duckdb.connect(), path, "(VALUES (1), (3)) t(ordinal)"))
        [([1, 3], [b'one', b'three'])]
    """
    ordinals, texts, size = list[int](), list[bytes](), 0
    for ordinal, raw in _texts(path, _ordinals(connection, wanted)):
        ordinals.append(ordinal)
        texts.append(raw)
        size += len(raw)
        if len(texts) == _MOST_LINES or size >= BLOCK_BYTES:
            yield ordinals, texts
            ordinals, texts, size = [], [], 0
    if texts:
        yield ordinals, texts


def raw_batch(ordinals: Sequence[int], texts: Sequence[bytes]) -> pa.RecordBatch:
    """The texts, which are UTF-8, each with its number."""
    import pyarrow as pa

    # Not `pa.array`: it imports pandas to see whether it was given a Series, which takes a quarter of a second.
    raw = pa.lib.StringBuilder()
    raw.append_values(texts)
    numbers = pa.Array.from_buffers(pa.int64(), len(ordinals), [None, pa.py_buffer(array("q", ordinals))])
    return pa.RecordBatch.from_arrays([numbers, raw.finish()], names=["ordinal", "raw"])


def _ordinals(connection: DuckDBPyConnection, wanted: str) -> Iterator[int]:
    import numpy as np

    query = f"SELECT ordinal FROM {wanted} WHERE ordinal > ? ORDER BY ordinal LIMIT {_MOST_NUMBERS}"
    last: int | None = 0
    while last is not None:
        found = np.asarray(connection.execute(query, [last]).fetchnumpy()["ordinal"])
        yield from found.tolist()
        last = int(found[-1]) if len(found) == _MOST_NUMBERS else None


def _texts(path: Path, ordinals: Iterator[int]) -> Iterator[tuple[int, bytes]]:
    first, ordinal = 1, next(ordinals, None)
    for starts, data in _whole_lines(path):
        while ordinal is not None and ordinal - first < len(starts) - 1:
            place = ordinal - first
            yield ordinal, data[starts[place] : starts[place + 1] - 1]
            ordinal = next(ordinals, None)
        if ordinal is None:
            return
        first += len(starts) - 1


def _whole_lines(path: Path) -> Iterator[tuple[Offsets, bytes]]:
    """Some lines, and where each starts; the last number is where the next one would."""
    import numpy as np

    held = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            held += piece
            stops = np.flatnonzero(np.frombuffer(held, np.uint8) == ord("\n"))
            if len(stops):
                yield np.append(0, stops + 1), held
                held = held[int(stops[-1]) + 1 :]
    if held:
        yield np.array([0, len(held) + 1]), held
