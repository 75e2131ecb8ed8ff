"""CSV as real feeds write it: found out or declared, and the same rows in the end."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.drafting import Drafted, drafted, flow_with
from transforms.errors import UnreadableUpload

COLUMNS = {"id": "int32", "note": "string"}
ROWS = [{"id": 1, "note": "x"}, {"id": 2, "note": None}, {"id": 3, "note": "y"}]


def read(data: bytes, options: dict[str, Any], columns: dict[str, Any] | None = None, **parts: Any) -> Drafted:
    return drafted(flow_with(columns or COLUMNS, source={"options": options}, **parts), data)


@pytest.mark.parametrize(
    ("options", "data"),
    [
        pytest.param({"delimiter": "||"}, b'id||note\n1||x\n2||\n"3"||y\n', id="a delimiter of two letters"),
        pytest.param({"delimiter": "~|~"}, b"id~|~note\n1~|~x\n2~|~\n3~|~y\n", id="a delimiter of three letters"),
        pytest.param({"delimiter": "¦"}, "id¦note\n1¦x\n2¦\n3¦y\n".encode(), id="a delimiter beyond ASCII"),
        pytest.param(
            {"delimiter": "¦", "encoding": "cp1252"}, "id¦note\n1¦x\n2¦\n3¦y\n".encode("cp1252"), id="and not in UTF-8"
        ),
        pytest.param({"quote": "'"}, b"id,note\n1,'x'\n'2',\n3,y\n", id="single quotes around data alone"),
        pytest.param({"header_rows": 0}, b"1,x\n2,\n3,y\n", id="no header"),
        pytest.param({"header_rows": 0}, b"\n1,x\n\n2,\n3,y\n", id="no header, blank lines"),
        pytest.param(
            {"header_rows": 0, "column_names": ["note", "id"]}, b"x,1\n,2\ny,3\n", id="no header, names in an order"
        ),
        pytest.param({"column_names": ["id", "note"]}, b"Nr.,Text\n1,x\n2,\n3,y\n", id="other names"),
        pytest.param({"skip_lines": 2}, b'Export "May\nid,note\nid,note\n1,x\n2,\n3,y\n', id="a preamble"),
        pytest.param({"comment": "#"}, b'# "id\nid,note\n1,x\n#2,"z\n2,\n3,y\n# end', id="comments"),
        pytest.param({"comment": "//"}, b"//id\nid,note\n1,x\n//\n2,\n3,y\n", id="comments of two letters"),
        pytest.param({"skip_footer": 2}, b'id,note\n1,x\n2,\n3,y\n\nTotal,3,"\nEnd\n', id="a footer"),
        pytest.param({"record_end": "~"}, b"id,note~1,x~2,~3,y~", id="a letter after each record"),
        pytest.param({"record_end": ";\n", "skip_lines": 1}, b"May;\nid,note;\n1,x;\n2,;\n3,y", id="two letters"),
        pytest.param({"null_values": ["NULL", "-"]}, b"id,note\n1,x\n2,NULL\n3,y\n", id="null as a word"),
    ],
)
def test_what_is_declared_is_read(options: dict[str, Any], data: bytes) -> None:
    result = read(data, options)
    assert result.rows == ROWS
    assert not result.quarantine


def test_several_header_rows_are_one_name_a_column() -> None:
    data = b"day,sales,\n,net,gross\n1,2,3\n"
    columns = {"day": "int8", "sales net": "int8", "sales gross": "int8"}
    assert read(data, {"header_rows": 2}, columns).rows == [{"day": 1, "sales net": 2, "sales gross": 3}]


def test_odd_names_are_numbered_where_that_is_declared() -> None:
    result = read(b"id,,id,note\n1,2,3,x\n", {"odd_names": "number"})
    assert result.rows == [{"id": 1, "note": "x", "column_2": "2", "id_2": "3"}]


@pytest.mark.parametrize(
    ("ragged_rows", "rows", "bad"),
    [
        pytest.param("quarantine", [{"id": 3, "note": "c"}], {1: "1", 2: "2,b,x"}, id="quarantine"),
        pytest.param("pad", [{"id": 1, "note": None}, {"id": 3, "note": "c"}], {2: "2,b,x"}, id="pad"),
        pytest.param("reject", [], {1: "1", 2: "2,b,x"}, id="reject"),
    ],
)
def test_ragged_rows(ragged_rows: str, rows: list[dict[str, Any]], bad: dict[int, str]) -> None:
    result = read(b"id,note\n1\n2,b,x\n3,c\n", {"ragged_rows": ragged_rows})
    assert result.rows == rows
    assert {record: raw for record, (raw, _) in result.bad.items()} == bad
    assert (result.draft.rejection is not None) == (ragged_rows == "reject")


def test_padding_keeps_quoted_line_breaks() -> None:
    data = b'id,note\n1,"a\nb"\n2\n3,"c\n\nd"\nx\n' + b'5,"e\nf"\n' * 50_000
    result = read(data, {"ragged_rows": "pad"})
    assert len(result.rows) == 50_003
    assert result.rows[:3] == [{"id": 1, "note": "a\nb"}, {"id": 2, "note": None}, {"id": 3, "note": "c\n\nd"}]
    assert result.bad == {4: ("x", [("id", "type")])}


@pytest.mark.parametrize("escape", ["\\", '"'])
def test_escapes(escape: str) -> None:
    data = f'id,note\n1,"say {escape}"hi{escape}", now"\n2,"a,b\nc"\n'.encode()
    assert read(data, {"escape": escape}).column("note") == ['say "hi", now', "a,b\nc"]


def test_fields_keep_their_line_breaks_where_records_end_otherwise() -> None:
    result = read(b'id|note\x1e1|two\nlines\x1e2|"three\r\n\nlines"\x1ex|bad\none\x1e', {"record_end": "\x1e"})
    assert result.column("note") == ["two\nlines", "three\r\n\nlines"]
    assert result.bad == {3: ('x|"bad\none"', [("id", "type")])}


def test_quotes_are_letters_where_none_are_declared() -> None:
    assert read(b'id,note\n1,5" nail\n2,"x"\n', {"quote": ""}).column("note") == ['5" nail', '"x"']


def test_what_was_found_out_is_recorded() -> None:
    data = "Export\nid;note\n1;é\n".encode("utf-16")
    [dialect] = drafted(flow_with(COLUMNS), data).draft.dialects
    assert dialect == {
        "upload": "upload.csv",
        "format": "csv",
        "encoding": "utf-16",
        "delimiter": ";",
        "quote": '"',
        "escape": '"',
        "record_end": "",
        "comment": "",
        "preamble_lines": 1,
        "header_rows": 1,
        "footer_records": 0,
        "columns": ["id", "note"],
        "comment_lines": 0,
        "detected": ["encoding", "delimiter", "skip_lines"],
    }


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"1,x\n2,note\n3,y\n", id="one name in the data"),
        pytest.param(b"a,b\nid,z\n3,y\n", id="one name of two"),
    ],
)
def test_rows_are_never_taken_for_a_preamble(data: bytes) -> None:
    with pytest.raises(Exception, match="missing; found"):
        drafted(flow_with(COLUMNS), data)


def test_a_declared_preamble_turns_detection_off() -> None:
    with pytest.raises(Exception, match="missing; found Export"):
        read(b"Export\nid;note\n1;x\n", {"skip_lines": 0})


@pytest.mark.parametrize(
    ("options", "data", "says"),
    [
        pytest.param({"header_rows": 3}, b"id,note\n1,x\n", "2 records; expected 3", id="fewer lines than header rows"),
        pytest.param({"skip_lines": 9}, b"id,note\n1,x\n", "only blank lines", id="nothing but preamble"),
    ],
)
def test_what_leaves_no_header_is_refused(options: dict[str, Any], data: bytes, says: str) -> None:
    with pytest.raises(UnreadableUpload, match=says):
        read(data, options)


fields = st.text(st.sampled_from("ab,;|\"'\\#\n\r é\t"), max_size=6)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 99), fields), min_size=1, max_size=8),
    st.sampled_from([",", ";", "||", "\t"]),
    st.sampled_from(['"', "'"]),
    st.sampled_from([None, "\\"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-16", "cp1252"]),
)
def test_any_table_in_any_dialect_comes_out_as_it_went_in(  # noqa: PLR0917 - hypothesis fills them in order
    rows: list[tuple[int, str]], delimiter: str, quote: str, escape: str | None, line_break: str, encoding: str
) -> None:
    def quoted(field: str) -> str:
        doubled = (
            field.replace(quote, quote * 2)
            if escape is None
            else field.replace(escape, escape * 2).replace(quote, escape + quote)
        )
        return f"{quote}{doubled}{quote}"

    lines = [delimiter.join(["id", "note"]), *(delimiter.join([str(key), quoted(note)]) for key, note in rows)]
    data = (line_break.join(lines) + line_break).encode(encoding)
    options = {"delimiter": delimiter, "quote": quote, "escape": escape, "encoding": encoding, "null_values": ["NULL"]}
    result = read(data, options)
    assert [(row["id"], row["note"]) for row in result.rows] == rows
    assert not result.quarantine


@pytest.mark.parametrize(
    ("options", "kind", "good", "bad"),
    [
        pytest.param({"decimal": ","}, "float64", {"1,5": 1.5, "-0,25": -0.25, "2": 2.0}, ["1.5", "1,5,5"], id="comma"),
        pytest.param({"thousands": ","}, "int64", {"1,234,567": 1234567, "7": 7}, ["1,23", "12,3456"], id="groups"),
        pytest.param(
            {"decimal": ",", "thousands": "."},
            "decimal(12,2)",
            {"1.234.567,89": Decimal("1234567.89"), "12,3": Decimal("12.30")},
            ["1,234.5", "1.23,4"],
            id="both",
        ),
        pytest.param({"thousands": "\u202f"}, "float64", {"1\u202f234.5": 1234.5}, ["1 234.5"], id="a narrow space"),
        pytest.param({"thousands": "'"}, "int32", {"1'000": 1000}, ["1''000"], id="an apostrophe"),
    ],
)
def test_numbers_are_read_as_they_are_written(
    options: dict[str, Any], kind: str, good: dict[str, Any], bad: list[str]
) -> None:
    lines = [f"{text};x" for text in [*good, *bad]]
    data = "\n".join(["n;note", *lines]).encode()
    result = read(data, {"quote": "", **options}, {"n": kind, "note": "string"})
    assert result.column("n") == list(good.values())
    assert [reason["value"] for row in result.quarantine for reason in row["reasons"]] == bad


def test_a_column_may_have_a_notation_of_its_own() -> None:
    columns = {"a": {"type": "float64", "decimal": "."}, "b": "float64"}
    assert read(b"a;b\n1.5;2,5\n", {"decimal": ","}, columns).rows == [{"a": 1.5, "b": 2.5}]
