from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.devhost.conftest import APP, StartHost
from tests.devhost.visitor import DURABLE, Visitor


@pytest.fixture
def visitor(start_host: StartHost) -> Visitor:
    return Visitor.of(start_host())


@pytest.fixture
def waiting(visitor: Visitor) -> str:
    """The path of an instance that waits for an hour."""
    identity = visitor.start("wait_for_approval", {"n": 1}, "waiting")
    visitor.until(identity, runtimeStatus="Running")
    return f"{DURABLE}/instances/{identity}"


@pytest.fixture
def finished(visitor: Visitor) -> str:
    """The path of an instance that has completed."""
    visitor.finished(visitor.start("chain", 1, "finished"))
    return f"{DURABLE}/instances/finished"


@pytest.mark.parametrize("key", ["", "wrong", "ключ".encode().decode("latin-1")], ids=["none", "wrong", "not ASCII"])
def test_is_closed_without_the_key(visitor: Visitor, key: str) -> None:
    assert visitor.call("GET", f"{DURABLE}/instances", key=key).status == 401


def test_a_function_key_does_not_open_it(start_host: StartHost) -> None:
    host = start_host()
    assert Visitor(host.url, host.keys.function).call("GET", f"{DURABLE}/instances").status == 401


def test_the_clients_own_door_cannot_be_guessed(visitor: Visitor) -> None:
    assert visitor.call("GET", "/durabletask/instances").status == 404


def test_a_running_instance_answers_202_and_where_to_ask_again(visitor: Visitor, waiting: str) -> None:
    answer = visitor.call("GET", waiting)
    assert answer.status == 202
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["Location"] == visitor.url + waiting
    assert answer.json["input"] == '{"n": 1}'


def test_a_plain_object_is_an_input_too(visitor: Visitor) -> None:
    visitor.call("POST", f"{DURABLE}/orchestrators/immediate/plain", {"n": 1})
    assert visitor.finished("plain")["output"]["given"] == {"n": 1}


def test_a_failed_instance_answers_500_only_if_asked_to(visitor: Visitor) -> None:
    visitor.finished(visitor.start("failing", None, "failing"))
    path = f"{DURABLE}/instances/failing"
    assert visitor.call("GET", path).status == 200
    assert visitor.call("GET", f"{path}?returnInternalServerErrorOnFailure=true").status == 500


def test_tells_the_history_if_asked_to(visitor: Visitor, finished: str) -> None:
    told = visitor.call("GET", f"{finished}?showHistory=true&showHistoryOutput=true&showInput=false").json
    assert told["input"] is None
    assert [(one["EventType"], one.get("FunctionName"), one.get("Result")) for one in told["historyEvents"]] == [
        ("ExecutionStarted", "chain", None),
        ("TaskCompleted", "double", 2),
        ("TaskCompleted", "double", 4),
        ("TaskCompleted", "double", 8),
        ("ExecutionCompleted", None, 8),
    ]


@pytest.mark.parametrize(
    ("method", "operation", "status"),
    [
        pytest.param("GET", "", 404, id="status"),
        pytest.param("POST", "/terminate", 404, id="terminate"),
        pytest.param("POST", "/raiseEvent/go", 404, id="raise event"),
        pytest.param("POST", "/restart", 400, id="restart"),
        pytest.param("DELETE", "", 404, id="purge"),
    ],
)
def test_an_unknown_instance_is_refused(visitor: Visitor, method: str, operation: str, status: int) -> None:
    assert visitor.call(method, f"{DURABLE}/instances/nobody{operation}", {}).status == status


@pytest.mark.parametrize("operation", ["terminate", "suspend", "resume", "raiseEvent/go"])
def test_a_finished_instance_is_gone_for_operations(visitor: Visitor, finished: str, operation: str) -> None:
    assert visitor.call("POST", f"{finished}/{operation}", {}).status == 410


def test_an_event_must_be_json(visitor: Visitor, waiting: str) -> None:
    assert visitor.call("POST", f"{waiting}/raiseEvent/go", b"{}", **{"Content-Type": "text/plain"}).status == 400
    assert visitor.call("POST", f"{waiting}/raiseEvent/go", b"{").status == 400


def test_only_a_finished_instance_is_purged(visitor: Visitor, waiting: str, finished: str) -> None:
    assert visitor.call("DELETE", waiting).status == 412
    assert visitor.call("DELETE", finished).json == {"instancesDeleted": 1}
    assert visitor.call("GET", finished).status == 404


def test_purges_what_matches(visitor: Visitor, waiting: str, finished: str) -> None:
    everything = f"{DURABLE}/instances?createdTimeFrom=2000-01-01T00:00:00Z"
    assert visitor.call("DELETE", f"{everything}&runtimeStatus=Failed").status == 404
    assert visitor.call("DELETE", everything).json == {"instancesDeleted": 1}
    assert visitor.call("GET", waiting).status == 202
    assert visitor.call("GET", finished).status == 404


def test_lists_what_matches(visitor: Visitor, waiting: str, finished: str) -> None:
    def names(query: str) -> list[str]:
        return [one["instanceId"] for one in visitor.call("GET", f"{DURABLE}/instances/?{query}").json]

    assert visitor.call("GET", waiting).status == visitor.call("GET", finished).status + 2
    assert names("") == ["waiting", "finished"]
    assert names("runtimeStatus=Running,Pending") == ["waiting"]
    assert names("instanceIdPrefix=fin") == ["finished"]
    assert names("createdTimeFrom=2100-01-01T00:00:00Z") == []
    assert visitor.call("GET", f"{DURABLE}/instances?createdTimeTo=soon").status == 400


def test_restarts_with_the_same_input(visitor: Visitor, finished: str) -> None:
    answer = visitor.call("POST", f"{finished}/restart?restartWithNewInstanceId=true")
    assert answer.json["id"] != "finished"
    assert visitor.finished(answer.json["id"])["output"] == 8


def test_a_running_id_is_refused_and_a_finished_one_replaced(visitor: Visitor, waiting: str, finished: str) -> None:
    start = f"{DURABLE}/orchestrators/chain"
    assert visitor.call("POST", f"{start}/waiting", "5").status == 409
    assert visitor.call("POST", f"{waiting}/restart?restartWithNewInstanceId=false").status == 409
    assert visitor.call("POST", f"{start}/finished", "5").status == 202
    assert visitor.finished("finished")["output"] == 40
    assert finished.endswith("/finished")


def test_a_running_id_is_replaced_where_host_json_says_so(start_host: StartHost, tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(APP, app)
    host_json = (app / "host.json").read_text(encoding="utf-8").replace("NonRunningStates", "AnyState")
    (app / "host.json").write_text(host_json, encoding="utf-8")
    visitor = Visitor.of(start_host(app=app))
    visitor.until(visitor.start("wait_for_approval", None, "same"), runtimeStatus="Running")
    visitor.start("chain", 5, "same")
    assert visitor.finished("same")["output"] == 40


@pytest.mark.parametrize("instance_id", ["a#b", "a?b", "a\\b", "a\nb", "@a", "a" * 101])
def test_an_id_that_no_url_can_carry_is_refused(visitor: Visitor, instance_id: str) -> None:
    assert visitor.call("POST", f"{DURABLE}/orchestrators/chain/{quote(instance_id)}", 1).status == 400


def test_an_unknown_orchestrator_is_refused_by_name(visitor: Visitor) -> None:
    answer = visitor.call("POST", f"{DURABLE}/orchestrators/nowhere", 1)
    assert answer.status == 400
    assert "'nowhere' doesn't exist" in answer.json["ExceptionMessage"]


def test_the_sdk_client_hands_out_addresses_that_work(visitor: Visitor) -> None:
    started = visitor.call("POST", "/api/plans/chain/by-sdk", 2)
    assert started.status == 202
    assert started.headers["Location"] == started.json["statusQueryGetUri"]
    visitor.finished("by-sdk")
    path = started.json["statusQueryGetUri"].removeprefix(visitor.url)
    assert visitor.call("GET", path, key="").json["output"] == 16
