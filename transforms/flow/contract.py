"""The contract: declared columns, types and constraints, and what happens to what breaks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from transforms.flow.declared import Declared
from transforms.flow.names import ColumnName, WordName
from transforms.flow.read_options import Decimal, Thousands
from transforms.flow.types import ColumnType, TypeSpec, parse_type
from transforms.flow.values import MOMENTS, limit, typed

BadRows = Literal["quarantine", "drop", "reject"]
UnknownColumns = Literal["keep", "drop", "reject"]
MissingColumns = Literal["null", "reject"]

_ONLY_FOR = {
    "pattern": frozenset({"string"}),
    "length": frozenset({"string", "binary", "list"}),
    "format": MOMENTS | {"binary"},
    "zone": frozenset({"timestamp"}),
    "allow_nonfinite": frozenset({"float32", "float64"}),
}
"""Options that mean nothing for other types, and would be ignored in silence."""

_BINARY_FORMATS = frozenset({"base64", "hex"})
_SHARE = re.compile(r"^(\d+(?:\.\d+)?)\s*%$")
_LIMIT = "a number of rows such as 100, or a share such as 1%"


class Length(Declared):
    """The length of a value: characters of a string, bytes of a binary, elements of a list."""

    min: int | None = Field(None, ge=0)
    max: int | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _can_be_met(self) -> Length:
        if self.min is None and self.max is None:
            raise ValueError("a min, a max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"a min that is not above the max (found {self.min} and {self.max})")
        return self


class Column(Declared):
    """One declared column: its type, how it is written in the source, and its constraints."""

    type: ColumnType
    required: bool = False
    unique: bool = False
    format: str | None = Field(
        None, description="strptime format of a date, time or timestamp; of a binary, base64 (as without) or hex"
    )
    zone: str | None = Field(None, description="IANA zone of a timestamp written without one")
    min: int | float | str | None = None
    max: int | float | str | None = None
    length: Length | None = None
    pattern: str | None = Field(None, description="RE2 regular expression, found anywhere in the text")
    allowed: tuple[str | int | float | bool, ...] | None = None
    allow_nonfinite: bool = Field(False, description="keep NaN and infinity instead of making them null")
    decimal: Decimal = Field(".", description="before the decimals of a number; source.options says it for all")
    thousands: Thousands | None = Field(
        None, description="between groups of three digits; source.options says it for all"
    )

    @property
    def spec(self) -> TypeSpec:
        """The type, taken apart."""
        return parse_type(self.type)

    @property
    def is_number(self) -> bool:
        """True for whole numbers, floats and decimals."""
        return self.spec.name == "decimal" or self.type.startswith(("int", "uint", "float"))

    @property
    def has_own_notation(self) -> bool:
        """True where text is a number that SQL would not take for one."""
        return self.decimal != "." or self.thousands is not None

    @model_validator(mode="after")
    def _constraints_fit_the_type(self) -> Column:
        if self.has_own_notation and not self.is_number:
            raise ValueError("`decimal` and `thousands` only in a column of numbers")
        if self.decimal == self.thousands:
            raise ValueError("different letters for `decimal` and `thousands`")
        limits = [limit(self.type, value) for value in (self.min, self.max) if value is not None]
        if limits != sorted(limits):
            raise ValueError(f"a min that is not above the max (found {self.min} and {self.max})")
        for value in self.allowed or ():
            typed(self.type, value)
        for option, types in _ONLY_FOR.items():
            if getattr(self, option) and self.spec.name not in types:
                raise ValueError(f"`{option}` only in a column of type {' or '.join(sorted(types))}")
        if self.type == "binary" and self.format not in {None, *_BINARY_FORMATS}:
            raise ValueError(f"a binary in the format {' or '.join(sorted(_BINARY_FORMATS))}")
        return self


def _column(value: Any) -> Any:
    """`month: int8` is short for `month: {type: int8}`."""
    return {"type": value} if isinstance(value, str) else value


def _share(value: Any) -> Any:
    """`1%` is a share of the rows read, `100` a number of rows."""
    if isinstance(value, str) and (match := _SHARE.match(value)):
        return {"share": float(match[1]) / 100}
    if isinstance(value, int) and not isinstance(value, bool):
        return {"rows": value}
    if not isinstance(value, Mapping | BaseModel):
        raise ValueError(_LIMIT)
    return value


class RowLimit(Declared):
    """A number of rows, or a share of the rows that were read."""

    rows: int | None = Field(None, ge=0)
    share: float | None = Field(None, ge=0, le=1)

    @model_validator(mode="after")
    def _exactly_one(self) -> RowLimit:
        if (self.rows is None) == (self.share is None):
            raise ValueError(_LIMIT)
        return self

    def allows(self, bad: int, read: int) -> bool:
        """True while `bad` of `read` rows stay within the limit."""
        return bad <= self.rows if self.rows is not None else bad <= (self.share or 0.0) * read

    @property
    def described(self) -> str:
        """The limit as the flow file would say it."""
        return f"{self.rows:,}" if self.rows is not None else f"{(self.share or 0.0) * 100:g}%"


ShortColumn = Annotated[Column, BeforeValidator(_column, json_schema_input_type=ColumnType | Column)]
ShortLimit = Annotated[
    RowLimit,
    BeforeValidator(_share, json_schema_input_type=Annotated[str, Field(pattern=_SHARE.pattern)] | int | RowLimit),
]
Key = Annotated[tuple[ColumnName, ...], Field(min_length=2)]
RowRule = Annotated[str, Field(min_length=1)]


class Contract(Declared):
    """What a row must be to enter the dataset."""

    columns: dict[ColumnName, ShortColumn] = Field(min_length=1)
    keys: tuple[Key, ...] = Field(
        (), description="columns whose values together are unique, such as `[[station, hour]]`; one column has `unique`"
    )
    rules: dict[WordName, RowRule] = Field(
        default_factory=dict,
        description="by name, a boolean SQL expression over the row: false breaks the rule, null does not",
    )
    unknown_columns: UnknownColumns = "keep"
    missing_columns: MissingColumns = "reject"
    bad_rows: BadRows = "quarantine"
    max_bad_rows: ShortLimit = Field(
        RowLimit(rows=None, share=1.0),
        description="above it the run is rejected: a share such as 1%, or a number of rows",
    )

    def written_with(self, decimal: Decimal, thousands: Thousands | None) -> Contract:
        """The contract whose numbers are written so, where their column does not say otherwise."""
        said = {"decimal": decimal, "thousands": thousands}
        columns = {
            name: column.model_copy(
                update={key: value for key, value in said.items() if key not in column.model_fields_set}
            )
            if column.is_number
            else column
            for name, column in self.columns.items()
        }
        return self.model_copy(update={"columns": columns})
