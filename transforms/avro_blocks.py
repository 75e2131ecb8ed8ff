"""Blocks of an Avro object container file, each unpacked within a bound.

fastavro decodes the records; the container is taken apart here, because a library that unpacks a block for us
holds whatever it unpacks to in memory.
"""

from __future__ import annotations

import bz2
import io
import json
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

LARGEST_BLOCK_BYTES = 2**26
"""Of a block, packed and unpacked. Writers make blocks of some kilobytes."""
MOST_RECORDS = 10_000_000
"""In one block; records without a single byte would be endless otherwise."""

_MAGIC = b"Obj\x01"
_SYNC_BYTES = 16
_PIECE_BYTES = 2**16


class NotAvro(ValueError):
    """The bytes are not those of an Avro container; says where."""


@dataclass(frozen=True)
class Container:
    """The header of a container: the schema as it is written, the codec, and what ends each block."""

    schema: Any
    codec: str
    sync: bytes


@dataclass(frozen=True)
class AvroBlock:
    """The records of one block, unpacked: how many the file says there are, and their bytes."""

    records: int
    data: bytes
    offset: int


def container_of(file: IO[bytes]) -> Container:
    """The header is read, and the file stands at its first block.

    Raises:
        NotAvro: there is no such header.
    Source:
        Apache Avro 1.12, "Object Container Files".
    """
    from fastavro import schemaless_reader

    if file.read(len(_MAGIC)) != _MAGIC:
        raise NotAvro("it does not start as an Avro container")
    metadata: Any = schemaless_reader(file, {"type": "map", "values": "bytes"}, None)
    sync = file.read(_SYNC_BYTES)
    if not isinstance(metadata, dict) or "avro.schema" not in metadata or len(sync) < _SYNC_BYTES:
        raise NotAvro("its header has no schema")
    codec = metadata.get("avro.codec", b"null").decode()
    if codec not in _UNPACK:
        raise NotAvro(f"its codec is {codec}; expected one of {', '.join(sorted(_UNPACK))}")
    return Container(json.loads(metadata["avro.schema"]), codec, sync)


def blocks_of_container(file: IO[bytes], container: Container, size_bytes: int) -> Iterator[AvroBlock]:
    """Every block of the file, from where it stands to its end.

    Raises:
        NotAvro: a block is cut, or does not end as the header says.
        MemoryError: a block unpacks to more than `LARGEST_BLOCK_BYTES`.
    """
    from fastavro import schemaless_reader

    while (offset := file.tell()) < size_bytes:
        records, packed_bytes = (int(str(schemaless_reader(file, "long", None))) for _ in range(2))
        if not 0 <= packed_bytes <= size_bytes - file.tell() or not 0 <= records <= MOST_RECORDS:
            raise NotAvro(f"the block at byte {offset:,} says it has {records:,} records in {packed_bytes:,} bytes")
        if packed_bytes > LARGEST_BLOCK_BYTES:
            raise _too_large(offset)
        data = _UNPACK[container.codec](file.read(packed_bytes))
        if len(data) > LARGEST_BLOCK_BYTES:
            raise _too_large(offset)
        if file.read(_SYNC_BYTES) != container.sync:
            raise NotAvro(f"the block at byte {offset:,} does not end as the header says")
        yield AvroBlock(records, data, offset)


def _too_large(offset: int) -> MemoryError:
    return MemoryError(f"the one at byte {offset:,} has more than {LARGEST_BLOCK_BYTES:,} bytes")


def _deflate(data: bytes) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, LARGEST_BLOCK_BYTES + 1)


def _bzip2(data: bytes) -> bytes:
    return bz2.BZ2Decompressor().decompress(data, LARGEST_BLOCK_BYTES + 1)


def _xz(data: bytes) -> bytes:
    return lzma.LZMADecompressor(memlimit=LARGEST_BLOCK_BYTES).decompress(data, LARGEST_BLOCK_BYTES + 1)


def _zstandard(data: bytes) -> bytes:
    import pyarrow as pa

    stream = pa.CompressedInputStream(io.BytesIO(data), "zstd")
    unpacked, piece = bytearray(), bytearray(_PIECE_BYTES)
    while len(unpacked) <= LARGEST_BLOCK_BYTES and (size := stream.readinto(piece)):
        unpacked += piece[:size]
    return bytes(unpacked)


def _snappy(data: bytes) -> bytes:
    """Raw Snappy starts with its unpacked size; four bytes of checksum follow."""
    import pyarrow as pa

    size = 0
    for place, byte in enumerate(data[:5]):
        size |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a varint
            break
    if size > LARGEST_BLOCK_BYTES:
        return bytes(LARGEST_BLOCK_BYTES + 1)
    unpacked = pa.Codec("snappy").decompress(data[:-4], size, asbytes=True)
    if zlib.crc32(unpacked) != int.from_bytes(data[-4:], "big"):
        raise NotAvro("the checksum of a block is wrong")
    return unpacked


_UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "null": bytes,
    "deflate": _deflate,
    "bzip2": _bzip2,
    "xz": _xz,
    "zstandard": _zstandard,
    "snappy": _snappy,
}
