"""Columns of numbers, and what is learnt from their finite values."""

from __future__ import annotations

from typing import Any

from transforms.relation import Relation, quoted
from transforms.steps.step import Work
from transforms.steps.type_families import FLOATS, INTEGERS


def need_number(work: Work, relation: Relation, column: str, at: str) -> None:
    """The column holds numbers.

    Raises:
        StepFailed: it holds something else.
    """
    kind = relation.columns[column]
    if kind not in INTEGERS | FLOATS and not kind.startswith("DECIMAL"):
        work.fail(f"{column} is {kind}; cast it to a number first, or name a column of numbers", at)


def finite_values(work: Work, relation: Relation, column: str, statistics: str, at: str) -> tuple[Any, ...] | None:
    """The statistics over `x`, the present and finite values of the rows to learn from; None in an empty table.

    Raises:
        StepFailed: there are rows, but no such value.
    """
    name = quoted(column)
    select = f"SELECT {name}::DOUBLE AS x FROM {relation.sql} WHERE {work.learning_rows(relation)}"
    values = f"SELECT x FROM ({select}) WHERE isfinite(x)"
    found = work.connection.execute(f"SELECT {statistics} FROM ({values}) HAVING count(*) > 0").fetchall()
    if found:
        return tuple(found[0])
    if work.count(f"SELECT count(*) FROM {relation.sql}"):
        work.fail(f"no value of {column} in {work.learning_from} to learn from; drop the column", at)
    return None
