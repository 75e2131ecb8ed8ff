"""The base of everything that a flow file declares."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, StrictBool, StrictFloat, StrictInt, StrictStr

Scalar = StrictBool | StrictInt | StrictFloat | StrictStr
"""A value as YAML has it: never turned from one type into another."""


class Declared(BaseModel):
    """Frozen, and an unknown key is a mistake: a misspelt option must never be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
