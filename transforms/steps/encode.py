"""`encode: {column: one_hot}` turns categories into numbers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, RootModel

from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted, text
from transforms.steps.categories import categories_of, refuse_floats
from transforms.steps.constants import written
from transforms.steps.earlier import earlier
from transforms.steps.step import Applied, Work
from transforms.steps.type_families import json_value

Encoding = Literal["one_hot", "ordinal"]
MAX_CATEGORIES: dict[Encoding, int] = {"one_hot": 200, "ordinal": 1000}
"""More of them are most likely a key, not a category."""


class Encode(RootModel[dict[ColumnName, Encoding]]):
    """Columns of categories, each with its encoding."""

    model_config = ConfigDict(frozen=True)
    root: dict[ColumnName, Encoding] = Field(min_length=1)

    def learns(self) -> bool:
        """Categories always come from the data."""
        return True


def apply(work: Work, relation: Relation, step: Encode) -> Applied:
    """Replace each named column by numbers, in its place.

    Shape:
        (n, k) -> (n, k - one-hot columns + their categories), rows and their order unchanged.
        `one_hot` gives a column `{name}_{category}` of 0 and 1 (TINYINT) for each category; a null and a
        category that was not learnt are 0 everywhere. `ordinal` gives the place of the category, from 0
        (SMALLINT); a null and a category that was not learnt are null.
        Categories are sorted, and learnt from the `train` rows alone after a `split`.
    Raises:
        StepFailed: a column is not there, is of floats, has no category to learn, or has more than 200
            (one_hot) or 1000 (ordinal); or a new column is there already.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"origin": ["LGA", "EWR", None]}, {"encode": {"origin": "one_hot"}})
        {'origin_EWR': [0, 1, 0], 'origin_LGA': [1, 0, 0]}
    """
    encodings = {work.need(relation, name, f".{name}"): (name, how) for name, how in step.root.items()}
    columns: list[str] = []
    fitted: dict[str, Any] = {}
    for column, kind in relation.columns.items():
        if quoted(column) not in encodings:
            columns.append(quoted(column))
            continue
        name, how = encodings[quoted(column)]
        categories = _categories(work, relation, column, how, f".{name}")
        fitted[column] = {"encoding": how, "categories": [json_value(kind, category) for category in categories]}
        columns += _one_hot(work, relation, column, categories) if how == "one_hot" else [_ordinal(column, categories)]
    return Applied(
        work.view(f"SELECT {', '.join([*columns, ROW])} FROM {relation.sql}"),
        fitted={"encode": fitted},
    )


def _categories(work: Work, relation: Relation, column: str, how: Encoding, at: str) -> list[str]:
    refuse_floats(work, relation, column, at)
    known = earlier(work, column, at, {"categories": list}, encoding=how)
    if known is not None:
        return [written(category) for category in known["categories"]]
    return categories_of(work, relation, column, at, most=MAX_CATEGORIES[how], use=how)


def _one_hot(work: Work, relation: Relation, column: str, categories: list[str]) -> list[str]:
    names = {f"{column}_{category}": category for category in categories}
    work.refuse_taken(relation, dict.fromkeys(names, f".{column}"))
    if len({name.casefold() for name in names}) < len(names):
        work.fail(f"categories of {column} differ in case alone; make them equal first, with lower()", f".{column}")
    return [
        f"({quoted(column)}::VARCHAR IS NOT DISTINCT FROM {text(category)})::TINYINT AS {quoted(name)}"
        for name, category in names.items()
    ]


def _ordinal(column: str, categories: list[str]) -> str:
    learnt = f"[{', '.join(text(category) for category in categories)}]::VARCHAR[]"
    return f"(list_position({learnt}, {quoted(column)}::VARCHAR) - 1)::SMALLINT AS {quoted(column)}"
