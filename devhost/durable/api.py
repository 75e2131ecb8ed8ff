"""The Durable client's HTTP API: what the SDK calls inside the app, and what webhooks offer outside."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from devhost.durable.history import from_text
from devhost.durable.instances import Instance, Status
from devhost.durable.operations import Operations, Query, Refused
from devhost.durable.transcript import transcribe
from devhost.http_trigger import Handler

Links = Callable[[str], dict[str, str]]

RETRY_AFTER_START_S = "10"
RETRY_AFTER_POLL_S = "5"


class DurableApi:
    """Answers requests about orchestrations with the extension's status codes."""

    def __init__(self, operations: Operations, links: Links) -> None:
        self._operations = operations
        self._links = links

    def routes(self, prefix: str, guard: Callable[[Handler], Handler]) -> list[web.RouteDef]:
        """The routes under one prefix; `guard` decides who may call them."""
        one = prefix + "/instances/{instance_id}"
        table: list[tuple[str, str, Handler]] = [
            ("POST", prefix + "/orchestrators/{name}", self._start),
            ("POST", prefix + "/orchestrators/{name}/{instance_id}", self._start),
            ("GET", prefix + "/instances/", self._list),
            ("GET", prefix + "/instances", self._list),
            ("DELETE", prefix + "/instances/", self._purge_all),
            ("DELETE", prefix + "/instances", self._purge_all),
            ("GET", one, self._status),
            ("DELETE", one, self._purge),
            ("POST", one + "/raiseEvent/{event_name}", self._raise_event),
            ("POST", one + "/restart", self._restart),
            ("POST", one + "/{operation:terminate|suspend|resume}", self._control),
        ]
        return [web.route(method, path, guard(_refusing(handler))) for method, path, handler in table]

    async def _start(self, request: web.Request) -> web.Response:
        name, instance_id = request.match_info["name"], request.match_info.get("instance_id")
        version = request.query.get("version")
        instance = self._operations.start(name, instance_id, await _json_body(request), version)
        return self._accepted(instance.instance_id)

    async def _status(self, request: web.Request) -> web.Response:
        instance = self._operations.get(request.match_info["instance_id"])
        body = _described(instance, shows_input=_flag(request, "showInput", default=True))
        if _flag(request, "showHistory"):
            events = self._operations.history(instance.instance_id)
            body["historyEvents"] = transcribe(events, shows_results=_flag(request, "showHistoryOutput"))
        if instance.is_live:
            headers = {"Location": str(request.url), "Retry-After": RETRY_AFTER_POLL_S}
            return web.json_response(body, status=HTTPStatus.ACCEPTED, headers=headers)
        fails_loudly = _flag(request, "returnInternalServerErrorOnFailure") and instance.status is Status.FAILED
        return web.json_response(body, status=HTTPStatus.INTERNAL_SERVER_ERROR if fails_loudly else HTTPStatus.OK)

    async def _list(self, request: web.Request) -> web.Response:
        shows_input = _flag(request, "showInput", default=True)
        found = self._operations.find_all(_query(request))
        return web.json_response([_described(instance, shows_input=shows_input) for instance in found])

    async def _raise_event(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise Refused(HTTPStatus.BAD_REQUEST, "Only application/json request content is supported")
        data = await _json_body(request)
        # As text, as it came: the SDK sends JSON inside JSON, others send the object itself.
        self._operations.raise_event(
            request.match_info["instance_id"], request.match_info["event_name"], json.dumps(data)
        )
        return web.json_response(None, status=HTTPStatus.ACCEPTED)

    async def _control(self, request: web.Request) -> web.Response:
        operation = {
            "terminate": self._operations.terminate,
            "suspend": self._operations.suspend,
            "resume": self._operations.resume,
        }[request.match_info["operation"]]
        operation(request.match_info["instance_id"], request.query.get("reason"))
        return web.json_response(None, status=HTTPStatus.ACCEPTED)

    async def _restart(self, request: web.Request) -> web.Response:
        with_new_id = _flag(request, "restartWithNewInstanceId", default=True)
        instance = self._operations.restart(request.match_info["instance_id"], with_new_id=with_new_id)
        return self._accepted(instance.instance_id)

    async def _purge(self, request: web.Request) -> web.Response:
        self._operations.purge(request.match_info["instance_id"])
        return web.json_response({"instancesDeleted": 1})

    async def _purge_all(self, request: web.Request) -> web.Response:
        deleted = self._operations.purge_all(_query(request))
        return web.json_response(
            {"instancesDeleted": deleted}, status=HTTPStatus.OK if deleted else HTTPStatus.NOT_FOUND
        )

    def _accepted(self, instance_id: str) -> web.Response:
        links = self._links(instance_id)
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": RETRY_AFTER_START_S}
        return web.json_response(links, status=HTTPStatus.ACCEPTED, headers=headers)


def _refusing(handler: Handler) -> Handler:
    async def answering(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            body = {
                "Message": str(refused),
                "ExceptionMessage": str(refused),
                "ExceptionType": "System.ArgumentException",
            }
            return web.json_response(body, status=refused.status)

    return answering


async def _json_body(request: web.Request) -> Any:
    text = await request.text()
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"The request content is not valid JSON: {error}") from None


def _query(request: web.Request) -> Query:
    statuses = request.query.get("runtimeStatus")
    return Query(
        created_from=_moment(request, "createdTimeFrom"),
        created_to=_moment(request, "createdTimeTo"),
        statuses=frozenset(statuses.split(",")) if statuses else None,
        prefix=request.query.get("instanceIdPrefix", ""),
    )


def _moment(request: web.Request, name: str) -> datetime | None:
    text = request.query.get(name)
    try:
        return from_text(text) if text else None
    except ValueError:
        raise Refused(
            HTTPStatus.BAD_REQUEST, f"{name} is {text!r}; expected a time such as 2024-01-31T00:00:00Z."
        ) from None


def _flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    return request.query.get(name, str(default)).lower() == "true"


def _described(instance: Instance, *, shows_input: bool) -> dict[str, Any]:
    return {
        "name": instance.name,
        "instanceId": instance.instance_id,
        "runtimeStatus": instance.status,
        "input": instance.input if shows_input else None,
        "customStatus": instance.custom_status,
        "output": instance.output,
        "createdTime": _second(instance.created_at),
        "lastUpdatedTime": _second(instance.updated_at),
    }


def _second(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
