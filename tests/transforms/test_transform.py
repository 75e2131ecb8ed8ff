"""From uploads to a draft: order, steps, checks, splits, and rows that cannot get lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.transforms.drafting import LIMITS, drafted, flow_with
from transforms.draft import Limits
from transforms.errors import ParametersInvalid, RowsLost, UnreadableUpload
from transforms.formats.csv import CsvReader

TRIPS = {"id": "int32", "plane": "string", "km": "float64"}
TEXT = b"id,plane,km\n" + b"".join(b"%d,p%d,%d.5\n" % (number, number % 7, number) for number in range(1, 501))
STEPS: list[dict[str, Any]] = [
    {"filter": "id > $first"},
    {"join": {"lookup": "planes", "on": "plane", "take": ["seats"]}},
    {"derive": {"far": "km > 250"}},
    {"split": {"into": {"train": 0.8, "test": 0.2}, "by": "id", "seed": 1}},
    {"impute": {"seats": "median"}},
]
PLANES = b"plane,seats\np0,10\np1,20\np2,NA\np3,40\n"
JOINED: dict[str, Any] = {
    "parameters": {"first": {"type": "int32", "default": 100}},
    "lookups": {"planes": {"path": "planes.csv", "key": "plane"}},
    "steps": STEPS,
}


def test_rows_keep_upload_and_record_order() -> None:
    result = drafted(flow_with({"id": "int8"}), b"id\n3\n1\n", b"id\nx\n2\n", b"id\n0\n")
    assert result.column("id") == [3, 1, 2, 0]
    assert [(row["upload"], row["record"]) for row in result.quarantine] == [("2-upload.csv", 1)]


def test_record_numbers_hold_in_a_large_upload_whatever_the_constraints() -> None:
    """A long `allowed` becomes a hash join, which must not decide about the order of the rows."""
    planes = [f"p{number}" for number in range(40)]
    columns = TRIPS | {"plane": {"type": "string", "allowed": planes}}
    padding = b"1." + b"0" * 60
    lines = [b"%d,%s,%s" % (n, b"none" if n % 5000 == 0 else b"p%d" % (n % 40), padding) for n in range(1, 200_001)]
    result = drafted(flow_with(columns), b"\n".join([b"id,plane,km", *lines]))
    assert result.column("id") == [n for n in range(1, 200_001) if n % 5000]
    assert {record: raw for record, (raw, _) in result.bad.items()} == {
        n: lines[n - 1].decode() for n in range(5000, 200_001, 5000)
    }


def test_rows_that_were_read_in_another_order_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CsvReader, "rows", lossy("ORDER BY c0 DESC"))
    with pytest.raises(RowsLost, match="record numbers are wrong"):
        drafted(flow_with(TRIPS | {"km": {"type": "float64", "max": 490}}), TEXT)


def test_steps_lookups_and_parameters_shape_the_dataset() -> None:
    result = drafted(flow_with(TRIPS, **JOINED), TEXT, lookups={"planes": PLANES}, parameters={"first": 490})
    assert sorted(result.column("id")) == list(range(491, 501))
    assert all(isinstance(seats, float | int) for seats in result.column("seats"))
    assert [count.step.partition(".")[2] for count in result.draft.counts.steps] == [
        "filter",
        "join",
        "derive",
        "split",
        "impute",
    ]
    assert result.draft.counts.steps[0].removed == 490
    assert result.draft.fitted["impute"]["seats"]["statistic"] == "median"


def test_each_split_has_a_folder_and_rows_keep_their_order_in_it() -> None:
    result = drafted(flow_with(TRIPS, **JOINED), TEXT, lookups={"planes": PLANES})
    assert sorted(result.folders) == ["data/test", "data/train"]
    assert [file.name.rpartition("/")[0] for file in result.draft.files] == ["test", "train"]
    for split in ("test", "train"):
        ids = [row["id"] for row in result.rows if row["split"] == split]
        assert ids == sorted(ids)
    assert sorted(result.column("id")) == list(range(101, 501))


@pytest.mark.parametrize(
    ("rows_per_file", "rows"),
    [
        pytest.param(1000, [500], id="one file"),
        pytest.param(500, [500], id="exactly one"),
        pytest.param(200, [200, 200, 100], id="three"),
    ],
)
def test_files_have_no_more_rows_than_declared(rows_per_file: int, rows: list[int]) -> None:
    result = drafted(flow_with(TRIPS, output={"rows_per_file": rows_per_file}), TEXT)
    assert [file.rows for file in result.draft.files] == rows
    assert result.column("id") == list(range(1, 501))
    assert all(file.sha256[:12] in file.name for file in result.draft.files)


def test_the_same_upload_gives_the_same_bytes_whatever_the_threads() -> None:
    text = b"id,plane,km\n" + b"".join(
        b"%d,p%d,%s\n" % (n, n % 97, b"x" if n % 1000 == 0 else b"1.5") for n in range(300_000)
    )
    flow = flow_with(TRIPS, steps=[{"filter": "id % 3 > 0"}])
    names = {
        tuple(file.name for file in (*draft.files, *draft.quarantine))
        for threads in (1, 2, 4)
        for draft in [drafted(flow, text, limits=Limits(LIMITS.memory_bytes, threads, LIMITS.scratch_bytes)).draft]
    }
    assert len(names) == 1


@pytest.mark.parametrize(
    "memory_mb",
    [pytest.param(200, id="in a temporary table"), pytest.param(60, id="in a compressed table")],
)
def test_many_files_are_the_same_whatever_the_threads(memory_mb: int) -> None:
    text = b"id,plane,km\n" + b"".join(b"%d,p%d,1.5\n" % (n // 2, n % 97) for n in range(1_000_000))
    steps: list[dict[str, Any]] = [{"dedupe": {"keys": ["id"]}}, {"filter": "id % 200 > 0"}]
    flow = flow_with(TRIPS, steps=steps, output={"rows_per_file": 200_000})
    limits = [Limits(memory_mb << 20, threads, LIMITS.scratch_bytes) for threads in (1, 2, 4)]
    names = {tuple(file.name for file in drafted(flow, text, limits=limit).draft.files) for limit in limits}
    assert [len(files) for files in names] == [3]


@pytest.mark.parametrize(
    ("checks", "passed", "values"),
    [
        pytest.param(["rows >= 100", "max(km) < 1000"], [True, True], [500, 500.5], id="all hold"),
        pytest.param(["rows >= 501"], [False], [500], id="too few rows"),
        pytest.param(["null_fraction(km) < 0.5", "count(DISTINCT plane) = 8"], [True, False], [0, 7], id="one of two"),
        pytest.param(["avg(km) > NULL"], [False], [251], id="null is no yes"),
        pytest.param(["min(id) = 1 AND max(id) = 7"], [False], [False], id="no simple comparison"),
    ],
)
def test_checks_decide_about_the_finished_dataset(checks: list[str], passed: list[bool], values: list[Any]) -> None:
    result = drafted(flow_with(TRIPS, checks=checks), TEXT)
    assert [check.passed for check in result.draft.checks] == passed
    assert [check.value for check in result.draft.checks] == values
    rejection = result.draft.rejection
    assert (rejection.code if rejection else None) == (None if all(passed) else "check_failed")
    assert bool(result.rows) == all(passed)
    assert all(check.check in rejection.message for check in result.draft.checks if rejection and not check.passed)


def test_a_check_of_no_column_is_a_rejection_that_names_the_columns() -> None:
    rejection = drafted(flow_with(TRIPS, checks=["max(speed) > 1"]), TEXT).draft.rejection
    assert rejection is not None
    assert "checks[0]: no column 'speed'; the columns are id, plane, km" in rejection.message


def test_steps_that_leave_nothing_are_a_rejection_with_the_quarantine() -> None:
    result = drafted(flow_with(TRIPS, steps=[{"filter": "id > 1000"}]), TEXT + b"x,p,1\n")
    assert result.draft.rejection is not None
    assert result.draft.rejection.code == "empty_result"
    assert list(result.bad) == [501]


def test_a_parameter_that_the_flow_does_not_declare_is_refused() -> None:
    with pytest.raises(ParametersInvalid, match="last"):
        drafted(flow_with(TRIPS), TEXT, parameters={"last": 3})


def test_schema_and_profile_tell_what_is_in_the_files() -> None:
    draft = drafted(
        flow_with({"id": "int32", "at": "timestamp", "ok": "bool"}), b"id,at,ok\n1,2024-01-01,\n2,,true\n"
    ).draft
    assert draft.schema == (
        {"name": "id", "type": "int32", "nullable": False},
        {"name": "at", "type": "timestamp", "nullable": True},
        {"name": "ok", "type": "bool", "nullable": True},
    )
    assert draft.profile["rows"] == 2
    assert draft.profile["columns"]["at"]["max"] == "2024-01-01T00:00:00Z"
    assert draft.profile["columns"]["ok"]["nulls"] == 1


def lossy(drop: str) -> Callable[[CsvReader, Sequence[str]], str]:
    honest = CsvReader.rows

    def rows(reader: CsvReader, types: Sequence[str]) -> str:
        return f"(SELECT * FROM {honest(reader, types)} {drop})"

    return rows


@pytest.mark.parametrize(
    "drop",
    [
        pytest.param("LIMIT 499", id="the last row"),
        pytest.param("OFFSET 1", id="the first row"),
        pytest.param("WHERE c0 <> 250", id="one in the middle"),
        pytest.param("WHERE c0 < 0", id="all of them"),
    ],
)
def test_a_reader_that_loses_rows_is_caught(drop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CsvReader, "rows", lossy(drop))
    with pytest.raises(RowsLost, match="500 records were read, but"):
        drafted(flow_with(TRIPS), TEXT)


def test_a_reader_that_doubles_rows_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = CsvReader.rows
    monkeypatch.setattr(
        CsvReader, "rows", lambda reader, types: f"(SELECT t.* FROM {honest(reader, types)} t, range(2))"
    )
    with pytest.raises(RowsLost, match="500 records were read, but 1,000 good"):
        drafted(flow_with(TRIPS), TEXT)


@pytest.mark.parametrize(
    ("planes", "says"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b'plane,seats\np0,10\np1,"20\n', "1 of 2 records are damaged", id="open quote"),
        pytest.param(b"plane,seats\np0,10,1\n", "lookup planes", id="ragged"),
    ],
)
def test_a_damaged_lookup_rejects_the_run(planes: bytes, says: str) -> None:
    rejection = drafted(flow_with(TRIPS, **JOINED), TEXT, lookups={"planes": planes}).draft.rejection
    assert rejection is not None
    assert rejection.code == UnreadableUpload.code
    assert says in rejection.message


def test_quarantine_is_in_files_of_limited_size_too() -> None:
    draft = drafted(flow_with({"id": "int8"}, output={"rows_per_file": 2}), b"id\n1\n" + b"x\n" * 5).draft
    assert [file.rows for file in draft.quarantine] == [2, 2, 1]


def test_memory_stays_within_a_small_limit() -> None:
    text = b"id,plane,km\n" + b"".join(b"%d,plane number %d,%d.25\n" % (n, n, n) for n in range(300_000))
    flow = flow_with(TRIPS | {"id": {"type": "int32", "unique": True}}, steps=[{"dedupe": {"keys": ["plane"]}}])
    result = drafted(flow, text, limits=Limits(100 * 2**20, 2, 2**30))
    assert result.draft.counts.published == 300_000
