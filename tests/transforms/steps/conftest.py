"""Steps on small tables, in a real engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from transforms.draft import StepCount
from transforms.flow.parameters import Parameter
from transforms.relation import ROW
from transforms.steps.apply import apply_steps
from transforms.steps.step import StepEnv
from transforms.steps.trial import columns_of, flow_of, table_of


@dataclass(frozen=True)
class Outcome:
    """What steps left of a small table."""

    columns: dict[str, list[Any]]
    types: dict[str, str]
    counts: tuple[StepCount, ...]
    fitted: dict[str, Any]
    notes: tuple[str, ...]
    row_numbers: list[int]


Run = Callable[..., Outcome]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine in memory, of two threads and in UTC."""
    with duckdb.connect(":memory:", config={"threads": 2}) as opened:
        opened.execute("SET TimeZone = 'UTC'; SET python_enable_replacements = false")
        yield opened


@pytest.fixture
def run(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Run:
    """Apply steps to rows; `files` are written beside the flow."""

    def apply(
        rows: Any,
        *steps: Mapping[str, Any],
        lookups: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        files: Mapping[str, str] | None = None,
        fitted: Mapping[str, Any] | None = None,
    ) -> Outcome:
        for name, text in (files or {}).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        declared = {name: Parameter(type="string", default="") for name in parameters or {}}
        flow = flow_of(list(steps), rows, lookups).model_copy(update={"parameters": declared})
        tables = {name: table_of(connection, f"lookup_{name}", table) for name, table in (lookups or {}).items()}
        env = StepEnv(tables, parameters or {}, tmp_path, fitted=fitted)
        result = apply_steps(connection, table_of(connection, "rows", rows), flow, env)
        numbers = connection.execute(f"SELECT {ROW} FROM {result.relation.sql}").fetchall()
        return Outcome(
            columns=columns_of(connection, result),
            types=dict(result.relation.columns),
            counts=result.counts,
            fitted=result.fitted,
            notes=result.notes,
            row_numbers=[number for (number,) in numbers],
        )

    return apply


def counted(outcome: Outcome, place: int = -1) -> tuple[int, int, int, int]:
    """Rows in, removed, added and out of one step."""
    count = outcome.counts[place]
    return count.rows_in, count.removed, count.added, count.rows_out


@pytest.fixture
def count_of() -> Callable[..., tuple[int, int, int, int]]:
    """Rows in, removed, added and out of one step, the last one if not told."""
    return counted
