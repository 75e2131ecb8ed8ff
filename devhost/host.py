"""The local host: everything put together, started in order and stopped in reverse."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from devhost import http_trigger
from devhost.admin import Admin
from devhost.app import loaded_app
from devhost.clock import Clock, RealClock
from devhost.durable.api import DurableApi
from devhost.durable.engine import Engine, Limits
from devhost.durable.links import WEBHOOK_PREFIX, DurableLinks
from devhost.durable.operations import Operations
from devhost.durable.store import Store
from devhost.errors import PortTaken
from devhost.event_grid import EventGridWebhook
from devhost.functions import AppFunction, of_kind
from devhost.invoker import Invoke, Invoker, logged
from devhost.keys import Keys, is_opened_by, load_keys
from devhost.lock import locked
from devhost.records import Records
from devhost.settings import HostConfig, in_environment, read_host_config, resolve, worker_process_count
from devhost.triggers import Triggers
from devhost.workers import Workers

log = logging.getLogger("devhost")

LOOPBACK = "127.0.0.1"
LARGEST_BODY_BYTES = 100 * 1024 * 1024
LAST_REQUESTS_S = 5.0
POLL_INTERVAL_S = 1.0


def unwrapped(invoke: Invoke) -> Invoke:
    """Functions are called as they are."""
    return invoke


class LocalHost:
    """One function app, running inside `async with`.

    Settings are environment variables while it runs, so one process runs one host at a time. `state` is the
    folder of what outlives it: keys, histories, receipts. `invoke` may wrap the call of every function.
    """

    url: str
    keys: Keys
    functions: tuple[AppFunction, ...]
    operations: Operations
    route_prefix: str

    def __init__(
        self,
        app: Path,
        settings: Mapping[str, str],
        state: Path,
        *,
        port: int = 0,
        clock: Clock | None = None,
        invoke: Callable[[Invoke], Invoke] = unwrapped,
        poll_interval_s: float = POLL_INTERVAL_S,
    ) -> None:
        self._app, self._settings, self._state = app.resolve(), settings, state
        self._port, self._poll_interval_s = port, poll_interval_s
        self._clock = clock or RealClock()
        self._wrap = invoke
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _start(self, stack: AsyncExitStack) -> None:
        stack.enter_context(in_environment(self._settings))
        config, worker_processes = read_host_config(self._app), worker_process_count()
        self.functions = stack.enter_context(loaded_app(self._app))
        self.route_prefix = config.route_prefix
        store, records = self._open_state(stack)
        listener = stack.enter_context(_listen(self._port))
        self.url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        server = web.Application(client_max_size=LARGEST_BODY_BYTES, middlewares=[http_trigger.hide_wrong_methods])
        # No access log: it would write keys.
        runner = web.AppRunner(server, access_log=None, shutdown_timeout=LAST_REQUESTS_S)
        stack.push_async_callback(runner.cleanup)

        # Stopped in reverse: functions that still run may talk to the server until they have ended.
        links = self._links(config)
        invoker = self._invoker(worker_processes, links.client_binding())
        await invoker.start()
        stack.push_async_callback(invoker.stop)
        invoke = logged(self._wrap(invoker.invoke), self._clock)
        engine = self._orchestrate(store, invoke, config)
        stack.push_async_callback(engine.stop)
        triggers = Triggers(self.functions, invoke, records, config, self._clock)
        stack.push_async_callback(triggers.stop)

        server.add_routes(self._routes(triggers, invoke, links))
        await runner.setup()
        await web.SockSite(runner, listener).start()
        engine.start()
        triggers.start(self._poll_interval_s)

    def _open_state(self, stack: AsyncExitStack) -> tuple[Store, Records]:
        self._state.mkdir(parents=True, exist_ok=True)
        stack.enter_context(locked(self._state))
        self.keys = load_keys(self._state / "keys.json")
        store, records = Store(self._state / "durable.sqlite"), Records(self._state / "triggers.sqlite")
        stack.callback(store.close)
        stack.callback(records.close)
        return store, records

    def _links(self, config: HostConfig) -> DurableLinks:
        # Loopback is open to every program and web page here: a path that nobody can guess keeps them out.
        rpc_prefix = f"/durabletask/{secrets.token_urlsafe(16)}"
        return DurableLinks(self.url, resolve(config.hub_name, "host.json"), self.keys.durable, rpc_prefix)

    def _invoker(self, worker_processes: int, client_binding: str) -> Invoker | Workers:
        if worker_processes > 1:
            return Workers(worker_processes, self._app, client_binding)
        return Invoker(client_binding)

    def _orchestrate(self, store: Store, invoke: Invoke, config: HostConfig) -> Engine:
        limits = Limits(config.orchestrator_limit, config.activity_limit)
        engine = Engine(store, invoke, self.functions, self._clock, limits)
        self.operations = Operations(
            engine, replaces_running=config.replaces_running, default_version=config.default_version
        )
        return engine

    def _routes(self, triggers: Triggers, invoke: Invoke, links: DurableLinks) -> list[web.RouteDef]:
        durable = DurableApi(self.operations, links.management_urls)
        http_functions = of_kind(self.functions, "httpTrigger")
        return [
            *durable.routes(WEBHOOK_PREFIX, self._only_with(self.keys.durable, self.keys.master)),
            *durable.routes(links.rpc_prefix, lambda handler: handler),
            *EventGridWebhook(triggers.subscribed, self.keys).routes(),
            *Admin(triggers.fires, self.keys).routes(),
            *http_trigger.routes(http_functions, self.route_prefix, invoke, self.keys),
        ]

    def _only_with(self, *keys: str) -> Callable[[http_trigger.Handler], http_trigger.Handler]:
        def guard(handler: http_trigger.Handler) -> http_trigger.Handler:
            async def guarded(request: web.Request) -> web.StreamResponse:
                if not is_opened_by(request, *keys):
                    return web.Response(status=HTTPStatus.UNAUTHORIZED)
                return await handler(request)

            return guarded

        return guard


@contextmanager
def running_in_thread(host: LocalHost) -> Iterator[LocalHost]:
    """The host runs on a loop of its own inside the block, so that plain code can talk to it."""
    started: Future[asyncio.Event] = Future()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=_run, args=(loop, _stay(host, started)), name="local host", daemon=True)
    thread.start()
    try:
        ended = started.result()
        try:
            yield host
        finally:
            loop.call_soon_threadsafe(ended.set)
    finally:
        thread.join()


def _run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(work)


async def _stay(host: LocalHost, started: Future[asyncio.Event]) -> None:
    ended = asyncio.Event()
    try:
        async with host:
            started.set_result(ended)
            await ended.wait()
    except BaseException as error:
        if started.done():
            raise
        started.set_exception(error)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise PortTaken(
            f"Port {port} cannot be used ({error.strerror}). Choose one with --port; 0 takes a free one."
        ) from None
