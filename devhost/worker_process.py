"""What runs in a worker process: the app, loaded once, and an invoker that calls its functions for the host.

    host -- Call, Cancel, None --> worker process
         <-- Loaded, Answer -----

The process ends when it is told `None` and its calls have ended, or at once when its host is no more.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from azure.functions.meta import Datum

from devhost.app import loaded_app
from devhost.errors import AppBroken
from devhost.failures import Failure
from devhost.functions import AppFunction
from devhost.invoker import Invocation, Invoker
from devhost.logs import log_to_stderr

log = logging.getLogger("devhost")


@dataclass(frozen=True)
class Call:
    """An invocation on its way to a worker process, its function as a name."""

    number: int
    function: str
    data: Datum
    metadata: Mapping[str, Datum]
    instance_id: str
    invocation_id: str


@dataclass(frozen=True)
class Cancel:
    """Nobody waits for that call's answer any more."""

    number: int


@dataclass(frozen=True)
class Loaded:
    """The app can be called, unless there is a problem."""

    problem: str = ""


@dataclass(frozen=True)
class Answer:
    """What a call gave, or how it failed."""

    number: int
    given: Any = None
    failure: Failure | None = None


Inbox = asyncio.Queue[Call | Cancel | None]


def serve(connection: Connection, app: Path, client_binding: str) -> None:
    """The process has called functions until its host ended it."""
    _leave_signals_to_the_host()
    log_to_stderr()
    try:
        asyncio.run(_serve(connection, app, client_binding))
    except BaseException:
        log.exception("A worker process broke")
        # At once: functions that still run would keep it, and what the host asks it, waiting.
        os._exit(1)


async def _serve(connection: Connection, app: Path, client_binding: str) -> None:
    inbox, loop = Inbox(), asyncio.get_running_loop()

    def put(message: Call | Cancel | None) -> None:
        loop.call_soon_threadsafe(inbox.put_nowait, message)

    threading.Thread(target=_read, args=(connection, put), name="from host", daemon=True).start()
    try:
        with loaded_app(app) as functions:
            invoker = Invoker(client_binding)
            await invoker.start()
            connection.send(Loaded())
            await _call_functions(connection, inbox, functions, invoker)
            await invoker.stop()
    except AppBroken as broken:
        connection.send(Loaded(str(broken)))


def _read(connection: Connection, put: Callable[[Any], None]) -> None:
    try:
        while True:
            put(connection.recv())
    except (EOFError, OSError):
        # The host was killed. What it had called is called again by the next host.
        os._exit(1)


async def _call_functions(
    connection: Connection, inbox: Inbox, functions: Iterable[AppFunction], invoker: Invoker
) -> None:
    by_name = {function.name: function for function in functions}
    under_way: dict[int, asyncio.Task[None]] = {}

    def forget(number: int, _: asyncio.Task[None]) -> None:
        del under_way[number]

    while (message := await inbox.get()) is not None:
        if isinstance(message, Call):
            invocation = Invocation(
                by_name[message.function], message.data, message.metadata, message.instance_id, message.invocation_id
            )
            task = asyncio.create_task(_answer(connection, message.number, invoker, invocation))
            under_way[message.number] = task
            task.add_done_callback(partial(forget, message.number))
        elif unwanted := under_way.get(message.number):
            unwanted.cancel()
    await asyncio.gather(*under_way.values(), return_exceptions=True)


async def _answer(connection: Connection, number: int, invoker: Invoker, invocation: Invocation) -> None:
    try:
        connection.send(Answer(number, await invoker.invoke(invocation)))
    except Exception as error:  # noqa: BLE001  whatever the app raises is its answer
        connection.send(Answer(number, failure=Failure.of(error)))


def _leave_signals_to_the_host() -> None:
    # Ctrl-C reaches the whole group. Not SIG_IGN, which processes that functions start would inherit.
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if number := getattr(signal, name, None):
            signal.signal(number, lambda *_: None)
