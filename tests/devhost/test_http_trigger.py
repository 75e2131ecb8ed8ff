from __future__ import annotations

import json

import pytest

from devhost.host import LocalHost
from tests.devhost.conftest import Recorder, StartHost
from tests.devhost.visitor import Answer, Visitor


@pytest.fixture
def host(start_host: StartHost) -> LocalHost:
    return start_host()


@pytest.fixture
def visitor(host: LocalHost) -> Visitor:
    return Visitor(host.url, host.keys.function)


def test_hands_over_the_request_and_the_response_whole(visitor: Visitor) -> None:
    answer = visitor.call("POST", "/api/hello/B%C3%B6?loud=yes", b"content", **{"X-Given": "seen"})
    assert answer.status == 201
    assert answer.headers["X-Seen"] == "seen"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json == {"name": "Bö", "loud": "yes", "body": "content"}


def test_a_text_answer_is_a_plain_200(visitor: Visitor) -> None:
    answer = visitor.call("GET", "/api/ping", key="")
    assert (answer.status, answer.text) == (200, "pong to GET")


def test_a_function_that_raises_answers_500_and_tells_nothing(visitor: Visitor) -> None:
    answer = visitor.call("GET", "/api/broken")
    assert (answer.status, answer.text) == (500, "")


def test_takes_bodies_larger_than_a_megabyte(visitor: Visitor) -> None:
    assert len(visitor.call("POST", "/api/hello/long", b"x" * 2_000_000).json["body"]) == 2_000_000


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/api/nowhere", id="no such route"),
        pytest.param("GET", "/ping", id="without the prefix"),
        pytest.param("PUT", "/api/ping", id="method that the route does not take"),
        pytest.param("HEAD", "/api/ping", id="HEAD where only GET is taken"),
    ],
)
def test_what_no_function_answers_is_not_found(visitor: Visitor, method: str, path: str) -> None:
    assert visitor.call(method, path).status == 404


def test_opens_by_level(host: LocalHost) -> None:
    def ask(path: str, key: str) -> Answer:
        return Visitor(host.url, key).call("GET", f"/api/{path}")

    keys = host.keys
    opened = {
        path: [ask(path, key).status for key in ("", "wrong", keys.function, keys.master)]
        for path in ("ping", "hello/you", "secret")
    }
    assert opened == {
        "ping": [200, 200, 200, 200],
        "hello/you": [401, 401, 201, 201],
        "secret": [401, 401, 401, 200],
    }


def test_takes_the_key_from_the_query_too(host: LocalHost) -> None:
    path = f"/api/hello/you?code={host.keys.function}"
    assert Visitor(host.url, "").call("GET", path).status == 201


def test_keeps_its_keys_across_restarts_and_to_itself(start_host: StartHost) -> None:
    first = start_host().keys
    assert start_host().keys == first
    assert len({first.function, first.master, first.blobs, first.durable}) == 4


def test_no_function_is_called_without_a_key(start_host: StartHost) -> None:
    recorder = Recorder()
    host = start_host(invoke=recorder)
    assert Visitor(host.url, "").call("POST", "/api/plans/chain/closed", 1).status == 401
    assert recorder.calls == []


def test_logs_each_call_and_no_key(host: LocalHost, visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        visitor.call("POST", f"/api/plans/chain/logged?code={host.keys.function}", json.dumps(1))
        Visitor.of(host).finished("logged")
    said = [record.getMessage() for record in caplog.records]
    assert sum("Executed 'double' (id=logged): succeeded" in line for line in said) == 3
    assert "Orchestration 'chain' (id=logged): Completed" in said
    assert not any(key in line for line in said for key in vars(host.keys).values())
