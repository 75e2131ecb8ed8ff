"""Where a flow's fitted steps take their values from, when they do not learn them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from transforms.flow.declared import Declared

PREVIOUS = "previous"
RunId = Annotated[str, Field(pattern=r"^(previous|\d{8}T\d{6}Z-[0-9a-f]{12})$")]


class FittedFrom(Declared):
    """The dataset whose `fitted.json` is applied again."""

    source: RunId = Field(
        alias="from", description="`previous`, the flow's newest dataset before this one, or a run id"
    )
