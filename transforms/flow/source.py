"""The source of a flow: which uploads it takes, and how their bytes are written."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Literal

from pydantic import Field, field_validator, model_validator

from transforms.flow.declared import Declared
from transforms.flow.read_options import ReadOptions

Format = Literal["csv", "tsv", "jsonl", "json", "parquet", "arrow", "feather", "orc", "avro", "excel"]

_CAPTURE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Source(Declared):
    """`path` names uploads inside the landing container; `{name}` captures one path segment or a piece of it."""

    path: str = Field(min_length=1)
    format: Format
    options: ReadOptions = ReadOptions()

    @field_validator("path")
    @classmethod
    def _is_a_pattern(cls, path: str) -> str:
        names = _CAPTURE.findall(path)
        if len(set(names)) != len(names):
            raise ValueError("each capture named once")
        if re.search(r"[{}]", _CAPTURE.sub("", path)) or path.startswith("/"):
            raise ValueError("a relative path with captures such as {year}")
        return path

    @model_validator(mode="after")
    def _options_fit_the_format(self) -> Source:
        self.options.confirm_format(self.format)
        return self

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        pieces = _CAPTURE.split(self.path)
        pattern = "".join(
            f"(?P<{piece}>[^/]+)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces)
        )
        return re.compile(pattern)

    @property
    def capture_names(self) -> tuple[str, ...]:
        """The names that the path captures, in order."""
        return tuple(_CAPTURE.findall(self.path))

    def captures(self, name: str) -> dict[str, str] | None:
        """The captures of an upload that this source takes, or None.

        Example:
            >>> Source(path="flights/{year}/{month}.csv", format="csv").captures("flights/2013/01.csv")
            {'year': '2013', 'month': '01'}
        """
        match = self._regex.fullmatch(name)
        return match.groupdict() if match else None
