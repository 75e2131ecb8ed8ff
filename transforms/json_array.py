"""A JSON array of records becomes JSON lines while it streams by: one element a line.

Only the structure is looked at: strings, brackets and the commas between elements. Whether an element is a
record is judged line by line afterwards; text without a structure ends the upload, with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from transforms.dialect import Dialect
from transforms.errors import UnreadableUpload
from transforms.record_ends import LONGEST_RECORD, unescaped_quotes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST_ELEMENT = 2 * LONGEST_RECORD
"""Bytes in which an element must end; one that is longer than a record may be is damage."""

_PIECE_BYTES = 2**20
"""Looked at together: where every byte is a bracket, each takes many times its size."""
_JSON = Dialect(quote=b'"', escape=b"\\")
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_BLANK_LINE = re.compile(rb"^[ \t]*$", re.MULTILINE)
_SPACE = b" \t\r\n\xef\xbb\xbf"


def lines_of_array(chunks: Iterable[bytes], upload: str) -> Iterator[bytes]:
    """The elements of one JSON array pass by as lines, in order.

    Shape:
        Line breaks between tokens become spaces. One inside a string, which JSON does not allow, becomes a
        vertical tab, which JSON does not allow either.
    Raises:
        UnreadableUpload: there is no array, it does not end, an element is missing, or something comes after it.
    Source:
        RFC 8259.
    Example:
        >>> b"".join(lines_of_array([b'[{"id": 1,', b'\\n "tags": ["a", "]"]}, {"id": 2}]'], "a.json"))
        b'{"id": 1,  "tags": ["a", "]"]}\\n {"id": 2}\\n'
    """
    array = _Array(upload)
    for chunk in chunks:
        for first in range(0, len(chunk), _PIECE_BYTES):
            yield from array.take(chunk[first : first + _PIECE_BYTES])
    array.confirm_end()


class _Array:
    """How far an array was read: `held` starts with an element, `offset` is the place of its first byte."""

    def __init__(self, upload: str) -> None:
        self._upload = upload
        self._held = b""
        self._offset = 0
        self._elements = 0
        self._state = "before"

    def take(self, chunk: bytes) -> Iterator[bytes]:
        self._held += chunk
        if self._state == "before":
            self._open()
        if self._state == "inside":
            lines = self._whole_elements()
            if lines:
                yield lines
        if self._state == "after" and self._held.strip(_SPACE):
            raise self._refused("there is something after the array", self._held)

    def confirm_end(self) -> None:
        if self._state == "before":
            raise self._refused("empty" if not self._held.strip(_SPACE) else "no array", self._held)
        if self._state == "inside":
            raise self._refused(f"the array does not end; its element {self._elements + 1:,} is not whole", self._held)

    def _open(self) -> None:
        text = self._held.lstrip(_SPACE)
        if not text:
            return
        if not text.startswith(b"["):
            raise self._refused("no array, which starts with a bracket (is it JSON lines, format jsonl?)", text)
        self._advance(len(self._held) - len(text) + 1)
        self._state = "inside"

    def _whole_elements(self) -> bytes:
        """The elements that are whole, as lines; the rest is held."""
        import numpy as np

        places, depths = _structure(self._held)
        letters = np.frombuffer(self._held, np.uint8)
        closing = np.flatnonzero(depths < 0)
        end = int(places[closing[0]]) if len(closing) else None
        if end is not None and letters[end] != ord("]"):
            raise self._refused("a bracket closes what was not opened", self._held[end:], end)
        commas = places[(depths == 0) & (letters[places] == ord(","))]
        stops = commas if end is None else np.append(commas[commas < end], end)
        if not len(stops):
            if len(self._held) > LONGEST_ELEMENT:
                raise self._refused(f"no element ends in {len(self._held):,} bytes", self._held)
            return b""
        used = int(stops[-1]) + 1
        empty = end is not None and not self._elements and len(stops) == 1 and not self._held[:end].strip(_SPACE)
        lines = b"" if empty else self._lines(self._held[:used], stops)
        self._elements += len(stops)
        self._advance(used)
        self._state = "inside" if end is None else "after"
        return lines

    def _lines(self, data: bytes, stops: NDArray[np.int64]) -> bytes:
        import numpy as np

        letters = np.frombuffer(data, np.uint8).copy()
        breaks = np.flatnonzero((letters == ord("\n")) | (letters == ord("\r")))
        in_string = np.searchsorted(unescaped_quotes(data, _JSON), breaks) % 2 == 1
        letters[breaks] = np.where(in_string, ord("\v"), ord(" "))
        letters[stops] = ord("\n")
        lines = letters.tobytes()
        if (blank := _BLANK_LINE.search(lines, 0, len(lines) - 1)) is not None:
            raise self._refused("an element is missing", data[blank.start() :], blank.start())
        return lines

    def _advance(self, size: int) -> None:
        self._held = self._held[size:]
        self._offset += size

    def _refused(self, what: str, text: bytes, after: int = 0) -> UnreadableUpload:
        near = text[:40].decode(errors="replace")
        return UnreadableUpload(
            f"{self._upload}: {what}, at byte {self._offset + after:,} (near {near!r}); write it again"
        )


def _structure(data: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places of brackets and commas outside of strings, and the depth after each."""
    import numpy as np

    steps = np.zeros(256, np.int64)
    is_mark = np.zeros(256, np.bool_)
    is_mark[ord(",")] = True
    for letter, step in _STEPS.items():
        steps[letter], is_mark[letter] = step, True
    letters = np.frombuffer(data, np.uint8)
    marks = np.flatnonzero(is_mark[letters])
    outside = marks[np.searchsorted(unescaped_quotes(data, _JSON), marks) % 2 == 0]
    return outside, np.cumsum(steps[letters[outside]])
