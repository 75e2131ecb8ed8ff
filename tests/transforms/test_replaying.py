"""Quarantined rows, read again by the flow of today: each stays one record, and has the number it had."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.drafting import LIMITS, Drafted, drafted, flow_with, parquet
from transforms.draft import LocalUpload, Quarantined
from transforms.errors import UnreadableUpload
from transforms.flow.flow import Flow
from transforms.transform import transform

REASON = pa.struct([(name, pa.string()) for name in ("column", "rule", "value")])
KINDS: dict[str, pa.DataType] = {
    "upload": pa.string(),
    "record": pa.int64(),
    "raw": pa.string(),
    "reasons": pa.list_(REASON),
}
KEPT = pa.schema(KINDS)
NUMBERS = {"id": "int32", "km": "float64"}


def replayed(flow: Flow, before: Drafted) -> Drafted:
    """What a flow makes of the quarantine that another draft left."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        file = scratch / "kept.parquet"
        pq.write_table(pa.Table.from_pylist(before.quarantine, KEPT), file)
        names = sorted({row["upload"] for row in before.quarantine})
        written: dict[str, Mapping[str, Any]] = {dialect["upload"]: dialect for dialect in before.draft.dialects}
        uploads = [LocalUpload(name, file, Quarantined((file,), written[name])) for name in names]
        draft = transform(flow, uploads, {}, {}, scratch=scratch, limits=LIMITS, flows_folder=scratch)
        return Drafted(draft, _rows(draft.files), _rows(draft.quarantine), [], [])


def _rows(files: Sequence[Any]) -> list[dict[str, Any]]:
    return [row for file in files for row in pq.read_table(file.path, partitioning=None).to_pylist()]


def both(text: bytes, then: Mapping[str, Any], *, first: Mapping[str, Any] = NUMBERS, **source: Any) -> Drafted:
    """An upload through a first contract, and its quarantine through a second one."""
    before = drafted(flow_with(first, source=source), text)
    assert before.draft.rejection is None
    return replayed(flow_with(then, source=source), before)


def test_rows_that_keep_the_contract_of_today_are_published_and_others_stay() -> None:
    result = both(b"id,km\n1,1.5\n2,x\n3,\n4,-1\nfive,5\n", {"id": "int32", "km": "string"})
    assert result.rows == [{"id": 2, "km": "x"}]
    assert result.bad == {5: ("five,5", [("id", "type")])}
    counts = result.draft.counts
    assert (counts.read, counts.good, counts.quarantined) == (2, 1, 1)


def test_the_text_is_read_as_the_upload_was_written() -> None:
    text = b"Report of May\n'km';'note';'id'\n1,5;'a;''b''\nc';1\n2.5;'it''s';2\n"
    columns = {"id": "int32", "note": "string", "km": {"type": "float64", "decimal": ","}}
    result = both(text, columns | {"km": "float64"}, first=columns)
    assert result.rows == [{"id": 2, "note": "it's", "km": 2.5}]


def test_what_the_flow_declares_today_wins() -> None:
    before = drafted(flow_with(NUMBERS), b"id,km\n1,1\n2,NA\n3\n")
    today = {"null_values": ["NA"], "ragged_rows": "pad"}
    result = replayed(flow_with(NUMBERS, source={"options": today}), before)
    assert result.rows == [{"id": 2, "km": None}, {"id": 3, "km": None}]


def test_an_open_quote_takes_no_neighbour_with_it() -> None:
    text = b'id,km\n1,1\n2,"open\n3,x\n4,"y"\n'
    result = both(text, {"id": "int32", "km": "string"})
    assert [row["id"] for row in result.rows] == [3, 4]
    assert result.bad == {2: ('2,"open', [(None, "quote")])}


def test_a_new_reading_of_quotes_heals_what_was_open() -> None:
    before = drafted(flow_with({"id": "int32", "note": "string"}), b'id,note\n1,a\n2,5" disk\n3,"b\n')
    result = replayed(flow_with({"id": "int32", "note": "string"}, source={"options": {"quote": ""}}), before)
    assert result.rows == [{"id": 2, "note": '5" disk'}, {"id": 3, "note": '"b'}]


def test_bytes_that_were_no_text_are_never_published_as_their_escapes() -> None:
    text = b"id,note\n1,a\n2,caf\xe9\n3,\0\n"
    before = drafted(flow_with({"id": "int32", "note": "string"}), text)
    result = replayed(flow_with({"id": "string", "note": "string"}), before)
    assert result.rows == []
    assert result.quarantine == before.quarantine
    assert result.draft.rejection is not None
    assert result.draft.rejection.code == "empty_result"


def test_a_row_that_repeats_a_published_key_stays_until_the_key_is_gone() -> None:
    unique = {"id": {"type": "int32", "unique": True}, "km": "float64"}
    before = drafted(flow_with(unique), b"id,km\n1,1\n1,2\n2,x\n")
    again = replayed(flow_with(unique | {"km": "string"}), before)
    assert again.column("id") == [2]
    assert again.bad == {2: ("1,2", [("id", "unique")])}
    assert replayed(flow_with(NUMBERS), again).rows == [{"id": 1, "km": 2.0}]


def test_a_replay_of_a_replay_knows_the_first_numbers() -> None:
    text = b"id,km\n1,1\n2,x\n3,y\n4,z\nfive,v\n"
    once = both(text, {"id": "int32", "km": {"type": "string", "allowed": ["x", "v"]}})
    assert (once.column("id"), list(once.bad)) == ([2], [3, 4, 5])
    twice = replayed(flow_with({"id": "int32", "km": "string"}), once)
    assert (twice.column("id"), list(twice.bad)) == ([3, 4], [5])


@pytest.mark.parametrize(("format_name", "text"), [
    pytest.param("jsonl", b'{"id": 1, "km": 1}\n{"id": 2, "km": "x"}\n{"id"\n{"id": "\xff"}\n', id="lines"),
    pytest.param("json", b'[{"id": 1, "km": 1}, {"id": 2,\n "km": "x"}, {"id"}, {"id": "\xff"}]', id="array"),
])  # fmt: skip
def test_json_is_read_again_record_by_record(format_name: str, text: bytes) -> None:
    result = both(text, {"id": "int32", "km": "string"}, format=format_name)
    assert result.rows == [{"id": 2, "km": "x"}]
    assert {record: reasons for record, (_, reasons) in result.bad.items()} == {
        3: [(None, "json")],
        4: [(None, "encoding")],
    }


def test_several_uploads_keep_their_own_dialects_and_numbers() -> None:
    before = drafted(flow_with(NUMBERS), b"id,km\n1,1\n2,x\n", b"km;id\ny;1\nz;two\n")
    result = replayed(flow_with({"id": "int32", "km": "string"}), before)
    assert result.rows == [{"id": 1, "km": "y"}, {"id": 2, "km": "x"}]
    assert [(row["upload"], row["record"]) for row in result.quarantine] == [("2-upload.csv", 2)]


def test_what_is_about_whole_datasets_is_not_asked_of_a_supplement() -> None:
    before = drafted(flow_with(NUMBERS), b"id,km\n1,1\n2,x\n3,y\n")
    strict = {"contract": {"max_bad_rows": 0}, "checks": ["rows >= 100"]}
    columns = {"id": "int32", "km": {"type": "string", "allowed": ["x"]}}
    result = replayed(flow_with(columns, **strict), before)
    assert (result.draft.rejection, result.column("id")) == (None, [2])
    assert "supplement" in result.draft.notes[0]


@pytest.mark.parametrize(("format_name", "upload"), [
    pytest.param("parquet", parquet({"id": [1, None]}), id="no text was kept"),
    pytest.param("csv", b"id\n1\n\"\"\n", id="another format today"),
])  # fmt: skip
def test_what_cannot_be_read_again_says_so(format_name: str, upload: bytes) -> None:
    before = drafted(flow_with({"id": {"type": "int32", "required": True}}, source={"format": format_name}), upload)
    today = flow_with({"id": "int32"}, source={"format": "jsonl" if format_name == "csv" else format_name})
    with pytest.raises(UnreadableUpload, match="rerun the upload"):
        replayed(today, before)
