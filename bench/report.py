"""The report: what was measured, on which machine, with which versions, as JSON and as a page."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.cases import Case, Metric
from bench.environments import versions
from bench.rounds import Record, Records
from bench.verdicts import Verdict

INTRODUCTION = """# What the engine costs, beside its peers

Written by `{command}`.

Every entry runs in a fresh process, a round at a time, so that what disturbs the
machine disturbs all alike; figures are medians, wall seconds with imports, and the processor time of all cores,
which other work on the machine disturbs least. Compare within a table only; the last three columns are against its
first line.

The data is taxi-like: 19 columns; 0.5 % of the rows are damaged (wrong types, missing values, values out of range,
a field too many, fields too few), 0.2 % repeat the row before.

**Full work** (sluice, pandas, polars): contract with constraints, quarantine with reasons, filter, derive, dedupe,
median impute, one-hot encode, zstd Parquet, profile. Only sluice keeps record numbers and counts rows independently.
**lakelogic** does contract and quarantine alone, on its fastest engine; it loses the whole file when a row has a
field too many, so its rows have the right number of them. **dlt** and **duckdb COPY** read the clean file and do
neither contract, quarantine nor profile; duckdb filters and derives.
"""


_COLUMNS: dict[Metric, str] = {"seconds": ".2f", "cpu_seconds": ".2f", "peak_mb": ",.0f"}


def page(
    cases: Sequence[Case], records: Records, found: Sequence[Verdict], wrong: Sequence[str], facts: Mapping[str, Any]
) -> str:
    """RESULTS.md."""
    sections = [
        INTRODUCTION.format(command=facts["command"]),
        "## Targets\n",
        _lines(verdict.line for verdict in found),
    ]
    if wrong:
        sections += ["## Counts that disagree\n", _lines(wrong)]
    for case in cases:
        sections += [f"## {case.name} ({case.size_mb} MB as CSV)\n", _table(case, records)]
    sections += ["## Machine\n", _lines(f"{name}: {value}" for name, value in facts.items())]
    return "\n".join(sections)


def document(
    cases: Sequence[Case], records: Records, found: Sequence[Verdict], wrong: Sequence[str], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """The same as one JSON object."""
    return {
        "targets": [verdict.to_dict() for verdict in found],
        "disagreements": list(wrong),
        "cases": {
            case.name: {entry.name: _entry(records[case.name, entry.name]) for entry in case.entries} for case in cases
        },
        "facts": dict(facts),
    }


def facts_of(command: str, repeats: int, pythons: Mapping[str | None, Path], load_before: str) -> dict[str, Any]:
    """Machine, versions and command."""
    told = {name or "sluice": versions(python) for name, python in pythons.items()}
    return {
        "command": command,
        "repeats": repeats,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "Python": platform.python_version(),
        "load before and after": f"{load_before}; {load()}",
        "versions": "; ".join(
            f"{name}: {', '.join(f'{package} {version}' for package, version in packages.items())}"
            for name, packages in told.items()
        ),
    }


def load() -> str:
    """How busy the machine is: the averages of 1, 5 and 15 minutes, where the system tells."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg()) if hasattr(os, "getloadavg") else "not told"


def _entry(record: Record) -> dict[str, Any]:
    return {
        "seconds": record.figure("seconds"),
        "cpu_seconds": record.figure("cpu_seconds"),
        "peak_mb": record.figure("peak_mb"),
        "runs": len(record.runs),
        "counts": dict(record.runs[-1].counts) if record.runs else {},
        "failure": record.failure,
    }


def _table(case: Case, records: Records) -> str:
    first = records[case.name, case.entries[0].name]
    rows = ["| | seconds | of processor | peak MB | time | processor | memory |", "|---|---|---|---|---|---|---|"]
    failures = []
    for entry in case.entries:
        record = records[case.name, entry.name]
        cells = [_cell(record.figure(metric), how) for metric, how in _COLUMNS.items()]
        cells += [_cell(_against(record, first, metric), ".2f") for metric in _COLUMNS]
        rows.append(f"| {entry.name} | {' | '.join(cells)} |")
        if record.failure:
            failures.append(f"{entry.name} has no figures: `{record.failure.splitlines()[-1]}`")
    return "\n".join(rows) + "\n" + ("\n" + _lines(failures) if failures else "")


def _against(record: Record, first: Record, metric: Metric) -> float | None:
    mine, its = record.figure(metric), first.figure(metric)
    return mine / its if mine is not None and its else None


def _cell(value: float | None, how: str) -> str:
    return "–" if value is None else format(value, how)  # noqa: RUF001 - a dash in a table


def _lines(lines: Any) -> str:
    return "".join(f"- {line}\n" for line in lines)
