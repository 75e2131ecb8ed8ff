"""The webhook that takes Event Grid's blob events, as the storage extension offers it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from devhost.blob_trigger import BlobTrigger
from devhost.keys import Keys, is_opened_by

PATH = "/runtime/webhooks/blobs"
FUNCTION_PREFIX = "Host.Functions."
BLOB_CREATED = "Microsoft.Storage.BlobCreated"
VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
SUBJECT = re.compile(r"/blobServices/default/containers/(?P<container>[^/]+)/blobs/(?P<blob>.+)", re.DOTALL)


class EventGridWebhook:
    """Hands blob events to the functions that subscribe to them."""

    def __init__(self, triggers: Mapping[str, BlobTrigger], keys: Keys) -> None:
        self._triggers = triggers
        self._keys = keys

    def routes(self) -> list[web.RouteDef]:
        """The webhook's routes; OPTIONS is the handshake of CloudEvents."""
        return [web.post(PATH, self._take), web.route("OPTIONS", PATH, self._shake_hands)]

    async def _shake_hands(self, request: web.Request) -> web.Response:
        if not is_opened_by(request, self._keys.blobs, self._keys.master):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        origin = request.headers.get("WebHook-Request-Origin", "*")
        return web.Response(headers={"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"})

    async def _take(self, request: web.Request) -> web.Response:
        if not is_opened_by(request, self._keys.blobs, self._keys.master):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        trigger = self._triggers.get(request.query.get("functionName", "").removeprefix(FUNCTION_PREFIX))
        if trigger is None:
            expected = ", ".join(FUNCTION_PREFIX + name for name in sorted(self._triggers)) or "none here"
            return web.Response(
                status=HTTPStatus.NOT_FOUND, text=f"functionName is unknown; expected one of: {expected}"
            )
        try:
            events = await request.json()
            return await self._answer(trigger, events if isinstance(events, list) else [events])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            text = f"Not an Event Grid event or an array of them: {type(error).__name__}: {error}"
            return web.Response(status=HTTPStatus.BAD_REQUEST, text=text)

    async def _answer(self, trigger: BlobTrigger, events: list[dict[str, Any]]) -> web.Response:
        for event in events:
            kind = event.get("eventType") or event["type"]
            if kind == VALIDATION:
                return web.json_response({"validationResponse": event["data"]["validationCode"]})
            subject = SUBJECT.fullmatch(event["subject"])
            if kind == BLOB_CREATED and subject:
                await trigger.accept(subject["container"], subject["blob"], (event.get("data") or {}).get("eTag"))
        return web.Response(status=HTTPStatus.ACCEPTED)
