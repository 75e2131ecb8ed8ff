"""The source of a flow: which uploads it takes, and how their bytes are written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from transforms.flow.declared import Declared
from transforms.flow.pattern import capture_names, captures_of, confirmed_pattern
from transforms.flow.read_options import ReadOptions

Format = Literal["csv", "tsv", "jsonl", "json", "parquet", "arrow", "feather", "orc", "avro", "excel"]

Pattern = Annotated[str, Field(min_length=1), AfterValidator(confirmed_pattern)]


class Source(Declared):
    """`path` names uploads inside the landing container; `{name}` captures one path segment or a piece of it."""

    path: Pattern
    format: Format
    options: ReadOptions = ReadOptions()

    @model_validator(mode="after")
    def _options_fit_the_format(self) -> Source:
        self.options.confirm_format(self.format)
        return self

    @property
    def capture_names(self) -> tuple[str, ...]:
        """The names that the path captures, in order."""
        return capture_names(self.path)

    def captures(self, name: str) -> dict[str, str] | None:
        """The captures of an upload that this source takes, or None.

        Example:
            >>> Source(path="flights/{year}/{month}.csv", format="csv").captures("flights/2013/01.csv")
            {'year': '2013', 'month': '01'}
        """
        return captures_of(self.path, name)
