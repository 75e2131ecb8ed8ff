"""A child process whose disk is full after so many bytes, and what becomes of a transform then.

python -m tests.transforms.full_disks CASE SIZE…    one line of JSON for each size of the disk in bytes
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import fastavro
import openpyxl
import pyarrow as pa
from pyarrow import feather, orc

from tests.transforms.drafting import LIMITS, Said, flow_with, parquet
from transforms import ingest
from transforms import transform as transforming
from transforms.draft import LocalUpload
from transforms.errors import TransformError
from transforms.flow.flow import Flow
from transforms.full_disk import is_full_disk

ROWS = 4000
RECORDS: list[dict[str, Any]] = [
    {"id": number, "note": f"{number * 7919 % ROWS:032x}", "km": number / 7} for number in range(ROWS)
]
SIZES_BYTES = tuple(1 << power for power in range(13, 24))
"""From a disk that takes next to nothing to one that takes everything."""

OWN = "import pyarrow as pa\ndef same(table: pa.Table) -> pa.Table:\n    return table\n"
STEPS = [{"dedupe": {"keys": "note"}}, {"sort": "note"}, {"python": {"call": "own:same"}}]


def csv_text() -> bytes:
    """The records, and damaged ones behind them."""
    lines = [f"{one['id']},{one['note']},{one['km']}\n" for one in RECORDS] + ["x,y,z\n"] * 500
    return ("id,note,km\n" + "".join(lines)).encode()


def avro_file() -> bytes:
    names = {"id": "int", "note": "string", "km": "double"}
    fields = [{"name": name, "type": kind} for name, kind in names.items()]
    with io.BytesIO() as buffer:
        fastavro.writer(buffer, {"type": "record", "name": "r", "fields": fields}, RECORDS)
        return buffer.getvalue()


def arrow_file() -> bytes:
    with io.BytesIO() as buffer:
        feather.write_feather(pa.Table.from_pylist(RECORDS), buffer)
        return buffer.getvalue()


def orc_file() -> bytes:
    with io.BytesIO() as buffer:
        orc.write_table(pa.Table.from_pylist(RECORDS), buffer)
        return buffer.getvalue()


def excel_file() -> bytes:
    book = openpyxl.Workbook()
    for row in ([*RECORDS[0]], *([*record.values()] for record in RECORDS)):
        book.worksheets[0].append(row)
    with io.BytesIO() as buffer:
        book.save(buffer)
        return buffer.getvalue()


def parquet_file() -> bytes:
    return parquet({name: [record[name] for record in RECORDS] for name in RECORDS[0]})


def json_lines() -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in RECORDS)


@dataclass(frozen=True)
class Case:
    """One way for bytes to reach the disk."""

    file: str
    content: Callable[[], bytes]
    format: str = "csv"
    output: str = "parquet"
    size: Literal["small", "usual", "large"] = "usual"
    parts: tuple[int, ...] = ()
    has_lookup: bool = False


CASES: Mapping[str, Case] = {
    "csv": Case("a.csv", csv_text),
    "csv in memory": Case("a.csv", csv_text, size="small"),
    "csv in the engine's file": Case("a.csv", csv_text, size="large"),
    "csv.gz": Case("a.csv.gz", lambda: gzip.compress(csv_text())),
    "csv, by parts": Case("a.csv", csv_text, parts=(1,)),
    "csv to csv": Case("a.csv", csv_text, output="csv"),
    "csv to jsonl": Case("a.csv", csv_text, output="jsonl"),
    "csv to arrow": Case("a.csv", csv_text, output="arrow"),
    "csv with a lookup": Case("a.csv", csv_text, has_lookup=True),
    "jsonl": Case("a.jsonl", json_lines, "jsonl"),
    "json": Case("a.json", lambda: json.dumps(RECORDS).encode(), "json"),
    "parquet": Case("a.parquet", parquet_file, "parquet"),
    "avro": Case("a.avro", avro_file, "avro"),
    "arrow": Case("a.arrow", arrow_file, "arrow"),
    "orc": Case("a.orc", orc_file, "orc"),
    "excel": Case("a.xlsx", excel_file, "excel"),
}


def main(name: str, sizes: Sequence[int]) -> None:
    """How the transform ended on each disk is told."""
    case = CASES[name]
    if case.size != "small":
        vars(transforming)["SMALL_BYTES"] = 0
    if case.size == "large":
        # As if the values were too many for memory: they go into the engine's own file, and not to temporary ones.
        ingest._BYTES_A_VALUE = LIMITS.memory_bytes
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            outcome = outcome_of(case, Path(folder), size)
        print(json.dumps({"size_bytes": size, "outcome": outcome}), flush=True)


def outcome_of(case: Case, folder: Path, size_bytes: int) -> str:
    """How the transform ended."""
    scratch, upload = folder / "scratch", folder / "upload"
    scratch.mkdir()
    upload.write_bytes(case.content())
    (folder / "own.py").write_text(OWN, encoding="utf-8")
    (folder / "names.csv").write_bytes(b"\n".join(csv_text().splitlines()[: ROWS + 1]))
    lookups = {"names": folder / "names.csv"} if case.has_lookup else {}
    said = Said(flow_of(case), lookups, {}, LIMITS, folder, lambda _: None)
    local, learnt = [LocalUpload(case.file, upload)], {"previous": None, "fitted": None}
    try:
        with full_after(size_bytes):
            parts = case.parts
            draft = said.by_parts(local, scratch, learnt, parts) if parts else said.at_once(local, scratch, learnt)
        return draft.rejection.code if draft.rejection else "dataset"
    except TransformError as error:
        return f"{error.code}: {error}"
    except Exception as error:
        if not is_full_disk(error):
            raise
        return "full disk"


def flow_of(case: Case) -> Flow:
    """A flow that sorts, and joins where there is a lookup."""
    join = [{"join": {"lookup": "names", "on": "note", "take": {"other": "km"}}}] if case.has_lookup else []
    lookups = {"names": {"path": "names.csv", "key": "note"}} if case.has_lookup else {}
    return flow_with(
        {"id": "int32", "note": "string", "km": "float64"},
        source={"format": case.format},
        contract={"max_bad_rows": "50%", "unknown_columns": "drop"},
        lookups=lookups,
        steps=[*join, *STEPS],
        output={"format": case.output},
    )


@contextmanager
def full_after(size_bytes: int) -> Iterator[None]:
    """Inside, no file of this process grows past that size: an error in writing, as on a disk that is full."""
    import resource

    limit, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))


if __name__ == "__main__":
    main(sys.argv[1], [int(size) for size in sys.argv[2:]])
