"""Records that end with something else than a line break become lines while they stream by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from transforms.errors import UnreadableUpload
from transforms.records import LONGEST_SEARCH

if TYPE_CHECKING:
    from transforms.dialect import Dialect


def with_line_breaks(chunks: Iterable[bytes], mark: bytes, dialect: Dialect) -> Iterator[bytes]:
    """Every `mark` is a line break; a field with a line break of its own is in quotes.

    Shape:
        A mark ends a record wherever it stands, in quotes as well.
    Raises:
        UnreadableUpload: no mark for four blocks.
    Example:
        >>> from transforms.dialect import Dialect
        >>> b"".join(with_line_breaks([b"id,note~1,two\\nlines", b"~2,x~"], b"~", Dialect()))
        b'id,note\\n1,"two\\nlines"\\n2,x\\n'
    """
    held = b""
    for chunk in chunks:
        held += chunk
        if len(held) > LONGEST_SEARCH and mark not in held:
            raise UnreadableUpload(f"no record ends with {mark!r} in {len(held):,} bytes; look at record_end")
        whole, found, held = held.rpartition(mark)
        if found:
            yield _lines(whole, mark, dialect) + b"\n"
    if held.strip(b"\r\n"):
        yield _lines(held, mark, dialect)


def _lines(text: bytes, mark: bytes, dialect: Dialect) -> bytes:
    if b"\n" not in text and b"\r" not in text:
        return text.replace(mark, b"\n")
    return b"\n".join(_in_quotes(record, dialect) for record in text.split(mark))


def _in_quotes(record: bytes, dialect: Dialect) -> bytes:
    """The record with its line breaks inside quotes; one with quotes of its own stays as it is."""
    if (b"\n" not in record and b"\r" not in record) or dialect.quote in record:
        return record
    fields = record.split(dialect.delimiter)
    return dialect.delimiter.join(
        dialect.quote + field + dialect.quote if b"\n" in field or b"\r" in field else field for field in fields
    )
