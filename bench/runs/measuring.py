"""Measuring runs: a burst, a stream at half of what the burst reached, and a soak."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.environments import BENCH
from bench.runs.app import App, Look, running_app
from bench.runs.load import Load, content_of, drop, look_up, statuses
from bench.runs.plain_loop import publish_all
from demo.installation import say
from demo.services import azurite

WARM_UP = 4
STREAM_S = 30.0
LOOP_RUNS = 100
LEAST_SOAK = 300
"""Runs; before that many, what a process holds still follows the first of them."""


@dataclass(frozen=True)
class Way:
    """What one way to run was measured to do; the memory figures are None where the system does not tell."""

    uploads: int
    published: int
    lost: int
    twice: int
    runs_per_s: float
    transactions_per_run: float
    stream_per_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    soak_runs: int
    soak_lost: int
    rss_mb: list[float]
    growth_mb_per_1000: float | None

    def to_dict(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def measure_way(*, direct: bool, uploads: int, soak_s: float) -> Way:
    """One way to run, on an app and a storage account of its own."""
    with running_app(direct=direct) as app:
        _load(app, "warm", WARM_UP)
        before = app.looks()[-1]
        say(f"  {uploads} uploads at once")
        burst = _load(app, "burst", uploads)
        after = app.looks()[-1]
        rate = max(1.0, burst.runs_per_s / 2)
        say(f"  {rate:.1f} a second for {STREAM_S:.0f} s")
        stream = _load(app, "stream", int(rate * STREAM_S), rate)
        say(f"  the same for {soak_s:.0f} s, for the memory")
        soak_from = time.time()
        soak = _load(app, "soak", int(rate * soak_s), rate)
        memory = [look for look in app.looks() if look.at >= soak_from]
        told = statuses(app)
    percent = _percentiles(stream.latencies)
    return Way(
        uploads=uploads,
        published=len(burst.published),
        lost=burst.lost + stream.lost,
        twice=burst.twice + stream.twice + soak.twice,
        runs_per_s=burst.runs_per_s,
        transactions_per_run=(after.transactions - before.transactions) / uploads,
        stream_per_s=rate,
        p50_s=percent[49],
        p95_s=percent[94],
        p99_s=percent[98],
        soak_runs=len(soak.published),
        soak_lost=soak.lost + sum(told.values()) - told["published"],
        rss_mb=_thinned(memory),
        growth_mb_per_1000=_growth(memory, len(soak.published)),
    )


def measure_loop() -> float:
    """Datasets a second of the plain loop, on a storage account of its own."""
    BENCH.mkdir(parents=True, exist_ok=True)
    contents = {f"readings/{number}.csv": content_of(number) for number in range(LOOP_RUNS)}
    with tempfile.TemporaryDirectory(dir=BENCH, prefix="loop-") as folder, azurite(Path(folder)) as connection_string:
        return publish_all(connection_string, contents)


def _load(app: App, kind: str, uploads: int, per_s: float | None = None) -> Load:
    """So many uploads were dropped, and their runs are over, or took too long."""
    over_before = app.runs_over()
    load = drop(app, [f"readings/{kind}-{number:05}.csv" for number in range(uploads)], per_s=per_s)
    app.wait_for(over_before + uploads)
    look_up(app, load)
    return load


def _percentiles(latencies: Sequence[float]) -> list[float]:
    return quantiles(latencies, n=100, method="inclusive") if len(latencies) > 1 else [float("nan")] * 99


def _thinned(looks: Sequence[Look], points: int = 10) -> list[float]:
    """What the host held over the time, in a few figures."""
    held = [look.rss_mb for look in looks if look.rss_mb is not None]
    size = max(1, len(held) // points)
    return [round(median(held[start : start + size]), 1) for start in range(0, len(held), size)]


def _growth(looks: Sequence[Look], runs: int) -> float | None:
    """MB that the last quarter holds more than the second, for each 1,000 runs between their middles."""
    held = [look.rss_mb for look in looks if look.rss_mb is not None]
    quarter = len(held) // 4
    if not quarter or runs < LEAST_SOAK:
        return None
    between = runs * 0.5  # from the middle of the second quarter to the middle of the last
    grown = median(held[-quarter:]) - median(held[quarter : 2 * quarter])
    return grown / between * 1000
