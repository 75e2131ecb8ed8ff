"""Calls the app's functions: decodes what triggered them, runs them where they may block, logs each once."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import uuid
import warnings
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from azure.functions.meta import Datum

from devhost.clock import Clock
from devhost.failures import Failure
from devhost.functions import AppFunction, converter_of

log = logging.getLogger("devhost")

ORCHESTRATOR_THREADS = 2


@dataclass(frozen=True)
class Invocation:
    """One call of one function, before anything is decoded."""

    function: AppFunction
    data: Datum
    metadata: Mapping[str, Datum] = field(default_factory=dict)
    instance_id: str = ""
    invocation_id: str = field(default_factory=lambda: str(uuid.uuid4()))


Invoke = Callable[[Invocation], Awaitable[Any]]


@dataclass(frozen=True)
class TraceContext:
    """No trace is passed on locally."""

    Traceparent: str = ""
    Tracestate: str = ""
    Attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RetryContext:
    """Functions are not retried by the worker locally."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: Exception | None = None


@dataclass(frozen=True)
class Context:
    """What a parameter named `context` gets, as `azure.functions.Context` describes it."""

    function_name: str
    function_directory: str
    invocation_id: str
    thread_local_storage: threading.local
    trace_context: TraceContext = TraceContext()
    retry_context: RetryContext = RetryContext()


class Invoker:
    """Runs functions like the worker: sync ones in a pool, async ones on a loop of their own.

    Orchestrators have threads of their own, so that slow activities cannot starve replays. A blocking
    coroutine of the app cannot block the host either, which answers the durable client inside it.
    `client_binding` is the text that the SDK makes that client from.
    """

    def __init__(self, client_binding: str) -> None:
        self.client_binding = client_binding
        self._pool = ThreadPoolExecutor(_pool_size(), thread_name_prefix="function")
        self._orchestrators = ThreadPoolExecutor(ORCHESTRATOR_THREADS, thread_name_prefix="orchestrator")
        self.functions_loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.functions_loop.run_forever, name="async functions", daemon=True)
        self._storage = threading.local()

    async def start(self) -> None:
        """Functions can be invoked from now on."""
        _tolerate_early_events()
        self._thread.start()

    async def stop(self) -> None:
        """No function runs any more; those that ran have ended."""
        await self._on_functions_loop(_close_durable_session())
        await asyncio.to_thread(self._shut_down)

    async def invoke(self, invocation: Invocation) -> Any:
        """Call the function and give what its converter makes of the answer."""
        function = invocation.function
        arguments = {function.parameter: _decode(invocation)}
        arguments |= dict.fromkeys(function.client_parameters, self.client_binding)
        if function.wants_context:
            folder = os.path.dirname(function.call.__code__.co_filename)  # noqa: PTH120  a string is what it wants
            arguments["context"] = Context(function.name, folder, invocation.invocation_id, self._storage)
        return _encode(function, await self._run(invocation, arguments))

    async def _run(self, invocation: Invocation, arguments: dict[str, Any]) -> Any:
        function = invocation.function
        if function.is_async:
            return await self._on_functions_loop(function.call(**arguments))
        pool = self._orchestrators if function.kind == "orchestrationTrigger" else self._pool
        call = partial(self._call_in_thread, invocation, arguments)
        return await asyncio.get_running_loop().run_in_executor(pool, call)

    def _call_in_thread(self, invocation: Invocation, arguments: dict[str, Any]) -> Any:
        self._storage.invocation_id = invocation.invocation_id
        return invocation.function.call(**arguments)

    async def _on_functions_loop(self, coroutine: Any) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self.functions_loop))

    def _shut_down(self) -> None:
        self._pool.shutdown()
        self._orchestrators.shutdown()
        self.functions_loop.call_soon_threadsafe(self.functions_loop.stop)
        self._thread.join()
        self.functions_loop.close()


def logged(invoke: Invoke, clock: Clock) -> Invoke:
    """Each call is logged when it begins and when it ends, and the clock knows of it."""

    async def invoking(invocation: Invocation) -> Any:
        name, began = invocation.function.name, time.monotonic()
        # Orchestrators are replayed again and again: their instance's states are logged instead.
        level = logging.DEBUG if invocation.function.kind == "orchestrationTrigger" else logging.INFO
        what = f"'{name}' (id={invocation.instance_id or invocation.invocation_id})"
        log.log(level, "Executing %s", what)
        clock.work_begins()
        try:
            answer = await invoke(invocation)
        except Exception as error:
            log.log(max(level, logging.INFO), "Executed %s: failed after %d ms: %s", what, _ms(began), _brief(error))
            raise
        finally:
            clock.work_ends()
        log.log(level, "Executed %s: succeeded after %d ms", what, _ms(began))
        return answer

    return invoking


async def _close_durable_session() -> None:
    # The SDK keeps one HTTP session a process, bound to the loop that first used it: the next host needs its own.
    from azure.durable_functions.models.utils import http_utils

    await http_utils._close_session()
    http_utils._session_lock = asyncio.Lock()


def _decode(invocation: Invocation) -> Any:
    function, annotation = invocation.function, invocation.function.annotations.get(invocation.function.parameter)
    if function.is_deferred:
        from azurefunctions.extensions.base import get_binding_registry

        converter = get_binding_registry().get(function.kind)
        return converter.decode(invocation.data, trigger_metadata=invocation.metadata, pytype=annotation)
    converter = converter_of(function.kind)
    if annotation in (str, bytes) and not converter.has_implicit_output():
        return invocation.data.value
    return converter.decode(invocation.data, trigger_metadata=invocation.metadata)


def _encode(function: AppFunction, answer: Any) -> Any:
    if function.kind == "httpTrigger":
        return None if answer is None else converter_of("http").encode(answer, expected_type=None)
    if function.kind in ("activityTrigger", "orchestrationTrigger"):
        return converter_of(function.kind).encode(answer, expected_type=None).value
    return None


def _pool_size() -> int:
    wanted = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT")
    return int(wanted) if wanted else min(32, (os.cpu_count() or 1) + 4)


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _brief(error: BaseException) -> str:
    return str(Failure.of(error)).splitlines()[0]


def _tolerate_early_events() -> None:
    # The SDK warns of events that come before their waiter; with warnings as errors that would fail the app's plans.
    warnings.filterwarnings("ignore", message="Potential duplicate Task completion")
