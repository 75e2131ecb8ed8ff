"""Uploads that are small and want to become large; each is read in a process of its own.

python -m tests.transforms.fuzz.bombs NAME FILE     one line of JSON: how it ended, and the peak of memory
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather, orc

from tests.transforms.drafting import flow_with
from tests.transforms.fuzz.child import limit_memory
from tests.transforms.fuzz.seeds import avro_file, zstandard
from transforms.draft import Limits, LocalUpload
from transforms.errors import TransformError
from transforms.transform import transform

LIMITS = Limits(memory_bytes=200 * 2**20, threads=2, scratch_bytes=64 * 2**20)
_UNPACKED_BYTES = 100 * 2**20


def _lines() -> bytes:
    return b"id,note\n" + b"1,x\n" * (_UNPACKED_BYTES // 4)


def _endless() -> bytes:
    return b"id,note\n1," + b"x" * _UNPACKED_BYTES


def _parquet_that_lies() -> bytes:
    """A page that says it unpacks to 2 GB: its size is the second number of the page header."""
    with io.BytesIO() as buffer:
        pq.write_table(
            pa.table({"id": list(range(3000))}),
            buffer,
            compression="snappy",
            use_dictionary=False,
            write_statistics=False,
        )
        data = buffer.getvalue()
    kind, size = 5, 7
    assert data[4:7] == bytes([0x15, 0x00, 0x15]), "page header: type 0, then the unpacked size"
    end = next(place for place in range(size, size + 5) if data[place] < 0x80) + 1
    return data[: kind + 2] + b"\xfe\xff\xff\xff\x0f" + data[end:]


def _arrow_that_lies() -> bytes:
    """A buffer that says it unpacks to a terabyte: its size is the number before it."""
    with io.BytesIO() as buffer:
        feather.write_feather(pa.table({"id": [0] * 10_000}), buffer, compression="lz4")
        data = buffer.getvalue()
    size = (80_000).to_bytes(8, "little")
    assert data.count(size) == 1
    return data.replace(size, (2**40).to_bytes(8, "little"))


def _orc_of_many_rows() -> bytes:
    with io.BytesIO() as buffer:
        with orc.ORCWriter(buffer, compression="ZLIB") as writer:
            rows = pa.table({"id": pa.array([7] * 500_000, pa.int64()), "note": ["x" * 50] * 500_000})
            for _ in range(20):
                writer.write(rows)
        return buffer.getvalue()


def _workbook() -> bytes:
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/sharedStrings.xml", b"<si>" + b" " * _UNPACKED_BYTES)
        return buffer.getvalue()


BOMBS: Mapping[str, tuple[str, str, Callable[[], bytes]]] = {
    "gzip of many lines": ("csv", "a.csv.gz", lambda: gzip.compress(_lines(), 9)),
    "gzip of one line": ("csv", "a.csv.gz", lambda: gzip.compress(_endless(), 9)),
    "bzip2 of one line": ("csv", "a.csv.bz2", lambda: bz2.compress(_endless())),
    "Zstandard of many lines": ("csv", "a.csv.zst", lambda: zstandard(_lines())),
    "gzip inside a Parquet name": ("parquet", "a.parquet.gz", lambda: gzip.compress(bytes(_UNPACKED_BYTES))),
    "CSV of one endless line": ("csv", "a.csv", _endless),
    "CSV of an open quote": ("csv", "a.csv", lambda: b'id,note\n1,"' + b"x" * _UNPACKED_BYTES),
    "CSV of line breaks": ("csv", "a.csv", lambda: b"\n" * _UNPACKED_BYTES),
    "CSV of quotes": ("csv", "a.csv", lambda: b"id,note\n" + b'"' * _UNPACKED_BYTES),
    "CSV of delimiters": ("csv", "a.csv", lambda: b"id,note\n" + b"," * _UNPACKED_BYTES),
    "JSON lines of one endless line": ("jsonl", "a.jsonl", lambda: b'{"id": "' + b"x" * _UNPACKED_BYTES),
    "JSON lines 100,000 deep": ("jsonl", "a.jsonl", lambda: b'{"id":' * 100_000 + b"1" + b"}" * 100_000),
    "JSON 100,000 deep": ("json", "a.json", lambda: b"[" * 100_000 + b"]" * 100_000),
    "JSON that opens many lists": ("json", "a.json", lambda: b"[" * _UNPACKED_BYTES),
    "Parquet with a lying page": ("parquet", "a.parquet", _parquet_that_lies),
    "Arrow with a lying buffer": ("arrow", "a.arrow", _arrow_that_lies),
    "ORC of 10 million equal rows": ("orc", "a.orc", _orc_of_many_rows),
    "Excel workbook of blanks": ("excel", "a.xlsx", _workbook),
    "Avro cut in its header": ("avro", "a.avro", lambda: avro_file("deflate")[:90]),
}
"""Format, name and bytes of each."""


def main(name: str, path: Path) -> None:
    """How the upload ended is told, and what memory it took."""
    format_name, file, _ = BOMBS[name]
    limit_memory()
    source = {"format": format_name}
    flow = flow_with({"id": "int32", "note": "string"}, source=source, contract={"missing_columns": "null"})
    scratch = path.parent / "scratch"
    scratch.mkdir()
    try:
        upload = LocalUpload(file, path)
        draft = transform(flow, [upload], {}, {}, scratch=scratch, limits=LIMITS, flows_folder=path.parent)
        outcome = draft.rejection.code if draft.rejection else "dataset"
    except TransformError as error:
        outcome = error.code
    print(json.dumps({"outcome": outcome, "peak_bytes": _peak_bytes()}))


def _peak_bytes() -> int:
    """The peak of this program, where the system tells it (`ru_maxrss` is that of the parent as well)."""
    status = Path("/proc/self/status")
    told = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in told if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
