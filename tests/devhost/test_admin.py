from __future__ import annotations

import pytest

from devhost.host import LocalHost
from tests.devhost.conftest import StartHost
from tests.devhost.visitor import Visitor


@pytest.fixture
def host(start_host: StartHost) -> LocalHost:
    return start_host()


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        pytest.param("on_time", None, 202, id="no body"),
        pytest.param("on_time", {"input": ""}, 202, id="timer"),
        pytest.param("on_upload", {"input": "landing/gone.csv"}, 202, id="a blob that is not there"),
        pytest.param("nobody", {}, 404, id="unknown function"),
        pytest.param("hello", {}, 404, id="an HTTP function has its own route"),
        pytest.param("on_time", b"{", 400, id="not JSON"),
        pytest.param("on_time", [1], 400, id="not an object"),
    ],
)
def test_answers(host: LocalHost, name: str, body: object, status: int) -> None:
    assert Visitor.of(host).call("POST", f"/admin/functions/{name}", body).status == status


def test_is_closed_without_the_master_key(host: LocalHost) -> None:
    assert Visitor(host.url, host.keys.function).call("POST", "/admin/functions/on_time", {}).status == 401
