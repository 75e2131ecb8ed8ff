"""Plain lines are counted as records are, and anything else is left to those who look at each record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.dialect import Dialect
from transforms.plain_lines import count_plain_lines
from transforms.record_ends import LONGEST_RECORD
from transforms.records import blocks_of

PIECES = st.sampled_from([b"a", b"b,", b"\n", b"\n", b"\r", b'"', b"\0", "é".encode(), "é".encode()[:1], b"#"])


@given(st.lists(PIECES, max_size=30), st.integers(1, 5))
def test_what_is_counted_are_the_records(pieces: list[bytes], size: int) -> None:
    data = b"".join(pieces)
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    lines = count_plain_lines(chunks, Dialect())
    blocks = list(blocks_of([data], Dialect()))
    if lines is not None:
        assert lines == sum(len(block) for block in blocks)
        assert not any(block.damaged or block.blank_lines for block in blocks)
        assert all(block.line_breaks <= {b"\n"} for block in blocks)


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        pytest.param([b"a,b\n1,2\n"], 2, id="lines"),
        pytest.param([b"a,b\n1,", b"2"], 2, id="no line break at the end"),
        pytest.param([b"a\n1,\xc3", b"\xa9\n"], 2, id="a letter in two chunks"),
        pytest.param([b"a\n", b"x" * LONGEST_RECORD, b"\n"], 2, id="as long as a record may be"),
        pytest.param([b"a\n", b"x" * LONGEST_RECORD, b"x\n"], None, id="too long, in two chunks"),
        pytest.param([b"a\n" + b"x" * (LONGEST_RECORD + 1) + b"\nb\n"], None, id="too long, in one chunk"),
        pytest.param([b"a\n", b"\n1\n"], None, id="a blank line between chunks"),
        pytest.param([b"\na\n"], None, id="a blank line first"),
        pytest.param([b"a\n1,\xc3"], None, id="half a letter at the end"),
        pytest.param([b'a\n"1"\n'], None, id="quotes"),
        pytest.param([b"\xef\xbb\xbfa\n1\n"], None, id="a byte order mark"),
        pytest.param([b"a\r\n1\r\n"], None, id="CRLF"),
    ],
)
def test_only_plain_lines_are_counted(chunks: list[bytes], lines: int | None) -> None:
    assert count_plain_lines(chunks, Dialect()) == lines


def test_a_quote_is_a_letter_where_nothing_is_quoted() -> None:
    assert count_plain_lines([b'a\n"\n'], Dialect(quote=b"")) == 2


def test_lines_that_may_be_comments_are_not_counted() -> None:
    assert count_plain_lines([b"a\n1\n"], Dialect(comment=b"#")) is None
