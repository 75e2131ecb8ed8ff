"""`bin: {column: {how: quantile, bins: 4}}` turns numbers into the number of their bin."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, RootModel, field_validator

from transforms.flow.declared import Declared
from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted
from transforms.steps.earlier import earlier
from transforms.steps.numeric import finite_values, need_number
from transforms.steps.step import Applied, Work

_MOST_BINS = 100
Edge = Annotated[float, Field(allow_inf_nan=False)]


class Edges(Declared):
    """Given borders between the bins."""

    edges: tuple[Edge, ...] = Field(min_length=1, max_length=_MOST_BINS - 1)

    @field_validator("edges")
    @classmethod
    def _rise(cls, edges: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in pairwise(edges)):
            raise ValueError("edges that rise")
        return edges


class Bins(Declared):
    """A number of bins: alike in how many rows they hold (quantile), or in how wide they are (width)."""

    how: Literal["quantile", "width"]
    bins: int = Field(ge=2, le=_MOST_BINS)


class Bin(RootModel[dict[ColumnName, Bins | Edges]]):
    """Columns of numbers, each with its bins."""

    model_config = ConfigDict(frozen=True)
    root: dict[ColumnName, Bins | Edges] = Field(min_length=1)

    def learns(self) -> bool:
        """True when edges come from the data."""
        return any(isinstance(how, Bins) for how in self.root.values())


def apply(work: Work, relation: Relation, step: Bin) -> Applied:
    """Replace each named column by the number of its value's bin, from 0.

    Shape:
        (n, k) -> (n, k), rows and their order unchanged. The number is that of the edges that are not above the
        value (int16): what is below the first edge is in bin 0, an edge itself in the bin that it opens, and
        what is above the last one in the last bin, whatever was learnt. A null and a NaN have no bin: null.
        Edges are learnt from present, finite values, of the `train` rows alone after a `split`. Edges of
        `quantile` that are equal fall together: then there are fewer bins.
    Raises:
        StepFailed: a column is not there, holds no numbers, or has no value to learn from.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"age": [3, 18, None, 70]}, {"bin": {"age": {"edges": [18, 65]}}})
        {'age': [0, 1, None, 2]}
    """
    bins = {work.need(relation, name, f".{name}"): (name, how) for name, how in step.root.items()}
    columns, fitted = [], {}
    for column in relation.columns:
        if quoted(column) not in bins:
            columns.append(quoted(column))
            continue
        name, how = bins[quoted(column)]
        need_number(work, relation, column, f".{name}")
        fitted[column] = _edges(work, relation, column, how, f".{name}")
        columns.append(f"{_number_of_bin(quoted(column), fitted[column]['edges'])} AS {quoted(column)}")
    view = work.view(f"SELECT {', '.join([*columns, ROW])} FROM {relation.sql}")
    return Applied(view, fitted={"bin": fitted})


def _edges(work: Work, relation: Relation, column: str, how: Bins | Edges, at: str) -> dict[str, Any]:
    if isinstance(how, Edges):
        return {"how": "edges", "edges": list(how.edges)}
    known = earlier(work, column, at, {"edges": list}, how=how.how, bins=how.bins)
    if known is not None:
        return {"how": how.how, "bins": how.bins, "edges": [float(edge) for edge in known["edges"]]}
    shares = [place / how.bins for place in range(1, how.bins)]
    if how.how == "quantile":
        found = finite_values(work, relation, column, f"quantile_cont(x, {shares})", at)
        edges = list(found[0]) if found else []
    else:
        found = finite_values(work, relation, column, "min(x), max(x)", at)
        edges = [found[0] + (found[1] - found[0]) * share for share in shares] if found else []
    return {"how": how.how, "bins": how.bins, "edges": sorted(set(edges))}


def _number_of_bin(column: str, edges: list[float]) -> str:
    below = " ".join(f"WHEN {column}::DOUBLE < {edge!r}::DOUBLE THEN {place}" for place, edge in enumerate(edges))
    return f"(CASE WHEN {column} IS NULL OR isnan({column}::DOUBLE) THEN NULL {below} ELSE {len(edges)} END)::SMALLINT"
