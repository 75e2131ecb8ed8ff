"""Records of a CSV text, found and counted without DuckDB.

A record ends at a line break (LF, CRLF or CR) outside quotes. A quote opens at the start of a field,
is doubled inside, and closes at the end of the field (RFC 4180). Text that breaks this is damage: the
*line* it starts on is one damaged record, and reading goes on with the next line, so that an open
quote takes no neighbours with it. Blank lines are no records, unless there is only one column; comments are none.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from transforms.dialect import Dialect
from transforms.errors import UnreadableUpload
from transforms.record_ends import LONGEST_RECORD, RecordEnds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from transforms.record_ends import Offsets

BLOCK_BYTES = 4 * 2**20
LONGEST_SEARCH = 4 * BLOCK_BYTES
"""Bytes in which a record must end."""


@dataclass(frozen=True)
class Block:
    """Whole records: record `i` is `data[starts[i]:ends[i]]`, its line break comes after it."""

    data: bytes
    starts: Offsets
    ends: Offsets
    damaged: Mapping[int, str] = field(default_factory=dict)
    blank_lines: int = 0
    comments: int = 0
    line_breaks: frozenset[bytes] = frozenset()

    def __len__(self) -> int:
        return len(self.starts)

    def raw(self, index: int) -> bytes:
        """The bytes of one record, without its line break."""
        return self.data[int(self.starts[index]) : int(self.ends[index])]

    def whole_records(self) -> bytes:
        """The undamaged records, each with one LF behind it."""
        import numpy as np

        kept = np.ones(len(self), np.bool_)
        kept[list(self.damaged)] = False
        starts, ends = self.starts[kept], self.ends[kept]
        if not len(starts):
            return b""
        letters = np.frombuffer(self.data, np.uint8)
        if (letters[ends] != ord("\n")).any():
            letters = letters.copy()
            letters[ends] = ord("\n")
        # Records that touch each other are copied as one: between damage that is rare, thousands of them.
        gaps = np.flatnonzero(starts[1:] != ends[:-1] + 1)
        firsts, lasts = starts[np.append(0, gaps + 1)], ends[np.append(gaps, len(ends) - 1)] + 1
        view = letters.data
        return b"".join(view[first:last] for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True))

    def part(self, first: int, stop: int) -> Block:
        """The block with the records from `first` on, and before `stop`, alone."""
        starts = self.starts[first:stop]
        damaged = {index - first: rule for index, rule in self.damaged.items() if first <= index < first + len(starts)}
        return replace(self, starts=starts, ends=self.ends[first:stop], damaged=damaged)


def blocks_of(chunks: Iterable[bytes], dialect: Dialect, *, blank_is_record: bool | None = None) -> Iterator[Block]:
    """Every record of the text is in exactly one block, in order; a byte order mark is in none.

    `blank_is_record` decides about blank lines; without, the first record does.

    Shape:
        About `BLOCK_BYTES` and one record are held at a time.
    Raises:
        UnreadableUpload: no record ends within four blocks.
    Source:
        RFC 4180; the line breaks are those that DuckDB knows.
    Example:
        >>> [block] = blocks_of([b'id,note\\n1,"two', b'\\nlines"\\n\\n2,"open\\n3,last'], Dialect())
        >>> [block.raw(i) for i in range(len(block))], dict(block.damaged), block.blank_lines
        ([b'id,note', b'1,"two\\nlines"', b'2,"open', b'3,last'], {2: 'quote'}, 1)
    """
    ends = RecordEnds(dialect)
    blocks = _Blocks(dialect, blank_is_record)
    held, offset = b"", 0
    for chunk in _without_mark(chunks):
        held += chunk
        if len(held) < BLOCK_BYTES:
            continue
        stops, damaged = ends.find(held, final=False)
        if not len(stops):
            _refuse_endless(held, offset)
            continue
        used = int(stops[-1]) + 1
        yield blocks.block(held[:used], stops, damaged)
        held, offset = held[used:], offset + used
    if held:
        held += b"" if held.endswith((b"\n", b"\r")) else b"\n"
        yield blocks.block(held, *ends.find(held, final=True))


def _without_mark(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for index, chunk in enumerate(chunks):
        yield chunk if index else chunk.removeprefix(codecs.BOM_UTF8)


def _refuse_endless(held: bytes, offset: int) -> None:
    if len(held) >= LONGEST_SEARCH:
        raise UnreadableUpload(f"no record ends in {len(held):,} bytes from byte {offset:,} on; expected lines of text")


class _Blocks:
    """Makes blocks of the ends that were found; knows from the header whether a blank line is a record."""

    def __init__(self, dialect: Dialect, blank_is_record: bool | None) -> None:
        self._delimiter, self._comment = dialect.delimiter, dialect.comment
        self._blank_is_record = blank_is_record

    def block(self, data: bytes, stops: Offsets, damaged: list[int]) -> Block:
        import numpy as np

        letters = np.frombuffer(data, np.uint8)
        starts = np.concatenate((np.zeros(1, np.int64), stops[:-1] + 1))
        is_cr = letters[stops] == ord("\r")
        is_crlf = ~is_cr & (stops > starts) & (letters[np.maximum(stops - 1, 0)] == ord("\r"))
        found = {b"\r": is_cr.any(), b"\r\n": is_crlf.any(), b"\n": not (is_cr | is_crlf).all()}
        ends = stops - is_crlf
        rules = dict.fromkeys(damaged, "quote")
        comments = self._comments(letters, starts, ends)
        kept = ~comments & self._records(data, starts, ends, comments)
        if not kept.all():
            place = np.cumsum(kept) - 1
            rules = {int(place[index]): rule for index, rule in rules.items() if kept[index]}
        blank_lines = int((~kept & ~comments).sum())
        starts, ends = starts[kept], ends[kept]
        rules.update(_unreadable(data, starts, ends))
        line_breaks = frozenset(name for name, there in found.items() if there)
        return Block(data, starts, ends, rules, blank_lines, int(comments.sum()), line_breaks)

    def _comments(self, letters: NDArray[np.uint8], starts: Offsets, ends: Offsets) -> NDArray[np.bool_]:
        import numpy as np

        if not self._comment:
            return np.zeros(len(starts), np.bool_)
        found = ends - starts >= len(self._comment)
        for index, letter in enumerate(self._comment):
            found[found] &= letters[starts[found] + index] == letter
        return found

    def _records(self, data: bytes, starts: Offsets, ends: Offsets, comments: NDArray[np.bool_]) -> NDArray[np.bool_]:
        import numpy as np

        written = (starts < ends) & ~comments
        if self._blank_is_record is None and written.any():
            first = int(np.argmax(written))
            self._blank_is_record = self._delimiter not in data[starts[first] : ends[first]]
            return written if not self._blank_is_record else np.arange(len(written)) >= first
        return np.ones_like(written) if self._blank_is_record else written


def _unreadable(data: bytes, starts: Offsets, ends: Offsets) -> dict[int, str]:
    """The records that are too long, hold a NUL byte, or are not UTF-8, each with its rule."""
    import numpy as np

    rules = dict.fromkeys(np.flatnonzero(ends - starts > LONGEST_RECORD).tolist(), "length")
    letters = np.frombuffer(data, np.uint8)
    if b"\0" in data:
        rules.update(dict.fromkeys(_records_at(starts, ends, np.flatnonzero(letters == 0)), "nul"))
    if not data.isascii() and not _is_utf8(data):
        for index in _records_at(starts, ends, np.flatnonzero(letters > 127)):  # noqa: PLR2004 - the last ASCII byte
            if not _is_utf8(data[int(starts[index]) : int(ends[index])]):
                rules[index] = "encoding"
    return rules


def _records_at(starts: Offsets, ends: Offsets, positions: Offsets) -> list[int]:
    """The records that the positions are in; comments and blank lines are between records."""
    import numpy as np

    if not len(starts):
        return []
    before = np.searchsorted(starts, positions, side="right") - 1
    inside = (before >= 0) & (positions < ends[np.maximum(before, 0)])
    found: list[int] = np.unique(before[inside]).tolist()
    return found


def _is_utf8(data: bytes) -> bool:
    try:
        codecs.utf_8_decode(data, "strict", True)
    except UnicodeDecodeError:
        return False
    return True
