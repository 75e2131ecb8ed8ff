"""Parquet in: columns keep their source types until the contract casts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.formats.columnar import brought, reader_of, unreadable

if TYPE_CHECKING:
    from transforms.formats.columnar import ColumnarReader
    from transforms.formats.opening import Opening


def open_parquet(opening: Opening) -> ColumnarReader:
    """One Parquet upload is in scratch and ready to be read; its footer says how many rows it has.

    Raises:
        UnreadableUpload: the file is damaged, or no Parquet at all.
        UploadTooLarge: unpacked, it does not fit into the room.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = brought(opening, "rows.parquet")
    try:
        with pq.ParquetFile(path) as file:
            records = file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        raise unreadable(opening, "Parquet", error) from error
    return reader_of(opening, path, records)
