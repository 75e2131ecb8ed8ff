"""DuckDB by hand: `COPY` of a typed read with filter and derived columns; no contract, quarantine or profile."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

TYPES = (
    "{'vendor_id': 'TINYINT', 'pickup_at': 'TIMESTAMP', 'dropoff_at': 'TIMESTAMP', 'passenger_count': 'TINYINT', "
    "'trip_distance': 'DOUBLE', 'rate_code': 'TINYINT', 'store_and_fwd': 'VARCHAR', 'pickup_zone': 'SMALLINT', "
    "'dropoff_zone': 'SMALLINT', 'payment_type': 'TINYINT', 'fare': 'DOUBLE', 'extra': 'DOUBLE', 'mta_tax': 'DOUBLE', "
    "'tip': 'DOUBLE', 'tolls': 'DOUBLE', 'improvement_surcharge': 'DOUBLE', 'total': 'DOUBLE', "
    "'congestion_surcharge': 'DOUBLE', 'airport_fee': 'DOUBLE'}"
)
READERS = {
    ".csv": "read_csv('{path}', header = true, auto_detect = false, columns = {types})",
    ".jsonl": "read_json('{path}', format = 'newline_delimited', columns = {types})",
    ".parquet": "read_parquet('{path}')",
}


def main() -> int:
    """Copy one file to Parquet; its counts."""
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET memory_limit = '512MB'; SET threads = 2")
    connection.execute(f"SET temp_directory = '{(folder / 'spill').as_posix()}'")
    rows = READERS[source.suffix].format(path=source.as_posix(), types=TYPES)
    copied = connection.execute(f"""
        COPY (
            SELECT *, date_diff('second', pickup_at, dropoff_at) / 60.0 AS minutes, tip / nullif(fare, 0) AS tip_share
            FROM {rows} WHERE trip_distance > 0
        ) TO '{(folder / "trips.parquet").as_posix()}' (FORMAT parquet, COMPRESSION zstd)""").fetchall()
    print(json.dumps({"read": None, "quarantined": None, "published": copied[0][0]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
