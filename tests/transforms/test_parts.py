"""A run by parts leaves what a run at once leaves: rows, order, files, quarantine, counts, profile and verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from tests.transforms.drafting import LIMITS, Drafted, drafted, flow_with, parquet
from transforms.dividing import is_divisible, lookups_per_part, steps_per_part
from transforms.errors import RowsLost, UnreadableUpload
from transforms.flow.flow import Flow
from transforms.part_files import Part
from transforms.steps.catalog import VERBS

COLUMNS: dict[str, Any] = {
    "id": {"type": "int32", "required": True},
    "plane": "string",
    "km": {"type": "float64", "min": 0},
    "at": {"type": "timestamp", "zone": "Europe/Berlin"},
}
DROP = {"contract": {"unknown_columns": "drop", "missing_columns": "null"}}
PLANES = b"plane,seats\np0,10\np1,20\np2,\n"
JOINED = {"planes": {"path": "planes.csv", "key": "plane"}}
OWN = "def doubled(table):\n    return table.append_column('twice', table['id'])\n"


def text_of(first: int, rows: int = 40) -> bytes:
    """Rows with a bad one, an infinite one, a null, a quoted line break and keys that come back."""
    lines = ["id,plane,km,at\n"]
    for row in range(first, first + rows):
        km = {0: "-1", 3: "inf", 5: ""}.get(row % 13, f"{row % 17}.5")
        lines.append(f"{row},p{row % 4},{km},2024-03-0{row % 9 + 1} 02:30:00\n" if row % 11 else f'x{row},"a\nb",1,\n')
    return "".join(lines).encode()


UPLOADS = [text_of(0), text_of(40), b"id,plane,km,at\n", b"km,id\n1.5,300\n2.5,301\n", text_of(100, rows=3)]
MIXED = [
    parquet({"id": [1, 2], "n": [5, None]}),
    parquet({"id": [3], "more": ["a"], "n": [2.5]}),
    parquet({"id": [4], "more": ["b"], "n": ["x"]}),
    parquet({"id": [None, 6]}),
]
GROUPINGS = [[5], [2, 3], [1, 3, 1]]
ROW_WISE: list[dict[str, Any]] = [
    {"rename": {"at": "seen"}},
    {"derive": {"m": "km * 1000", "tags": "[plane, plane || '!']", "gap": "seen - seen", "big": "id::HUGEINT"}},
    {"filter": "id % 7 <> 3"},
    {"join": {"lookup": "planes", "on": "plane", "take": ["seats"]}},
    {"sample": {"share": 0.9, "by": "id"}},
    {"unnest": {"column": "tags", "empty": "drop"}},
    {"unpivot": {"columns": ["km", "m"], "names_to": "unit", "values_to": "length", "nulls": "drop"}},
    {"derive": {"gap": "epoch(gap)", "big": "big::BIGINT"}},
    {"split": {"into": {"train": 0.7, "test": 0.3}, "by": "id"}},
    {"select": ["id", "plane", "seen", "seats", "tags", "unit", "length", "gap", "big", "split"]},
]
BARRIERS: list[dict[str, Any]] = [
    {"cast": {"seats": {"type": "int16", "unfit": "nullify"}}},
    {"dedupe": {"keys": ["id", "unit"]}},
    {"filter": "id > 2"},
    {"impute": {"length": "median", "seats": "mean"}},
    {"sort": "length DESC, plane"},
    {"python": {"call": "own:doubled", "columns": ["id"]}},
]
FLOWS = [
    pytest.param(flow_with(COLUMNS, **DROP), id="no step"),
    pytest.param(flow_with(COLUMNS, **DROP, lookups=JOINED, steps=ROW_WISE), id="row-wise steps alone"),
    pytest.param(flow_with(COLUMNS, **DROP, lookups=JOINED, steps=[*ROW_WISE, *BARRIERS]), id="barriers behind them"),
    pytest.param(flow_with(COLUMNS, **DROP, steps=[{"dedupe": {"keys": "plane"}}, {"filter": "id > 0"}]), id="barrier"),
    pytest.param(
        flow_with(COLUMNS, **DROP, steps=[{"filter": "id > 0"}, {"limit": 20}], output={"rows_per_file": 7}),
        id="small files",
    ),
    pytest.param(
        flow_with(
            COLUMNS,
            **DROP,
            steps=[{"split": {"into": {"train": 0.7, "test": 0.3}, "by": "id"}}, {"scale": {"km": "standard"}}],
            checks=["rows > 10", "null_fraction(plane) < 0.5"],
        ),
        id="learning from train",
    ),
    pytest.param(
        flow_with({"id": COLUMNS["id"]}, contract={"missing_columns": "null"}, steps=[{"filter": "id > 0"}]),
        id="unknown columns kept",
    ),
    pytest.param(
        flow_with(COLUMNS, contract={**DROP["contract"], "bad_rows": "drop"}, steps=[{"filter": "id > 0"}]),
        id="bad rows dropped",
    ),
]


def left(drafted: Drafted) -> dict[str, Any]:
    """Everything that a draft leaves, but for where."""
    draft = drafted.draft
    return {
        **{name: value for name, value in vars(draft).items() if name not in {"files", "quarantine"}},
        "rows": drafted.rows,
        "bad": drafted.quarantine,
        "files": [(file.name, file.rows, file.sha256, file.split) for file in draft.files],
        "quarantine": [(file.name, file.rows, file.sha256) for file in draft.quarantine],
    }


@pytest.mark.parametrize("flow", FLOWS)
def test_parts_leave_what_one_transform_leaves(flow: Flow) -> None:
    more: dict[str, Any] = {"lookups": {"planes": PLANES}, "files": {"own.py": OWN}}
    at_once = left(drafted(flow, *UPLOADS, **more))
    assert at_once["rejection"] is None
    assert at_once["rows"]
    for parts in GROUPINGS:
        assert left(drafted(flow, *UPLOADS, **more, parts=parts)) == at_once, parts


def test_more_uploads_than_one_engine_takes_go_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    flow = flow_with(COLUMNS, **DROP, lookups=JOINED, steps=[*ROW_WISE, *BARRIERS])
    more: dict[str, Any] = {"lookups": {"planes": PLANES}, "files": {"own.py": OWN}}
    at_once = left(drafted(flow, *UPLOADS, **more))
    monkeypatch.setattr("transforms.transform.MOST_UPLOADS", 2)
    assert left(drafted(flow, *UPLOADS, **more)) == at_once


@pytest.mark.parametrize(
    ("flow", "uploads"),
    [
        pytest.param(flow_with({"id": {"type": "int32", "unique": True}}, **DROP), UPLOADS, id="unique"),
        pytest.param(flow_with({"id": COLUMNS["id"]}, source={"format": "parquet"}), MIXED, id="other columns in each"),
    ],
)
def test_more_uploads_than_a_view_takes_are_one_table(
    flow: Flow, uploads: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = left(drafted(flow, *uploads))
    monkeypatch.setattr("transforms.stretches.MOST_IN_A_VIEW", 2)
    assert left(drafted(flow, *uploads)) == at_once


@pytest.mark.long
@pytest.mark.parametrize("unique", [False, True])
def test_a_thousand_uploads_fit_into_the_memory_of_one_transform(unique: bool) -> None:
    contract = {"columns": {"id": {"type": "int32", "unique": unique}, "at": "string"}, "max_bad_rows": "100%"}
    flow = flow_with({}, contract=contract, steps=[{"dedupe": {"keys": "id"}}])
    uploads = [b"id,at\n" + b"".join(b"%d,a\n" % (row % 700) for row in range(day, day + 5)) for day in range(1000)]
    limits = replace(LIMITS, memory_bytes=412 * 2**20)
    assert drafted(flow, *uploads, limits=limits).draft.counts.published == 700


def test_unknown_columns_have_the_type_that_fits_all_uploads() -> None:
    flow = flow_with({"id": COLUMNS["id"]}, source={"format": "parquet"})
    at_once = left(drafted(flow, *MIXED))
    assert [row["n"] for row in at_once["rows"]] == ["5", None, "2.5", "x", None]
    for parts in ([2, 2], [3, 1], [1, 1, 2]):
        assert left(drafted(flow, *MIXED, parts=parts)) == at_once, parts


def test_what_an_earlier_run_learnt_and_its_profile_reach_the_reduce() -> None:
    steps = [{"filter": "id > 0"}, {"impute": {"km": "median"}}]
    checks = [{"drift": {"against": "previous", "max_psi": 0.1, "then": "warn"}}]
    flow = flow_with(COLUMNS, **DROP, steps=steps, checks=checks)
    fitted = {"impute": {"km": {"statistic": "median", "value": 777.5}}}
    previous = drafted(flow, text_of(0, rows=20)).draft.profile
    at_once = left(drafted(flow, *UPLOADS, previous=previous, fitted=fitted))
    assert 777.5 in [row["km"] for row in at_once["rows"]]
    assert at_once["drift"]
    assert left(drafted(flow, *UPLOADS, previous=previous, fitted=fitted, parts=[2, 3])) == at_once


FEW_BAD = b"id,plane\n" + b"".join(b"%d,p\n" % row for row in range(96))
MANY_BAD = b"id,plane\n" + b"x,p\n" * 4


def limited(limit: str, **more: Any) -> Flow:
    """A flow that a whole run of `FEW_BAD` and `MANY_BAD` keeps at 5 %, and breaks at 3 %."""
    return flow_with(
        {"id": "int32", "plane": "string"}, contract={"max_bad_rows": limit, "unknown_columns": "drop"}, **more
    )


def test_the_limit_of_bad_rows_is_that_of_the_whole_run() -> None:
    assert drafted(limited("5%"), MANY_BAD, FEW_BAD, parts=[1, 1]).draft.rejection is None


REJECTED = [
    pytest.param(limited("3%"), [FEW_BAD, MANY_BAD], "contract_broken", id="too many bad rows"),
    pytest.param(
        limited("3%", steps=[{"derive": {"n": "plane::INT"}}]),
        [FEW_BAD, MANY_BAD],
        "contract_broken",
        id="the contract is judged before a step that fails",
    ),
    pytest.param(
        limited("10%", steps=[{"derive": {"n": "CASE WHEN id = 50 THEN plane::INT END"}}]),
        [MANY_BAD, FEW_BAD, MANY_BAD],
        "step_failed",
        id="a row of one part fails a step",
    ),
    pytest.param(limited("5%", steps=[{"select": ["nowhere"]}]), [FEW_BAD] * 3, "step_failed", id="no such column"),
    pytest.param(limited("100%"), [MANY_BAD] * 3, "empty_result", id="no good row in any part"),
    pytest.param(
        limited("100%", steps=[{"derive": {"n": "nowhere"}}]), [MANY_BAD] * 2, "empty_result", id="no row to fail on"
    ),
    pytest.param(
        limited("5%", steps=[{"filter": "id > 1000"}]), [FEW_BAD] * 2, "empty_result", id="every row was filtered out"
    ),
    pytest.param(limited("5%", checks=["rows > 1000"]), [FEW_BAD] * 2, "check_failed", id="a check fails"),
    pytest.param(
        limited("100%", source={"options": {"ragged_rows": "reject"}}),
        [FEW_BAD, b"id,plane\n7,p,9\n"],
        "contract_broken",
        id="ragged rows",
    ),
    pytest.param(
        limited(
            "5%",
            lookups=JOINED,
            steps=[{"join": {"lookup": "planes", "on": "plane"}}],
        ),
        [FEW_BAD, FEW_BAD],
        "unreadable_upload",
        id="a damaged lookup",
    ),
]


@pytest.mark.parametrize(("flow", "uploads", "code"), REJECTED)
def test_parts_are_rejected_for_what_one_transform_is_rejected_for(flow: Flow, uploads: list[bytes], code: str) -> None:
    lookups = {"planes": b'plane,seats\np0,"20\n'}
    at_once = left(drafted(flow, *uploads, lookups=lookups))
    assert at_once["rejection"].code == code
    assert left(drafted(flow, *uploads, lookups=lookups, parts=[1] * len(uploads))) == at_once


@pytest.mark.parametrize("parts", [[2, 1], [1, 2]])
@pytest.mark.parametrize("most", [3, 5, 9])
def test_a_quarantine_that_is_full_has_the_first_rows_of_the_run(most: int, parts: list[int]) -> None:
    flow, limits = limited("100%"), replace(LIMITS, quarantine_rows=most)
    at_once = left(drafted(flow, MANY_BAD, MANY_BAD + FEW_BAD[9:], b"id,plane\n", limits=limits))
    assert at_once["counts"].quarantined == min(most, 8)
    assert (at_once["rejection"] is None) == (most >= 8)
    assert left(drafted(flow, MANY_BAD, MANY_BAD + FEW_BAD[9:], b"id,plane\n", limits=limits, parts=parts)) == at_once


def test_an_upload_that_cannot_be_read_ends_its_part() -> None:
    with pytest.raises(UnreadableUpload, match="2-upload"):
        drafted(limited("5%"), FEW_BAD, b"PAR1", parts=[1, 1])


def changed(place: int, statement: str) -> Callable[[Sequence[Part]], None]:
    """A part's file is no longer what the part left."""

    def change(parts: Sequence[Part]) -> None:
        with duckdb.connect(str(parts[place].path)) as connection:
            connection.execute(statement)

    return change


@pytest.mark.parametrize(
    ("part", "statement", "told"),
    [
        pytest.param(1, "DELETE FROM rows_0 WHERE id = 7", "part 2 left 96 rows, but 95 arrived", id="a row is lost"),
        pytest.param(
            1, "INSERT INTO rows_0 FROM rows_0", "part 2 left 96 rows, but 192 arrived", id="rows are doubled"
        ),
        pytest.param(0, "DELETE FROM quarantine", "100 records were read, but", id="the quarantine is lost"),
    ],
)
@pytest.mark.parametrize("steps", [[], [{"filter": "id >= 0"}]])
def test_rows_that_do_not_arrive_at_the_reduce_are_caught(
    part: int, statement: str, told: str, steps: list[Any]
) -> None:
    flow = limited("5%", steps=steps)
    with pytest.raises(RowsLost, match=told):
        drafted(flow, MANY_BAD, FEW_BAD, parts=[1, 1], meanwhile=changed(part, statement))


ONE_BY_ONE = {"select", "rename", "derive", "filter", "join", "sample", "split", "unnest", "unpivot"}


def test_steps_of_a_part_end_at_the_first_barrier() -> None:
    assert {verb for verb, known in VERBS.items() if known.is_row_wise} == ONE_BY_ONE
    flow = flow_with(COLUMNS, **DROP, lookups=JOINED, steps=[*ROW_WISE, *BARRIERS])
    assert steps_per_part(flow) == len(ROW_WISE)
    assert lookups_per_part(flow) == {"planes"}


@pytest.mark.parametrize(
    ("contract", "divisible"),
    [
        pytest.param({}, True, id="each row by itself"),
        pytest.param({"columns": {"id": {"type": "int32", "unique": True}}}, False, id="unique"),
        pytest.param({"keys": [["id", "plane"]]}, False, id="keys"),
    ],
)
def test_a_contract_over_many_rows_is_not_divided(contract: dict[str, Any], divisible: bool) -> None:
    assert is_divisible(flow_with({"id": "int32", "plane": "string"}, contract=contract)) is divisible
