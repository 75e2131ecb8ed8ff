"""HTTP functions: their routes, who may call them, and the way of a request there and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from azure.functions.meta import Datum

from devhost.functions import AppFunction
from devhost.invoker import Invocation, Invoke
from devhost.keys import Keys, is_opened_by
from devhost.routes import patterns, precedence

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ALL_METHODS = ("GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS")


def urls(functions: Iterable[AppFunction], prefix: str) -> list[tuple[AppFunction, str]]:
    """Each HTTP function with its route under the prefix."""
    return [(one, "/".join(filter(None, (prefix, route_of(one))))) for one in functions]


def route_of(function: AppFunction) -> str:
    """The function's route template; without one its name."""
    return str(function.trigger.get("route") or function.name).strip("/")


def routes(functions: Iterable[AppFunction], prefix: str, invoke: Invoke, keys: Keys) -> list[web.RouteDef]:
    """The routes of the HTTP functions, the more specific ones first."""
    found = [
        (precedence(pattern), _route(method, pattern, _Endpoint(function, invoke, keys).answer))
        for function, url in urls(functions, prefix)
        for pattern in patterns(url)
        for method in _methods(function)
    ]
    return [route for _, route in sorted(found, key=lambda one: one[0])]


def _route(method: str, pattern: str, handler: Handler) -> web.RouteDef:
    # The server would answer HEAD wherever it answers GET; the real host does not.
    return web.get(pattern, handler, allow_head=False) if method == "GET" else web.route(method, pattern, handler)


@web.middleware
async def hide_wrong_methods(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A method that the route does not take is answered with 404, as by the real host."""
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed:
        return web.Response(status=HTTPStatus.NOT_FOUND)


def _methods(function: AppFunction) -> Iterable[str]:
    return [str(method).upper() for method in function.trigger.get("methods") or ALL_METHODS]


class _Endpoint:
    def __init__(self, function: AppFunction, invoke: Invoke, keys: Keys) -> None:
        self._function = function
        self._invoke = invoke
        level = str(function.trigger.get("authLevel") or "function").lower()
        self._openers = {"anonymous": None, "admin": (keys.master,)}.get(level, (keys.function, keys.master))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self._openers is not None and not is_opened_by(request, *self._openers):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        datum = await _request_datum(request)
        try:
            answered = await self._invoke(Invocation(self._function, datum))
        except Exception:  # noqa: BLE001  the invoker has logged it; callers are told nothing, as by the real host
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
        return _response(answered)


async def _request_datum(request: web.Request) -> Datum:
    value = {
        "method": Datum(request.method, "string"),
        "url": Datum(str(request.url), "string"),
        "headers": {name.lower(): Datum(value, "string") for name, value in request.headers.items()},
        "query": {name: Datum(value, "string") for name, value in request.query.items()},
        "params": {name: Datum(value, "string") for name, value in request.match_info.items()},
        "body": Datum(await request.read(), "bytes"),
    }
    return Datum(value, "http")


def _response(answered: Datum | None) -> web.Response:
    if answered is None:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    if answered.type == "string":
        return web.Response(text=answered.value)
    parts: dict[str, Any] = answered.value
    headers = {name: datum.value for name, datum in parts["headers"].items()}
    response = web.Response(status=int(parts["status_code"].value), headers=headers, body=parts["body"].value or None)
    for cookie in parts.get("cookies") or []:
        for morsel in cookie.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response
