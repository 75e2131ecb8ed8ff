"""Records are found wherever the text is cut, and damage takes one line."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import records
from transforms.dialect import Dialect
from transforms.errors import UnreadableUpload
from transforms.record_ends import LONGEST_RECORD
from transforms.records import blocks_of

fields = st.text(st.sampled_from('ab,"\r\n é'), max_size=6)
tables = st.lists(st.lists(fields, min_size=2, max_size=2), min_size=1, max_size=8)


def found(chunks: list[bytes]) -> list[tuple[bytes, str | None]]:
    return [
        (block.raw(index), block.damaged.get(index))
        for block in blocks_of(chunks, Dialect())
        for index in range(len(block))
    ]


@pytest.mark.parametrize(
    ("text", "raws"),
    [
        pytest.param(b"a,b\n1,2\n", [b"a,b", b"1,2"], id="LF"),
        pytest.param(b"a,b\r\n1,2\r\n", [b"a,b", b"1,2"], id="CRLF"),
        pytest.param(b"a,b\r1,2\r", [b"a,b", b"1,2"], id="CR"),
        pytest.param(b"a,b\n1,2\r\n3,4\r5,6", [b"a,b", b"1,2", b"3,4", b"5,6"], id="all of them, and none at the end"),
        pytest.param(b"\xef\xbb\xbfa,b\n1,2", [b"a,b", b"1,2"], id="byte order mark"),
        pytest.param(b"\n\na,b\n\n1,2\n\n", [b"a,b", b"1,2"], id="blank lines are no records"),
        pytest.param(b"a\n\n1\n", [b"a", b"", b"1"], id="with one column they are"),
        pytest.param(b"\n\na\n1\n", [b"a", b"1"], id="but not before the header"),
        pytest.param(b'a,b\n1,"x\r\n\ny"\n', [b"a,b", b'1,"x\r\n\ny"'], id="line breaks in quotes"),
        pytest.param(b'a,b\n"","""x"""\n', [b"a,b", b'"","""x"""'], id="doubled quotes"),
    ],
)
def test_finds_each_record(text: bytes, raws: list[bytes]) -> None:
    assert found([text]) == [(raw, None) for raw in raws]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        pytest.param(b'1,"open', "quote", id="open quote"),
        pytest.param(b'1,x"y', "quote", id="quote in a field"),
        pytest.param(b'1,"x"y', "quote", id="text after a quote"),
        pytest.param(b"1,\xff", "encoding", id="not UTF-8"),
        pytest.param(b"1,\xed\xa0\x80", "encoding", id="a surrogate"),
        pytest.param(b"1,\x00", "nul", id="NUL"),
        pytest.param(b"1," + b"x" * LONGEST_RECORD, "length", id="too long"),
    ],
)
def test_damage_takes_one_line_and_no_neighbour(line: bytes, rule: str) -> None:
    text = b"a,b\n0,0\n" + line + b'\n2,"two"\n3,"three\nlines"\n'
    assert found([text]) == [
        (b"a,b", None),
        (b"0,0", None),
        (line, rule),
        (b'2,"two"', None),
        (b'3,"three\nlines"', None),
    ]


def test_an_open_quote_takes_its_line_however_far_the_next_quote_is() -> None:
    many = [b"%d,x" % number for number in range(LONGEST_RECORD // 4)]
    text = b"\n".join([b"a,b", b'1,"open', *many, b'9,"closed"'])
    assert [raw for raw, rule in found([text]) if rule] == [b'1,"open']


@given(tables, st.integers(1, 7), st.sampled_from(["\n", "\r\n", "\r"]))
def test_reads_what_the_csv_module_writes_wherever_it_is_cut(
    table: list[list[str]], size: int, line_break: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=line_break).writerows(table)
    data = text.getvalue().encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK_BYTES", size)
        raws = found([data[at : at + size] for at in range(0, len(data), size)])
    read = [next(csv.reader(io.StringIO(raw.decode(), newline=""))) for raw, _ in raws]
    assert read == table
    assert not any(rule for _, rule in raws)


@given(st.binary(max_size=60).map(lambda noise: b"a,b\n" + noise), st.integers(1, 7))
def test_cutting_changes_nothing_whatever_the_bytes(data: bytes, size: int) -> None:
    whole = found([data])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "BLOCK_BYTES", size)
        assert found([data[at : at + size] for at in range(0, len(data), size)]) == whole


@given(st.lists(st.sampled_from([b"1", b'"', b",", b"\n", b"\r", b"x"]), max_size=30).map(b"".join))
def test_no_byte_is_in_two_records_or_in_none(data: bytes) -> None:
    raws = [raw for raw, _ in found([b"a,b\n" + data])]
    assert b"".join(raws).translate(None, b"\r\n") == (b"a,b" + data).translate(None, b"\r\n")


def test_endless_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST_SEARCH", 2**20)
    monkeypatch.setattr(records, "BLOCK_BYTES", 2**18)
    with pytest.raises(UnreadableUpload, match="no record ends in 1,048,576 bytes from byte 0 on"):
        found([b"x" * 2**18] * 5)
