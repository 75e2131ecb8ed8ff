"""The verbs that a flow's steps may use: to add one, write its module and name it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from transforms.relation import Relation
from transforms.steps import (
    aggregate,
    bin,  # noqa: A004 - a verb of flows
    cast,
    dedupe,
    derive,
    encode,
    fill,
    filter,  # noqa: A004 - a verb of flows
    impute,
    join,
    limit,
    pivot,
    python,
    rename,
    sample,
    scale,
    select,
    sort,
    split,
    sql,
    unnest,
    unpivot,
    window,
)
from transforms.steps.step import Applied, Work


@dataclass(frozen=True)
class Verb:
    """What a verb may say, and what it does."""

    model: type[BaseModel]
    apply: Callable[[Work, Relation, Any], Applied]
    leaves_table: bool = False
    """True when every row has gone through it at once; else it leaves a view, which runs when it is read."""
    is_row_wise: bool = False
    """True when what becomes of a row follows from this row alone, and nothing else is learnt, counted or said."""


VERBS: dict[str, Verb] = {
    "select": Verb(select.Select, select.apply, is_row_wise=True),
    "rename": Verb(rename.Rename, rename.apply, is_row_wise=True),
    "cast": Verb(cast.Cast, cast.apply),
    "derive": Verb(derive.Derive, derive.apply, is_row_wise=True),
    "filter": Verb(filter.Filter, filter.apply, is_row_wise=True),
    "sort": Verb(sort.Sort, sort.apply, leaves_table=True),
    "limit": Verb(limit.Limit, limit.apply, leaves_table=True),
    "sample": Verb(sample.Sample, sample.apply, leaves_table=True, is_row_wise=True),
    "aggregate": Verb(aggregate.Aggregate, aggregate.apply, leaves_table=True),
    "join": Verb(join.Join, join.apply, leaves_table=True, is_row_wise=True),
    "dedupe": Verb(dedupe.Dedupe, dedupe.apply),
    "pivot": Verb(pivot.Pivot, pivot.apply, leaves_table=True),
    "unpivot": Verb(unpivot.Unpivot, unpivot.apply, leaves_table=True, is_row_wise=True),
    "unnest": Verb(unnest.Unnest, unnest.apply, leaves_table=True, is_row_wise=True),
    "window": Verb(window.Window, window.apply, leaves_table=True),
    "split": Verb(split.Split, split.apply, leaves_table=True, is_row_wise=True),
    "fill": Verb(fill.Fill, fill.apply, leaves_table=True),
    "impute": Verb(impute.Impute, impute.apply),
    "encode": Verb(encode.Encode, encode.apply),
    "scale": Verb(scale.Scale, scale.apply),
    "bin": Verb(bin.Bin, bin.apply),
    "python": Verb(python.Python, python.apply, leaves_table=True),
    "sql": Verb(sql.Sql, sql.apply, leaves_table=True),
}
