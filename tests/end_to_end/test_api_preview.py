"""Previews: what a flow would make of the first records, and nothing written anywhere."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import READINGS, World

NAME = "readings/monday.csv"
PREVIEW = "flows/readings/preview"
MIXED = b"id,kwh\n1,2.5\n2,-1\nthree,3\n4,4\n"


@pytest.fixture
def started(world: World) -> World:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.declare(READINGS + "steps: [{derive: {watts: kwh * 1000}}]\nchecks: [rows >= 2]\n")
    world.start()
    return world


def everything(world: World) -> dict[str, Any]:
    """All that a run would change."""
    containers = ("datasets", "quarantine", "staging", "landing")
    return {"runs": world.runs(), "uploads": world.uploads()} | {name: world.blobs(name) for name in containers}


@pytest.mark.parametrize("inline", [True, False], ids=["inline", "by name"])
def test_rows_rejections_schema_and_profile_are_told_and_nothing_is_written(started: World, inline: bool) -> None:
    started.drop(NAME, MIXED)
    before = everything(started)
    told = started.post(PREVIEW, {"content": MIXED.decode(), "name": NAME} if inline else {"upload": NAME})
    assert told.status == 200
    view = told.json
    assert view["counts"] == {"read": 4, "published": 2, "quarantined": 2, "dropped": 0}
    assert view["rows"] == [{"id": 1, "kwh": 2.5, "watts": 2500.0}, {"id": 4, "kwh": 4.0, "watts": 4000.0}]
    assert [(one["record"], one["reasons"][0]["rule"]) for one in view["rejections"]] == [(2, "min"), (3, "type")]
    assert [column["name"] for column in view["schema"]] == ["id", "kwh", "watts"]
    assert (view["profile"]["from_sample"], view["profile"]["rows"], view["sample_is_whole"]) == (True, 2, True)
    assert (view["rejection"], [check["passed"] for check in view["checks"]]) == (None, [True])
    assert everything(started) == before
    assert list(Path(started.settings["SCRATCH_FOLDER"]).iterdir()) == []


def test_a_sample_that_would_be_rejected_shows_its_rows_and_why(started: World) -> None:
    view = started.post(PREVIEW, {"content": "id,kwh\n1,2.5\n2,-1\n3,-2\n"}).json
    assert view["rejection"]["code"] == "contract_broken"
    assert [row["id"] for row in view["rows"]] == [1]
    assert len(view["rejections"]) == 2


def test_packed_content_comes_in_base64(started: World) -> None:
    content = base64.b64encode(gzip.compress(MIXED)).decode()
    view = started.post(PREVIEW, {"content": content, "encoding": "base64", "name": "readings/a.csv.gz"}).json
    assert view["counts"]["read"] == 4


def test_only_the_start_of_a_large_upload_is_read(started: World) -> None:
    started.drop(NAME, b"id,kwh\n" + b"".join(b"%d,1.5\n" % number for number in range(900_000)))
    view = started.post(PREVIEW, {"upload": NAME}).json
    assert (view["counts"]["read"], len(view["rows"]), view["sample_is_whole"]) == (1000, 1000, False)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        pytest.param({}, 400, "upload or content", id="nothing to look at"),
        pytest.param({"upload": NAME, "content": "id"}, 400, "upload or content", id="two things to look at"),
        pytest.param({"content": "id", "colour": "red"}, 400, "colour", id="unknown field"),
        pytest.param({"content": "%", "encoding": "base64"}, 400, "base64", id="no base64"),
        pytest.param({"content": "x" * (1 << 20) + "x"}, 413, "at most", id="content too large"),
        pytest.param({"content": "x" * (3 << 20)}, 413, "at most", id="body too large"),
        pytest.param({"upload": "readings/none.csv"}, 404, "none.csv", id="unknown upload"),
        pytest.param({"content": "id,kwh\n1,2\n", "parameters": {"x": 1}}, 400, "x", id="unknown parameter"),
        pytest.param({"content": ""}, 422, "unreadable_upload", id="empty"),
        pytest.param({"content": "a,b\n1,2\n"}, 422, "contract_broken", id="other columns"),
    ],
)
def test_what_cannot_be_previewed_says_why(started: World, body: dict[str, Any], status: int, told: str) -> None:
    answer = started.post(PREVIEW, body)
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.status == status
    assert told in answer.json["detail"]


def test_a_flow_whose_sql_is_wrong_says_so(started: World) -> None:
    started.declare(READINGS + "steps: [{filter: random() > 0.5}]\n")
    started.start()
    answer = started.post(PREVIEW, {"content": "id,kwh\n1,2\n"})
    assert (answer.status, answer.json["title"]) == (409, "Flow broken")
    assert "random" in answer.json["detail"]
