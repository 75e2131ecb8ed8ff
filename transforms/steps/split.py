"""`split: {into: {train: 0.8, test: 0.2}, by: column}` gives each row to one split, by its key."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, field_validator

from transforms.flow.declared import Declared
from transforms.flow.lookup import Columns
from transforms.flow.names import ColumnName
from transforms.relation import ROW, Relation, quoted, text
from transforms.steps.hashing import WHOLE, place_of
from transforms.steps.step import Applied, Work

Share = Annotated[float, Field(gt=0, le=1)]
SplitName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


class Split(Declared):
    """The splits with their shares, the key that stays together, and the seed."""

    into: dict[SplitName, Share] = Field(min_length=1, description="shares of the keys, which sum up to 1")
    by: Columns = Field(description="rows with the same values here stay in the same split")
    seed: int = 0
    column: ColumnName = Field("split", description="the new column that holds the name of the split")

    @field_validator("into")
    @classmethod
    def _sum_up_to_one(cls, into: dict[str, float]) -> dict[str, float]:
        if not math.isclose(sum(into.values()), 1.0, abs_tol=1e-9):
            raise ValueError(f"shares that sum up to 1 (these sum up to {sum(into.values()):g})")
        return into


def apply(work: Work, relation: Relation, step: Split) -> Applied:
    """Name the split of each row in a new column.

    Shape:
        (n, k) -> (n, k + 1), rows and their order unchanged. A null is a key like any other.
        The shares hold for keys, and for rows as far as keys have alike many.
    Source:
        The first 52 bits of md5 over `{seed}|` and, for each column of the key, `{length}:{text};` (`-;` for
        a null), as a fraction, against the running sum of the shares: the same key is in the same split in
        every file, every run and every version, and serving code can compute it.
    Raises:
        StepFailed: a key is not a column, or the new column is there already.
    Example:
        >>> from transforms.steps.trial import try_step
        >>> try_step({"id": [1, 3, 1]}, {"split": {"into": {"train": 0.5, "test": 0.5}, "by": "id"}})
        {'id': [1, 3, 1], 'split': ['train', 'test', 'train']}
    """
    work.refuse_taken(relation, {step.column: ".column"})
    keys = [work.need(relation, key, f".by[{index}]") for index, key in enumerate(step.by)]
    columns = ", ".join(quoted(column) for column in relation.columns)
    place = place_of(str(step.seed), keys)
    name = _by_share(step.into, "__hash")
    hashed = f"SELECT *, {place} AS __hash FROM {relation.sql}"
    # A table, not a view: every step that learns would compute the hashes again.
    return Applied(work.table(f"SELECT {columns}, {name} AS {quoted(step.column)}, {ROW} FROM ({hashed})"))


def _by_share(into: dict[str, float], place: str) -> str:
    names = list(into)
    limits = [round(math.fsum(list(into.values())[: index + 1]) * WHOLE) for index in range(len(names))]
    cases = [f"WHEN {place} < {limit} THEN {text(name)}" for name, limit in zip(names, limits, strict=True)]
    return f"CASE {' '.join(cases[:-1])} ELSE {text(names[-1])} END" if cases[:-1] else text(names[-1])
