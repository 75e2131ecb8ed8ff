"""Sampling: the first records of an upload, for trying a flow out on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.draft import LocalUpload
from transforms.errors import UploadTooLarge
from transforms.unpack import PACKINGS, chunks_of, is_packed

if TYPE_CHECKING:
    from transforms.flow.source import Source

SAMPLE_ROWS = 1000
SAMPLE_BYTES = 4 << 20
"""What is read of an upload at most."""

_TEXT = frozenset({"csv", "tsv", "jsonl"})
_COLUMNAR = frozenset({"parquet", "arrow", "feather", "orc"})
_HEAD_BYTES = 4096


@dataclass(frozen=True)
class Sample:
    """The upload to use instead; `is_whole` is False if it holds only the first records."""

    upload: LocalUpload
    is_whole: bool


def first_records(upload: LocalUpload, source: Source, folder: Path, *, is_whole: bool) -> Sample:
    """The first records of an upload are in `folder`, in the format that they had, unpacked.

    `is_whole` is False where only the start of the upload was brought here.

    Raises:
        UploadTooLarge: the start of this upload cannot be read without its end.
        UnreadableUpload: it is packed, and the packing is damaged.
    """
    is_text = source.format in _TEXT
    if not is_whole and (not is_text or is_packed(upload)):
        raise UploadTooLarge(
            f"{upload.name}: a preview reads {SAMPLE_BYTES:,} bytes, which is enough of plain text only, not of a "
            "packed upload or of this format; preview a smaller upload"
        )
    if is_text:
        return _first_lines(upload, source, folder, is_whole=is_whole)
    return _first_rows(upload, source.format, folder) if source.format in _COLUMNAR else Sample(upload, is_whole=True)


def _first_lines(upload: LocalUpload, source: Source, folder: Path, *, is_whole: bool) -> Sample:
    content = bytearray()
    for chunk in chunks_of(upload):
        content += chunk
        if len(content) > SAMPLE_BYTES:
            is_whole = False
            del content[SAMPLE_BYTES:]
            break
    if b"\0" in content[:_HEAD_BYTES]:
        # UTF-16 and UTF-32: a line break is more than one byte there.
        if is_whole:
            return Sample(upload, is_whole=True)
        raise UploadTooLarge(f"{upload.name}: of text in this encoding a preview takes up to {SAMPLE_BYTES:,} bytes")
    kept = cut_text(bytes(content), SAMPLE_ROWS, _quote(source), is_whole=is_whole)
    path = folder / "sample"
    path.write_bytes(kept)
    return Sample(LocalUpload(_unpacked_name(upload.name), path), is_whole=is_whole and len(kept) == len(content))


def cut_text(text: bytes, rows: int, quote: bytes, *, is_whole: bool) -> bytes:
    """A header and the first `rows` records; a record that may have been cut off before is left out.

    Shape:
        A record ends at a line break that has an even number of quotes before it.
    Example:
        >>> cut_text(b'id,note\\n1,"two\\nlines"\\n2,x\\n3,y\\n', 2, b'"', is_whole=True)
        b'id,note\\n1,"two\\nlines"\\n2,x\\n'
        >>> cut_text(b"id,note\\n1,long te", 2, b'"', is_whole=False)
        b'id,note\\n'
    """
    records = quotes = end = at = 0
    while records <= rows and (stop := text.find(b"\n", at)) >= 0:
        quotes += text.count(quote, at, stop) if quote else 0
        at = stop + 1
        if quotes % 2 == 0:
            records, end = records + 1, at
    return text if is_whole and records <= rows else text[:end]


def _quote(source: Source) -> bytes:
    if "json" in source.format:
        return b""
    return ('"' if source.options.quote is None else source.options.quote).encode()


def _unpacked_name(name: str) -> str:
    packing = next((packing for packing in PACKINGS if name.lower().endswith(packing)), "")
    return name[: len(name) - len(packing)]


def _first_rows(upload: LocalUpload, kind: str, folder: Path) -> Sample:
    import pyarrow as pa
    import pyarrow.dataset as ds
    from pyarrow import feather, orc
    from pyarrow import parquet as pq

    formats = {"parquet": ds.ParquetFileFormat, "orc": ds.OrcFileFormat}
    try:
        table = ds.dataset(upload.path, format=formats.get(kind, ds.IpcFileFormat)()).head(SAMPLE_ROWS + 1)
    except (pa.ArrowException, OSError):
        return Sample(upload, is_whole=True)  # the reader says what is wrong with it, better than here
    if table.num_rows <= SAMPLE_ROWS:
        return Sample(upload, is_whole=True)
    path, first = str(folder / "sample"), table.slice(0, SAMPLE_ROWS)
    if kind == "parquet":
        pq.write_table(first, path)
    elif kind == "orc":
        orc.write_table(first, path)
    else:
        feather.write_feather(first, path)
    return Sample(LocalUpload(upload.name, Path(path)), is_whole=False)
