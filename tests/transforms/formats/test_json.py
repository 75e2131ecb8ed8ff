"""JSON in: a damaged record is one quarantined row, and what is nested keeps its type."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.drafting import Drafted, drafted, flow_with
from transforms import json_array
from transforms.errors import ContractBroken, UnreadableUpload

COLUMNS = {"id": "int32", "note": "string"}
DEEP = b'{"id": 2, "note": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def read(format_name: str, data: bytes, columns: dict[str, Any] | None = None, **parts: Any) -> Drafted:
    source = {"format": format_name, "options": parts.pop("options", {})}
    return drafted(flow_with(columns or COLUMNS, source=source, **parts), data, name="a.json")


def both(*records: bytes) -> list[tuple[str, bytes]]:
    """The same records as lines and as an array."""
    return [("jsonl", b"\n".join(records)), ("json", b"[" + b", ".join(records) + b"]")]


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        pytest.param(b'{"id": 2, "note": tru}', (None, "json"), id="a misspelt word"),
        pytest.param(b'{"id": 2, "note": "x" "y"}', (None, "json"), id="a missing comma"),
        pytest.param(b'{"id": 2, "id": 3, "note": "x"}', (None, "json"), id="a key twice"),
        pytest.param(b"[2]", (None, "json"), id="a list"),
        pytest.param(b'"x"', (None, "json"), id="a text"),
        pytest.param(b"null", (None, "json"), id="null"),
        pytest.param(DEEP, (None, "depth"), id="100,000 levels"),
        pytest.param(b'{"id": "two", "note": "x"}', ("id", "type"), id="a text for a number"),
        pytest.param(b'{"id": 2.5, "note": "x"}', ("id", "type"), id="a fraction for an integer"),
        pytest.param(b'{"id": {"a": 1}, "note": "x"}', ("id", "type"), id="an object for a number"),
    ],
)
@pytest.mark.parametrize("shape", [pytest.param(0, id="lines"), pytest.param(1, id="array")])
def test_a_bad_record_goes_to_quarantine_and_its_neighbours_stay(
    record: bytes, rule: tuple[str | None, str], shape: int
) -> None:
    format_name, data = both(b'{"id": 1, "note": "a"}', record, b'{"note": "c", "id": 3}')[shape]
    result = read(format_name, data)
    assert result.rows == [{"id": 1, "note": "a"}, {"id": 3, "note": "c"}]
    raw, rules = result.bad[2]
    assert (raw or "").strip().encode() == record
    assert rules == [rule]
    assert result.draft.counts.read == 3


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        pytest.param(b'{"id": 2, "note"', "json", id="cut"),
        pytest.param(b'{"id": 2} {"id": 3}', "json", id="two in a line"),
        pytest.param(b'{"id": 2, "note": "\x01"}', "json", id="a control character"),
        pytest.param(b'{"id": 2, "note": "\x00"}', "nul", id="a NUL byte"),
        pytest.param(b'{"id": 2, "note": "caf\xe9"}', "encoding", id="Latin-1"),
        pytest.param(b'{"id": 2, "note": "' + b"x" * 2_000_000 + b'"}', "length", id="too long"),
        pytest.param(b"   ", "json", id="spaces"),
        pytest.param(b'\v{"id": 2, "note": "x"}', "json", id="a vertical tab"),
        pytest.param(b'{"id": 2, "note": "x"}\f', "json", id="a form feed"),
    ],
)
def test_a_damaged_line_takes_no_other_with_it(line: bytes, rule: str) -> None:
    result = read("jsonl", b'{"id": 1, "note": "a"}\r\n' + line + b'\n\n{"id": 3, "note": "c"}')
    assert result.rows == [{"id": 1, "note": "a"}, {"id": 3, "note": "c"}]
    assert [rules for _, rules in result.bad.values()] == [[(None, rule)]]
    assert list(result.bad) == [2]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b" \n ", "empty", id="blank"),
        pytest.param(b'{"id": 1}\n{"id": 2}', "no array.*jsonl", id="lines"),
        pytest.param(b'[{"id": 1, "note": "x"}, {"id": 2', r"element 2 is not whole, at byte 24 ", id="cut"),
        pytest.param(b'[{"id": 1, "note": "x"}', r"element 1 is not whole", id="no end"),
        pytest.param(b'[{"id": 1},, {"id": 2}]', "an element is missing, at byte 11 ", id="two commas"),
        pytest.param(b'[{"id": 1}, ]', "an element is missing", id="a comma at the end"),
        pytest.param(b'[{"id": 1}}]', "closes what was not opened, at byte 10 ", id="a bracket too many"),
        pytest.param(b'[{"id": 1}] [{"id": 2}]', "something after the array, at byte 11 ", id="two arrays"),
    ],
)
def test_an_array_that_is_none_is_refused_with_the_place(data: bytes, says: str) -> None:
    with pytest.raises(UnreadableUpload, match=rf"^a\.json: .*{says}"):
        read("json", data)


def test_an_element_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "LONGEST_ELEMENT", 2**16)
    with pytest.raises(UnreadableUpload, match="no element ends in"):
        read("json", b"[" * 100_000)


def test_records_without_keys_are_told_apart_beside_broken_text() -> None:
    lines = [b'{"id": 1, "note": "x"}', b"[1]", b'{"id": 2', b"{}", b"{", b"[]", b"{}", b'{"id": 3}']
    result = read("jsonl", b"\n".join(lines * 50))
    assert len(result.rows) == 4 * 50
    assert {row["raw"] for row in result.quarantine} == {"[1]", '{"id": 2', "{", "[]"}


def test_every_kind_of_damage_in_one_file_keeps_its_number() -> None:
    lines = [
        b"{",
        b"[1]",
        b'{"id": 1, "note": null}',
        b"x\0",
        b"tru",
        b" ",
        b'{"id": 1, "id": 2}',
        b'{"id": 2}',
        b"nope",
    ]
    result = read("jsonl", b"\n".join(lines * 3))
    assert [row["id"] for row in result.rows] == [1, 2] * 3
    damaged = [number for number, line in enumerate(lines * 3, 1) if line not in (lines[2], lines[7])]
    assert list(result.bad) == damaged


@pytest.mark.parametrize("line", [pytest.param(b"{", id="one byte"), pytest.param(b'{"id"', id="cut")])
def test_a_file_of_one_damaged_line_is_a_quarantine(line: bytes) -> None:
    assert read("jsonl", line).bad == {1: (line.decode(), [(None, "json")])}


def test_an_array_may_be_written_over_many_lines() -> None:
    data = json.dumps([{"id": 1, "note": 'a "b", [c'}, {"id": 2, "note": None}], indent=2).encode()
    assert read("json", b"\xef\xbb\xbf" + data).rows == [{"id": 1, "note": 'a "b", [c'}, {"id": 2, "note": None}]


def test_a_line_break_inside_a_string_is_damage() -> None:
    result = read("json", b'[{"id": 1, "note": "a\nb"}, {"id": 2, "note": "c"}]')
    assert result.rows == [{"id": 2, "note": "c"}]
    assert result.bad == {1: ('{"id": 1, "note": "a\vb"}', [(None, "json")])}


@pytest.mark.parametrize("shape", [pytest.param(0, id="lines"), pytest.param(1, id="array")])
def test_what_is_nested_keeps_its_type_where_declared_and_is_json_where_not(shape: int) -> None:
    format_name, data = both(
        b'{"id": 1, "tags": ["a", null], "size": {"w": 1, "h": 2.5}, "more": {"x": [1]}}',
        b'{"id": 2, "tags": null, "size": {"w": "z"}, "more": 7}',
        b'{"id": 3, "size": null}',
    )[shape]
    columns = {"id": "int8", "tags": "list<string>", "size": "struct<w: int8, h: float64>"}
    result = read(format_name, data, columns)
    assert result.rows == [
        {"id": 1, "tags": ["a", None], "size": {"w": 1, "h": 2.5}, "more": '{"x":[1]}'},
        {"id": 3, "tags": None, "size": None, "more": None},
    ]
    assert [rules for _, rules in result.bad.values()] == [[("size", "type")]]


def test_large_numbers_keep_every_digit() -> None:
    columns = {"a": "uint64", "b": "decimal(38,2)"}
    data = b'{"a": 18446744073709551615, "b": "123456789012345678901234567890.12"}'
    [row] = read("jsonl", data, columns).rows
    assert row["a"] == 18446744073709551615
    assert str(row["b"]) == "123456789012345678901234567890.12"


def test_words_that_mean_null_are_null() -> None:
    result = read("jsonl", b'{"id": "NA", "note": ""}\n{"id": 1, "note": "NA"}', options={"null_values": ["NA"]})
    assert result.rows == [{"id": None, "note": ""}, {"id": 1, "note": None}]


def test_keys_are_columns_of_the_contract() -> None:
    with pytest.raises(ContractBroken, match="column note missing; found id, Note"):
        read("jsonl", b'{"id": 1}\n{"id": 2, "Note": "x"}')
    result = read("jsonl", b'{"id": 1, "ID": 3, "": 4}', {"id": "int8"}, contract={"unknown_columns": "drop"})
    assert result.rows == [{"id": 1}]


def test_a_blank_key_or_too_many_are_refused() -> None:
    with pytest.raises(UnreadableUpload, match="a key is blank"):
        read("jsonl", b'{"id": 1, "note": "x", "": 2}')
    with pytest.raises(UnreadableUpload, match="more than 2,000 different keys"):
        read("jsonl", b"\n".join(b'{"id": %d, "k%d": 1}' % (key, key) for key in range(2001)))


def test_only_damage_is_a_quarantine_without_a_dataset() -> None:
    result = read("jsonl", b"garbage\nmore")
    assert result.draft.rejection is not None
    assert result.draft.rejection.code == "empty_result"
    assert [raw for raw, _ in result.bad.values()] == ["garbage", "more"]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
numbers = st.integers(-(2**31), 2**31 - 1)
records = st.lists(st.fixed_dictionaries({"id": numbers, "note": texts | st.none()}), min_size=1)


@settings(max_examples=25)
@given(records, st.sampled_from([None, 1]), st.booleans(), st.sampled_from(["utf-8", "utf-16", "utf-32-be"]))
def test_any_records_come_out_as_they_went_in(
    found: list[dict[str, Any]], indent: int | None, ensure_ascii: bool, encoding: str
) -> None:
    array = json.dumps(found, indent=indent, ensure_ascii=ensure_ascii).encode(encoding)
    lines = "\n".join(json.dumps(record, ensure_ascii=ensure_ascii) for record in found).encode(encoding)
    assert read("json", array).rows == found
    assert read("jsonl", lines).rows == found


@settings(max_examples=25)
@given(records, st.data())
def test_damage_in_a_line_is_found_with_its_number(found: list[dict[str, Any]], data: st.DataObject) -> None:
    lines = [json.dumps(record).encode() for record in found]
    hit = data.draw(st.sets(st.integers(0, len(lines) - 1)))
    for index in hit:
        lines[index] = lines[index][: data.draw(st.integers(1, len(lines[index]) - 1))]
    result = read("jsonl", b"\n".join(lines))
    assert set(result.bad) == {index + 1 for index in hit}
    assert result.rows == [record for index, record in enumerate(found) if index not in hit]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param('"[1]"', id="a text that looks like a list"),
        pytest.param('"{}"', id="a text that looks like an object"),
        pytest.param("7", id="a number"),
    ],
)
def test_what_is_no_list_breaks_a_list_and_is_quarantined_as_it_was(written: str) -> None:
    good, bad = b'{"b": [1], "n": 1}', f'{{"b": {written}, "n": 2}}'.encode()
    result = read("jsonl", b"\n".join((good, bad)), {"b": "list<int64>", "n": "int64"})
    assert result.rows == [{"b": [1], "n": 1}]
    assert result.bad == {2: (bad.decode(), [("b", "type")])}
