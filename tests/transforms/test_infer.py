"""What is proposed for a file is a flow that loads, passes the check, and runs on that file without a bad row."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import openpyxl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.transforms.drafting import LIMITS, parquet
from transforms.draft import Draft, LocalUpload
from transforms.errors import UnreadableUpload
from transforms.flow.check import check_flow
from transforms.flow.flow import Flow
from transforms.flow.load import load_flow
from transforms.infer import infer
from transforms.transform import transform

TRIPS = "\n".join(
    ["id,kind,zip,day,at,km,on,note,nothing"]
    + [f"{n},{'ab'[n % 2]},0{n:04},{n % 28 + 1}.1.2013,2013-01-31 10:00,{n / 4},{'true' if n % 3 else 'NA'},x{n},"
       for n in range(1, 41)]
)  # fmt: skip


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    with io.BytesIO() as buffer:
        book.save(buffer)
        return buffer.getvalue()


def avro_rows(rows: list[dict[str, Any]]) -> bytes:
    fields = [{"name": "id", "type": "int"}, {"name": "km", "type": "double"}]
    with io.BytesIO() as buffer:
        fastavro.writer(buffer, {"type": "record", "name": "row", "fields": fields}, rows)
        return buffer.getvalue()


def proposed(name: str, data: bytes) -> tuple[str, Flow, Draft]:
    """The text that is proposed, the flow that it is, and what that flow makes of the very file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        text = infer(path)
        flow_file = Path(folder) / "proposed.yaml"
        flow_file.write_text(text, encoding="utf-8")
        loaded = load_flow(flow_file)
        check_flow(loaded)
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        upload = LocalUpload(name, path)
        draft = transform(loaded, [upload], {}, {}, scratch=scratch, limits=LIMITS, flows_folder=Path(folder))
        return text, loaded.flow, draft


def runs(draft: Draft, rows: int) -> bool:
    return (draft.rejection, draft.counts.published, draft.counts.quarantined) == (None, rows, 0)


def types(flow: Flow) -> dict[str, str]:
    return {name: column.type for name, column in flow.contract.columns.items()}


def test_a_proposal_says_types_formats_limits_and_what_is_unique() -> None:
    text, flow, draft = proposed("Trips 2013.csv", TRIPS.encode())
    assert runs(draft, 40)
    assert flow.name == "trips_2013"
    assert flow.source.captures("trips_2013/january.csv") == {"file": "january"}
    assert flow.source.options.null_values == ("", "NA")
    columns = flow.contract.columns
    assert types(flow) == {
        "id": "int8", "kind": "string", "zip": "string", "day": "date", "at": "timestamp", "km": "float64",
        "on": "bool", "note": "string", "nothing": "string",
    }  # fmt: skip
    assert (columns["id"].unique, columns["id"].required, columns["id"].max) == (True, True, None)
    assert columns["kind"].allowed == ("a", "b")
    assert columns["day"].format == "%d.%m.%Y"
    assert (columns["km"].min, columns["km"].max) == (0, 100)
    assert (columns["on"].required, columns["nothing"].required) == (False, False)
    assert "no value in this file: say what it should be" in text


@pytest.mark.parametrize(
    ("texts", "column"),
    [
        pytest.param(["1", "-2"], {"type": "int8", "min": -10, "max": 10}, id="small integers"),
        pytest.param(["60", "70"], {"type": "int16", "max": 1000}, id="a type that has room for its limits"),
        pytest.param(["3000000000"], {"type": "int64"}, id="large integers"),
        pytest.param(["18446744073709551615"], {"type": "uint64"}, id="larger"),
        pytest.param(["9" * 30], {"type": "decimal(38,0)"}, id="the largest"),
        pytest.param(["1.0", "2"], {"type": "int8"}, id="whole numbers with a point"),
        pytest.param(["1.5", "2"], {"type": "float64"}, id="fractions"),
        pytest.param(["1,5", "-2,25"], {"type": "float64", "decimal": ","}, id="decimal commas"),
        pytest.param(["1,234,567", "12"], {"type": "int64", "thousands": ","}, id="groups of digits"),
        pytest.param(["1.234,5"], {"type": "float64", "decimal": ",", "thousands": "."}, id="both"),
        pytest.param(["007", "123"], {"type": "string"}, id="codes keep their zeros"),
        pytest.param(["2013-01-31"], {"type": "date", "format": None}, id="dates"),
        pytest.param(["31/01/2013", "01/02/2013"], {"type": "date", "format": "%d/%m/%Y"}, id="days first"),
        pytest.param(["01/31/2013"], {"type": "date", "format": "%m/%d/%Y"}, id="months first"),
        pytest.param(["2013-01-31T10:00:00Z"], {"type": "timestamp", "format": None}, id="timestamps"),
        pytest.param(["31.01.2013 10:00"], {"type": "timestamp", "format": "%d.%m.%Y %H:%M"}, id="of a format"),
        pytest.param(["10:30", "23:59:01"], {"type": "time"}, id="times"),
        pytest.param(["TRUE", "false"], {"type": "bool"}, id="truths"),
        pytest.param(["[1, 2]", "[]"], {"type": "list<int64>"}, id="lists"),
        pytest.param(['{"a": {"b": "x"}}'], {"type": 'struct<"a": struct<"b": string>>'}, id="structs"),
        pytest.param(["[1]", '{"a": 1}'], {"type": "json"}, id="anything"),
        pytest.param(["[1", "x"], {"type": "string"}, id="texts"),
        pytest.param(["-", "5"], {"type": "int8", "required": False}, id="a null word among numbers"),
        pytest.param(["NA", "Namibia"], {"type": "string", "required": True}, id="a word among words is a word"),
        pytest.param(["1", "nan"], {"type": "float64", "required": False}, id="not a number"),
    ],
)
def test_the_narrowest_type_that_every_value_has(texts: list[str], column: dict[str, Any]) -> None:
    data = "v,n\n" + "".join('"{}",1\n'.format(text.replace('"', '""')) for text in texts)
    _, flow, draft = proposed("values.csv", data.encode())
    found = flow.contract.columns["v"]
    assert {option: getattr(found, option) for option in column} == column
    assert runs(draft, len(texts))


def test_another_format_that_fits_is_told() -> None:
    text, _, _ = proposed("days.csv", b"day\n01/02/2013\n03/04/2013\n")
    assert "the format %m/%d/%Y fits as well" in text


def test_a_number_that_may_be_read_in_two_ways_is_told() -> None:
    text, flow, _ = proposed("sums.csv", b'v\n"1,234"\n')
    assert flow.contract.columns["v"].thousands == ","
    assert "a decimal comma fits as well" in text


def test_columns_that_are_unique_together_are_told() -> None:
    rows = "".join(f"{station},{hour}\n" for station in "ABCD" for hour in range(5))
    text, flow, draft = proposed("hours.csv", f"station,hour\n{rows}".encode())
    assert "# keys: [[station, hour]]" in text
    assert flow.contract.keys == ()
    assert runs(draft, 20)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("id,,id", id="blank and repeated"),
        pytest.param('"a: b","#c","- d"', id="letters that YAML knows"),
        pytest.param('"null","true","12"', id="words that YAML knows"),
        pytest.param('"ü 😀","say ""hi""","back\\slash"', id="letters of all kinds"),
        pytest.param('"a\u2028b","tab\tbed","x\u0085y"', id="line breaks of Unicode"),
        pytest.param("Id,id,__own", id="names that a contract cannot have"),
    ],
)
def test_a_column_may_have_any_name(header: str) -> None:
    text, flow, draft = proposed("names.csv", f"{header}\n1,2,3\n".encode())
    assert runs(draft, 1)
    assert len(flow.contract.columns) + text.count("is left out") == 3


@pytest.mark.parametrize(
    ("name", "data"),
    [
        pytest.param("rows.csv.gz", gzip.compress(b"id,km\n1,2.5\n"), id="packed"),
        pytest.param("ROWS.TXT", b"id;km\r\n1;2.5\r\n", id="another delimiter"),
        pytest.param("rows.ndjson", b'{"id": 1, "km": 2.5, "tags": ["x"]}\n{"id": 2, "km": null}\n', id="JSON lines"),
        pytest.param("rows.tsv", b"id\tkm\n1\tNA\n2\t2.5\n", id="tabs"),
        pytest.param("rows.xlsx", workbook([["id", "km"], [1, 2.5], [2, "NA"], [3, None]]), id="Excel"),
        pytest.param("rows.avro", avro_rows([{"id": 1, "km": 2.5}, {"id": 2, "km": 3.0}]), id="Avro"),
        pytest.param("rows.json", b'[{"id": 1, "at": {"lat": 1.5}}]', id="JSON"),
    ],
)
def test_a_proposal_is_made_of_every_format(name: str, data: bytes) -> None:
    _, flow, draft = proposed(name, data)
    assert flow.contract.columns["id"].type in ("int8", "int32")
    assert draft.rejection is None
    assert draft.counts.quarantined == 0


def test_types_that_the_source_knows_are_kept() -> None:
    columns = {
        "i": pa.array([1, 2], pa.int16()),
        "d": [Decimal("1.50"), None],
        "t": [dt.time(10, 30), dt.time(11)],
        "at": pa.array([0, 1], pa.timestamp("ns")),
        "b": [b"\x00", b""],
        "s": [{"x": [1], "y": "a"}, None],
        "span": pa.array([dt.timedelta(1), None], pa.duration("us")),
    }
    _, flow, draft = proposed("typed.parquet", parquet(columns))
    found = types(flow)
    assert {name: found[name] for name in "idbs"} == {
        "i": "int16", "d": "decimal(3,2)", "b": "binary", "s": 'struct<"x": list<int64>, "y": string>',
    }  # fmt: skip
    assert (found["t"], found["at"]) == ("time", "timestamp")
    assert runs(draft, 2)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("rows.docx", "no format is called 'docx'; name the file .csv", id="an unknown ending"),
        pytest.param("rows", "no format is called ''", id="no ending"),
        pytest.param("rows.parquet", "not a whole Parquet file", id="another format than it says"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(name: str, told: str) -> None:
    with pytest.raises(UnreadableUpload) as refused:
        proposed(name, b"id\n1\n")
    assert told in str(refused.value)


CELLS = st.one_of(
    st.none(),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
    st.dates().map(str),
    st.datetimes().map(str),
    st.times().map(str),
    st.sampled_from(
        ["NA", "null", "-", "true", "0", "007", "1,5", "[1]", '{"a": 1}', "a b", " ", "31.12.2013", "1e400"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
@example([(None, "[1]")])
@example([("[1]", '{"a": 1}'), ("a b", "NA")])
def test_any_table_runs_with_what_is_proposed_for_it(rows: list[tuple[str | None, str | None]]) -> None:
    records = [{"a": first, "b": second, "n": 1} for first, second in rows]
    data = "\n".join(json.dumps(record) for record in records).encode()
    _, _, draft = proposed("any.jsonl", data)
    assert runs(draft, len(rows))
