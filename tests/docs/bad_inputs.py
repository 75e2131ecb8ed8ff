"""The bad inputs of docs/bad-input.md: three records, the second of them damaged."""

from __future__ import annotations

import bz2
import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import openpyxl
import pyarrow as pa
from pyarrow import feather, ipc, orc

from tests.transforms.drafting import parquet
from tests.transforms.fuzz.bombs import BOMBS
from tests.transforms.fuzz.seeds import avro_container, avro_file, zstandard

LONG = b"x" * 2_000_001


@dataclass(frozen=True)
class BadInput:
    """An upload, and what the flow declares of it."""

    data: bytes
    format: str = "csv"
    name: str = "upload"
    options: Mapping[str, Any] = field(default_factory=dict)
    contract: Mapping[str, Any] = field(default_factory=dict)


def csv(second: bytes, **options: Any) -> BadInput:
    """The second record of a CSV."""
    return BadInput(b"id,note,km\n1,a,1.5\n" + second + b"\n3,c,3.5\n", options=options)


def text(data: bytes, **options: Any) -> BadInput:
    """A whole CSV."""
    return BadInput(data, options=options)


def lines(second: bytes) -> BadInput:
    """The second of three JSON lines."""
    first, third = b'{"id": 1, "note": "a", "km": 1.5}', b'{"id": 3, "note": "c", "km": 3.5}'
    return BadInput(b"\n".join([first, second, third]), "jsonl")


def array(second: bytes, end: bytes = b"]") -> BadInput:
    """The second of three elements of a JSON array."""
    first, third = b'{"id": 1, "note": "a", "km": 1.5}', b'{"id": 3, "note": "c", "km": 3.5}'
    return BadInput(b"[" + b",".join([first, second, third]) + end, "json")


def table() -> pa.Table:
    """Three good records."""
    return pa.table({"id": [1, 2, 3], "note": ["a", "b", "c"], "km": [1.5, 2.5, 3.5]})


def arrow_file() -> bytes:
    """The table as Arrow."""
    with io.BytesIO() as buffer:
        with ipc.new_file(buffer, table().schema) as writer:
            writer.write_table(table())
        return buffer.getvalue()


def orc_file() -> bytes:
    """The table as ORC."""
    with io.BytesIO() as buffer:
        orc.write_table(table(), buffer)
        return buffer.getvalue()


def feather_file() -> bytes:
    """The table as Feather."""
    with io.BytesIO() as buffer:
        feather.write_feather(table(), buffer)
        return buffer.getvalue()


def workbook(*rows: list[Any]) -> bytes:
    """A workbook of these rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    with io.BytesIO() as buffer:
        book.save(buffer)
        return buffer.getvalue()


NUMBERS = {"type": "record", "name": "r", "fields": [{"name": "id", "type": "int"}]}
HEADER, FIRST, THIRD = ["id", "note", "km"], [1, "a", 1.5], [3, "c", 3.5]
GOOD = b"id,note,km\n1,a,1.5\n2,b,2.5\n3,c,3.5\n"
PACKED = gzip.compress(GOOD * 50)
PARQUET = parquet({"id": list(range(5000)), "note": [f"n{place}" for place in range(5000)], "km": [1.5] * 5000})

BAD_INPUTS: dict[str, BadInput] = {
    "a quote that is not closed": csv(b'2,"b,2.5'),
    "a quote inside a field": csv(b'2,5" nail,2.5'),
    'a quote inside a field, with `quote: ""`': csv(b'2,5" nail,2.5', quote=""),
    "text after a closing quote": csv(b'2,"b"c,2.5'),
    "a quote that is doubled inside quotes": csv(b'2,"say ""b""",2.5'),
    "too few fields": csv(b"2,b"),
    "too few fields, with `ragged_rows: pad`": csv(b"2,b", ragged_rows="pad"),
    "too few fields, with `ragged_rows: reject`": csv(b"2,b", ragged_rows="reject"),
    "too many fields": csv(b"2,b,2.5,more"),
    "too many fields, with `ragged_rows: pad`": csv(b"2,b,2.5,more", ragged_rows="pad"),
    "a text where a number is declared": csv(b"two,b,2.5"),
    "a decimal comma": csv(b'2,b,"2,5"'),
    'a decimal comma, with `decimal: ","`': text(b"id;note;km\n1;a;1,5\n2;b;2,5\n3;c;3,5\n", decimal=","),
    "groups of digits": csv(b'2,b,"2,500.5"'),
    'groups of digits, with `thousands: ","`': csv(b'2,b,"2,500.5"', thousands=","),
    "a word for null": csv(b"2,b,NA"),
    "a word for null, with `null_values: [NA]`": csv(b"2,b,NA", null_values=["NA"]),
    "a NUL byte": csv(b"2,b\0,2.5"),
    "bytes that are not UTF-8": csv(b"2,caf\xe9,2.5"),
    "bytes that are not UTF-8, with `encoding: cp1252`": csv(b"2,caf\xe9,2.5", encoding="cp1252"),
    "a byte that the declared encoding has no letter for": csv(b"2,\x81,2.5", encoding="cp1252"),
    "a record of more than 2,000,000 bytes": csv(b"2," + LONG + b",2.5"),
    "blank lines": csv(b"\n2,b,2.5\n\n"),
    "blank lines at the end": text(GOOD + b"\n\n\r\n"),
    "no line break at the end": text(GOOD.rstrip()),
    "line breaks of several kinds": text(b"id,note,km\r\n1,a,1.5\r2,b,2.5\n3,c,3.5\r\n"),
    "line breaks in quotes": csv(b'2,"b\r\n\nc",2.5'),
    "a byte order mark": text(b"\xef\xbb\xbf" + GOOD),
    "UTF-16": text(GOOD.decode().encode("utf-16")),
    "another delimiter": text(GOOD.replace(b",", b";")),
    "lines before the header": text(b"Flights of May\nmade by us, today\n\n" + GOOD),
    "lines before the header, with `skip_lines: 0`": text(b"Flights of May\n\n" + GOOD, skip_lines=0),
    "a comment": csv(b"# b"),
    'a comment, with `comment: "#"`': csv(b'2,b,2.5\n# "b'.replace(b"# ", b"#"), comment="#"),
    "a line of totals at the end": text(GOOD.replace(b"2,b,2.5\n", b"") + b"Total,,5\n"),
    "a line of totals at the end, with `skip_footer: 1`": text(GOOD + b"Total,,7.5\n", skip_footer=1),
    "no header": text(b"1,a,1.5\n2,b,2.5\n3,c,3.5\n"),
    "no header, with `header_rows: 0`": text(b"1,a,1.5\n2,b,2.5\n3,c,3.5\n", header_rows=0),
    "a header with a name twice": text(b"id,note,km,km\n1,a,1.5,\n"),
    "a header with a name twice, with `odd_names: number`": text(
        b"id,note,km,km\n1,a,1.5,\n2,b,2.5,\n3,c,3.5,\n", odd_names="number"
    ),
    "a header with a blank name": text(b"id,note,,km\n1,a,,1.5\n"),
    "a header with a blank name, with `odd_names: number`": text(
        b"id,note,,km\n1,a,,1.5\n2,b,,2.5\n3,c,,3.5\n", odd_names="number"
    ),
    "a header with a name too few": text(b"id,note\n1,a\n2,b\n3,c\n"),
    "a header with a name too few, with `missing_columns: null`": BadInput(
        b"id,note\n1,a\n2,b\n3,c\n", contract={"missing_columns": "null"}
    ),
    "nothing but a header": text(b"id,note,km\n"),
    "no byte at all": text(b""),
    "nothing but blank lines": text(b"\n\r\n\n"),
    "one line without an end": text(b"id,note,km\n1," + b"x" * 20_000_000),
    "a file of another format": text(PARQUET),
    "jsonl: a line that is cut": lines(b'{"id": 2, "note"'),
    "jsonl: two records in a line": lines(b'{"id": 2, "note": "b"} {"id": 4}'),
    "jsonl: a list, or a text, in place of an object": lines(b"[2]"),
    "jsonl: a key twice": lines(b'{"id": 2, "id": 4, "note": "b", "km": 2.5}'),
    "jsonl: a control character": lines(b'{"id": 2, "note": "\x01", "km": 2.5}'),
    "jsonl: a record nested more than 500 deep": lines(b'{"id": 2, "note": ' + b"[" * 501 + b"]" * 501 + b"}"),
    "jsonl: a NUL byte": lines(b'{"id": 2, "note": "\0", "km": 2.5}'),
    "jsonl: bytes that are not UTF-8": lines(b'{"id": 2, "note": "caf\xe9", "km": 2.5}'),
    "jsonl: a record of more than 2,000,000 bytes": lines(b'{"id": 2, "note": "' + LONG + b'", "km": 2.5}'),
    "jsonl: a text where a number is declared": lines(b'{"id": "two", "note": "b", "km": 2.5}'),
    "jsonl: a key that is not there": lines(b'{"id": 2}'),
    "jsonl: blank lines": lines(b'\n{"id": 2, "note": "b", "km": 2.5}\n\r\n'),
    "json: an element that is no object": array(b"2"),
    "json: an element with a misspelt word": array(b'{"id": 2, "note": nul, "km": 2.5}'),
    "json: a line break inside a string": array(b'{"id": 2, "note": "b\nc", "km": 2.5}'),
    "json: an element over several lines": array(b'{\n "id": 2,\r\n "note": "b",\n "km": 2.5\n}'),
    "json: an array that does not end": array(b'{"id": 2, "note": "b", "km": 2.5}', end=b""),
    "json: a bracket too many": array(b'{"id": 2, "note": "b", "km": 2.5}}'),
    "json: an element that is missing": array(b""),
    "json: something after the array": array(b'{"id": 2, "note": "b", "km": 2.5}', end=b"] []"),
    "json: JSON lines in place of an array": BadInput(b'{"id": 2, "note": "b", "km": 2.5}\n', "json"),
    "parquet: a value that the contract refuses": BadInput(
        parquet({"id": [1, 999, 3], "note": ["a", "b", "c"], "km": [1.5, 2.5, 3.5]}), "parquet"
    ),
    "parquet: a file that is cut": BadInput(PARQUET[:-50], "parquet"),
    "parquet: a damaged page": BadInput(PARQUET[:1000] + bytes(2000) + PARQUET[3000:], "parquet"),
    "arrow: a file that is cut": BadInput(arrow_file()[:-50], "arrow"),
    "feather: a file that is cut": BadInput(feather_file()[:-50], "feather"),
    "orc: a file that is cut": BadInput(orc_file()[:-50], "orc"),
    "avro: a block that is cut": BadInput(avro_file("deflate")[:-50], "avro"),
    "avro: fewer records than the block says": BadInput(avro_container(NUMBERS, 3, b"\x02\x04"), "avro"),
    "excel: a value beside the table": BadInput(workbook(HEADER, FIRST, [2, "b", 2.5, "more"], THIRD), "excel"),
    "excel: an error such as #N/A where a number is declared": BadInput(
        workbook(HEADER, FIRST, ["#N/A", "b", 2.5], THIRD), "excel"
    ),
    "excel: lines before the header, and blank rows": BadInput(
        workbook(["Flights"], [], HEADER, FIRST, [], [2, "b", 2.5], THIRD), "excel"
    ),
    "excel: a file that is cut": BadInput(workbook(HEADER, FIRST)[:-50], "excel"),
    "a gzip stream that is cut": BadInput(PACKED[:-20], name="upload.gz"),
    "a damaged gzip stream": BadInput(PACKED[:20] + b"!" + PACKED[21:], name="upload.gz"),
    "several gzip members": BadInput(gzip.compress(GOOD[:25]) + gzip.compress(GOOD[25:]), name="upload.gz"),
    "a bzip2 stream with something behind it": BadInput(bz2.compress(GOOD) + b"4,d,4.5\n", name="upload.bz2"),
    "a Zstandard stream that is cut": BadInput(zstandard(GOOD)[:-5], name="upload.zst"),
    "gzip without `.gz` in the name": BadInput(PACKED),
    "`.gz` in the name of what is not packed": BadInput(GOOD, name="upload.gz"),
    "a gzip bomb": BadInput(BOMBS["gzip of many lines"][2](), name="upload.gz", contract={"missing_columns": "null"}),
}
