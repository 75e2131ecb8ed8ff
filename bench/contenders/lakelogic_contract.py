"""LakeLogic: a YAML contract with types, row rules and quarantine; no steps, record numbers or profile.

The variant is its engine: `polars` or `duckdb`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml
from lakelogic import DataProcessor

INTEGERS = ("vendor_id", "passenger_count", "rate_code", "pickup_zone", "dropoff_zone", "payment_type")
TIMES = ("pickup_at", "dropoff_at")
COLUMNS = (
    *("vendor_id", "pickup_at", "dropoff_at", "passenger_count", "trip_distance", "rate_code", "store_and_fwd"),
    *("pickup_zone", "dropoff_zone", "payment_type", "fare", "extra", "mta_tax", "tip", "tolls"),
    *("improvement_surcharge", "total", "congestion_surcharge", "airport_fee"),
)
REQUIRED = (
    *("vendor_id", "pickup_at", "dropoff_at", "trip_distance", "pickup_zone", "dropoff_zone", "payment_type"),
    *("fare", "total", "airport_fee"),
)
RULES = {
    "vendor_id": "vendor_id IN (1, 2, 6)",
    "passenger_count": "passenger_count IS NULL OR passenger_count BETWEEN 0 AND 9",
    "trip_distance": "trip_distance BETWEEN 0 AND 1000",
    "rate_code": "rate_code IS NULL OR rate_code BETWEEN 1 AND 99",
    "store_and_fwd": "store_and_fwd IS NULL OR store_and_fwd IN ('Y', 'N')",
    "pickup_zone": "pickup_zone BETWEEN 1 AND 265",
    "dropoff_zone": "dropoff_zone BETWEEN 1 AND 265",
    "payment_type": "payment_type BETWEEN 0 AND 6",
    "fare": "fare BETWEEN -1000 AND 10000",
    "tip": "tip IS NULL OR tip BETWEEN 0 AND 10000",
    "tolls": "tolls IS NULL OR tolls BETWEEN 0 AND 1000",
    "total": "total BETWEEN -1000 AND 10000",
}


def main() -> int:
    """Take one file through the contract; its counts."""
    source, folder, engine = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    contract = folder / "contract.yaml"
    contract.write_text(yaml.safe_dump(_contract(source, folder)), encoding="utf-8")
    processor = DataProcessor(str(contract), engine=engine)
    result = processor.run_source(str(source))
    processor.materialize(result.good, result.bad)
    good, bad = len(result.good), len(result.bad)
    print(json.dumps({"read": good + bad, "quarantined": bad, "published": good}))
    return 0


def _contract(source: Path, folder: Path) -> dict[str, object]:
    return {
        "version": "1.0",
        "info": {"title": "taxi", "owner": "bench"},
        "source": {"type": "landing", "path": source.as_posix(), "format": "csv", "load_mode": "full"},
        "model": {"fields": [_field(name) for name in COLUMNS]},
        "quality": {"row_rules": [{"name": f"{name}_fits", "sql": rule} for name, rule in RULES.items()]},
        "quarantine": {"enabled": True, "target": (folder / "quarantine").as_posix(), "format": "parquet"},
        "materialization": {
            "strategy": "overwrite",
            "target_path": (folder / "trips").as_posix(),
            "format": "parquet",
        },
    }


def _field(name: str) -> dict[str, object]:
    kinds = dict.fromkeys(INTEGERS, "integer") | dict.fromkeys(TIMES, "timestamp") | {"store_and_fwd": "string"}
    return {"name": name, "type": kinds.get(name, "float"), "required": name in REQUIRED}


if __name__ == "__main__":
    sys.exit(main())
