"""A flow checked before any byte is read: its SQL, its Python, and its steps on an empty table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.checks import run_checks
from transforms.column_types import sql_type
from transforms.constraints import constraint_mistakes
from transforms.errors import FlowBroken, Mistake
from transforms.flow.expressions import check_sql
from transforms.flow.flow import Flow
from transforms.flow.load import LoadedFlow
from transforms.flow.parameters import bind_parameters
from transforms.flow.steps import OneStep
from transforms.partitions import unfit_columns
from transforms.relation import ROW, Relation, quoted, relation_of
from transforms.steps.apply import steps_at_work
from transforms.steps.catalog import VERBS
from transforms.steps.join import Join
from transforms.steps.own_function import load_function
from transforms.steps.refusal import Refused, UnknownColumn
from transforms.steps.step import StepEnv, Work

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FITTING = "a step that fits the columns before it"


def check_flow(loaded: LoadedFlow) -> None:
    """The flow's SQL is allowed, its functions are there, steps and checks fit the columns as far as these are known.

    The columns are those of the contract. They are known no longer after a `python` step, a one-hot `encode`, a
    `pivot` without `names` or a `join` without `take`; the types of columns from a lookup are not known either.
    What cannot be decided here is left to the run.

    Raises:
        FlowBroken: a mistake was found; all of the SQL and Python, the first one of the steps.
    """
    flow, folder = loaded.flow, loaded.path.parent
    mistakes = [*check_sql(flow, loaded.path.name), *_missing_functions(flow, folder, loaded.path.name)]
    if not mistakes:
        mistakes = _unusable_constraints(flow, loaded.path.name)
    if not mistakes:
        mistakes = list(_misfits(flow, folder, loaded.path.name))
    if mistakes:
        raise FlowBroken(mistakes)


def _missing_functions(flow: Flow, folder: Path, file: str) -> Iterator[Mistake]:
    for place, step in enumerate(flow.steps):
        if step.verb == "python":
            try:
                load_function(folder, step.says.call, f"steps[{place}].python")
            except Refused as refused:
                yield Mistake(file, refused.path, refused.sentence, "a function beside the flow")


def _unusable_constraints(flow: Flow, file: str) -> list[Mistake]:
    import duckdb

    with duckdb.connect(":memory:") as connection:
        return list(constraint_mistakes(connection, flow.contract, bind_parameters(flow.parameters, {}), file))


def _misfits(flow: Flow, folder: Path, file: str) -> Iterator[Mistake]:
    import duckdb

    knows_columns = flow.contract.unknown_columns != "keep"
    knows_types = True
    with duckdb.connect(":memory:") as connection:
        declared = {name: sql_type(column.type) for name, column in flow.contract.columns.items()}
        relation = _empty(connection, "contract", declared)
        env = StepEnv({}, bind_parameters(flow.parameters, {}), folder)
        for work, step in steps_at_work(connection, flow, env):
            if _hides_columns(step):
                if knows_columns and step.verb not in {"python", "join"}:
                    yield from _unknown_columns(work, relation, step, file)
                return
            try:
                relation = _after(work, relation, step)
            except Refused as refused:
                if knows_columns if isinstance(refused, UnknownColumn) else knows_types:
                    found = refused.sentence.removeprefix("found ")
                    yield Mistake(file, refused.path, found, _FITTING)
                return
            knows_types = knows_types and step.verb != "join"
        if knows_columns and knows_types:
            yield from _unfit_rest(connection, relation, flow, env, file)


def _unfit_rest(
    connection: DuckDBPyConnection, relation: Relation, flow: Flow, env: StepEnv, file: str
) -> Iterator[Mistake]:
    """What follows the steps, and does not fit the columns that they leave."""
    for found, expected in unfit_columns(relation, flow.output.partition_by):
        yield Mistake(file, "output.partition_by", found, expected)
    for place, check in flow.sql_checks.items():
        try:
            run_checks(connection, relation, {place: check}, env.parameters)
        except Refused as refused:
            yield Mistake(file, refused.path, refused.sentence, "a comparison of aggregates, such as `rows >= 100`")
    for place, drift in flow.drift_checks.items():
        for name in drift.columns or ():
            if name not in relation.columns:
                expected = f"one of the columns {', '.join(relation.columns)}"
                yield Mistake(file, f"checks[{place}].drift.columns", name, expected)


def _unknown_columns(work: Work, relation: Relation, step: OneStep, file: str) -> Iterator[Mistake]:
    """A column that is not there; all else that such a step would say is about data, and there is none."""
    try:
        VERBS[step.verb].apply(work, relation, step.says)
    except UnknownColumn as unknown:
        yield Mistake(file, unknown.path, unknown.sentence, _FITTING)
    except Refused:
        return


def _hides_columns(step: OneStep) -> bool:
    """True when nobody can tell the columns after this step without data."""
    if step.verb == "encode":
        return "one_hot" in step.says.root.values()
    if step.verb == "pivot":
        return bool(step.says.learns())
    return step.verb == "python" or (step.verb == "join" and step.says.take is None)


def _after(work: Work, relation: Relation, step: OneStep) -> Relation:
    if step.verb == "join":
        lookups = {step.says.lookup: _imagined(work, relation, step.says)}
        work = Work(work.connection, StepEnv(lookups, work.env.parameters, work.env.folder), work.path, work.place)
    return VERBS[step.verb].apply(work, relation, step.says).relation


def _imagined(work: Work, relation: Relation, join: Join) -> Relation:
    """An empty lookup with the columns that the step names, keys of the types that they meet."""
    columns = dict.fromkeys((join.take or {}).values(), "VARCHAR")
    for left, right in join.on.items():
        columns[right] = work.type_of(relation, work.need(relation, left, f".on.{left}"))
    return _empty(work.connection, f"lookup_{work.place}", columns)


def _empty(connection: DuckDBPyConnection, name: str, columns: dict[str, str]) -> Relation:
    declared = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
    connection.execute(f"CREATE TABLE {quoted(name)} ({ROW} BIGINT, {declared})")
    return relation_of(connection, name)
