"""The dialect of a CSV text: what stands between fields, around them, and at the start of a comment."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST_DELIMITER = 4
"""Bytes of a delimiter; DuckDB takes no longer one."""


@dataclass(frozen=True)
class Dialect:
    """How the text is written; no `quote`: nothing is quoted; no `escape`: a quote inside is doubled."""

    delimiter: bytes = b","
    quote: bytes = b'"'
    escape: bytes = b""
    comment: bytes = b""

    @property
    def whole_records(self) -> re.Pattern[bytes]:
        """As many whole, well-formed records as there are; possessive, so that no text makes it slow."""
        piece = self.field(closed=True)
        record = rb"%b(?:%b%b)*+(?:\r?\n|\r(?!\n))" % (piece, re.escape(self.delimiter), piece)
        no_comment = rb"(?!%b)" % re.escape(self.comment) if self.comment else b""
        return re.compile(rb"(?:%b%b)*+" % (no_comment, record), re.DOTALL)

    @property
    def one_record(self) -> re.Pattern[bytes]:
        """One whole, well-formed record, without what ends it."""
        piece = self.field(closed=True)
        return re.compile(rb"%b(?:%b%b)*+" % (piece, re.escape(self.delimiter), piece), re.DOTALL)

    @property
    def cut_record(self) -> re.Pattern[bytes]:
        """A well-formed record whose end is still to come."""
        piece = self.field(closed=True)
        cut = self.field(closed=False)
        return re.compile(rb"(?:%b%b)*+%b\r?" % (piece, re.escape(self.delimiter), cut), re.DOTALL)

    def fields(self, record: bytes) -> list[str]:
        """The fields of a record, without the quotes around them; of a damaged one as far as they can be told.

        Example:
            >>> Dialect(b"||", b"'").fields(b"id||'it''s'||")
            ['id', "it's", '']
        """
        piece = _one_field(self)
        found, at = [], 0
        while match := piece.match(record, at):
            found.append(self._unquoted(match[0]).decode(errors="replace"))
            at = match.end()
            if not record.startswith(self.delimiter, at):
                break
            at += len(self.delimiter)
        if at < len(record):
            return record.decode(errors="replace").split(self.delimiter.decode())
        return found

    def _unquoted(self, field: bytes) -> bytes:
        if not self.quote or not field.startswith(self.quote):
            return field
        inside = field[1:-1]
        if not self.escape:
            return inside.replace(self.quote * 2, self.quote)
        return re.sub(re.escape(self.escape) + b"(.)", rb"\1", inside, flags=re.DOTALL)

    def field(self, *, closed: bool) -> bytes:
        """The pattern of one field; one that is not closed may end inside its quotes."""
        delimiter, quote, escape = re.escape(self.delimiter), re.escape(self.quote), re.escape(self.escape)
        if not quote:
            return rb"(?:(?!%b)[^\r\n])*+" % delimiter
        inside = rb"[^%b%b]*+" % (quote, escape)
        pair = escape + b"." if escape else quote + quote
        end = quote if closed else rb"(?:%b|%b)?" % (quote, escape) if escape else quote + b"?"
        quoted = b"".join((quote, inside, b"(?:", pair, inside, b")*+", end))
        if len(self.delimiter) == 1:
            return rb"(?:%b|[^%b%b\r\n]*+)" % (quoted, delimiter, quote)
        return rb"(?:%b|(?:(?!%b)[^%b\r\n])*+)" % (quoted, delimiter, quote)


@lru_cache(maxsize=64)
def _one_field(dialect: Dialect) -> re.Pattern[bytes]:
    """Kept, since dialects are tried by the hundred on the first lines of every text."""
    return re.compile(dialect.field(closed=True), re.DOTALL)
