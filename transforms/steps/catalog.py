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


VERBS: dict[str, Verb] = {
    "select": Verb(select.Select, select.apply),
    "rename": Verb(rename.Rename, rename.apply),
    "cast": Verb(cast.Cast, cast.apply),
    "derive": Verb(derive.Derive, derive.apply),
    "filter": Verb(filter.Filter, filter.apply),
    "sort": Verb(sort.Sort, sort.apply, leaves_table=True),
    "limit": Verb(limit.Limit, limit.apply, leaves_table=True),
    "sample": Verb(sample.Sample, sample.apply, leaves_table=True),
    "aggregate": Verb(aggregate.Aggregate, aggregate.apply, leaves_table=True),
    "join": Verb(join.Join, join.apply, leaves_table=True),
    "dedupe": Verb(dedupe.Dedupe, dedupe.apply),
    "pivot": Verb(pivot.Pivot, pivot.apply, leaves_table=True),
    "unpivot": Verb(unpivot.Unpivot, unpivot.apply, leaves_table=True),
    "unnest": Verb(unnest.Unnest, unnest.apply, leaves_table=True),
    "window": Verb(window.Window, window.apply, leaves_table=True),
    "split": Verb(split.Split, split.apply, leaves_table=True),
    "fill": Verb(fill.Fill, fill.apply, leaves_table=True),
    "impute": Verb(impute.Impute, impute.apply),
    "encode": Verb(encode.Encode, encode.apply),
    "scale": Verb(scale.Scale, scale.apply),
    "bin": Verb(bin.Bin, bin.apply),
    "python": Verb(python.Python, python.apply, leaves_table=True),
    "sql": Verb(sql.Sql, sql.apply, leaves_table=True),
}
