"""Counts that disagree stop the run, whichever of them it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.transforms.drafting import LIMITS, drafted, flow_with
from transforms.conservation import confirm_ingest, confirm_steps
from transforms.draft import RowCounts, StepCount
from transforms.errors import RowsLost

FILTER = StepCount("steps[0].filter", rows_in=8, removed=3, added=0, rows_out=5)
JOIN = StepCount("steps[1].join", rows_in=5, removed=1, added=2, rows_out=6)
WHOLE = RowCounts(read=10, good=8, quarantined=1, dropped=1, steps=(FILTER, JOIN), published=6)


def test_counts_that_agree_pass() -> None:
    confirm_ingest(WHOLE)
    confirm_steps(WHOLE)


@pytest.mark.parametrize("station", ["read", "good", "quarantined", "dropped"])
@pytest.mark.parametrize("change", [pytest.param(-1, id="one less"), pytest.param(1, id="one more")])
def test_ingest_counts_that_disagree_are_told(station: str, change: int) -> None:
    wrong = replace(WHOLE, **{station: getattr(WHOLE, station) + change})
    with pytest.raises(RowsLost, match=f"{wrong.read} records were read, but {wrong.good} good"):
        confirm_ingest(wrong)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param(replace(WHOLE, good=9), r"contract: 9 rows, but into steps\[0\].filter: 8", id="before the steps"),
        pytest.param(
            replace(WHOLE, steps=(FILTER, replace(JOIN, rows_in=4, rows_out=5))),
            r"out of steps\[0\].filter: 5 rows, but into steps\[1\].join: 4",
            id="between two steps",
        ),
        pytest.param(
            replace(WHOLE, steps=(replace(FILTER, removed=2), JOIN)),
            r"steps\[0\].filter: 5 rows came out .*8 - 2 \+ 0 = 5",
            id="inside a step",
        ),
        pytest.param(replace(WHOLE, published=5), r"out of steps\[1\].join: 6 rows, but files: 5", id="in the files"),
        pytest.param(replace(WHOLE, steps=()), "contract: 8 rows, but files: 6", id="without steps"),
    ],
)
def test_step_counts_that_disagree_are_told(wrong: RowCounts, says: str) -> None:
    with pytest.raises(RowsLost, match=says):
        confirm_steps(wrong)


def test_of_too_many_bad_rows_the_first_are_kept_and_all_are_counted() -> None:
    first, second = b'id\nx\n1\n"open\ny\n', b"id\nz\n2\nw\n"
    few = replace(LIMITS, quarantine_rows=4)
    result = drafted(flow_with({"id": "int32"}), first, second, limits=few)
    assert [(row["upload"], row["record"]) for row in result.quarantine] == [
        ("upload.csv", 1),
        ("upload.csv", 3),
        ("upload.csv", 4),
        ("2-upload.csv", 1),
    ]
    counts, rejection = result.draft.counts, result.draft.rejection
    assert (counts.read, counts.good, counts.quarantined, counts.dropped) == (7, 2, 4, 1)
    assert rejection is not None
    assert (rejection.code, result.rows) == ("quarantine_full", [])
    enough = drafted(flow_with({"id": "int32"}), first, second, limits=replace(LIMITS, quarantine_rows=5))
    assert (enough.draft.rejection, enough.column("id")) == (None, [1, 2])
    assert drafted(flow_with({"id": "int32"}, contract={"bad_rows": "drop"}), first, second, limits=few).rows
