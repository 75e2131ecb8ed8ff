from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from devhost.errors import AppBroken
from devhost.routes import patterns, precedence


async def answer(_: web.Request) -> web.Response:
    return web.Response()


def matched(template: str, path: str) -> dict[str, str] | None:
    application = web.Application()
    for pattern in patterns(template):
        application.router.add_get(pattern, answer)
    found = asyncio.run(application.router.resolve(make_mocked_request("GET", path)))
    return dict(found) if found.http_exception is None else None


@pytest.mark.parametrize(
    ("template", "path", "parameters"),
    [
        pytest.param("flows/{flow}/runs", "/flows/trips/runs", {"flow": "trips"}, id="parameter"),
        pytest.param("flows/{flow}/runs", "/flows/a/b/runs", None, id="a parameter takes no slash"),
        pytest.param("pages/{n:int}", "/pages/12", {"n": "12"}, id="integer"),
        pytest.param("pages/{n:int}", "/pages/twelve", None, id="not an integer"),
        pytest.param("pages/{n:int?}", "/pages", {}, id="optional and absent"),
        pytest.param("pages/{n?}", "/pages/x", {"n": "x"}, id="optional and present"),
        pytest.param("files/{*rest}", "/files/a/b.csv", {"rest": "a/b.csv"}, id="whole rest"),
        pytest.param("runs/{a}-{b}", "/runs/1-2", {"a": "1", "b": "2"}, id="two in one segment"),
    ],
)
def test_matches_as_the_real_host_does(template: str, path: str, parameters: dict[str, str] | None) -> None:
    assert matched(template, path) == parameters


def test_prefers_the_more_specific_route() -> None:
    found = ["/runs/{rest:.+}", "/runs/{id:[^/]+}", "/runs/latest"]
    assert sorted(found, key=precedence) == ["/runs/latest", "/runs/{id:[^/]+}", "/runs/{rest:.+}"]


def test_names_a_constraint_that_it_does_not_know() -> None:
    with pytest.raises(AppBroken, match=r"no constraint 'regex'.*It knows: alpha, bool, guid, int, long"):
        patterns("runs/{id:regex}")
