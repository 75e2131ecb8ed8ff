"""Bytes of an upload, unpacked as they stream by."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from transforms.errors import UnreadableUpload, UploadTooLarge
from transforms.records import BLOCK_BYTES

if TYPE_CHECKING:
    import pyarrow as pa

    from transforms.draft import LocalUpload

Packing = Literal[".gz", ".bz2", ".zst"]

_SIGNATURES = {
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "gzip (its name must end in .gz)",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\x28\xb5\x2f\xfd": "Zstandard (its name must end in .zst)",
    b"BZh": "bzip2 (its name must end in .bz2)",
    b"ARROW1": "an Arrow file",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"%PDF": "a PDF",
    b"SQLite format 3": "an SQLite database",
}


PACKINGS: dict[Packing, str] = {".gz": "gzip", ".bz2": "bzip2", ".zst": "Zstandard"}
"""How a name ends that says that the upload is packed, and what the packing is called."""


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
    """True for an upload whose name says that it is packed."""
    return _packing(upload.name) is not None


def chunks_of(upload: LocalUpload) -> Iterator[bytes]:
    """The bytes of an upload pass by in chunks, unpacked where its name ends in `.gz`, `.bz2` or `.zst`.

    Raises:
        UnreadableUpload: there are no bytes, or the packed stream is cut or damaged; says at which byte.
    Source:
        RFC 1952, RFC 8878; several members or frames after each other are one text.
    """
    packing = _packing(upload.name)
    chunks = _unpacked(upload, packing) if packing else _plain(upload)
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
            raise UnreadableUpload(f"{name}: this is {what}; expected text")


def _plain(upload: LocalUpload) -> Iterator[bytes]:
    with upload.path.open("rb") as file:
        while chunk := file.read(BLOCK_BYTES):
            yield chunk


def _packing(name: str) -> Packing | None:
    named: list[Packing] = [packing for packing in PACKINGS if name.lower().endswith(packing)]
    return named[0] if named else None


def _unpacked(upload: LocalUpload, packing: Packing) -> Iterator[bytes]:
    with upload.path.open("rb") as packed:
        unpacked = 0
        try:
            file = _unpacking(packed, packing)
            # Not read(): pyarrow's keeps the memory for a piece that it could not unpack.
            piece = memoryview(bytearray(BLOCK_BYTES))
            while size := file.readinto(piece):
                unpacked += size
                yield bytes(piece[:size])
        except (EOFError, zlib.error, OSError) as error:
            raise UnreadableUpload(
                f"{upload.name}: the {PACKINGS[packing]} stream is cut or damaged near byte {packed.tell():,} of "
                f"{upload.path.stat().st_size:,}, after {unpacked:,} unpacked bytes ({error}); upload it again"
            ) from error


def _unpacking(packed: io.BufferedReader, packing: Packing) -> gzip.GzipFile | pa.CompressedInputStream:
    if packing == ".gz":
        return gzip.GzipFile(fileobj=packed)
    # Not bz2.BZ2File: it passes over whatever follows a whole stream, in silence.
    import pyarrow as pa

    return pa.CompressedInputStream(packed, "bz2" if packing == ".bz2" else "zstd")
