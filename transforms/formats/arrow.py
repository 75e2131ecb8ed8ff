"""Arrow in: IPC files (which Feather is) and IPC streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.formats.columnar import BATCH_ROWS, brought, staged_batches

if TYPE_CHECKING:
    import pyarrow as pa

    from transforms.formats.columnar import ColumnarReader
    from transforms.formats.opening import Opening

_FILE_MAGIC = b"ARROW1"


def open_arrow(opening: Opening) -> ColumnarReader:
    """One Arrow or Feather upload is in scratch and ready to be read.

    Raises:
        UnreadableUpload: the file is damaged, or neither an IPC file nor an IPC stream.
        UploadTooLarge: it does not fit into the room, or a batch not into memory.
    """
    path = brought(opening, "rows.arrow")
    return staged_batches(opening, "Arrow", lambda: _batches(path))


def _batches(path: Path) -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
    import pyarrow as pa
    from pyarrow import ipc

    # Mapped, not read: a batch that was not compressed costs no memory.
    with path.open("rb") as file:
        is_file = file.read(len(_FILE_MAGIC)) == _FILE_MAGIC
    source = pa.memory_map(str(path))
    if not is_file:
        stream = ipc.open_stream(source)
        return stream.schema, _cut(stream)
    reader = ipc.open_file(source)
    return reader.schema, _cut(reader.get_batch(number) for number in range(reader.num_record_batches))


def _cut(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from (batch.slice(first, BATCH_ROWS) for first in range(0, len(batch), BATCH_ROWS))
