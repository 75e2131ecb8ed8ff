"""Plain lines: text in which every line is a record, counted at the speed of memory."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import TYPE_CHECKING

from transforms.record_ends import LONGEST_RECORD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from transforms.dialect import Dialect


def count_plain_lines(chunks: Iterable[bytes], dialect: Dialect) -> int | None:
    """The number of lines, or None where a line may be more, less or other than a record.

    Shape:
        None for a byte order mark, quotes, comments, blank lines, line breaks other than LF, NUL, what is not UTF-8,
        and lines that are too long. A chunk is held at a time, and nothing is looked at after the first doubt.
    Example:
        >>> from transforms.dialect import Dialect
        >>> count_plain_lines([b"id,note\\n1,o", b"ne\\n2,two"], Dialect())
        3
        >>> count_plain_lines([b'id,note\\n1,"one"\\n'], Dialect()) is None
        True
    """
    import numpy as np

    if dialect.comment:
        return None
    odd = tuple(sign for sign in (dialect.quote, b"\r", b"\0") if sign)
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, open_bytes = 0, 0
    try:
        for chunk in chunks:
            if not lines and not open_bytes and chunk.startswith(codecs.BOM_UTF8):
                return None
            breaks = _line_breaks(chunk)
            if any(sign in chunk for sign in odd) or _has_blank_line(breaks, starts_a_line=not open_bytes):
                return None
            if not chunk.isascii() or decoder.getstate()[0]:
                decoder.decode(chunk)
            longest, open_bytes = _line_lengths(chunk, open_bytes)
            if longest > LONGEST_RECORD:
                return None
            lines += int(np.count_nonzero(breaks))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return None
    return lines + (open_bytes > 0)


def _line_breaks(chunk: bytes) -> NDArray[np.bool_]:
    import numpy as np

    breaks: NDArray[np.bool_] = np.frombuffer(chunk, np.uint8) == ord("\n")
    return breaks


def _has_blank_line(breaks: NDArray[np.bool_], *, starts_a_line: bool) -> bool:
    return bool((starts_a_line and breaks[:1].any()) or (breaks[1:] & breaks[:-1]).any())


def _line_lengths(chunk: bytes, open_bytes: int) -> tuple[int, int]:
    """No line of the chunk is longer than this; and the bytes of its last line, which may go on."""
    first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
    if first < 0:
        return open_bytes + len(chunk), open_bytes + len(chunk)
    return max(open_bytes + first, _longest_gap(chunk, first, last)), len(chunk) - last - 1


def _longest_gap(chunk: bytes, first: int, last: int) -> int:
    """No line between these line breaks is longer: strides from break to break, each as long as a record may be."""
    while first < last:
        following = chunk.rfind(b"\n", first + 1, first + LONGEST_RECORD + 2)
        if following < 0:
            return LONGEST_RECORD + 1
        first = following
    return 0
