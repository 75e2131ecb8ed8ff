"""Data files of taxi-like trips in each format, made once and kept.

    python -m bench.data_files csv damaged 100 FILE

Prints how many rows there are and how many of them are bad, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.taxi import blocks_of_trips

if TYPE_CHECKING:
    import pyarrow as pa

Fields = list[str]
LAST_FEW = 3
EVEN = -2
"""The last two damages change the number of fields."""


def _with(place: int, value: str) -> Callable[[Fields], Fields]:
    return lambda fields: [*fields[:place], value, *fields[place + 1 :]]


CSV_DAMAGES: tuple[Callable[[Fields], Fields], ...] = (
    _with(10, "n/k"),
    _with(7, "?"),
    _with(1, "yesterday"),
    _with(0, ""),
    _with(4, "-7.5"),
    _with(3, "99"),
    lambda fields: [*fields, "surplus"],
    lambda fields: fields[:-LAST_FEW],
)
"""Wrong types, a missing value, values out of range, a field too many, fields too few."""

VALUE_DAMAGES: tuple[dict[str, Any], ...] = ({"vendor_id": None}, {"trip_distance": -7.5}, {"passenger_count": 99})
"""What can be wrong in a format that keeps its types."""


def write_csv(path: Path, size_mb: int, *, damaged: bool) -> tuple[int, int]:
    """Rows and bad rows of the CSV file that is there now."""
    return _write_csv(path, size_mb, CSV_DAMAGES, damaged=damaged)


def write_even_csv(path: Path, size_mb: int, *, damaged: bool) -> tuple[int, int]:
    """The same, but every row has the right number of fields: some readers lose the whole file otherwise."""
    return _write_csv(path, size_mb, CSV_DAMAGES[:EVEN], damaged=damaged)


def _write_csv(
    path: Path, size_mb: int, damages: Sequence[Callable[[Fields], Fields]], *, damaged: bool
) -> tuple[int, int]:
    rows = bad = 0
    with path.open("wb") as file:
        for table, hit in blocks_of_trips(size_mb, damaged=damaged):
            lines = _csv_lines(table)
            for row, number in hit.items():
                lines[row + 1] = ",".join(damages[number % len(damages)](lines[row + 1].split(",")))
            file.write(("\n".join(lines[1 if rows else 0 :]) + "\n").encode())
            rows, bad = rows + len(table), bad + len(hit)
    return rows, bad


def write_jsonl(path: Path, size_mb: int, *, damaged: bool) -> tuple[int, int]:
    """Rows and bad rows of the JSON lines that are there now; of the bad rows every fourth is cut in the middle."""
    rows = bad = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for table, hit in blocks_of_trips(size_mb, damaged=damaged):
            for row, trip in enumerate(table.to_pylist()):
                kind = hit.get(row, -1) % (len(VALUE_DAMAGES) + 1)
                spoilt = trip | (VALUE_DAMAGES[kind] if row in hit and kind < len(VALUE_DAMAGES) else {})
                line = json.dumps(spoilt, default=str)
                is_cut = row in hit and kind == len(VALUE_DAMAGES)
                file.write(f"{line[: len(line) // 2] if is_cut else line}\n")
            rows, bad = rows + len(table), bad + len(hit)
    return rows, bad


def write_parquet(path: Path, size_mb: int, *, damaged: bool) -> tuple[int, int]:
    """Rows and bad rows of the Parquet file that is there now."""
    import pyarrow.parquet as pq

    rows = bad = 0
    writer: pq.ParquetWriter | None = None
    for table, hit in blocks_of_trips(size_mb, damaged=damaged):
        spoilt = _with_values(table, hit)
        writer = writer or pq.ParquetWriter(path, spoilt.schema, compression="zstd")
        writer.write_table(spoilt)
        rows, bad = rows + len(table), bad + len(hit)
    if writer:
        writer.close()
    return rows, bad


def _csv_lines(table: pa.Table) -> list[str]:
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    sink = pa.BufferOutputStream()
    pa_csv.write_csv(table, sink, pa_csv.WriteOptions(quoting_style="none"))
    # The header is quoted whatever the style.
    header, *lines = sink.getvalue().to_pybytes().decode().splitlines()
    return [header.replace('"', ""), *lines]


def _with_values(table: pa.Table, hit: dict[int, int]) -> pa.Table:
    import pyarrow as pa

    for kind, values in enumerate(VALUE_DAMAGES):
        rows = {row for row, number in hit.items() if number % len(VALUE_DAMAGES) == kind}
        for name, value in values.items():
            place = table.schema.get_field_index(name)
            column = table.column(name).to_pylist()
            spoilt = [value if row in rows else old for row, old in enumerate(column)] if rows else column
            table = table.set_column(place, name, pa.array(spoilt, table.schema.field(name).type))
    return table


WRITERS = {"csv": write_csv, "even.csv": write_even_csv, "jsonl": write_jsonl, "parquet": write_parquet}


def main() -> int:
    """Write one file, whole or not at all."""
    kind, state, size_mb, name = sys.argv[1:]
    path = Path(name)
    unfinished = path.with_name(f"{path.name}.part")
    rows, bad = WRITERS[kind](unfinished, int(size_mb), damaged=state == "damaged")
    unfinished.replace(path)
    print(json.dumps({"rows": rows, "bad": bad, "bytes": path.stat().st_size}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
