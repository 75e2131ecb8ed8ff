"""ORC in: read in small batches, so that a stripe may unpack to more than memory holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.errors import UnreadableUpload
from transforms.formats.columnar import BATCH_ROWS, brought, staged_batches

if TYPE_CHECKING:
    import pyarrow as pa

    from transforms.formats.columnar import ColumnarReader
    from transforms.formats.opening import Opening


def open_orc(opening: Opening) -> ColumnarReader:
    """One ORC upload is in scratch and ready to be read; it has as many rows as its footer says.

    Raises:
        UnreadableUpload: the file is damaged, or no ORC at all.
        UploadTooLarge: it does not fit into the room, or a batch not into memory.
    """
    from pyarrow import orc

    path = brought(opening, "rows.orc")
    reader = staged_batches(opening, "ORC", lambda: _batches(path))
    promised = orc.ORCFile(path).nrows
    if reader.records != promised:
        raise UnreadableUpload(
            f"{reader.name}: the footer says {promised:,} rows, but there are {reader.records:,}; write it again"
        )
    return reader


def _batches(path: Path) -> tuple[pa.Schema, Iterable[pa.RecordBatch]]:
    import pyarrow.dataset as ds

    dataset = ds.dataset(str(path), format=ds.OrcFileFormat())
    scanner = dataset.scanner(batch_size=BATCH_ROWS, batch_readahead=1, fragment_readahead=1, use_threads=False)
    return dataset.schema, scanner.to_batches()
