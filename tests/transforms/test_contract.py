"""The contract holds: good rows go on unchanged, every bad one is in quarantine with all its reasons."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.transforms.drafting import drafted, flow_with
from transforms.errors import FlowBroken

COLUMNS = {
    "id": {"type": "int32", "required": True, "min": 0, "max": 999},
    "kind": {"type": "string", "allowed": ["a", "b"]},
    "km": {"type": "float64", "min": 0.5},
    "note": {"type": "string", "pattern": "^[^!]*$"},
}


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        pytest.param("1,a,1,x", None, id="good"),
        pytest.param("1,,,", None, id="nulls keep every rule but required"),
        pytest.param(",a,1,x", [("id", "required", None)], id="required"),
        pytest.param("-1,a,1,x", [("id", "min", "-1")], id="min"),
        pytest.param("1000,a,1,x", [("id", "max", "1000")], id="max"),
        pytest.param("999.0,a,0.5,x", None, id="the limits themselves"),
        pytest.param("1,c,1,x", [("kind", "allowed", "c")], id="allowed"),
        pytest.param("1,a,1,oh!", [("note", "pattern", "oh!")], id="pattern"),
        pytest.param("0013x,a,1,x", [("id", "type", "0013x")], id="type, the value as it was written"),
        pytest.param(
            "1001,c,0.1,!",
            [("id", "max", "1001"), ("kind", "allowed", "c"), ("km", "min", "0.1"), ("note", "pattern", "!")],
            id="four rules",
        ),
        pytest.param(
            "x,c,y,!",
            [("id", "type", "x"), ("kind", "allowed", "c"), ("km", "type", "y"), ("note", "pattern", "!")],
            id="types and rules in one row",
        ),
    ],
)
def test_lists_every_reason_of_a_row(line: str, reasons: list[tuple[str, str, str | None]] | None) -> None:
    result = drafted(flow_with(COLUMNS), f"id,kind,km,note\n5,b,2.5,first\n{line}\n".encode())
    found = [
        (reason["column"], reason["rule"], reason["value"]) for row in result.quarantine for reason in row["reasons"]
    ]
    assert found == (reasons or [])
    assert [row["raw"] for row in result.quarantine] == ([line] if reasons else [])
    assert len(result.rows) == (1 if reasons else 2)


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        pytest.param("bool", ["maybe", "2"], id="bool"),
        pytest.param("int8", ["128", "-129", "1.5", "0x1F", "1 2", "nan"], id="int8"),
        pytest.param("uint16", ["-1", "65536"], id="uint16"),
        pytest.param("int64", ["9223372036854775808", "9007199254740993.5"], id="int64"),
        pytest.param("uint64", ["-1", "18446744073709551616"], id="uint64"),
        pytest.param("float64", ["1,5", "1.5.2"], id="float64"),
        pytest.param("date", ["2013-02-30", "2013-01-01 10:00", "soon"], id="date"),
        pytest.param({"type": "date", "format": "%d.%m.%Y"}, ["2013-01-31"], id="date of a format"),
        pytest.param("timestamp", ["2013-02-30 10:00", "10:00"], id="timestamp"),
        pytest.param({"type": "timestamp", "format": "%H:%M %d.%m.%Y"}, ["2013-01-31 10:00"], id="of a format"),
        pytest.param({"type": "timestamp", "zone": "Europe/Berlin"}, ["2024-03-31 02:30"], id="a skipped hour"),
    ],
)
def test_a_value_that_cannot_be_had_exactly_breaks_its_type(column: Any, texts: list[str]) -> None:
    data = "v,n\n" + "".join(f'"{text}",1\n' for text in texts) + ",2\n"
    result = drafted(flow_with({"v": column, "n": "int8"}), data.encode())
    assert [row["reasons"] for row in result.quarantine] == [
        [{"column": "v", "rule": "type", "value": text}] for text in texts
    ]
    assert result.rows == [{"v": None, "n": 2}]


@pytest.mark.parametrize(
    ("column", "text", "utc"),
    [
        pytest.param("timestamp", "2024-07-01 10:00:00", "2024-07-01T10:00:00+00:00", id="naive is UTC"),
        pytest.param("timestamp", "2024-07-01T10:00:00Z", "2024-07-01T10:00:00+00:00", id="Z"),
        pytest.param("timestamp", "2024-07-01 10:00:00+02", "2024-07-01T08:00:00+00:00", id="an offset"),
        pytest.param("timestamp", "2024-07-01 10:00-03:30", "2024-07-01T13:30:00+00:00", id="without seconds"),
        pytest.param("timestamp", "2024-07-01", "2024-07-01T00:00:00+00:00", id="a day"),
        pytest.param({"zone": "America/New_York"}, "2024-07-01 10:00:00", "2024-07-01T14:00:00+00:00", id="summer"),
        pytest.param({"zone": "America/New_York"}, "2024-01-01 10:00:00", "2024-01-01T15:00:00+00:00", id="winter"),
        pytest.param({"zone": "America/New_York"}, "2024-11-03 01:30:00", "2024-11-03T06:30:00+00:00", id="twice: 2nd"),
        pytest.param({"zone": "America/New_York"}, "2024-07-01 10:00:00Z", "2024-07-01T10:00:00+00:00", id="Z wins"),
        pytest.param({"format": "%d/%m/%Y %H:%M"}, "31/12/2024 23:59", "2024-12-31T23:59:00+00:00", id="a format"),
        pytest.param({"format": "%Y%m%d %H%M %z"}, "20240701 1000 +0200", "2024-07-01T08:00:00+00:00", id="with %z"),
    ],
)
def test_timestamps_are_stored_in_utc(column: Any, text: str, utc: str) -> None:
    declared = column if isinstance(column, str) else {"type": "timestamp"} | column
    result = drafted(flow_with({"at": declared, "n": "int8"}), f"at,n\n{text},1\n".encode())
    assert [at.isoformat() for at in result.column("at")] == [utc]
    assert result.rows[0]["at"].tzinfo is not None


def test_says_that_naive_times_were_read_as_utc() -> None:
    result = drafted(
        flow_with({"at": "timestamp", "local": {"type": "timestamp", "zone": "Asia/Tokyo"}}), b"at,local\n,\n"
    )
    assert [note for note in result.draft.notes if "UTC" in note] == [
        "Column at has no zone: times written without an offset were read as UTC."
    ]


def test_large_integers_keep_every_digit() -> None:
    data = b"a,b\n9223372036854775807,18446744073709551615\n9007199254740993,9007199254740993.0\n"
    rows = drafted(flow_with({"a": "int64", "b": "uint64"}), data).rows
    assert rows == [
        {"a": 9223372036854775807, "b": 18446744073709551615},
        {"a": 9007199254740993, "b": 9007199254740993},
    ]


def test_values_that_are_not_finite_are_null_and_counted_unless_allowed() -> None:
    flow = flow_with({"a": "float64", "b": {"type": "float64", "allow_nonfinite": True}})
    result = drafted(flow, b"a,b\nnan,inf\n-inf,1\n2.5,2\n")
    assert result.column("a") == [None, None, 2.5]
    assert result.column("b") == [float("inf"), 1, 2]
    assert result.draft.notes == ("Column a: 2 values were NaN or infinite, and are null.",)


def test_a_required_value_that_is_not_finite_is_missing() -> None:
    result = drafted(flow_with({"a": {"type": "float64", "required": True}, "n": "int8"}), b"a,n\nnan,1\n2,2\n")
    assert result.bad == {1: ("nan,1", [("a", "required")])}


def test_null_values_are_those_that_the_source_says() -> None:
    flow = flow_with({"a": "int8", "b": "string"}, source={"options": {"null_values": ["NA", "-"]}})
    result = drafted(flow, b"a,b\nNA,-\n1,\n,x\n")
    assert result.rows == [{"a": None, "b": None}, {"a": 1, "b": ""}]
    assert result.bad == {3: (",x", [("a", "type")])}


def test_of_rows_with_the_same_value_the_first_sound_one_stays() -> None:
    columns = {"id": {"type": "int32", "unique": True}, "km": {"type": "int8", "min": 0}}
    result = drafted(flow_with(columns), b"id,km\n1,-5\n1,2\n,3\n,4\n", b"km,id\n7,1\n8,2\n")
    assert result.rows == [
        {"id": 1, "km": 2},
        {"id": None, "km": 3},
        {"id": None, "km": 4},
        {"id": 2, "km": 8},
    ]
    assert [(row["upload"], row["record"], row["raw"]) for row in result.quarantine] == [
        ("upload.csv", 1, "1,-5"),
        ("2-upload.csv", 1, "7,1"),
    ]
    assert [[reason["rule"] for reason in row["reasons"]] for row in result.quarantine] == [
        ["min", "unique"],
        ["unique"],
    ]


@pytest.mark.parametrize(
    ("contract", "code", "quarantined", "dropped"),
    [
        pytest.param({}, None, 2, 0, id="quarantine"),
        pytest.param({"bad_rows": "drop"}, None, 0, 2, id="drop"),
        pytest.param({"bad_rows": "reject"}, "contract_broken", 2, 0, id="reject"),
        pytest.param({"max_bad_rows": 2}, None, 2, 0, id="as many as allowed"),
        pytest.param({"max_bad_rows": 1}, "contract_broken", 2, 0, id="too many"),
        pytest.param({"max_bad_rows": "50%"}, None, 2, 0, id="a share that is not passed"),
        pytest.param({"max_bad_rows": "49%"}, "contract_broken", 2, 0, id="a share that is"),
        pytest.param({"bad_rows": "drop", "max_bad_rows": 1}, "contract_broken", 0, 2, id="too many to drop"),
    ],
)
def test_bad_rows_get_what_the_contract_says(
    contract: dict[str, Any], code: str | None, quarantined: int, dropped: int
) -> None:
    result = drafted(flow_with({"a": "int8", "b": "string"}, contract=contract), b'a,b\n1,x\nz,y\n2,x\n3,"open\n')
    counts, rejection = result.draft.counts, result.draft.rejection
    assert (rejection.code if rejection else None) == code
    assert (counts.read, counts.good, counts.quarantined, counts.dropped) == (4, 2, quarantined, dropped)
    assert len(result.quarantine) == quarantined
    assert len(result.rows) == counts.published == (0 if code else 2)


def test_a_rejection_says_how_many_and_why() -> None:
    flow = flow_with({"a": "int8", "b": "string"}, contract={"max_bad_rows": "1%"})
    rejection = drafted(flow, b"a,b\n1,x\nz,y\ny,y\n2\n").draft.rejection
    assert rejection is not None
    assert rejection.message.startswith(
        "3 of 4 records break the contract (a type (2), record columns (1)); allowed are 1%."
    )


@pytest.mark.parametrize(
    "column",
    [
        pytest.param({"type": "string", "pattern": "("}, id="pattern"),
        pytest.param({"type": "timestamp", "zone": "Mars/Base"}, id="zone"),
    ],
)
def test_a_constraint_that_cannot_be_asked_is_a_mistake_of_the_flow(column: dict[str, Any]) -> None:
    flow = flow_with({"a": "int8"})
    columns = {"a": flow.contract.columns["a"].model_copy(update=column)}
    broken = flow.model_copy(update={"contract": flow.contract.model_copy(update={"columns": columns})})
    with pytest.raises(FlowBroken, match=r"contract\.columns\.a"):
        drafted(broken, b"a\n1\n")


cells = st.text(st.sampled_from("ab1 ,\"\n'é;"), max_size=5)
damages = st.sampled_from(["none", "none", "none", "type", "max", "few", "many", "quote", "utf8", "blank"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 99), cells, damages), min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"])
)
def test_planted_damage_is_found_where_it_was_planted_and_nothing_else_changes(
    rows: list[tuple[int, str, str]], line_break: str
) -> None:
    lines, good, bad = [], [], {}
    record = 0
    for number, cell, damage in rows:
        line, raw = _damaged(number, cell, damage)
        lines.append(line)
        if damage == "blank":
            continue
        record += 1
        if damage == "none":
            good.append({"n": number, "note": cell or None})
        else:
            bad[record] = raw
    data = line_break.encode().join([b"n,note", *lines])
    result = drafted(flow_with({"n": {"type": "int8", "max": 99}, "note": "string"}), data)
    assert {number: raw for number, (raw, _) in result.bad.items()} == bad
    assert result.rows == good
    assert result.draft.counts.read == record == len(good) + len(bad)


def _damaged(number: int, cell: str, damage: str) -> tuple[bytes, str]:
    """The line of a row, and the raw text that quarantine has to have of it."""
    quoted = f'"{cell.replace(chr(34), chr(34) * 2)}"'
    lines = {
        "none": f"{number},{quoted}",
        "type": f"{number}x,{quoted}",
        "max": f"100,{quoted}",
        "few": f"{number}",
        "many": f"{number},{quoted},{number}",
        "quote": f'{number},a"b',
        "blank": "",
    }
    if damage == "utf8":
        return f"{number},caf".encode() + b"\xe9", f"{number},caf\\xe9"
    return lines[damage].encode(), lines[damage]


def test_the_damage_of_the_test_above_is_no_damage_to_the_csv_module() -> None:
    line, _ = _damaged(7, 'a"b\n,', "none")
    assert next(csv.reader(io.StringIO(line.decode(), newline=""))) == ["7", 'a"b\n,']
