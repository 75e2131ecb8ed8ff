"""The HTTP API: JSON objects only, statuses that a caller can trust, keys that are needed, no secret told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.devhost.visitor import Answer
from tests.end_to_end.conftest import GOOD, READINGS, World

NAME = "readings/monday.csv"
RUNS = "flows/readings/runs"


def problem(answer: Answer) -> tuple[int, str]:
    """The status and detail of an RFC 9457 problem."""
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json["status"] == answer.status
    return answer.status, answer.json["detail"]


def test_a_posted_run_is_accepted_followed_and_told(world: World) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    accepted = world.post(RUNS, {"uploads": [NAME], "caller_run_id": "adf-1"})
    assert (accepted.status, accepted.json["status"]) == (202, "running")
    assert accepted.headers["Location"] == accepted.json["status_url"]
    assert f"/api/status/{accepted.json['run_id']}?" in accepted.headers["Location"]
    assert int(accepted.headers["Retry-After"]) > 0
    run = world.finished(NAME)
    assert (run["http_status"], run["run_id"], run["caller_run_id"]) == (200, accepted.json["run_id"], "adf-1")
    again = world.post(RUNS, {"uploads": [NAME], "caller_run_id": "adf-2"})
    assert (again.status, again.json["run_id"]) == (200, run["run_id"])
    assert len(world.manifests()) == 1


def test_several_uploads_are_one_dataset_in_their_order(world: World) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop("readings/b.csv", b"id,kwh\n3,1\n")
    world.drop("readings/a.csv", b"id,kwh\n1,1\n2,-1\n")
    accepted = world.post(RUNS, {"uploads": ["readings/b.csv", "readings/a.csv"]})
    assert accepted.status == 202
    run = world.finished("readings/a.csv")
    assert run["rows"] == {"read": 3, "published": 2, "quarantined": 1, "dropped": 0}
    assert [upload["name"] for upload in run["uploads"]] == ["readings/a.csv", "readings/b.csv"]
    assert {item["status"] for item in world.uploads()} == {"published"}
    for same in ("readings/", "readings/?.csv"):
        again = world.post(RUNS, {"uploads": [same]})
        assert (again.status, again.json["run_id"]) == (200, run["run_id"])


def test_parameters_are_part_of_what_a_run_is(world: World) -> None:
    world.declare(READINGS + "parameters: {least: {type: float64, default: 0}}\nsteps: [{filter: kwh >= $least}]\n")
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    runs = [world.post(RUNS, {"uploads": [NAME], "parameters": {"least": least}}).json for least in (0, 3)]
    assert runs[0]["run_id"] != runs[1]["run_id"]
    assert [run["parameters"] for run in runs] == [{"least": 0.0}, {"least": 3.0}]


@pytest.mark.parametrize(
    ("flow", "body", "status", "told"),
    [
        pytest.param("readings", b"{", 400, "Invalid JSON", id="not JSON"),
        pytest.param("readings", [], 400, "an object", id="not an object"),
        pytest.param("readings", {}, 400, "uploads", id="no uploads"),
        pytest.param("readings", {"uploads": []}, 400, "uploads", id="empty uploads"),
        pytest.param("readings", {"uploads": [NAME], "when": "now", "who": 1}, 400, "when", id="unknown fields"),
        pytest.param("readings", {"uploads": [NAME], "parameters": {"x": 1}}, 400, "x", id="unknown parameter"),
        pytest.param("readings", b"[" * 9999, 400, "recursion limit", id="too deep"),
        pytest.param("readings", b'{"uploads": ["\xff"]}', 400, "Invalid JSON", id="not Unicode"),
        pytest.param("readings", {"uploads": [NAME], "wait": 201}, 400, "wait", id="wait too long"),
        pytest.param("readings", {"uploads": [NAME], "force": True}, 400, "caller_run_id", id="force without an id"),
        pytest.param("readings", {"uploads": ["readings/nope.csv"]}, 404, "nope.csv", id="unknown upload"),
        pytest.param("readings", {"uploads": ["readings/\x01.csv"]}, 400, "a blob", id="name that no blob has"),
        pytest.param("readings", {"uploads": ["../secrets/a.csv"]}, 400, "a blob", id="way out of the container"),
        pytest.param("readings", {"uploads": ["secrets/monday.csv"]}, 400, "source.path", id="upload of no flow"),
        pytest.param("nothing", {"uploads": [NAME]}, 404, "readings", id="unknown flow"),
        pytest.param("broken", {"uploads": [NAME]}, 409, "contract", id="broken flow"),
        pytest.param("readings", {"uploads": ["x" * (1 << 20)]}, 413, "at most", id="body too large"),
    ],
)
def test_a_request_that_cannot_be_done_says_why(world: World, flow: str, body: Any, status: int, told: str) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.declare("flow: broken\nsource: {path: b.csv, format: csv}\n", "broken.yaml")
    world.start()
    world.drop(NAME)
    code, detail = problem(world.post(f"flows/{flow}/runs", body))
    assert code == status
    assert told in detail
    assert world.runs() == []


@pytest.mark.parametrize(
    ("call", "status", "allowed"),
    [
        pytest.param("GET nothing/here", 404, None, id="unknown path"),
        pytest.param("GET flows/readings/runs", 405, "POST", id="path that takes another method"),
        pytest.param("DELETE runs/1", 405, "GET", id="path with a parameter"),
        pytest.param("PUT health", 405, "GET", id="path without a key"),
    ],
)
def test_a_call_that_there_is_not_is_a_problem_too(world: World, call: str, status: int, allowed: str | None) -> None:
    world.start()
    assert world.visitor
    method, path = call.split(" ")
    answer = world.visitor.call(method, f"/api/{path}")
    assert problem(answer)[0] == status
    assert answer.headers["Allow"] == allowed


def test_the_api_describes_itself_without_a_key(world: World) -> None:
    world.start()
    assert world.visitor
    answer = world.visitor.call("GET", "/api/openapi.json", key="")
    assert (answer.status, answer.json["openapi"]) == (200, "3.1.0")
    assert "/api/flows/{flow}/runs" in answer.json["paths"]


def test_a_flow_is_told_with_its_file(world: World) -> None:
    world.declare("flow: broken\nsource: {path: b.csv, format: csv}\n", "broken.yaml")
    world.start()
    told = world.get("flows/readings")
    assert (told.status, told.json["text"]) == (200, READINGS)
    assert problem(world.get("flows/broken"))[0] == 409
    assert problem(world.get("flows/none"))[0] == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("runs/20130131T060000Z-0123456789ab", 404, id="unknown run"),
        pytest.param("runs/..%2F..%2Fsecrets", 404, id="path traversal"),
        pytest.param("runs?status=nonsense", 400, id="unknown status"),
        pytest.param("runs?limit=0", 400, id="limit too small"),
        pytest.param("runs?colour=red", 400, id="unknown parameter"),
        pytest.param("uploads?status=cancelled", 400, id="not the status of an upload"),
        pytest.param("runs?next=nonsense", 400, id="page that never was"),
    ],
)
def test_a_question_that_has_no_answer_is_a_problem(world: World, path: str, status: int) -> None:
    world.start()
    assert problem(world.get(path))[0] == status


def test_listings_are_filtered_and_paged(world: World) -> None:
    world.start()
    for day, content in (("monday", GOOD), ("tuesday", b""), ("wednesday", GOOD)):
        world.drop(f"readings/{day}.csv", content)
        world.finished(f"readings/{day}.csv")
    assert [run["status"] for run in world.get("runs?status=rejected").json["items"]] == ["rejected"]
    first = world.get("runs?limit=2").json
    assert len(first["items"]) == 2
    rest = world.get(f"runs?limit=2&next={first['next']}").json
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert len(world.get("uploads?status=published&flow=readings").json["items"]) == 2
    assert world.get("runs?since=2999-01-01T00:00:00Z").json["items"] == []


def test_what_a_run_tells_needs_a_key(world: World) -> None:
    world.start()
    assert world.visitor
    for path in ("runs", "uploads", "flows", "runs/20130131T060000Z-0123456789ab"):
        assert world.visitor.call("GET", f"/api/{path}", key="wrong").status == 401
    run = "runs/20130131T060000Z-0123456789ab"
    for path in (RUNS, f"{run}/cancel", f"{run}/rerun"):
        assert world.visitor.call("POST", f"/api/{path}", {"uploads": [NAME]}, key="wrong").status == 401
    health = world.visitor.call("GET", "/api/health", key="")
    assert (health.status, health.json["status"]) == (200, "ok")


def test_missing_settings_are_named_all_at_once_and_the_host_stays_up(world: World) -> None:
    world.settings |= {"INSTANCE_MEMORY_MB": "plenty", "SCRATCH_LIMIT_MB": "1"}
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    health = world.get("health")
    assert health.status == 503
    assert health.json["missing_settings"] == ["INSTANCE_MEMORY_MB", "SCRATCH_LIMIT_MB"]
    code, detail = problem(world.get("runs"))
    assert code == 503
    assert "SCRATCH_LIMIT_MB" in detail
    assert "INSTANCE_MEMORY_MB" in detail


def test_no_answer_holds_a_secret(world: World) -> None:
    world.start()
    world.drop(NAME)
    run = world.finished(NAME)
    del run["status_url"]  # a link for this very caller
    told = json.dumps([run, world.uploads(), world.get("flows").json, world.get("health").json])
    for secret in ("AccountKey", "c2x1aWNl", "code=", "sig="):
        assert secret not in told
