"""Collecting: several uploads are one set, and a set is one run.

orders/2024-01-31/a.csv  ─┐  by: [date]
orders/2024-01-31/b.csv  ─┼─► the set date=2024-01-31 ─► one run, once all that it needs is there and nothing
customers/2024-01-31.csv ─┘                              has come for `quiet`; or at the deadline, as declared
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from transforms.flow.declared import Declared
from transforms.flow.names import WordName
from transforms.flow.source import Pattern
from transforms.flow.then.fields import Duration


def _longer_than_nothing(duration: timedelta) -> timedelta:
    if duration <= timedelta(0):
        raise ValueError("a duration longer than 0")
    return duration


SomeTime = Annotated[Duration, AfterValidator(_longer_than_nothing)]


class Deadline(Declared):
    """What becomes of a set that is not complete in time."""

    after: SomeTime = Field(description="since the first upload of the set that no run has taken")
    then: Literal["run", "reject"] = Field(description="run: with the uploads that are there")


class Collect(Declared):
    """Which uploads are one set, and when it is complete; with several conditions all of them must hold."""

    by: tuple[WordName, ...] = Field(
        description="captures of source.path: uploads with the same ones are one set; []: all uploads of the flow are"
    )
    needs: tuple[Pattern, ...] = Field(
        (), description="blobs that must be there, such as orders/{date}/_SUCCESS; with the captures of `by`"
    )
    lookups: tuple[WordName, ...] = Field(
        (), description="lookups that are uploads of the set; their paths have the captures of `by`"
    )
    quiet: SomeTime | None = Field(None, description="nothing of the set has come for so long")
    deadline: Deadline | None = None
