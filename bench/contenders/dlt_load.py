"""dlt: filesystem CSV to Parquet by its own CSV reader on DuckDB; no contract, quarantine, steps or profile."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

import dlt
from dlt.sources.filesystem import filesystem, read_csv_duckdb


def main() -> int:
    """Load one file; its counts."""
    source, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    dlt.config["normalize.parquet_normalizer.add_dlt_load_id"] = False
    trips = filesystem(bucket_url=source.parent.as_uri(), file_glob=source.name) | read_csv_duckdb(
        chunk_size=100_000, use_pyarrow=True
    )
    pipeline = dlt.pipeline(
        pipeline_name="taxi",
        pipelines_dir=str(folder / "state"),
        destination=dlt.destinations.filesystem(bucket_url=(folder / "out").as_uri()),
        dataset_name="taxi",
    )
    pipeline.run(trips.with_name("trips"), loader_file_format="parquet")
    rows = pipeline.last_trace.last_normalize_info.row_counts["trips"]
    print(json.dumps({"read": None, "quarantined": None, "published": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
