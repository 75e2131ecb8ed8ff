"""Line texts: the text of some lines of a staged file, known by their numbers."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from transforms.engine import count
from transforms.records import BLOCK_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from transforms.record_ends import Offsets


def texts_of_lines(connection: DuckDBPyConnection, path: Path, wanted: str) -> Iterator[pa.RecordBatch]:
    r"""The lines that `wanted` names pass by as (ordinal, raw), in order.

    `wanted` is SQL after FROM with a column `ordinal`, from 1. The file is UTF-8, each line ends with LF or the file.

    Shape:
        At least one batch. About `BLOCK_BYTES` and one line are held at a time; nothing is read after the last one.
    Example:
        >>> import duckdb, tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "a.txt"
        ...     _ = path.write_bytes(b"one\ntwo\nthree")
        ...     batches = list(texts_of_lines(duckdb.connect(), path, "(VALUES (1), (3)) t(ordinal)"))
        >>> [row for batch in batches for row in batch.to_pylist()]
        [{'ordinal': 1, 'raw': 'one'}, {'ordinal': 3, 'raw': 'three'}]
    """
    last = count(connection, f"SELECT coalesce(max(ordinal), 1) FROM {wanted}")
    first = 1
    for starts, data in _lines_by_block(path):
        found = connection.execute(
            f"SELECT ordinal - {first} FROM {wanted} WHERE ordinal >= ? AND ordinal < ? ORDER BY ordinal",
            [first, first + len(starts) - 1],
        ).fetchall()
        places = [place for (place,) in found]
        texts = [data[starts[place] : starts[place + 1] - 1] for place in places]
        yield raw_batch([first + place for place in places], texts)
        first += len(starts) - 1
        if first > last:
            return


def raw_batch(ordinals: Sequence[int], texts: Sequence[bytes]) -> pa.RecordBatch:
    """The texts, which are UTF-8, each with its number."""
    import pyarrow as pa

    # Not `pa.array`: it imports pandas to see whether it was given a Series, which takes a quarter of a second.
    raw = pa.lib.StringBuilder()
    raw.append_values(texts)
    numbers = pa.Array.from_buffers(pa.int64(), len(ordinals), [None, pa.py_buffer(array("q", ordinals))])
    return pa.RecordBatch.from_arrays([numbers, raw.finish()], names=["ordinal", "raw"])


def _lines_by_block(path: Path) -> Iterator[tuple[Offsets, bytes]]:
    """Whole lines, and where each starts; the last number is where the next one would."""
    import numpy as np

    held = b""
    with path.open("rb") as file:
        while chunk := file.read(BLOCK_BYTES):
            held += chunk
            stops = np.flatnonzero(np.frombuffer(held, np.uint8) == ord("\n"))
            if len(stops):
                yield np.append(0, stops + 1), held
                held = held[int(stops[-1]) + 1 :]
    if held:
        yield np.array([0, len(held) + 1]), held
