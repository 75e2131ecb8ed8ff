"""Every step's rows are counted, and a step that loses one is caught."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from transforms.draft import Limits
from transforms.engine import open_engine
from transforms.errors import RowsLost
from transforms.relation import Relation
from transforms.steps import catalog
from transforms.steps import filter as filter_step
from transforms.steps.apply import apply_steps
from transforms.steps.step import Applied, StepEnv, Work
from transforms.steps.trial import flow_of, table_of

Run = Callable[..., Any]
ROWS = {"id": [1, 2, 3, 4], "kind": ["a", "b", "a", None]}


def _losing(work: Work, relation: Relation, step: filter_step.Filter) -> Applied:
    applied = filter_step.apply(work, relation, step)
    return Applied(work.view(f"SELECT * FROM {relation.sql} WHERE id > 2"), removed=applied.removed)


def test_a_step_that_loses_a_row_stops_the_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalog.VERBS, "filter", catalog.Verb(filter_step.Filter, _losing))
    with pytest.raises(RowsLost, match=r"steps\[0\]\.filter: 4 rows in, 1 removed, 0 added, but 2 out"):
        run(ROWS, {"filter": "id > 1"})


def test_counts_of_steps_chain(run: Run) -> None:
    lookup = {"kind": ["a", "a", "c"], "name": ["x", "y", "z"]}
    outcome = run(
        ROWS,
        {"filter": "id < 4"},
        {"join": {"lookup": "kinds", "on": "kind", "how": "inner", "many": True}},
        {"dedupe": {"keys": "id"}},
        {"sql": "SELECT kind, count(*) AS n FROM input GROUP BY kind"},
        lookups={"kinds": lookup},
    )
    told = [(count.step, count.rows_in, count.removed, count.added, count.rows_out) for count in outcome.counts]
    assert told == [
        ("steps[0].filter", 4, 1, 0, 3),
        ("steps[1].join", 3, 1, 2, 4),
        ("steps[2].dedupe", 4, 2, 0, 2),
        ("steps[3].sql", 2, 2, 1, 1),
    ]


def test_without_steps_the_relation_is_the_same(connection: duckdb.DuckDBPyConnection) -> None:
    relation = table_of(connection, "rows", ROWS)
    result = apply_steps(connection, relation, flow_of([], ROWS), StepEnv({}, {}, Path()))
    assert result.relation is relation


def test_the_input_stays_beside_the_last_table_and_the_views_on_it(connection: duckdb.DuckDBPyConnection) -> None:
    relation = table_of(connection, "rows", ROWS)
    steps: list[dict[str, Any]] = [
        {"derive": {"x": "id"}},
        {"sort": "id"},
        {"dedupe": {"keys": "id"}},
        {"sort": "x"},
        {"derive": {"z": "id"}},
    ]
    result = apply_steps(connection, relation, flow_of(list(steps), ROWS), StepEnv({}, {}, Path()))
    made = "SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views() WHERE NOT internal"
    names = connection.execute(made).fetchall()
    assert {name for (name,) in names} == {"rows", "step_3", result.relation.name}
    assert connection.execute("SELECT count(*) FROM rows").fetchall() == [(4,)]


def test_every_step_works_in_the_locked_engine(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def same(table):\n    return table\n", encoding="utf-8")
    steps: list[dict[str, Any]] = [
        {"select": ["id", "kind"]},
        {"rename": {"kind": "sort"}},
        {"derive": {"twice": "id * 2"}},
        {"filter": "id < 4"},
        {"join": {"lookup": "names", "on": {"sort": "sort"}}},
        {"dedupe": {"keys": "id", "keep": {"order_by": "twice DESC"}}},
        {"python": {"call": "own:same"}},
        {"sql": "SELECT * FROM input ORDER BY id DESC"},
        {"split": {"into": {"train": 1}, "by": "id"}},
        {"impute": {"name": "mode"}},
        {"encode": {"sort": "one_hot"}},
    ]
    lookup = {"sort": ["a"], "name": ["x"]}
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with open_engine(scratch, Limits(200_000_000, 2, 10**9)) as connection:
        env = StepEnv({"names": table_of(connection, "lookup_names", lookup)}, {}, tmp_path)
        flow = flow_of(list(steps), ROWS, {"names": lookup})
        result = apply_steps(connection, table_of(connection, "rows", ROWS), flow, env)
        found = connection.execute(f"SELECT id, name, sort_a, sort_b FROM {result.relation.sql}").fetchall()
    assert found == [(3, "x", 1, 0), (2, "x", 0, 1), (1, "x", 1, 0)]
