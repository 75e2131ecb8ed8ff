"""`unpivot: {columns: [columns]}` turns columns into rows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.flow.declared import Declared
from transforms.flow.lookup import Columns
from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted, text
from transforms.steps.step import Applied, Work


class Unpivot(Declared):
    """The columns that become rows, and the two columns that they become."""

    columns: Columns
    names_to: ColumnName = Field("name", description="the new column that holds the name of the old one")
    values_to: ColumnName = Field("value", description="the new column that holds its value")
    nulls: Literal["keep", "drop"] = Field("keep", description="drop: a null makes no row")


def apply(work: Work, relation: Relation, step: Unpivot) -> Applied:
    """Leave one row for each of the named columns of a row.

    Shape:
        (n, k) -> (n * named columns, k - named columns + 2), for each row its columns in the order they are named.
        A null makes a row like any value, unless `nulls: drop`. All other columns are repeated.
        Removed: all n rows; added: one for each value.
    Raises:
        StepFailed: a column is not there, columns differ in type, or a new name is there already.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> rows = {"id": [7, 9], "jan": [1.5, None], "feb": [2.0, 0.5]}
        >>> try_step(rows, {"unpivot": {"columns": ["jan", "feb"], "names_to": "month", "nulls": "drop"}})
        {'id': [7, 7, 9], 'month': ['jan', 'feb', 'feb'], 'value': [1.5, 2.0, 0.5]}
    """
    named = [work.need(relation, name, f".columns[{index}]") for index, name in enumerate(step.columns)]
    _refuse_unlike(work, relation, named)
    others = [quoted(column) for column in relation.columns if quoted(column) not in named]
    work.refuse_taken(relation.only(others), {step.names_to: ".names_to", step.values_to: ".values_to"})
    if step.names_to.casefold() == step.values_to.casefold():
        work.fail(f"both new columns are named {step.values_to!r}; give each its own name", ".values_to")
    rows = [
        *others,
        f"unnest([{', '.join(_name(relation, name) for name in named)}]) AS {quoted(step.names_to)}",
        f"unnest([{', '.join(named)}]) AS {quoted(step.values_to)}",
        f"{ROW} * {len(named)} + unnest(range({len(named)})) AS {ROW}",
    ]
    select = f"SELECT {', '.join(rows)} FROM {relation.sql}"
    wanted = f" WHERE {quoted(step.values_to)} IS NOT NULL" if step.nulls == "drop" else ""
    each = "".join(f" + ({name} IS NOT NULL)::BIGINT" for name in named) if step.nulls == "drop" else len(named)
    return Applied(
        work.table(f"SELECT * FROM ({select}){wanted}"),
        removed=work.count(f"SELECT count(*) FROM {relation.sql}"),
        added=work.count(f"SELECT sum({each}) FROM {relation.sql}"),
    )


def _refuse_unlike(work: Work, relation: Relation, named: list[str]) -> None:
    if twice := {name for name in named if named.count(name) > 1}:
        work.fail(f"named twice: {', '.join(sorted(twice))}; name each column once", ".columns")
    kinds = {name: work.type_of(relation, name) for name in named}
    if len(set(kinds.values())) > 1:
        told = ", ".join(f"{name} is {kind}" for name, kind in kinds.items())
        work.fail(f"{told}; cast them to one type first", ".columns")


def _name(relation: Relation, quoted_name: str) -> str:
    return text(next(column for column in relation.columns if quoted(column) == quoted_name))
