"""What a flow may call things."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

RESERVED = "__"
"""Columns that start so are the engine's own."""


def _is_a_column_name(name: str) -> str:
    if not name.strip() or name.startswith(RESERVED):
        raise ValueError("a column name that is not blank and does not start with two underscores, which are reserved")
    return name


ColumnName = Annotated[str, AfterValidator(_is_a_column_name)]
FLOW_NAME = re.compile(r"^[a-z][a-z0-9_-]{0,62}$")
FlowName = Annotated[str, Field(pattern=FLOW_NAME.pattern)]
WordName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""The name of a parameter or a lookup: usable in SQL as it is."""
