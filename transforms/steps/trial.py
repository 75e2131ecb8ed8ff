"""A step tried on a few rows: in a shell, and in the examples of the steps themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.flow.flow import Flow
from transforms.relation import ROW, Relation, arrow_table, quoted, relation_of
from transforms.steps.apply import StepsResult, apply_steps
from transforms.steps.step import StepEnv

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Rows = Mapping[str, Any]
"""A small table: columns with their values, or an Arrow table."""


def try_step(rows: Rows, step: Mapping[str, Any], lookups: Mapping[str, Rows] | None = None) -> dict[str, list[Any]]:
    """The rows after one step, as columns.

    Example:
        >>> try_step({"a": [1, 2]}, {"filter": "a > 1"})
        {'a': [2]}
    """
    import duckdb

    with duckdb.connect(":memory:") as connection:
        flow = flow_of([step], rows, lookups)
        tables = {name: table_of(connection, name, lookup) for name, lookup in (lookups or {}).items()}
        result = apply_steps(connection, table_of(connection, "rows", rows), flow, StepEnv(tables, {}, Path()))
        return columns_of(connection, result)


def flow_of(steps: list[Mapping[str, Any]], rows: Rows, lookups: Mapping[str, Rows] | None = None) -> Flow:
    """A flow of these steps, as far as steps need one."""
    return Flow.model_validate(
        {
            "flow": "trial",
            "source": {"path": "trial.csv", "format": "csv"},
            "contract": {"columns": dict.fromkeys(_names(rows), "string")},
            "lookups": {
                name: {"path": f"{name}.csv", "key": _names(lookup)[0]} for name, lookup in (lookups or {}).items()
            },
            "steps": steps,
        }
    )


def table_of(connection: DuckDBPyConnection, name: str, rows: Rows) -> Relation:
    """A table of these rows, numbered as they come."""
    import pyarrow as pa

    table = rows if isinstance(rows, pa.Table) else pa.table(dict(rows))
    connection.register("given", table)
    connection.execute(f"CREATE TABLE {quoted(name)} AS SELECT row_number() OVER () - 1 AS {ROW}, * FROM given")
    connection.unregister("given")
    return relation_of(connection, name)


def columns_of(connection: DuckDBPyConnection, result: StepsResult) -> dict[str, list[Any]]:
    """What the steps left, as columns, in order."""
    columns = ", ".join(quoted(column) for column in result.relation.columns)
    with result.reading():
        return dict(arrow_table(connection, f"SELECT {columns} FROM {result.relation.sql}").to_pydict())


def _names(rows: Rows) -> list[str]:
    return list(getattr(rows, "column_names", rows))
