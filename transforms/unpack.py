"""Bytes of an upload, unpacked as they stream by."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from transforms.errors import UnreadableUpload, UploadTooLarge
from transforms.records import BLOCK_BYTES

if TYPE_CHECKING:
    from transforms.draft import LocalUpload

_SIGNATURES = {
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "gzip (its name must end in .gz)",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"BZh": "bzip2",
    b"ARROW1": "an Arrow file",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


class Room:
    """How many bytes may still be put into the scratch folder."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = self._left = size_bytes

    def take(self, size_bytes: int, name: str) -> None:
        """The bytes are accounted for, before they are written.

        Raises:
            UploadTooLarge: they do not fit any more.
        """
        self._left -= size_bytes
        if self._left < 0:
            raise UploadTooLarge(
                f"{name}: it does not fit into the {self._size_bytes:,} bytes of scratch space (unpacked, and with "
                "the other uploads of the run); "
                "split the upload or raise the limit"
            )


def is_packed(upload: LocalUpload) -> bool:
    """True for an upload whose name says gzip."""
    return upload.name.lower().endswith(".gz")


def chunks_of(upload: LocalUpload) -> Iterator[bytes]:
    """The bytes of an upload pass by in chunks, unpacked where its name ends in `.gz`.

    Raises:
        UnreadableUpload: there are no bytes, or the gzip stream is cut or damaged; says at which byte.
    Source:
        RFC 1952; several members after each other are one text.
    """
    chunks = _unpacked(upload) if is_packed(upload) else _plain(upload)
    empty = True
    for chunk in chunks:
        empty = False
        yield chunk
    if empty:
        raise UnreadableUpload(f"{upload.name}: empty, there is not a single byte; expected a header and rows")


def refuse_other_formats(chunk: bytes, name: str) -> None:
    """Nothing happens to text.

    Raises:
        UnreadableUpload: the first bytes are those of a known binary format.
    """
    for signature, what in _SIGNATURES.items():
        if chunk.startswith(signature):
            raise UnreadableUpload(f"{name}: this is {what}; expected CSV text in UTF-8")


def _plain(upload: LocalUpload) -> Iterator[bytes]:
    with upload.path.open("rb") as file:
        while chunk := file.read(BLOCK_BYTES):
            yield chunk


def _unpacked(upload: LocalUpload) -> Iterator[bytes]:
    with upload.path.open("rb") as packed, gzip.GzipFile(fileobj=packed) as file:
        unpacked = 0
        try:
            while chunk := file.read(BLOCK_BYTES):
                unpacked += len(chunk)
                yield chunk
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UnreadableUpload(
                f"{upload.name}: the gzip stream is cut or damaged near byte {packed.tell():,} of "
                f"{upload.path.stat().st_size:,}, after {unpacked:,} unpacked bytes ({error}); upload it again"
            ) from error
