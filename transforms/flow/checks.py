"""Checks: what must be true of the finished dataset before it is published."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from transforms.flow.declared import Declared
from transforms.flow.names import ColumnName

SqlCheck = Annotated[str, Field(min_length=1)]


class Drift(Declared):
    """How far the dataset may be from the one before it; null values count as a value of their own."""

    against: Literal["previous"] = Field("previous", description="the newest dataset when the run was requested")
    max_psi: float | None = Field(
        None, gt=0, description="population stability index of a column; 0.1 is often called little, 0.25 much"
    )
    max_ks: float | None = Field(
        None, gt=0, le=1, description="largest distance between the distributions of a number, from 0 to 1"
    )
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1)] | None = Field(
        None, description="the columns to compare; without it all of them"
    )
    then: Literal["warn", "reject"] = "warn"

    @model_validator(mode="after")
    def _has_a_limit(self) -> Drift:
        if self.max_psi is None and self.max_ks is None:
            raise ValueError("a `max_psi`, a `max_ks` or both")
        return self


class DriftCheck(Declared):
    """`drift: {max_psi: 0.2, then: warn}`."""

    drift: Drift


Check = SqlCheck | DriftCheck
