"""Lookups: small tables beside the uploads, joined by their key."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from transforms.flow.declared import Declared
from transforms.flow.names import ColumnName
from transforms.flow.read_options import ReadOptions
from transforms.flow.source import Format


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Columns = Annotated[
    tuple[ColumnName, ...],
    Field(min_length=1),
    BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]),
]
"""One column, or a list of them."""

_FORMATS: dict[str, Format] = {".csv": "csv", ".csv.gz": "csv", ".parquet": "parquet"}


class Lookup(Declared):
    """A table in the lookup container, known by its key."""

    path: str = Field(min_length=1, description="blob name in the lookup container")
    key: Columns = Field(description="the column, or columns, that name one row")
    format: Format | None = Field(None, description="told by the name when not given")
    options: ReadOptions = ReadOptions(null_values=("", "NA"))

    @property
    def format_by_name(self) -> Format | None:
        """The format given, else the one that the ending of the name says, else None."""
        named = (found for ending, found in _FORMATS.items() if self.path.lower().endswith(ending))
        return self.format or next(named, None)
