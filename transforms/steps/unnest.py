"""`unnest: {column: name}` makes a row of each element of a list, or a column of each field of a struct."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.flow.declared import Declared
from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted, text
from transforms.steps.step import Applied, Work


class Unnest(Declared):
    """The column to take apart."""

    column: ColumnName
    empty: Literal["keep", "drop"] = Field(
        "keep", description="of a row whose list has no element: keep it with null, or drop it"
    )


def apply(work: Work, relation: Relation, step: Unnest) -> Applied:
    """Take a column of lists or structs apart, one level deep.

    Shape:
        A list: (n, k) -> (about number of elements, k), elements in their order, all other columns repeated. A row
        whose list is empty or null stays, with null, unless `empty: drop`. Removed: rows that are dropped; added:
        over all rows, their elements but one.
        A struct: (n, k) -> (n, k - 1 + fields), rows unchanged. Each field is a column `{column}_{field}`
        where the struct stood; of a null struct all are null.
        For a list of structs write two steps.
    Raises:
        StepFailed: the column is not there, is neither list nor struct, or a new column is there already.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"id": [7, 9], "tags": [["a", "b"], []]}, {"unnest": {"column": "tags"}})
        {'id': [7, 7, 9], 'tags': ['a', 'b', None]}
        >>> try_step({"at": [{"lat": 1.5, "lon": 2.5}]}, {"unnest": {"column": "at"}})
        {'at_lat': [1.5], 'at_lon': [2.5]}
    """
    name = work.need(relation, step.column, ".column")
    kind = work.type_of(relation, name)
    if kind.endswith("]"):
        return _elements(work, relation, name, step.empty)
    if kind.startswith("STRUCT("):
        return _fields(work, relation, name)
    return work.fail(f"{step.column} is {kind}; name a column of lists or structs", ".column")


def _elements(work: Work, relation: Relation, name: str, empty: Literal["keep", "drop"]) -> Applied:
    has_elements = f"coalesce(len({name}), 0) > 0"
    element = f"unnest({name})" if empty == "drop" else f"unnest(CASE WHEN {has_elements} THEN {name} ELSE [NULL] END)"
    columns = [f"{element} AS {name}" if quoted(column) == name else quoted(column) for column in relation.columns]
    return Applied(
        work.numbered(f"SELECT {', '.join(columns)} FROM {relation.sql}"),
        removed=work.count(f"SELECT count(*) FROM {relation.sql} WHERE NOT {has_elements}") if empty == "drop" else 0,
        added=work.count(f"SELECT sum(len({name}) - 1) FROM {relation.sql} WHERE {has_elements}"),
    )


def _fields(work: Work, relation: Relation, name: str) -> Applied:
    fields = work.columns_of(f"SELECT unnest({name}) FROM {relation.sql}", relation)
    column = next(column for column in relation.columns if quoted(column) == name)
    made = {f"{column}_{field}": f"struct_extract({name}, {text(field)})" for field in fields}
    others = [quoted(other) for other in relation.columns if other != column]
    work.refuse_taken(relation.only(others), dict.fromkeys(made, ".column"))
    if len({new.casefold() for new in made}) < len(made):
        work.fail(f"fields of {column} differ in case alone", ".column")
    parts = ", ".join(f"{sql} AS {quoted(new)}" for new, sql in made.items())
    columns = [parts if other == column else quoted(other) for other in relation.columns]
    return Applied(work.table(f"SELECT {', '.join(columns)}, {ROW} FROM {relation.sql}"))
