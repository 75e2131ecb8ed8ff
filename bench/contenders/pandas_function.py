"""A careful pandas function: everything is read as text, so that no bad value is lost, then cast and checked.

Variant `bytes`: the input is `container/name` in the storage account of `BENCH_STORAGE`; blobs are downloaded and
uploaded whole.
"""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

INTEGERS = ("vendor_id", "passenger_count", "rate_code", "pickup_zone", "dropoff_zone", "payment_type")
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
ALLOWED: dict[str, list[int] | list[str]] = {"vendor_id": [1, 2, 6], "store_and_fwd": ["Y", "N"]}
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
SURPLUS = "surplus"


def main() -> int:
    """Transform one file; its counts."""
    source, folder, variant = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    raw = _read_csv(io.BytesIO(_blob(source).download_blob().readall())) if variant == "bytes" else read(source)
    good, quarantined = contract(raw)
    read_rows = len(raw)
    del raw
    quarantined.to_parquet(folder / "quarantine.parquet", compression="zstd")
    trips = steps(good)
    del good
    trips.to_parquet(folder / "trips.parquet", compression="zstd", index=False)
    (folder / "profile.json").write_text(json.dumps(profile(trips), default=str))
    if variant == "bytes":
        for file in folder.iterdir():
            _blob(f"{source.partition('/')[0]}/pandas/{file.name}").upload_blob(file.read_bytes(), overwrite=True)
    print(json.dumps({"read": read_rows, "quarantined": len(quarantined), "published": len(trips)}))
    return 0


def read(source: str) -> pd.DataFrame:
    """All rows, as text where the format has no types."""
    if source.endswith(".parquet"):
        return pd.read_parquet(source)
    return _read_csv(source)


def _blob(place: str) -> BlobClient:
    from azure.storage.blob import BlobClient

    container, _, name = place.partition("/")
    return BlobClient.from_connection_string(os.environ["BENCH_STORAGE"], container, name)


def _read_csv(source: str | IO[bytes]) -> pd.DataFrame:
    # A column beyond the last one catches what would make the parser drop the row.
    names = [*COLUMNS, SURPLUS]
    return pd.read_csv(source, names=names, header=None, skiprows=1, dtype=str, keep_default_na=False, na_values=[""])


def contract(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that keep the contract, typed, and those that break it, with their reasons."""
    reasons = pd.Series("", index=raw.index)
    typed = {}
    if SURPLUS in raw:
        reasons[raw[SURPLUS].notna()] += "record: columns; "
    for name in COLUMNS:
        text = raw[name]
        value = _cast(name, text)
        for rule, broken in _broken(name, text, value).items():
            reasons[broken] += f"{name}: {rule}; "
        typed[name] = value
    is_bad = reasons != ""
    quarantined = raw[is_bad].assign(reasons=reasons[is_bad])
    good = pd.DataFrame({name: value[~is_bad] for name, value in typed.items()})
    return good.astype(dict.fromkeys(INTEGERS, "Int16")), quarantined


def _cast(name: str, text: pd.Series) -> pd.Series:
    if name == "store_and_fwd":
        return text
    if name in TIMES:
        return pd.to_datetime(text, format="%Y-%m-%d %H:%M:%S", errors="coerce")
    return pd.to_numeric(text, errors="coerce")


def _broken(name: str, text: pd.Series, value: pd.Series) -> dict[str, pd.Series]:
    broken = {"type": value.isna() & text.notna()}
    if name in INTEGERS:
        broken["type"] |= value.notna() & (value % 1 != 0)
    if name in REQUIRED:
        broken["required"] = text.isna()
    if name in LIMITS:
        low, high = LIMITS[name]
        broken |= {"min": value < low, "max": value > high}
    if name in ALLOWED:
        broken["allowed"] = value.notna() & ~value.isin(ALLOWED[name])
    return broken


def steps(trips: pd.DataFrame) -> pd.DataFrame:
    """Filter, derive, dedupe, impute, encode."""
    trips = trips[trips["trip_distance"] > 0]
    trips = trips.assign(
        minutes=(trips["dropoff_at"] - trips["pickup_at"]).dt.total_seconds() / 60,
        tip_share=trips["tip"] / trips["fare"].where(trips["fare"] != 0),
    )
    trips = trips.drop_duplicates(KEYS)
    trips = trips.assign(passenger_count=trips["passenger_count"].fillna(int(trips["passenger_count"].median())))
    return pd.get_dummies(trips, columns=["payment_type"], dtype="int8")


def profile(trips: pd.DataFrame) -> dict[str, object]:
    """Count, nulls, extremes, moments, quantiles, distinct and frequent values of each column."""
    described: dict[str, object] = {}
    for name, column in trips.items():
        facts = column.describe(percentiles=[0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]).to_dict()
        facts |= {"nulls": int(column.isna().sum()), "distinct": column.nunique()}
        if name == "store_and_fwd":
            facts["top"] = column.value_counts().head(10).to_dict()
        described[str(name)] = facts
    return described


if __name__ == "__main__":
    sys.exit(main())
