"""What bad uploads get: a clear refusal, or a place in quarantine; never silence."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

import pytest

from tests.transforms.drafting import LIMITS, drafted, flow_with
from transforms.draft import Limits
from transforms.errors import ContractBroken, TransformError, UnreadableUpload, UploadTooLarge

COLUMNS = {"id": "int32", "note": "string"}
LARGE = b"id,note\n" + b"1,xxxxxxxxxx\n" * 500_000
PACKED = gzip.compress(b"id,note\n" + b"1,x\n" * 5000)


def zipped() -> bytes:
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("a.csv", "id,note\n1,x\n")
        return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "error", "says"),
    [
        pytest.param(b"", "a.csv", UnreadableUpload, "a.csv: empty", id="empty"),
        pytest.param(b"\n\n", "a.csv", UnreadableUpload, "only blank lines", id="blank lines"),
        pytest.param(gzip.compress(b""), "a.csv.gz", UnreadableUpload, "empty", id="empty gzip"),
        pytest.param(bytes(range(256)) * 40, "a.csv", UnreadableUpload, "not a line of CSV text", id="garbage"),
        pytest.param(PACKED[:-30], "a.csv.gz", UnreadableUpload, r"near byte \d+ of \d+", id="truncated gzip"),
        pytest.param(PACKED[:30] + b"!" + PACKED[31:], "a.csv.gz", UnreadableUpload, "damaged", id="corrupt gzip"),
        pytest.param(PACKED, "a.csv", UnreadableUpload, r"gzip \(its name", id="gzip by content alone"),
        pytest.param(b"id,note\n1,x\n", "a.csv.gz", UnreadableUpload, "cut or damaged", id="gzip by name alone"),
        pytest.param(zipped(), "a.csv", UnreadableUpload, "ZIP", id="a ZIP archive"),
        pytest.param(b"PAR1\x00\x01", "a.csv", UnreadableUpload, "Parquet", id="Parquet named CSV"),
        pytest.param(
            b"id,note,id\n1,x,2\n", "a.csv", UnreadableUpload, "the header has id more than once", id="name twice"
        ),
        pytest.param(b"id,,note\n1,x,2\n", "a.csv", UnreadableUpload, "no column name at place 2", id="name missing"),
        pytest.param(b"id\n1\n", "a.csv", ContractBroken, "column note missing; found id", id="missing column"),
        pytest.param(b"id,Note\n1,x\n", "a.csv", ContractBroken, "perhaps Note for note", id="other case"),
        pytest.param(b"id,note,ID\n1,x,2\n", "a.csv", ContractBroken, "differ only in case", id="twins"),
        pytest.param(b"id,note,__row\n1,x,2\n", "a.csv", ContractBroken, "reserved", id="reserved name"),
    ],
)
def test_is_refused_with_a_reason(data: bytes, name: str, error: type[TransformError], says: str) -> None:
    with pytest.raises(error, match=says):
        drafted(flow_with(COLUMNS), data, name=name)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"id,note\n", "a header, but not a single record", id="header only"),
        pytest.param(b"id,note", "a header, but not a single record", id="header without line break"),
        pytest.param(b"id,note\nx,1\n", "none of 1 records keeps the contract", id="bad rows only"),
    ],
)
def test_without_a_good_row_there_is_no_dataset_but_a_quarantine(data: bytes, says: str) -> None:
    result = drafted(flow_with(COLUMNS), data)
    assert result.draft.rejection is not None
    assert result.draft.rejection.code == "empty_result"
    assert says in result.draft.rejection.message
    assert not result.draft.files
    assert len(result.quarantine) == result.draft.counts.read


def test_undeclared_columns_that_differ_only_in_case_do_no_harm_when_dropped() -> None:
    flow = flow_with({"id": "int8"}, contract={"unknown_columns": "drop"})
    assert drafted(flow, b"a,id,A\n7,1,8\n").rows == [{"id": 1}]


def test_names_the_byte_where_a_gzip_stream_ends() -> None:
    cut = PACKED[: len(PACKED) - 30]
    with pytest.raises(UnreadableUpload, match=f"near byte {len(cut)} of {len(cut)}"):
        drafted(flow_with(COLUMNS), cut, name="a.csv.gz")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        pytest.param(gzip.compress(LARGE), "a.csv.gz", id="unpacked"),
        pytest.param(LARGE, "a.csv", id="as it is"),
        pytest.param(LARGE + b'2,"\n', "a.csv", id="without its damage"),
    ],
)
def test_refuses_what_is_larger_than_the_scratch_space(data: bytes, name: str) -> None:
    limits = Limits(LIMITS.memory_bytes, LIMITS.threads, scratch_bytes=5_000_000)
    with pytest.raises(UploadTooLarge, match=f"{name}: it does not fit into the 5,000,000 bytes of scratch"):
        drafted(flow_with(COLUMNS), data, name=name, limits=limits)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"id,note\n1,x\n2,\n3,y\n", id="LF"),
        pytest.param(b"id,note\r\n1,x\r\n2,\r\n3,y\r\n", id="CRLF"),
        pytest.param(b"id,note\r1,x\r2,\r3,y\r", id="CR"),
        pytest.param(b"id,note\n1,x\r\n2,\r3,y\n", id="mixed line breaks"),
        pytest.param(b"id,note\n1,x\n2,\n3,y", id="no line break at the end"),
        pytest.param(b"id,note\r\n1,x\r\n2,\r\n3,y", id="CRLF, and none at the end"),
        pytest.param(b"\xef\xbb\xbfid,note\n1,x\n2,\n3,y\n", id="byte order mark"),
        pytest.param("id,note\n1,x\n2,\n3,y\n".encode("utf-16"), id="UTF-16 with a mark"),
        pytest.param("id,note\n1,x\n2,\n3,y\n".encode("utf-16-be"), id="UTF-16 without a mark"),
        pytest.param("id,note\n1,x\n2,\n3,y\n".encode("utf-32"), id="UTF-32"),
        pytest.param(b"id;note\n1;x\n2;\n3;y\n", id="semicolons"),
        pytest.param(b"id\tnote\n1\tx\n2\t\n3\ty\n", id="tabs"),
        pytest.param(b"id|note\n1|x\n2|\n3|y\n", id="bars"),
        pytest.param(b"'id';'note'\n1;'x'\n2;\n3;'y'\n", id="single quotes"),
        pytest.param(b"Export of notes, May 2024\n;;\n\nid;note\n1;x\n2;\n3;y\n", id="a preamble"),
        pytest.param(b"\n\nid,note\n\n1,x\n2,\n\n\n3,y\n\n", id="blank lines"),
        pytest.param(b'"id","note"\n"1","x"\n"2",""\n"3","y"\n', id="all quoted"),
        pytest.param(b"note,id\nx,1\n,2\ny,3\n", id="columns in another order"),
        pytest.param(b'"id","note"\n1.0,x\n2e0,\n+3,y\n', id="whole numbers in other notations"),
    ],
)
def test_every_way_to_write_the_same_text_gives_the_same_rows(data: bytes) -> None:
    result = drafted(flow_with(COLUMNS), data)
    assert result.rows == [{"id": 1, "note": "x"}, {"id": 2, "note": None}, {"id": 3, "note": "y"}]
    assert not result.quarantine


@pytest.mark.parametrize(
    ("line", "raw", "reasons"),
    [
        pytest.param(b"2", "2", [(None, "columns")], id="too few fields"),
        pytest.param(b"2,x,y", "2,x,y", [(None, "columns")], id="too many fields"),
        pytest.param(b"x,x,y", "x,x,y", [("id", "type"), (None, "columns")], id="and a type error"),
        pytest.param(b"two,x", "two,x", [("id", "type")], id="not a number"),
        pytest.param(b"2.5,x", "2.5,x", [("id", "type")], id="a fraction is not rounded"),
        pytest.param(b"3000000000,x", "3000000000,x", [("id", "type")], id="out of range"),
        pytest.param(b'2,x"y', '2,x"y', [(None, "quote")], id="stray quote"),
        pytest.param(b'2,"open', '2,"open', [(None, "quote")], id="open quote"),
        pytest.param(b"2,caf\xe9 \\", "2,caf\\xe9 \\\\", [(None, "encoding")], id="Latin-1"),
        pytest.param(b"2,a\x00b", "2,a\\x00b", [(None, "nul")], id="NUL byte"),
        pytest.param("two,né\nu".replace("\n", "").encode(), "two,néu", [("id", "type")], id="beyond ASCII"),
        pytest.param(b'two,"a\r\nb"', 'two,"a\r\nb"', [("id", "type")], id="a line break in quotes"),
    ],
)
def test_a_bad_record_goes_to_quarantine_and_its_neighbours_stay(
    line: bytes, raw: str, reasons: list[tuple[str | None, str]]
) -> None:
    result = drafted(flow_with(COLUMNS), b'id,note\n1,"a\nb"\n\n' + line + b"\n3,c\n")
    assert result.rows == [{"id": 1, "note": "a\nb"}, {"id": 3, "note": "c"}]
    found = result.bad.pop(2)
    assert (found[0], sorted(found[1], key=str)) == (raw, sorted(reasons, key=str))
    assert (result.draft.counts.read, result.draft.counts.quarantined) == (3, 1)


@pytest.mark.parametrize(
    ("contract", "columns"),
    [
        pytest.param({"unknown_columns": "keep"}, {"id": 1, "extra": "7"}, id="keep"),
        pytest.param({"unknown_columns": "drop"}, {"id": 1}, id="drop"),
    ],
)
def test_unknown_columns_are_kept_as_text_or_dropped(contract: dict[str, Any], columns: dict[str, Any]) -> None:
    assert drafted(flow_with({"id": "int8"}, contract=contract), b"extra,id\n7,1\n").rows == [columns]


def test_unknown_columns_are_refused_by_name() -> None:
    flow = flow_with({"speed": "int8"}, contract={"unknown_columns": "reject"})
    with pytest.raises(ContractBroken, match="column extra not in the contract; expected speed"):
        drafted(flow, b"speed,extra\n1,7\n")


def test_missing_columns_are_null_where_the_contract_says_so() -> None:
    flow = flow_with({"id": "int8", "note": "string", "km": "float64"}, contract={"missing_columns": "null"})
    result = drafted(flow, b"id\n1\n", b"km,id\n2.5,2\n")
    assert result.rows == [{"id": 1, "note": None, "km": None}, {"id": 2, "note": None, "km": 2.5}]
    assert "Column km is missing in upload.csv, and null." in result.draft.notes


def test_a_required_column_that_is_missing_breaks_every_row() -> None:
    flow = flow_with({"id": "int8", "km": {"type": "int8", "required": True}}, contract={"missing_columns": "null"})
    result = drafted(flow, b"id\n1\n", b"km,id\n2,2\n")
    assert result.rows == [{"id": 2, "km": 2}]
    assert result.bad == {1: ("1", [("km", "required")])}


def test_an_upload_without_any_declared_column_is_refused_even_then() -> None:
    with pytest.raises(ContractBroken, match="column id missing; found a, b"):
        drafted(flow_with({"id": "int8"}, contract={"missing_columns": "null"}), b"a,b\n1,2\n")
