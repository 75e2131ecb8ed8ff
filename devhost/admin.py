"""The admin route that fires a function by hand, as the real host offers it to holders of the master key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from aiohttp import web

from devhost.keys import Keys, is_opened_by

PATH = "/admin/functions/{name}"

Fire = Callable[[str], Awaitable[object]]


class Admin:
    """Fires functions; `fires` holds those that can be fired, by name."""

    def __init__(self, fires: Mapping[str, Fire], keys: Keys) -> None:
        self._fires = fires
        self._keys = keys
        self._running: set[asyncio.Future[object]] = set()

    def routes(self) -> list[web.RouteDef]:
        """The admin routes."""
        return [web.post(PATH, self._fire)]

    async def _fire(self, request: web.Request) -> web.Response:
        if not is_opened_by(request, self._keys.master):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        fire = self._fires.get(request.match_info["name"])
        if fire is None:
            known = ", ".join(sorted(self._fires)) or "none"
            return web.Response(status=HTTPStatus.NOT_FOUND, text=f"No such function. Can be fired by hand: {known}")
        try:
            body = await request.json() if request.can_read_body else {}
            text = body.get("input", "")
        except (ValueError, AttributeError):
            return web.Response(status=HTTPStatus.BAD_REQUEST, text='Expected a JSON object: {"input": "..."}')
        task = asyncio.ensure_future(fire(str(text)))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return web.Response(status=HTTPStatus.ACCEPTED)

    def _ended(self, task: asyncio.Future[object]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # the invoker has logged it; nobody else waits for it
