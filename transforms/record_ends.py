"""Where the records of a CSV text end: all at once in well-formed text, run by run around damage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.errors import FlowBroken, Mistake

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from transforms.flow.source import ReadOptions

    Offsets = NDArray[np.int64]

LONGEST_RECORD = 2_000_000
"""Bytes of one record; DuckDB refuses longer ones."""


@dataclass(frozen=True)
class Dialect:
    """How the text is written: one byte between fields, one byte around them."""

    delimiter: bytes = b","
    quote: bytes = b'"'

    @property
    def whole_records(self) -> re.Pattern[bytes]:
        """As many whole, well-formed records as there are; possessive, so that no text makes it slow."""
        piece = self._field(closed=True)
        return re.compile(rb"(?:%b(?:%b%b)*+(?:\r?\n|\r(?!\n)))*+" % (piece, re.escape(self.delimiter), piece))

    @property
    def cut_record(self) -> re.Pattern[bytes]:
        """A well-formed record whose end is still to come."""
        piece = self._field(closed=True)
        return re.compile(rb"(?:%b%b)*+%b\r?" % (piece, re.escape(self.delimiter), self._field(closed=False)))

    def _field(self, *, closed: bool) -> bytes:
        delimiter, quote = re.escape(self.delimiter), re.escape(self.quote)
        inside = rb"[^%b]*+" % quote
        quoted = b"".join((quote, inside, b"(?:", quote, quote, inside, b")*+", quote, b"" if closed else b"?"))
        return rb"(?:%b|[^%b%b\r\n]*+)" % (quoted, delimiter, quote)


def dialect_of(options: ReadOptions) -> Dialect:
    """The dialect that a flow declares.

    Raises:
        FlowBroken: a delimiter or quote is not one byte, or they are the same.
    """
    mistakes = [
        Mistake("", f"source.options.{option}", repr(letter), "one ASCII character that is no line break")
        for option, letter in (("delimiter", options.delimiter), ("quote", options.quote))
        if not letter.isascii() or letter in "\r\n\0"
    ]
    if options.delimiter == options.quote:
        mistakes.append(Mistake("", "source.options.quote", repr(options.quote), "another one than the delimiter"))
    if mistakes:
        raise FlowBroken(mistakes)
    return Dialect(options.delimiter.encode(), options.quote.encode())


class RecordEnds:
    """Finds the last byte of the line break of each record."""

    def __init__(self, dialect: Dialect) -> None:
        self._quote, self._delimiter = dialect.quote, dialect.delimiter
        self._whole_records, self._cut_record = dialect.whole_records, dialect.cut_record

    def find(self, data: bytes, *, final: bool) -> tuple[Offsets, list[int]]:
        """The stops of all whole records in `data`, and which of the records are damaged lines.

        Not `final`: the last record may go on in text that is still to come, and then has no stop.
        `final`: `data` ends with a line break.
        """
        stops = self._well_formed(data, final=final)
        return self._around_damage(data, final=final) if stops is None else (stops, [])

    def _well_formed(self, data: bytes, *, final: bool) -> Offsets | None:
        """None where a quote is out of place, or a record is so long that a quote may be open."""
        import numpy as np

        stops = _line_stops(data, final=final)
        if self._quote in data:
            quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == self._quote[0])
            if (final and len(quotes) % 2) or not self._all_in_place(data, quotes):
                return None
            stops = _outside(quotes, stops)
        lengths = np.diff(stops, prepend=-1, append=len(data) - 1)
        return stops if lengths.max() <= LONGEST_RECORD else None

    def _all_in_place(self, data: bytes, quotes: Offsets) -> bool:
        """Opening quotes start a field, closing ones end it; a doubled quote closes and opens."""
        import numpy as np

        letters = np.frombuffer(data, np.uint8)
        may_touch = np.zeros(256, np.bool_)
        may_touch[list(self._delimiter + self._quote + b"\r\n")] = True
        opening, closing = quotes[0::2], quotes[1::2]
        before = letters[opening[opening > 0] - 1]
        after = letters[closing[closing < len(data) - 1] + 1]
        return bool(may_touch[before].all() and may_touch[after].all())

    def _around_damage(self, data: bytes, *, final: bool) -> tuple[Offsets, list[int]]:
        import numpy as np

        found = [np.empty(0, np.int64)]
        damaged: list[int] = []
        at = count = 0
        while at < len(data):
            stops = self._run(data, at, final=final)
            if not len(stops):
                stop = None if self._may_go_on(data, at, final=final) else _end_of_line(data, at, final=final)
                if stop is None:
                    break
                damaged.append(count)
                stops = np.array([stop], np.int64)
            found.append(stops)
            at, count = int(stops[-1]) + 1, count + len(stops)
        return np.concatenate(found), damaged

    def _run(self, data: bytes, at: int, *, final: bool) -> Offsets:
        """The stops of the well-formed records from `at` on, up to the first that is in doubt."""
        import numpy as np

        match = self._whole_records.match(data, at)
        run = data[at : match.end() if match else at]
        stops = _line_stops(run, final=final or at + len(run) < len(data))
        if self._quote in run:
            stops = _outside(np.flatnonzero(np.frombuffer(run, np.uint8) == self._quote[0]), stops)
        too_long = np.flatnonzero(np.diff(stops, prepend=-1) > LONGEST_RECORD)
        return at + (stops[: too_long[0]] if len(too_long) else stops)

    def _may_go_on(self, data: bytes, at: int, *, final: bool) -> bool:
        short = not final and len(data) - at <= LONGEST_RECORD
        return short and self._cut_record.fullmatch(data, at) is not None


def _outside(quotes: Offsets, stops: Offsets) -> Offsets:
    """The line breaks that have an even number of quotes before them."""
    import numpy as np

    outside: Offsets = stops[np.searchsorted(quotes, stops) % 2 == 0]
    return outside


def _line_stops(data: bytes, *, final: bool) -> Offsets:
    """The last byte of every line break; a CR at the very end is one only if nothing follows."""
    import numpy as np

    letters = np.frombuffer(data, np.uint8)
    stops: Offsets = np.flatnonzero(letters == ord("\n"))
    if b"\r" not in data:
        return stops
    returns = np.flatnonzero(letters == ord("\r"))
    decided = returns[returns < len(data) - (0 if final else 1)]
    last = decided == len(data) - 1
    alone = decided[last | (letters[np.minimum(decided + 1, len(data) - 1)] != ord("\n"))]
    return np.sort(np.concatenate((stops, alone))) if len(alone) else stops


def _end_of_line(data: bytes, at: int, *, final: bool) -> int | None:
    """The last byte of the line break of the line that holds `at`, if the line is whole."""
    match = _LINE.match(data, at)
    if match is None or (not final and match.end() == len(data) and data.endswith(b"\r")):
        return None
    return match.end() - 1


_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\n|\r)")
