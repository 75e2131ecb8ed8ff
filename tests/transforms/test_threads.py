"""The same uploads give the same rows, order and files, whatever the number of threads."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.transforms.drafting import LIMITS, flow_with
from tests.transforms.drafting import drafted as draft_of
from transforms.flow.flow import Flow
from transforms.steps.catalog import VERBS

ROWS = 150_000
"""More than one row group of the engine, so that threads have something to share."""

OWN = """
import pyarrow as pa
import pyarrow.compute as pc


def doubled(batches: "Iterator[pa.RecordBatch]"):
    for batch in batches:
        yield batch.append_column("twice", pc.multiply(batch["x"], 2))
"""
COLUMNS = {"id": "int32", "day": "int16", "kind": "string", "x": "float64", "y": "float64", "text": "string"}
STEPS: list[dict[str, Any]] = [
    {"cast": {"text": {"type": "int32", "unfit": "nullify"}}},
    {"rename": {"text": "n"}},
    {"filter": "id % 10 <> 3"},
    {"derive": {"ratio": "x / (y + 1)", "tags": "[kind, kind || '!']", "at": "{'lat': x, 'lon': y}"}},
    {"join": {"lookup": "kinds", "on": "kind", "take": ["label"]}},
    {"dedupe": {"keys": ["id"], "keep": {"order_by": "x DESC"}}},
    {"sort": "day DESC, kind"},
    {"sample": {"share": 0.9, "by": "id"}},
    {"unnest": {"column": "at"}},
    {"unnest": {"column": "tags"}},
    {"unpivot": {"columns": ["x", "y"], "names_to": "axis", "values_to": "x"}},
    {"fill": {"columns": {"n": "forward"}, "by": "kind", "order_by": "id"}},
    {
        "window": {
            "by": "kind",
            "order_by": "day",
            "into": {
                "place": "row_number",
                "rank": "rank",
                "before": {"lag": "x"},
                "mean": {"mean": "ratio", "rows": 7},
                "so_far": {"sum": "ratio"},
                "spread": {"std": "x", "rows": 30},
            },
        }
    },
    {"python": {"call": "own:doubled", "columns": ["x"]}},
    {"split": {"into": {"train": 0.8, "test": 0.2}, "by": "id"}},
    {"impute": {"n": "median", "before": "mean"}},
    {"scale": {"ratio": "standard", "so_far": "robust"}},
    {"bin": {"mean": {"how": "quantile", "bins": 8}}},
    {"encode": {"label": "one_hot", "axis": "ordinal"}},
    {"limit": 400_000},
    {"sql": "SELECT * FROM input WHERE place > 1 ORDER BY id, place, twice, tags, rank"},
    {"select": ["id", "kind", "split", "tags", "axis", "ratio", "mean", "so_far", "spread", "n", "twice"]},
]
TOTALS: list[dict[str, Any]] = [
    *STEPS[:2],
    {
        "aggregate": {
            "by": ["kind", "day"],
            "into": {"sum": "sum(x)", "mean": "avg(y)", "last": "max_by(id, x ORDER BY id)"},
        }
    },
    {"pivot": {"by": "day", "names_from": "kind", "values_from": "sum(mean * sum) / count(*)"}},
]


@pytest.fixture(scope="module")
def upload() -> bytes:
    lines = (
        f"{number * 7919 % 100_003},{number % 365},{'abcde'[number * 31 % 5]},{number * 0.1 + 1e-7},"
        f"{(number * 104_729 % 1_000_003) / 7},{number if number % 11 else 'x'}"
        for number in range(ROWS)
    )
    return ("id,day,kind,x,y,text\n" + "\n".join(lines) + "\n").encode()


def run(steps: list[dict[str, Any]], upload: bytes, threads: int) -> Any:
    flow: Flow = flow_with(COLUMNS, steps=steps, lookups=_lookups(steps), output={"rows_per_file": 200_000})
    limits = dataclasses.replace(LIMITS, threads=threads, memory_bytes=500 << 20)
    lookups = {"kinds": b"kind,label\na,A\nb,B\nc,C\n"} if _lookups(steps) else {}
    return draft_of(flow, upload, limits=limits, lookups=lookups, files={"own.py": OWN}).draft


def _lookups(steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kinds": {"path": "kinds.csv", "key": "kind"}} if any("join" in step for step in steps) else {}


def test_every_step_is_in_one_of_the_flows() -> None:
    assert {verb for step in STEPS + TOTALS for verb in step} == set(VERBS)


@pytest.mark.parametrize("steps", [pytest.param(STEPS, id="rows"), pytest.param(TOTALS, id="totals")])
def test_files_counts_and_learnt_values_are_the_same_on_1_2_and_4_threads(
    steps: list[dict[str, Any]], upload: bytes
) -> None:
    drafts = [run(steps, upload, threads) for threads in (1, 2, 4)]
    one = drafts[0]
    assert one.rejection is None
    for other in drafts[1:]:
        assert [(file.name, file.sha256) for file in other.files] == [(file.name, file.sha256) for file in one.files]
        assert other.fitted == one.fitted
        assert other.counts == one.counts
        assert other.notes == one.notes
        assert [file.sha256 for file in other.quarantine] == [file.sha256 for file in one.quarantine]
