"""Taxi-like trips: 19 columns, seeded; 0.5 % of the rows can be marked for damage, and 0.2 % are repeated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

ROWS_PER_MB = 10_500
ROWS_PER_BLOCK = 100_000
DAMAGED, REPEATED = 0.005, 0.002
SEED = 20_13
ABSENT, STILL, TOLLED, FORWARDED, AIRPORT = 0.05, 0.01, 0.06, 0.01, 0.1
"""Shares of rows."""


def blocks_of_trips(size_mb: int, *, damaged: bool) -> Iterator[tuple[pa.Table, dict[int, int]]]:
    """Trips of about `size_mb` as CSV, a block at a time, with the rows to be damaged and a number for each.

    The same arguments give the same trips; sizes are those of CSV, so that every format has the same rows.
    """
    import numpy as np

    total = size_mb * ROWS_PER_MB
    for start in range(0, total, ROWS_PER_BLOCK):
        rows = min(ROWS_PER_BLOCK, total - start)
        luck = np.random.default_rng([SEED, start])
        table = _trips(luck, start, rows)
        yield _unlucky(table, luck.random(rows), luck.integers(0, 1000, rows)) if damaged else (table, {})


def _unlucky(
    table: pa.Table, spoilt: np.ndarray[Any, np.dtype[np.float64]], numbers: np.ndarray[Any, np.dtype[np.int64]]
) -> tuple[pa.Table, dict[int, int]]:
    import numpy as np

    again = np.flatnonzero(spoilt > 1 - REPEATED)
    order = np.arange(len(table))
    order[again[again > 0]] -= 1
    hit = np.flatnonzero(spoilt < DAMAGED)
    # A repeated row stands behind the one that it repeats: that one stays good.
    hit = hit[~np.isin(hit + 1, again)]
    return table.take(order), {int(row): int(numbers[row]) for row in hit}


def _trips(luck: np.random.Generator, start: int, rows: int) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    seconds = 1_672_531_200 + (start + np.arange(rows)) // 3 + luck.integers(0, 600, rows)
    minutes = luck.gamma(2.0, 7.0, rows)
    distance = np.round(np.where(luck.random(rows) < STILL, 0.0, minutes * luck.uniform(0.1, 0.5, rows)), 2)
    fare = np.round(3 + 2.5 * distance + 0.5 * minutes, 2)
    tip = np.round(fare * luck.choice([0, 0.1, 0.2, 0.25], rows), 2)
    extra, tolls = luck.choice([0, 0.5, 1, 2.5], rows), np.where(luck.random(rows) < TOLLED, 6.94, 0.0)
    absent = luck.random(rows) < ABSENT
    total = np.round(fare + tip + extra + tolls + 1.5 + 2.5, 2)
    flags = np.where(luck.random(rows) < FORWARDED, "Y", "N")
    return pa.table(
        {
            "vendor_id": pa.array(luck.integers(1, 3, rows), pa.int8()),
            "pickup_at": pa.array(seconds, pa.int64()).cast(pa.timestamp("s")),
            "dropoff_at": pa.array(seconds + (minutes * 60).astype(np.int64), pa.int64()).cast(pa.timestamp("s")),
            "passenger_count": pa.array(luck.integers(1, 7, rows), pa.int8(), mask=absent),
            "trip_distance": pa.array(distance),
            "rate_code": pa.array(luck.choice([1, 1, 1, 1, 2, 5], rows), pa.int8(), mask=absent),
            "store_and_fwd": pa.array(flags, pa.string(), mask=absent),
            "pickup_zone": pa.array(luck.integers(1, 266, rows), pa.int16()),
            "dropoff_zone": pa.array(luck.integers(1, 266, rows), pa.int16()),
            "payment_type": pa.array(luck.integers(1, 5, rows), pa.int8()),
            "fare": pa.array(fare),
            "extra": pa.array(extra),
            "mta_tax": pa.array(np.full(rows, 0.5)),
            "tip": pa.array(tip),
            "tolls": pa.array(tolls),
            "improvement_surcharge": pa.array(np.full(rows, 1.0)),
            "total": pa.array(total),
            "congestion_surcharge": pa.array(np.full(rows, 2.5), mask=absent),
            "airport_fee": pa.array(np.where(luck.random(rows) < AIRPORT, 1.75, 0.0)),
        }
    )
