"""`pivot: {by: columns, names_from: column, values_from: expression}` turns rows into columns."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from transforms.flow.declared import Declared, Scalar
from transforms.flow.lookup import Columns
from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted, text
from transforms.steps.categories import categories_of, refuse_floats
from transforms.steps.constants import fitting, written
from transforms.steps.earlier import earlier
from transforms.steps.step import Applied, Total, Work
from transforms.steps.totals import total
from transforms.steps.type_families import json_value

MAX_NAMES = 200
"""More of them are most likely a key."""


class Pivot(Declared):
    """The key of a row, the column whose values become columns, and the expression of what stands in them."""

    by: Columns
    names_from: ColumnName = Field(description="each of its values becomes a column")
    values_from: Total
    names: tuple[Scalar, ...] | None = Field(
        None, min_length=1, description="the values that become columns, in this order; learnt if not given"
    )

    def learns(self) -> bool:
        """True when the values that become columns come from the data."""
        return self.names is None

    def totals(self) -> dict[str, str]:
        """The expression, by its place in the step."""
        return {".values_from": self.values_from}


def apply(work: Work, relation: Relation, step: Pivot) -> Applied:
    """Leave one row for each key, with a column `{names_from}_{value}` for each value.

    Shape:
        (n, k) -> (number of keys, columns of the key + values), keys in first-seen order. A null is a key.
        Where a key has no row of a value, there is null. Rows with another value than those declared or learnt,
        or with null, are in no column, and the notes of the run count them.
        Values are declared, or learnt (of the `train` rows alone after a `split`) and sorted, 200 at most.
        Removed: all n rows; added: one for each key.
    Units:
        As for `aggregate`.
    Raises:
        StepFailed: a column is not there, the expression does not fit, a declared value does not fit the column,
            or there are more than 200 values.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> rows = {"id": [7, 7, 9], "sensor": ["a", "b", "b"], "kwh": [1.5, 2.0, 0.5]}
        >>> try_step(rows, {"pivot": {"by": "id", "names_from": "sensor", "values_from": "sum(kwh)"}})
        {'id': [7, 9], 'sensor_a': [1.5, None], 'sensor_b': [2.0, 0.5]}
    """
    keys = _keys(work, relation, step)
    name = work.need(relation, step.names_from, ".names_from")
    column = next(column for column in relation.columns if quoted(column) == name)
    names, fitted = _names(work, relation, step, column)
    columns = {f"{column}_{value}": value for value in names}
    work.refuse_taken(relation.only(keys), dict.fromkeys(columns, ".names_from"))
    if len({made.casefold() for made in columns}) < len(names):
        work.fail(f"values of {column} differ in case alone, or are given twice; make them equal first", ".names_from")
    return Applied(
        work.sorted_table(_select(work, relation, step, columns)),
        removed=work.count(f"SELECT count(*) FROM {relation.sql}"),
        added=work.count(f"SELECT count(*) FROM (SELECT DISTINCT {', '.join(keys)} FROM {relation.sql})"),
        fitted=fitted,
        notes=_left_out(work, relation, column, names),
    )


def _keys(work: Work, relation: Relation, step: Pivot) -> list[str]:
    return [work.need(relation, name, f".by[{index}]") for index, name in enumerate(step.by)]


def _select(work: Work, relation: Relation, step: Pivot, columns: dict[str, str]) -> str:
    listed = ", ".join(_keys(work, relation, step))
    name = work.need(relation, step.names_from)
    value = total(work, relation, step.values_from, ".values_from", f"{listed}, {name}")
    cells = f"SELECT {listed}, {name}::VARCHAR AS __name, {value} AS __value, min({ROW}) AS {ROW} FROM {relation.sql}"
    made = [f"any_value(__value) FILTER (__name = {text(value)}) AS {quoted(made)}" for made, value in columns.items()]
    chosen = ", ".join([listed, *made, f"min({ROW}) AS {ROW}"])
    return f"SELECT {chosen} FROM ({cells} GROUP BY {listed}, {name}) GROUP BY {listed}"


def _names(work: Work, relation: Relation, step: Pivot, column: str) -> tuple[list[str], dict[str, Any]]:
    kind, at = relation.columns[column], ".names_from"
    refuse_floats(work, relation, column, at)
    if step.names is not None:
        return [fitting(work, kind, name, f".names[{place}]") for place, name in enumerate(step.names)], {}
    known = earlier(work, column, at, {"names": list})
    if known is not None:
        names = [written(name) for name in known["names"]]
    else:
        names = categories_of(work, relation, column, at, most=MAX_NAMES, use="columns")
    return names, {"pivot": {column: {"names": [json_value(kind, name) for name in names]}}}


def _left_out(work: Work, relation: Relation, column: str, names: list[str]) -> tuple[str, ...]:
    listed = ", ".join(text(value) for value in names)
    is_named = f"list_contains([{listed}]::VARCHAR[], {quoted(column)}::VARCHAR)"
    left_out = work.count(f"SELECT count(*) FROM {relation.sql} WHERE {is_named} IS NOT TRUE")
    return (f"{left_out:,} rows have a value of {column} that is no column, or none",) if left_out else ()
