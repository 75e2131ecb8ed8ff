"""What was measured of runs, held against what was to be reached, as JSON and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.runs.measuring import Way

HEADING = "# What a run costs"
INTRODUCTION = """{heading}

Written by `{command}`.

Files of 10 KB and 500 rows, told to the app by events as in Azure; the app on the local host, in {worker_processes}
worker processes (one for each core), storage in Azurite, the load and all of them on this one machine. **At once**:
from the first drop to the last dataset. **Stream**: half as many a second as that reached, from a drop to its published
dataset. **Transactions**: the app's own, not the host's. **Memory** is what the host and its worker processes hold
together: medians over the time of a soak at the rate of the stream. The **plain loop** downloads, transforms with the
same engine and publishes, one file after the other, and keeps no records.
"""
LEAST_RUNS_PER_S = {"durable": 10.0, "direct": 25.0}
MOST_P95_S = 2.0
MOST_TRANSACTIONS = 20.0
MOST_GROWTH_MB = 1.0
"""A thousand runs; more would be a leak."""


def verdicts(ways: Mapping[str, Way]) -> list[tuple[str, bool]]:
    """Every target in words, and whether it was reached."""
    found = []
    for name, way in ways.items():
        published = f"{way.published:,} of {way.uploads:,} published, {way.lost} lost, {way.twice} twice"
        soaked = f"{way.soak_runs:,} more in the soak, {way.soak_lost} lost"
        growth = way.growth_mb_per_1000
        steady = "not told" if growth is None else f"{growth:+.1f} MB a thousand runs"
        clean = way.published == way.uploads and not (way.lost or way.twice or way.soak_lost)
        found += [
            (f"{name}: {published}; {soaked}", clean),
            (
                f"{name}: {way.runs_per_s:.1f} runs/s (at least {LEAST_RUNS_PER_S[name]:.0f})",
                way.runs_per_s >= LEAST_RUNS_PER_S[name],
            ),
            (
                f"{name}: p95 {way.p95_s:.2f} s at {way.stream_per_s:.1f} a second (under {MOST_P95_S:.0f})",
                way.p95_s < MOST_P95_S,
            ),
            (
                f"{name}: {way.transactions_per_run:.1f} transactions a run (at most {MOST_TRANSACTIONS:.0f})",
                way.transactions_per_run <= MOST_TRANSACTIONS,
            ),
            (f"{name}: memory {steady}", growth is not None and growth <= MOST_GROWTH_MB),
        ]
    return found


def page(ways: Mapping[str, Way], loop_per_s: float, facts: Mapping[str, Any]) -> str:
    """The section of RESULTS.md."""
    lines = [f"- {'reached' if reached else 'MISSED '} {text}" for text, reached in verdicts(ways)]
    head = "| | runs/s at once | of the plain loop | p50 s | p95 s | p99 s | transactions | memory MB over the soak |"
    rows = [head, "|---|---|---|---|---|---|---|---|"]
    for name, way in ways.items():
        memory = " ".join(f"{held:.0f}" for held in way.rss_mb) or "–"  # noqa: RUF001 - a dash in a table
        rows.append(
            f"| {name} | {way.runs_per_s:.1f} | {way.runs_per_s / loop_per_s:.2f} | {way.p50_s:.2f} | {way.p95_s:.2f} "
            f"| {way.p99_s:.2f} | {way.transactions_per_run:.1f} | {memory} |"
        )
    rows.append(f"| plain loop | {loop_per_s:.1f} | 1.00 | | | | | |")
    machine = [f"- {name}: {value}" for name, value in facts.items()]
    introduction = INTRODUCTION.format(
        heading=HEADING, command=facts["command"], worker_processes=facts["worker processes"]
    )
    parts = [
        introduction,
        "## Targets of runs\n",
        *lines,
        "\n## Figures\n",
        *rows,
        "\n## Machine of the runs\n",
        *machine,
    ]
    return "\n".join(parts) + "\n"


def document(ways: Mapping[str, Way], loop_per_s: float, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The same as one JSON object."""
    return {
        "targets": [{"says": text, "reached": reached} for text, reached in verdicts(ways)],
        "ways": {name: way.to_dict() for name, way in ways.items()},
        "plain_loop_runs_per_s": loop_per_s,
        "facts": dict(facts),
    }
