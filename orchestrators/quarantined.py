"""The quarantined rows of a run, page by page: of its files only the footers and the row groups that a page needs.

A place is the number of rows before it, in (upload, record) order; a quarantine is written once, so it never moves.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrators import layout
from orchestrators.messages import RunRequest, Upload
from orchestrators.services import Services

if TYPE_CHECKING:
    import pyarrow.parquet as pq

MOST_TEXT = 4 << 20
"""Characters of raw text after which a page ends; one record alone may have two million."""

_BUFFER_BYTES = 1 << 18
_BATCH_ROWS = 1_000


@dataclass(frozen=True)
class QuarantinePage:
    """Some quarantined rows, and the place to go on from where there are more."""

    rows: tuple[dict[str, Any], ...]
    next: int | None


def quarantine_files(services: Services, request: RunRequest) -> list[Upload]:
    """The files of a run's quarantine, in the order of their rows."""
    container, folder = services.settings.quarantine_container, layout.quarantine_folder(request)
    found = [blob for blob in services.lake.versions_in(container, folder) if blob.name.endswith(".parquet")]
    return sorted(found, key=lambda blob: blob.name)


def quarantine_page(services: Services, files: list[Upload], after: int, limit: int) -> QuarantinePage:
    """At most `limit` rows behind the first `after` ones, fewer where they are long; at least one, if there is one."""
    rows: list[dict[str, Any]] = []
    length = 0
    for row in islice(_rows_behind(services, files, after), limit + 1):
        length += len(row["raw"] or "")
        if rows and (len(rows) == limit or length > MOST_TEXT):
            return QuarantinePage(tuple(rows), after + len(rows))
        rows.append(row)
    return QuarantinePage(tuple(rows), None)


def _rows_behind(services: Services, files: list[Upload], after: int) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    left = after
    for blob in files:
        with pq.ParquetFile(io.BufferedReader(_BlobFile(services, blob), _BUFFER_BYTES)) as file:
            if left >= file.metadata.num_rows:
                left -= file.metadata.num_rows
                continue
            yield from _rows_of(file, left)
            left = 0


def _rows_of(file: pq.ParquetFile, after: int) -> Iterator[dict[str, Any]]:
    left = after
    for group in range(file.metadata.num_row_groups):
        size = file.metadata.row_group(group).num_rows
        if left >= size:
            left -= size
            continue
        for batch in file.iter_batches(_BATCH_ROWS, row_groups=[group]):
            yield from batch.slice(left).to_pylist()
            left = max(0, left - len(batch))


class _BlobFile(io.RawIOBase):
    """One version of a blob, read where it is asked for."""

    def __init__(self, services: Services, blob: Upload) -> None:
        super().__init__()
        self._services, self._blob, self._at = services, blob, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._blob.size_bytes}[whence]
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._blob.size_bytes - self._at)
        if wanted <= 0:
            return 0
        data = self._services.lake.read_range(self._blob, self._at, wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
