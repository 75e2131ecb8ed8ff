"""The demo's end: one row a file, and an honest verdict."""

from __future__ import annotations

from typing import Any

import pytest

from demo.report import disappointments, run_report, shown, table
from demo.watching import Sight

RUN: dict[str, Any] = {
    "run_id": "20130101T000000Z-0123456789ab",
    "status": "published",
    "rows": {"read": 1000, "published": 990, "quarantined": 4, "dropped": 0},
    "output_url": "http://127.0.0.1:1/sluice/datasets/flights/20130101T000000Z-0123456789ab/",
    "pipeline": {
        "status": "succeeded",
        "run_id": "20130101T000000Z-0123456789ab",
        "answer": {"scores": {"auc": 0.9123, "base_rate": 0.231}},
    },
}
NAME = "flights/2013/01.csv"
PLANTED = {NAME: (1000, 4)}


def sight(**changes: Any) -> Sight:
    run = {**RUN, **changes}
    return Sight(NAME, "done", 12.34, run, run["status"])


def test_a_report_has_exactly_the_agreed_fields() -> None:
    assert run_report(sight()) == {
        "upload": NAME,
        "run_id": RUN["run_id"],
        "status": "published",
        "rows_read": 1000,
        "rows_published": 990,
        "rows_quarantined": 4,
        "output_url": RUN["output_url"],
        "pipeline": {
            "status": "succeeded",
            "run_id": RUN["run_id"],
            "scores": {"auc": 0.9123, "base_rate": 0.231},
        },
        "seconds": 12.3,
    }


def test_a_makers_service_is_shown_with_what_it_got() -> None:
    run = sight(pipeline={"status": "succeeded", "run_id": "107", "answer": None})
    start = {"method": "POST", "path": "/runs", "audience": "a", "body": {"run_id": RUN["run_id"]}}
    report = run_report(run, {"107": {"run_id": "107", **start, "scores": {"auc": 0.9, "base_rate": 0.2}}})
    assert report["pipeline"]["received"] == start
    assert report["pipeline"]["scores"] == {"auc": 0.9, "base_rate": 0.2}
    assert disappointments([report], PLANTED) == []
    assert "devops got, for the first of them:\n\nPOST /runs, with a token for a" in shown([report], "devops")


def test_a_service_that_was_told_of_another_run_disappoints() -> None:
    run = sight(pipeline={"status": "succeeded", "run_id": "107", "answer": None})
    start = {"method": "POST", "path": "/runs", "audience": "a", "body": {"run_id": "another"}}
    report = run_report(run, {"107": {**start, "scores": {"auc": 0.9, "base_rate": 0.2}}})
    assert disappointments([report], PLANTED) == [f"{NAME}: the trainer answered for run 107"]


def test_a_run_that_went_well_disappoints_nobody() -> None:
    assert disappointments([run_report(sight())], PLANTED) == []


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        pytest.param(Sight(NAME, "done", 1.0, None, "ignored"), "the run is ignored", id="no flow took it"),
        pytest.param(sight(status="rejected"), "the run is rejected", id="rejected"),
        pytest.param(
            sight(pipeline={"status": "failed", "run_id": None, "answer": None}),
            "its training is failed",
            id="untrained",
        ),
        pytest.param(sight(rows={**RUN["rows"], "read": 999}), "999 rows were read", id="a row too few"),
        pytest.param(sight(rows={**RUN["rows"], "quarantined": 3}), "3 quarantined", id="damage missed"),
        pytest.param(
            sight(pipeline={**RUN["pipeline"], "run_id": "other"}), "answered for run other", id="another's score"
        ),
        pytest.param(
            sight(pipeline={**RUN["pipeline"], "answer": {"scores": {"auc": 0.5, "base_rate": 0.2}}}),
            "AUC is 0.5",
            id="learnt nothing",
        ),
    ],
)
def test_what_is_wrong_is_said(seen: Sight, told: str) -> None:
    [found] = disappointments([run_report(seen)], PLANTED)
    assert found.startswith(NAME)
    assert told in found


def test_the_table_lines_up() -> None:
    header, row = table([run_report(sight())]).splitlines()
    assert header.split() == [
        "file",
        "run",
        "ID",
        "read",
        "published",
        "quarantined",
        "AUC",
        "base",
        "rate",
        "seconds",
        "dataset",
    ]
    assert row.split()[-1] == "datasets/flights/20130101T000000Z-0123456789ab"
    assert header.index("published") + len("published") == row.index("990") + len("990")


def test_a_file_without_a_run_has_a_line_too() -> None:
    assert "ignored" in table([run_report(Sight(NAME, "done", 1.0, None, "ignored"))])
