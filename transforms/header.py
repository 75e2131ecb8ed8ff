"""The header of a CSV text: its first record, which names the columns."""

from __future__ import annotations

import csv
import io
from collections import Counter

from transforms.damage import DAMAGE
from transforms.errors import UnreadableUpload
from transforms.record_ends import Dialect
from transforms.records import Block


def header_of(block: Block, upload: str, dialect: Dialect) -> tuple[str, ...]:
    """The column names, exactly as they are written, each of them there and there once.

    Raises:
        UnreadableUpload: the record is damaged, or a column has no name, or the name of another one.
    Example:
        >>> from transforms.records import blocks_of
        >>> [block] = blocks_of([b"id,note"], Dialect())
        >>> header_of(block, "a.csv", Dialect())
        ('id', 'note')
    """
    if rule := block.damaged.get(0):
        raise UnreadableUpload(f"{upload}: the header is not a line of CSV text: {DAMAGE[rule]}")
    text = io.StringIO(block.raw(0).decode(), newline="")
    names = tuple(next(csv.reader(text, delimiter=dialect.delimiter.decode(), quotechar=dialect.quote.decode())))
    nameless = [str(place) for place, name in enumerate(names, 1) if not name.strip()]
    if nameless:
        raise UnreadableUpload(
            f"{upload}: no column name at place {', '.join(nameless)} of the header; expected one a column"
        )
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise UnreadableUpload(
            f"{upload}: the header has {', '.join(repeated)} more than once; expected each name once"
        )
    return names
