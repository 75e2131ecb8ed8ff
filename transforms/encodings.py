"""Encodings: whatever an upload is written in becomes UTF-8 while it streams by.

Only what the bytes say beyond doubt is detected: a byte order mark, or the zeros of UTF-16 and UTF-32. The
8-bit encodings look all alike; a wrong guess would change letters in silence, so they have to be declared.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

UTF_8 = "utf-8"
_MARKS = {
    codecs.BOM_UTF8: UTF_8,
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""In this order: the mark of UTF-16 is how that of UTF-32 begins."""
_ZEROS: dict[tuple[int, ...], str] = {
    (0, 1, 1, 1): "utf-32-le",
    (1, 1, 1, 0): "utf-32-be",
    (0, 1, 0, 1): "utf-16-le",
    (1, 0, 1, 0): "utf-16-be",
}
"""Which of four bytes in a row are zero in text that is mostly ASCII."""
_MOSTLY = 0.7
_HANDLER = "sluice.keep_as_surrogates"


def detected_encoding(sample: bytes) -> str:
    """The encoding that the first bytes of a text prove, else UTF-8.

    Source:
        Unicode 15, section 23.8: byte order marks.
    Example:
        >>> detected_encoding("id,note".encode("utf-16-be")), detected_encoding(b"id,note")
        ('utf-16-be', 'utf-8')
    """
    for mark, encoding in _MARKS.items():
        if sample.startswith(mark):
            return encoding
    words = len(sample) // 4
    if not words:
        return UTF_8
    shares = [sample[place : 4 * words : 4].count(0) / words for place in range(4)]
    pattern = tuple(int(share > _MOSTLY) for share in shares)
    rest = [share for share, zero in zip(shares, pattern, strict=True) if not zero]
    return _ZEROS.get(pattern, UTF_8) if max(rest, default=1.0) < 1 - _MOSTLY else UTF_8


def in_utf_8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The text passes by in UTF-8, a byte order mark as well.

    Shape:
        A byte that `encoding` has no letter for becomes bytes that UTF-8 has none for either, so that its record
        is found to be damaged.
    Example:
        >>> b"".join(in_utf_8([b"caf", b"\\xe9"], "cp1252"))
        b'caf\\xc3\\xa9'
    """
    if encoding == UTF_8:
        yield from chunks
        return
    codecs.register_error(_HANDLER, _kept_as_surrogates)
    decoder = codecs.getincrementaldecoder(encoding)(_HANDLER)
    for text in _decoded(decoder, chunks):
        yield text.encode(UTF_8, "surrogatepass")


def is_text_encoding(name: str) -> bool:
    """True for the name of an encoding that Python can turn into text."""
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def _decoded(decoder: codecs.IncrementalDecoder, chunks: Iterable[bytes]) -> Iterator[str]:
    for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def _kept_as_surrogates(error: UnicodeError) -> tuple[str, int]:
    """Each byte as a lone surrogate, which no text has."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in wrong), error.end
