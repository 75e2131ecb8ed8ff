"""The form of a CSV text: what the flow declares of it, and what its first bytes tell of the rest.

The best witness is the contract: the header is the first line that names enough of its columns, and the
delimiter and quote are those that make it do so. Lines before it are the preamble.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.dialect import Dialect
from transforms.encodings import UTF_8, detected_encoding, in_utf_8

if TYPE_CHECKING:
    from transforms.flow.read_options import ReadOptions

_DELIMITERS = (b",", b";", b"\t", b"|")
_QUOTES = (b'"', b"'")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_LINES_LOOKED_AT = 100
_SAMPLE_BYTES = 2**18


@dataclass(frozen=True)
class TextForm:
    """How one upload is written; `detected` names what nobody declared."""

    dialect: Dialect
    encoding: str
    preamble_lines: int
    preamble_bytes: int
    """In UTF-8, with the byte order mark."""
    record_end: bytes
    """Empty: a line break of any kind."""
    header_rows: int
    column_names: tuple[str, ...]
    """In place of the header's; empty: the header's count."""
    footer_records: int
    numbers_odd_names: bool
    detected: tuple[str, ...]

    @property
    def told(self) -> dict[str, Any]:
        """For the manifest."""
        return {
            "encoding": self.encoding,
            "delimiter": self.dialect.delimiter.decode(),
            "quote": self.dialect.quote.decode(),
            "escape": (self.dialect.escape or self.dialect.quote).decode(),
            "record_end": self.record_end.decode(),
            "comment": self.dialect.comment.decode(),
            "preamble_lines": self.preamble_lines,
            "header_rows": self.header_rows,
            "footer_records": self.footer_records,
            "detected": list(self.detected),
        }


@dataclass(frozen=True)
class _Header:
    """A line that may be the header, read in one of the ways that it could be written."""

    line: int
    delimiter: bytes
    quote: bytes
    known: int


def text_form_of(first_bytes: bytes, options: ReadOptions, names: Collection[str]) -> TextForm:
    """The form of a text, from its first bytes; `names` are the columns that the contract declares.

    Example:
        >>> from transforms.flow.read_options import ReadOptions
        >>> form = text_form_of(b"Sales of May\\n\\nid;km\\n1;2,5\\n", ReadOptions(), ["id", "km"])
        >>> form.dialect.delimiter, form.preamble_lines, form.detected
        (b';', 2, ('delimiter', 'skip_lines'))
    """
    sample = first_bytes[:_SAMPLE_BYTES]
    encoding = codecs.lookup(options.encoding).name if options.encoding else detected_encoding(sample)
    record_end = (options.record_end or "").encode()
    lines = list(_lines(b"".join(in_utf_8([sample], encoding)), record_end))
    skipped = options.skip_lines or 0
    header = _header(lines[skipped:], options, names)
    before = skipped + header.line
    found = {
        "encoding": options.encoding is None and encoding != UTF_8,
        "delimiter": options.delimiter is None and header.delimiter != _DELIMITERS[0],
        "quote": options.quote is None and header.quote != _QUOTES[0],
        "skip_lines": before > skipped,
    }
    escape = (options.escape or "").encode()
    return TextForm(
        dialect=Dialect(
            header.delimiter, header.quote, b"" if escape == header.quote else escape, (options.comment or "").encode()
        ),
        encoding=encoding,
        preamble_lines=before,
        preamble_bytes=sum(len(line) for line in lines[:before]),
        record_end=record_end,
        header_rows=options.header_rows,
        column_names=options.column_names or (() if options.header_rows else tuple(names)),
        footer_records=options.skip_footer,
        numbers_odd_names=options.odd_names == "number",
        detected=tuple(name for name, is_found in found.items() if is_found),
    )


def _lines(sample: bytes, record_end: bytes) -> Iterator[bytes]:
    """The first lines with what ends them; a last one that may be cut counts as well."""
    if record_end:
        yield from (line + record_end for line in sample.split(record_end, _LINES_LOOKED_AT)[:_LINES_LOOKED_AT])
        return
    at = 0
    for _ in range(_LINES_LOOKED_AT):
        match = _LINE.match(sample, at)
        if match is None or match.end() == at:
            return
        yield match[0]
        at = match.end()


def _header(lines: Sequence[bytes], options: ReadOptions, names: Collection[str]) -> _Header:
    """The header; without one that is known, the first line, read with the delimiter that it has most often."""
    delimiters = (options.delimiter.encode(),) if options.delimiter else _DELIMITERS
    quotes = _QUOTES if options.quote is None else (options.quote.encode(),)
    end = (options.record_end or "").encode()
    texts = [line.removesuffix(end).rstrip(b"\r\n").removeprefix(codecs.BOM_UTF8) for line in lines]
    written = [(place, text) for place, text in enumerate(texts) if text.strip() and not _is_comment(text, options)]
    if not written:
        return _Header(0, delimiters[0], quotes[0], 0)
    likely = _Header(0, max(delimiters, key=written[0][1].count), quotes[0], 0)
    if not options.header_rows or options.column_names:
        return likely
    may_have_preamble = options.skip_lines is None and options.header_rows == 1
    found = _headers(written if may_have_preamble else written[:1], delimiters, quotes, names)
    return max(found, key=lambda header: header.known, default=likely)


def _headers(
    lines: Sequence[tuple[int, bytes]], delimiters: Sequence[bytes], quotes: Sequence[bytes], names: Collection[str]
) -> Iterator[_Header]:
    """Every reading of a line in which enough names are known: any in the first line, half of them further down.

    The last one, where all of them are: there is no better one.
    """
    wanted = set(names)
    for order, (place, text) in enumerate(lines):
        enough = max(2, (len(names) + 1) // 2) if order else 1
        for delimiter in delimiters:
            for quote in quotes:
                known = len(wanted.intersection(Dialect(delimiter, quote).fields(text)))
                if known >= enough:
                    yield _Header(place if order else 0, delimiter, quote, known)
                if known == len(wanted):
                    return


def _is_comment(line: bytes, options: ReadOptions) -> bool:
    return options.comment is not None and line.startswith(options.comment.encode())
