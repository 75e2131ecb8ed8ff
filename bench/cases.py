"""Cases: which contenders are compared, on which data, and what they must reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Metric = Literal["seconds", "cpu_seconds", "peak_mb"]
Figure = tuple[str, str, Metric]
"""The case, the entry in it, and what was measured."""

LARGE_MB = 100
"""The size at which formats and variants are compared; smaller when nothing as large is asked for."""


@dataclass(frozen=True)
class Contender:
    """A script, the virtual environment that it runs in (None: the project's own), and its variant."""

    script: str
    environment: str | None
    variant: str = "full"


SLUICE = Contender("sluice", None)
PANDAS = Contender("pandas_function", "pandas")
POLARS = Contender("polars_lazy", "polars")
DUCKDB = Contender("duckdb_copy", "duckdb")
LAKELOGIC = Contender("lakelogic_contract", "lakelogic", "duckdb")
DLT = Contender("dlt_load", "dlt")


@dataclass(frozen=True)
class Entry:
    """One contender in a case: its name there, and the data file it is given."""

    name: str
    contender: Contender
    data: str


@dataclass(frozen=True)
class Case:
    """Contenders that are compared with each other."""

    name: str
    size_mb: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Target:
    """A ratio of two figures, or one figure alone, that may not be above its limit."""

    says: str
    of: Figure
    to: Figure | None
    at_most: float


def cases(sizes: Sequence[int]) -> list[Case]:
    """Every case for these sizes of the CSV."""
    at = max((size for size in sizes if size <= LARGE_MB), default=min(sizes))
    return [
        *(_peers(size) for size in sizes),
        Case(
            "jsonl",
            at,
            (
                Entry("sluice", SLUICE, "damaged.jsonl"),
                Entry("duckdb COPY, clean", DUCKDB, "clean.jsonl"),
            ),
        ),
        Case(
            "parquet",
            at,
            (
                Entry("sluice", SLUICE, "damaged.parquet"),
                Entry("pandas", PANDAS, "damaged.parquet"),
                Entry("duckdb COPY, clean", DUCKDB, "clean.parquet"),
            ),
        ),
        Case(
            "variants",
            at,
            tuple(
                Entry(variant, Contender("sluice", None, variant), "damaged.csv")
                for variant in ("full", "profile_off", "constraints", "types_alone")
            ),
        ),
        Case(
            "process",
            min(sizes),
            (Entry("transforms run", Contender("command_line", None), "damaged.csv"),),
        ),
        Case(
            "blob",
            max(sizes),
            (
                Entry("sluice", Contender("sluice_blob", None), "damaged.csv"),
                Entry("pandas, bytes", Contender("pandas_function", "pandas", "bytes"), "damaged.csv"),
            ),
        ),
    ]


def targets(sizes: Sequence[int]) -> Iterator[Target]:
    """What is to be reached at these sizes; the large and the largest are those of the issue: 100 MB and 1 GB."""
    for size in sizes:
        peers = f"csv-{size}"
        if size >= 1000:  # noqa: PLR2004 - the 1 GB of the targets
            yield from _at_1_gb(peers)
        elif size >= LARGE_MB:
            yield Target("3 times as fast as pandas", *_seconds(peers, "sluice", "pandas"), 1 / 3)
            yield Target("40 % of pandas' memory", *_memory(peers, "sluice", "pandas"), 0.4)
        for peer in ("dlt, clean", "lakelogic", "polars"):
            yield Target(f"faster than {peer}", *_seconds(peers, "sluice", peer), 1)
    yield Target("whole process, 10 MB, seconds", ("process", "transforms run", "seconds"), None, 1.2)
    yield Target("JSON lines, against a clean file", *_seconds("jsonl", "sluice", "duckdb COPY, clean"), 2)
    yield Target("profile on", *_seconds("variants", "full", "profile_off"), 1.25)
    yield Target("constraints on every column", *_seconds("variants", "constraints", "types_alone"), 1.4)
    yield Target("blob to blob: 5 times as fast as pandas", *_seconds("blob", "sluice", "pandas, bytes"), 1 / 5)
    yield Target("blob to blob: 7 % of pandas' memory", *_memory("blob", "sluice", "pandas, bytes"), 0.07)


def _at_1_gb(peers: str) -> Iterator[Target]:
    yield Target("5 times as fast as pandas", *_seconds(peers, "sluice", "pandas"), 1 / 5)
    yield Target("1/10 of pandas' memory", *_memory(peers, "sluice", "pandas"), 1 / 10)
    yield Target("1.5 times raw DuckDB COPY", *_seconds(peers, "sluice", "duckdb COPY, clean"), 1.5)
    peak: Figure = (peers, "sluice", "peak_mb")
    yield Target("peak memory, MB", peak, None, 600)
    yield Target("peak memory, 1 GB against 100 MB", peak, (f"csv-{LARGE_MB}", "sluice", "peak_mb"), 1.3)


def _peers(size_mb: int) -> Case:
    return Case(
        f"csv-{size_mb}",
        size_mb,
        (
            Entry("sluice", SLUICE, "damaged.csv"),
            Entry("pandas", PANDAS, "damaged.csv"),
            Entry("polars", POLARS, "damaged.csv"),
            Entry("lakelogic", LAKELOGIC, "damaged.even.csv"),
            Entry("dlt, clean", DLT, "clean.csv"),
            Entry("duckdb COPY, clean", DUCKDB, "clean.csv"),
        ),
    )


def _seconds(case: str, of: str, to: str) -> tuple[Figure, Figure]:
    return (case, of, "seconds"), (case, to, "seconds")


def _memory(case: str, of: str, to: str) -> tuple[Figure, Figure]:
    return (case, of, "peak_mb"), (case, to, "peak_mb")
