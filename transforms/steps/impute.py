"""`impute: {column: median}` fills nulls with a value that is learnt or given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import ConfigDict, Field, RootModel

from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted, text
from transforms.steps.constants import Constant, fitting
from transforms.steps.earlier import earlier
from transforms.steps.step import Applied, Work
from transforms.steps.type_families import FLOATS, INTEGERS, MOMENTS, json_value

Statistic = Literal["median", "mean", "mode"]


class Impute(RootModel[dict[ColumnName, Statistic | Constant]]):
    """Columns, each with the statistic that is learnt for it or the value that is given."""

    model_config = ConfigDict(frozen=True)
    root: dict[ColumnName, Statistic | Constant] = Field(min_length=1)

    def learns(self) -> bool:
        """True when a value comes from the data."""
        return any(isinstance(how, str) for how in self.root.values())


def apply(work: Work, relation: Relation, step: Impute) -> Applied:
    """Fill the nulls of each named column; the column keeps its type.

    Shape:
        (n, k) -> (n, k), rows and their order unchanged; no null is left in the named columns.
        Statistics are exact, learnt from present, finite values, of the `train` rows alone after a `split`.
        `median` of floats lies between the two middle values; of whole numbers, dates and times it is the
        lower of the two. `mean` of floats is rounded to 12 significant digits, so that the order of adding
        does not show; of whole numbers to the nearest one. `mode` is the most frequent value, the smallest of ties.
    Raises:
        StepFailed: a column is not there, has no value to learn from, or is of a type that the statistic
            or the value does not fit.
    Source:
        Values learnt from rows that test a model would tell it what it is tested on.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"seats": [2, None, 8, 3]}, {"impute": {"seats": "median"}})
        {'seats': [2, 3, 8, 3]}
    """
    fills = dict(_fills(work, relation, step))
    columns = [
        f"coalesce({quoted(column)}, {fills[column][0]}) AS {quoted(column)}" if column in fills else quoted(column)
        for column in relation.columns
    ]
    fitted = {column: how for column, (_, how) in fills.items()}
    view = work.view(f"SELECT {', '.join(columns)}, {ROW} FROM {relation.sql}")
    return Applied(view, fitted={"impute": fitted} if fitted else {})


def _fills(work: Work, relation: Relation, step: Impute) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """Columns with the SQL of their value, and how it is recorded."""
    there = {quoted(column): column for column in relation.columns}
    for name, how in step.root.items():
        column = there[work.need(relation, name, f".{name}")]
        kind = relation.columns[column]
        value: str | None
        if isinstance(how, Constant):
            statistic, value = "value", fitting(work, kind, how.value, f".{name}")
        elif (known := earlier(work, column, f".{name}", {"value": object}, statistic=how)) is not None:
            statistic, value = how, fitting(work, kind, known["value"], f".{name}")
        else:
            statistic, value = how, _learnt(work, relation, column, how, f".{name}")
        filled = f"CAST({text(value)} AS {kind})" if value is not None else "NULL"
        yield column, (filled, {"statistic": statistic, "value": json_value(kind, value)})


def _learnt(work: Work, relation: Relation, column: str, how: Statistic, at: str) -> str | None:
    kind = relation.columns[column]
    name = quoted(column)
    present = f"{work.learning_rows(relation)} AND {name} IS NOT NULL"
    if kind in FLOATS:
        present += f" AND isfinite({name})"
    value = _value(name, kind, how)
    if value is None:
        work.fail(f"no {how} of a column of type {kind}; use mode, or {{value: …}}", at)
    most_frequent = (
        f"GROUP BY {name} ORDER BY count(*) DESC, {name} LIMIT 1" if how == "mode" else "HAVING count(*) > 0"
    )
    query = f"SELECT CAST({value} AS {kind})::VARCHAR FROM {relation.sql} WHERE {present} {most_frequent}"
    found = work.connection.execute(query).fetchall()
    if found:
        return str(found[0][0])
    if work.count(f"SELECT count(*) FROM {relation.sql}"):
        where = work.learning_from
        work.fail(f"no value of {column} in {where} to learn a {how} from; give {{value: …}}, or drop the column", at)
    return None


def _value(name: str, kind: str, how: Statistic) -> str | None:
    """The aggregate that gives the statistic, or None when the type has no such statistic."""
    if how == "mode":
        return name
    if kind in FLOATS:
        return f"median({name})" if how == "median" else f"printf('%.12g', favg({name}))"
    if how == "mean":
        return f"round(avg({name}))" if kind in INTEGERS else None
    return f"quantile_disc({name}, 0.5)" if kind in INTEGERS | MOMENTS else None
