"""Steps applied in order, with the rows around each step counted and held against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.draft import StepCount
from transforms.errors import FlowBroken, RowsLost
from transforms.flow.expressions import check_sql
from transforms.flow.flow import Flow
from transforms.flow.steps import OneStep
from transforms.relation import Relation, row_count
from transforms.steps.blame import Stations
from transforms.steps.catalog import VERBS
from transforms.steps.step import Applied, StepEnv, Work

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class StepsResult:
    """What the steps left: the relation, the rows around each step, what was learnt by verb, and notes for people."""

    relation: Relation
    counts: tuple[StepCount, ...]
    fitted: dict[str, Any]
    notes: tuple[str, ...] = ()
    reading: Callable[[], AbstractContextManager[None]] = nullcontext
    """The relation may be a view, whose expressions have not run on every row yet: it is first read inside this."""


def apply_steps(
    connection: DuckDBPyConnection, relation: Relation, flow: Flow, env: StepEnv, places: range | None = None
) -> StepsResult:
    """The relation has gone through every step, or those at these places, and no row came or went uncounted.

    Shape:
        Any relation -> the relation after the last step, in `__row` order. Without steps, the same one.
    Raises:
        FlowBroken: an expression says what a flow may not say.
        StepFailed: a step does not fit the columns, or fails on a row; its place in the flow is named.
        RowsLost: for a step, rows out are not rows in, less those removed, plus those added.
    """
    if mistakes := check_sql(flow):
        raise FlowBroken(mistakes)
    places = range(len(flow.steps)) if places is None else places
    if not places:
        return StepsResult(relation, (), {})
    counts: list[StepCount] = []
    fitted: dict[str, Any] = {}
    notes: list[str] = []
    stations = Stations(connection)
    rows_in = row_count(connection, relation)
    for work, step in steps_at_work(connection, flow, env):
        if work.place not in places:
            continue
        env.on_stage(work.path)
        with stations.blame(work, step, relation):
            applied = VERBS[step.verb].apply(work, relation, step.says)
            counts.append(_counted(work, step, applied, rows_in))
        stations.passed(work, step, relation, applied.relation)
        _remember(work, fitted, applied.fitted)
        notes += [f"{work.path}: {note}" for note in applied.notes]
        relation, rows_in = applied.relation, counts[-1].rows_out
    return StepsResult(relation, tuple(counts), fitted, tuple(notes), stations.reading)


def steps_at_work(connection: DuckDBPyConnection, flow: Flow, env: StepEnv) -> Iterator[tuple[Work, OneStep]]:
    """Each step with its place in the flow, and with the split that it learns from, if it stands after one."""
    learns_from: str | None = None
    for place, step in enumerate(flow.steps):
        yield Work(connection, env, f"steps[{place}].{step.verb}", place, learns_from), step
        learns_from = step.says.column if step.verb == "split" else learns_from


def _counted(work: Work, step: OneStep, applied: Applied, rows_in: int) -> StepCount:
    rows_out = row_count(work.connection, applied.relation)
    if rows_out != rows_in - applied.removed + applied.added:
        raise RowsLost(
            f"{work.path}: {rows_in} rows in, {applied.removed} removed, {applied.added} added, but {rows_out} out; "
            f"this is a fault of the `{step.verb}` step and not of the data, so nothing is published"
        )
    return StepCount(work.path, rows_in, applied.removed, applied.added, rows_out)


def _remember(work: Work, fitted: dict[str, Any], learnt: Mapping[str, Any]) -> None:
    for verb, values in learnt.items():
        known = fitted.setdefault(verb, {})
        if again := sorted(set(known) & set(values)):
            work.fail(f"`{verb}` has learnt {again[0]} in an earlier step; rename the column in between")
        known.update(values)
