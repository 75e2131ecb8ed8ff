"""`dedupe: {keys: [columns]}` keeps one row of each key."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from transforms.flow.declared import Declared
from transforms.flow.lookup import Columns
from transforms.relation import ROW, Relation
from transforms.steps.step import Applied, Expression, Work


class KeepBy(Declared):
    """Keep the row that comes first in this order."""

    order_by: Expression = Field(description="such as `updated_at DESC`")


class Dedupe(Declared):
    """The columns that name one thing, and which of its rows to keep."""

    keys: Columns
    keep: Literal["first"] | KeepBy = "first"

    def orders(self) -> dict[str, str]:
        """The order to keep by, at its place in the step."""
        return {} if self.keep == "first" else {".keep.order_by": self.keep.order_by}


def apply(work: Work, relation: Relation, step: Dedupe) -> Applied:
    """Keep the first row of each key.

    Shape:
        (n, k) -> (m, k), with m the number of distinct keys; a null is a key. Order unchanged. The first is that in
        upload order, or in the order that `keep: {order_by: …}` gives, where nulls come last and upload order
        decides what ties.
        Removed: over all keys, the rows of the key but one.
    Raises:
        StepFailed: a key is not a column, or the order names none.
    Source:
        Delivery is at least once, so the same record can arrive twice.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> step = {"dedupe": {"keys": "id", "keep": {"order_by": "day DESC"}}}
        >>> try_step({"id": [7, 7, None], "day": [1, 2, 3]}, step)
        {'id': [7, None], 'day': [2, 3]}
    """
    keys = ", ".join(work.need(relation, key, f".keys[{index}]") for index, key in enumerate(step.keys))
    by = "" if step.keep == "first" else f"{work.bound_order(relation, step.keep.order_by, '.keep.order_by')}, "
    twins = _twins(work, relation, keys, everything=bool(by))
    removed = work.count(f"SELECT sum(n - 1) FROM (SELECT count(*) AS n FROM {twins.sql} GROUP BY {keys})")
    is_later = f"row_number() OVER (PARTITION BY {keys} ORDER BY {by}{ROW}) > 1"
    kept = work.without(relation, f"SELECT {ROW} FROM {twins.sql} QUALIFY {is_later}")
    work.drop(twins)
    return Applied(kept, removed=removed)


def _twins(work: Work, relation: Relation, keys: str, *, everything: bool) -> Relation:
    """A table of the rows whose key may not be theirs alone, which are few, told by its hash."""
    hashes = f"SELECT hash({keys}) FROM {relation.sql} GROUP BY ALL HAVING count(*) > 1"
    columns = "*" if everything else f"{keys}, {ROW}"
    return work.aside("twins", f"SELECT {columns} FROM {relation.sql} WHERE hash({keys}) IN ({hashes})")
