"""Where the records of a CSV text end: all at once in well-formed text, run by run around damage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from transforms.dialect import Dialect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Offsets = NDArray[np.int64]

LONGEST_RECORD = 2_000_000
"""Bytes of one record; DuckDB refuses longer ones."""


class RecordEnds:
    """Finds the last byte of the line break of each record."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._quote, self._comment = dialect.quote, dialect.comment
        if self._quote:
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
        if not self._quote or not len(stops):
            return stops  # where no line ends, no record does: nobody has to look for quotes
        if self._quote in data:
            if self._comment and _starts_a_line(self._comment, data):
                return None  # a quote in a comment opens nothing
            quotes = opening_and_closing(data, self._dialect)
            if quotes is None or (final and len(quotes) % 2) or not self._all_in_place(data, quotes):
                return None
            stops = _outside(quotes, stops)
        lengths = np.diff(stops, prepend=-1, append=len(data) - 1)
        return stops if lengths.max() <= LONGEST_RECORD else None

    def _all_in_place(self, data: bytes, quotes: Offsets) -> bool:
        """Opening quotes start a field, closing ones end it; a doubled quote closes and opens."""
        import numpy as np

        letters = np.frombuffer(data, np.uint8)
        delimiter = self._dialect.delimiter
        touching = b"\r\n" + (b"" if self._dialect.escape else self._quote)
        may_touch = np.zeros(256, np.bool_)
        may_touch[list(touching + (delimiter if len(delimiter) == 1 else b""))] = True
        opening, closing = quotes[0::2], quotes[1::2]
        before, after = opening[opening > 0] - 1, closing[closing < len(data) - 1] + 1
        odd_before, odd_after = before[~may_touch[letters[before]]], after[~may_touch[letters[after]]]
        if len(delimiter) == 1:
            return not len(odd_before) and not len(odd_after)
        return _all_match(letters, odd_before - len(delimiter) + 1, delimiter) and _all_match(
            letters, odd_after, delimiter
        )

    def _around_damage(self, data: bytes, *, final: bool) -> tuple[Offsets, list[int]]:
        import numpy as np

        found = [np.empty(0, np.int64)]
        damaged: list[int] = []
        at = count = 0
        while at < len(data):
            stops = self._comment_or_run(data, at, final=final)
            if stops is None:
                break
            if not len(stops):
                stop = None if self._may_go_on(data, at, final=final) else _end_of_line(data, at, final=final)
                if stop is None:
                    break
                damaged.append(count)
                stops = np.array([stop], np.int64)
            found.append(stops)
            at, count = int(stops[-1]) + 1, count + len(stops)
        return np.concatenate(found), damaged

    def _comment_or_run(self, data: bytes, at: int, *, final: bool) -> Offsets | None:
        """None where a comment goes on in text that is still to come."""
        import numpy as np

        if not (self._comment and data.startswith(self._comment, at)):
            return self._run(data, at, final=final)
        stop = _end_of_line(data, at, final=final)
        return None if stop is None else np.array([stop], np.int64)

    def _run(self, data: bytes, at: int, *, final: bool) -> Offsets:
        """The stops of the well-formed records from `at` on, up to the first that is in doubt."""
        import numpy as np

        match = self._whole_records.match(data, at)
        run = data[at : match.end() if match else at]
        stops = _line_stops(run, final=final or at + len(run) < len(data))
        if self._quote in run:
            quotes = opening_and_closing(run, self._dialect)
            stops = stops[:0] if quotes is None else _outside(quotes, stops)
        too_long = np.flatnonzero(np.diff(stops, prepend=-1) > LONGEST_RECORD)
        return at + (stops[: too_long[0]] if len(too_long) else stops)

    def _may_go_on(self, data: bytes, at: int, *, final: bool) -> bool:
        short = not final and len(data) - at <= LONGEST_RECORD
        return short and self._cut_record.fullmatch(data, at) is not None


def opening_and_closing(data: bytes, dialect: Dialect) -> Offsets | None:
    """Every quote that is not escaped; None where one is escaped outside of quotes."""
    import numpy as np

    quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == dialect.quote[0])
    kept = unescaped_quotes(data, dialect)
    escaped = np.setdiff1d(quotes, kept, assume_unique=True) if len(kept) < len(quotes) else quotes[:0]
    return kept if (np.searchsorted(kept, escaped) % 2 == 1).all() else None


def unescaped_quotes(data: bytes, dialect: Dialect) -> Offsets:
    """Every quote that has an even number of escapes before it."""
    import numpy as np

    letters = np.frombuffer(data, np.uint8)
    quotes: Offsets = np.flatnonzero(letters == dialect.quote[0])
    if not dialect.escape or dialect.escape not in data:
        return quotes
    is_escape = letters == dialect.escape[0]
    last_other = np.maximum.accumulate(np.where(is_escape, -1, np.arange(len(letters))))
    escapes_before = quotes - 1 - np.where(quotes > 0, last_other[np.maximum(quotes - 1, 0)], -1)
    unescaped: Offsets = quotes[escapes_before % 2 == 0]
    return unescaped


def _all_match(letters: NDArray[np.uint8], places: Offsets, text: bytes) -> bool:
    """The text stands at each of the places."""
    if not len(places):
        return True
    if places[0] < 0 or places[-1] + len(text) > len(letters):
        return False
    return all(bool((letters[places + index] == letter).all()) for index, letter in enumerate(text))


def _starts_a_line(text: bytes, data: bytes) -> bool:
    return data.startswith(text) or b"\n" + text in data or b"\r" + text in data


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
