"""Polars, lazy and streaming: everything is read as text, cast and checked, good and bad rows to sinks of their own.

The full work, but that it has no record numbers. Its `unique` and its profile are what breaks the streaming.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl

INTEGERS = {
    "vendor_id": pl.Int8,
    "passenger_count": pl.Int8,
    "rate_code": pl.Int8,
    "pickup_zone": pl.Int16,
    "dropoff_zone": pl.Int16,
    "payment_type": pl.Int8,
}
TIMES = ("pickup_at", "dropoff_at")
LIMITS = {
    "passenger_count": (0, 9),
    "trip_distance": (0, 1000),
    "rate_code": (1, 99),
    "pickup_zone": (1, 265),
    "dropoff_zone": (1, 265),
    "payment_type": (0, 6),
    "fare": (-1000, 10000),
    "extra": (-100, 100),
    "mta_tax": (-10, 10),
    "tip": (0, 10000),
    "tolls": (0, 1000),
    "improvement_surcharge": (-10, 10),
    "total": (-1000, 10000),
    "congestion_surcharge": (-10, 10),
    "airport_fee": (-10, 10),
}
ALLOWED = {"vendor_id": [1, 2, 6], "store_and_fwd": ["Y", "N"]}
REQUIRED = (
    *("vendor_id", "pickup_at", "dropoff_at", "trip_distance", "pickup_zone", "dropoff_zone", "payment_type"),
    *("fare", "total", "airport_fee"),
)
COLUMNS = (
    *("vendor_id", "pickup_at", "dropoff_at", "passenger_count", "trip_distance", "rate_code", "store_and_fwd"),
    *("pickup_zone", "dropoff_zone", "payment_type", "fare", "extra", "mta_tax", "tip", "tolls"),
    *("improvement_surcharge", "total", "congestion_surcharge", "airport_fee"),
)
KEYS = ["vendor_id", "pickup_at", "dropoff_at", "pickup_zone", "total"]
PAYMENTS = (1, 2, 3, 4)
SURPLUS = "surplus"
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def main() -> int:
    """Transform one file; its counts."""
    source, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    checked = _checked(source)
    quarantine, trips = folder / "quarantine.parquet", folder / "trips.parquet"
    pl.collect_all(
        [
            checked.filter("bad").drop(*(f"typed_{name}" for name in COLUMNS)).sink_parquet(quarantine, lazy=True),
            _steps(checked.filter(~pl.col("bad"))).sink_parquet(folder / "kept.parquet", lazy=True),
        ],
        engine="streaming",
    )
    kept = pl.scan_parquet(folder / "kept.parquet")
    median = kept.select(pl.col("passenger_count").median()).collect(engine="streaming").item()
    finished = kept.with_columns(
        pl.col("passenger_count").fill_null(int(median)),
        *((pl.col("payment_type") == value).cast(pl.Int8).alias(f"payment_type_{value}") for value in PAYMENTS),
    ).drop("payment_type")
    finished.sink_parquet(trips, compression="zstd")
    (folder / "kept.parquet").unlink()
    profile = pl.scan_parquet(trips).select(_statistics(pl.scan_parquet(trips).collect_schema()))
    (folder / "profile.json").write_text(profile.collect(engine="streaming").write_json())
    print(json.dumps({"read": None, "quarantined": _rows(quarantine), "published": _rows(trips)}))
    return 0


def _checked(source: str) -> pl.LazyFrame:
    # A column beyond the last one catches the fields that would be dropped.
    schema = dict.fromkeys([*COLUMNS, SURPLUS], pl.String)
    rows = pl.scan_csv(source, schema=schema, has_header=False, skip_rows=1, missing_columns="insert")
    rows = rows.with_columns(_cast(name).alias(f"typed_{name}") for name in COLUMNS)
    rows = rows.with_columns(pl.concat_list(_reasons()).list.drop_nulls().alias("reasons"))
    return rows.with_columns(bad=pl.col("reasons").list.len() > 0)


def _cast(name: str) -> pl.Expr:
    column = pl.col(name)
    if name in TIMES:
        return column.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False)
    if name in INTEGERS:
        return column.cast(INTEGERS[name], strict=False)
    return column if name == "store_and_fwd" else column.cast(pl.Float64, strict=False)


def _reasons() -> list[pl.Expr]:
    broken = {f"{SURPLUS}: columns": pl.col(SURPLUS).is_not_null()}
    for name in COLUMNS:
        text, value = pl.col(name), pl.col(f"typed_{name}")
        broken[f"{name}: type"] = text.is_not_null() & value.is_null()
        if name in REQUIRED:
            broken[f"{name}: required"] = text.is_null()
        if name in LIMITS:
            broken[f"{name}: min"], broken[f"{name}: max"] = value < LIMITS[name][0], value > LIMITS[name][1]
        if name in ALLOWED:
            broken[f"{name}: allowed"] = ~value.is_in(ALLOWED[name])
    return [pl.when(condition).then(pl.lit(reason)) for reason, condition in broken.items()]


def _steps(rows: pl.LazyFrame) -> pl.LazyFrame:
    typed = rows.select(pl.col(f"typed_{name}").alias(name) for name in COLUMNS)
    return (
        typed.filter(pl.col("trip_distance") > 0)
        .with_columns(
            minutes=(pl.col("dropoff_at") - pl.col("pickup_at")).dt.total_seconds() / 60,
            tip_share=pl.when(pl.col("fare") != 0).then(pl.col("tip") / pl.col("fare")),
        )
        .unique(KEYS, keep="first", maintain_order=True)
    )


def _statistics(schema: pl.Schema) -> list[pl.Expr]:
    wanted = []
    for name, kind in schema.items():
        column = pl.col(name)
        facts = {"count": column.count(), "nulls": column.null_count(), "distinct": column.approx_n_unique()}
        facts |= {"min": column.min(), "max": column.max()}
        if kind.is_numeric():
            facts |= {"mean": column.mean(), "std": column.std()}
            facts |= {f"q{share}": column.quantile(share) for share in QUANTILES}
        if kind == pl.String:
            facts["top"] = column.value_counts(sort=True).head(10).implode()
        wanted += [fact.alias(f"{name}.{fact_name}") for fact_name, fact in facts.items()]
    return wanted


def _rows(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


if __name__ == "__main__":
    sys.exit(main())
