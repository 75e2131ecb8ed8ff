"""Read options: how an upload is written. What is not declared is detected, or has a default."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from transforms.dialect import LONGEST_DELIMITER
from transforms.encodings import is_text_encoding
from transforms.flow.declared import Declared
from transforms.flow.names import ColumnName

RaggedRows = Literal["quarantine", "pad", "reject"]
OddNames = Literal["reject", "number"]
Decimal = Literal[".", ","]
Thousands = Literal[",", ".", " ", "'", "_", "\u00a0", "\u202f"]


def _one_byte(letter: str) -> str:
    if not letter.isascii() or letter in "\r\n\0":
        raise ValueError("one ASCII character that is no line break")
    return letter


def _delimiter(text: str) -> str:
    if len(text.encode()) > LONGEST_DELIMITER or any(letter in "\r\n\0" for letter in text):
        raise ValueError(f"at most {LONGEST_DELIMITER} bytes, and no line break")
    return text


def _text_encoding(name: str) -> str:
    if not is_text_encoding(name):
        raise ValueError("the name of an encoding, such as cp1252 or utf-16")
    return name


_OF_HEADER = frozenset({"skip_lines", "header_rows", "column_names", "odd_names", "skip_footer", "ragged_rows"})
_OF_TEXT = frozenset({"encoding", "null_values"})
_OF_DELIMITED = (
    _OF_HEADER | _OF_TEXT | {"delimiter", "quote", "escape", "record_end", "comment", "decimal", "thousands"}
)
_OPTIONS: dict[str, frozenset[str]] = {
    "csv": _OF_DELIMITED,
    "tsv": _OF_DELIMITED,
    "jsonl": _OF_TEXT,
    "json": _OF_TEXT,
    "excel": _OF_HEADER | {"sheet", "null_values"},
}
"""The options that mean something for a format; for others they would be ignored in silence."""

Letter = Annotated[str, Field(min_length=1, max_length=1), AfterValidator(_one_byte)]
LetterOrNone = Annotated[str, Field(max_length=1), AfterValidator(lambda letter: _one_byte(letter) if letter else "")]


class ReadOptions(Declared):
    """How the bytes of an upload are written; a declared option wins over what is detected."""

    encoding: Annotated[str, AfterValidator(_text_encoding)] | None = Field(
        None, description="such as cp1252; without, UTF-16 and UTF-32 are detected, and all else is UTF-8"
    )
    delimiter: Annotated[str, Field(min_length=1), AfterValidator(_delimiter)] | None = Field(
        None, description="between fields, at most 4 bytes; without, a comma, semicolon, tab or bar is detected"
    )
    quote: LetterOrNone | None = Field(None, description='around fields; "" for none; without, " or \' is detected')
    escape: Letter | None = Field(None, description="before a quote inside quotes; without, such a quote is doubled")
    record_end: Annotated[str, Field(min_length=1, max_length=8)] | None = Field(
        None, description="after each record; without, a line break: LF, CRLF or CR"
    )
    comment: Annotated[str, Field(min_length=1, max_length=4)] | None = Field(
        None, description="lines that start with it are no records"
    )
    skip_lines: int | None = Field(
        None, ge=0, description="lines before the header; without, the header is found by the contract's names"
    )
    header_rows: int = Field(1, ge=0, le=10, description="0: the first record is data; several are joined by a space")
    column_names: tuple[ColumnName, ...] | None = Field(None, min_length=1, description="in place of the header's")
    odd_names: OddNames = Field("reject", description="number: blank and repeated column names get a number")
    skip_footer: int = Field(0, ge=0, description="records at the end that are no data")
    ragged_rows: RaggedRows = Field(
        "quarantine", description="rows with too few or too many fields; pad: those with too few end in nulls"
    )
    decimal: Decimal = Field(".", description="what stands before the decimals of a number")
    thousands: Thousands | None = Field(None, description="what stands between groups of three digits")
    null_values: tuple[str, ...] | None = Field(
        None, description="texts that mean null; without, the empty text in CSV and Excel, none in JSON"
    )
    sheet: str | None = Field(None, description="of an Excel workbook; without, the first one")

    @model_validator(mode="after")
    def _letters_differ(self) -> ReadOptions:
        if self.delimiter is not None and self.quote and self.quote in self.delimiter:
            raise ValueError("a delimiter without the quote in it")
        if self.escape is not None and self.escape in (self.delimiter or ""):
            raise ValueError("a delimiter without the escape in it")
        if self.escape is not None and self.quote == "":
            raise ValueError("a quote, where there is an escape")
        if self.record_end is not None and self.quote == "":
            raise ValueError("a quote, where records do not end with a line break")
        if self.thousands == self.decimal:
            raise ValueError("different letters for decimal and thousands")
        return self

    def confirm_format(self, format_name: str) -> None:
        """Every option that was given means something for the format.

        Raises:
            ValueError: one does not.
        """
        known = _OPTIONS.get(format_name, frozenset())
        strange = sorted(self.model_fields_set - known)
        if strange:
            expected = f"one of {', '.join(sorted(known))}" if known else "no options"
            raise ValueError(f"for format {format_name}: {expected} (found {', '.join(strange)})")
