"""Worker processes in the place of the invoker: they call the functions, the host hands out and takes in.

The one with the fewest calls under way gets the next call. When one ends, its calls have failed, and another
process takes its place.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from devhost.errors import AppBroken
from devhost.failures import FunctionFailed, WorkerEnded
from devhost.invoker import Invocation
from devhost.worker_process import Answer, Call, Cancel, Loaded, serve

log = logging.getLogger("devhost")

SPAWN = multiprocessing.get_context("spawn")


class Workers:
    """So many worker processes, each with the app and an invoker of its own."""

    def __init__(self, count: int, app: Path, client_binding: str) -> None:
        self._count, self._app, self._client_binding = count, app, client_binding
        self._workers: list[_Worker] = []
        self._are_replaced = False

    async def start(self) -> None:
        """Every worker process has loaded the app.

        Raises:
            AppBroken: one of them could not.
        """
        self._workers = [self._begin() for _ in range(self._count)]
        try:
            await asyncio.wait([worker.loaded for worker in self._workers])
            if problem := next(filter(None, (worker.loaded.result() for worker in self._workers)), None):
                raise AppBroken(problem)
        except BaseException:
            await self.stop()
            raise
        self._are_replaced = True

    async def stop(self) -> None:
        """No worker process is left; the functions that ran have ended."""
        self._are_replaced = False
        for worker in self._workers:
            worker.end()
        if self._workers:
            await asyncio.wait([worker.ended for worker in self._workers])

    async def invoke(self, invocation: Invocation) -> Any:
        """Call the function in the process with the least to do; what its converter makes of the answer.

        Raises:
            FunctionFailed: the function raised.
            WorkerEnded: the process ended first.
            AppBroken: no process is left, because the app can no longer be loaded.
        """
        if not self._workers:
            raise AppBroken(
                "No worker process is left: the app cannot be loaded any more. Mend it, start the host anew."
            )
        worker = min(self._workers, key=lambda one: (not one.loaded.done(), one.calls_under_way))
        # To the end of the list: of those with equally little to do, the next call goes to another one.
        self._workers.remove(worker)
        self._workers.append(worker)
        return await worker.call(invocation)

    def _begin(self) -> _Worker:
        return _Worker(self._app, self._client_binding, self._has_ended)

    def _has_ended(self, worker: _Worker) -> None:
        if not self._are_replaced:
            return
        self._workers.remove(worker)
        if worker.is_broken:
            log.error("A worker process has not come back: %s", worker.loaded.result())
        else:
            log.error("%s; another one takes its place", worker)
            self._workers.append(self._begin())


class _Worker:
    """One worker process as the host sees it; all but sending and receiving happens on the host's loop."""

    def __init__(self, app: Path, client_binding: str, on_end: Callable[[_Worker], None]) -> None:
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self.loaded: asyncio.Future[str] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.is_broken = False
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count()
        self._connection, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=serve, args=(theirs, app, client_binding), name="worker")
        self._process.start()
        theirs.close()  # or its end would not be noticed
        # A thread of its own, because a process that is busy takes in nothing for a while.
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="to worker")
        threading.Thread(target=self._receive, name="from worker", daemon=True).start()

    def __str__(self) -> str:
        return f"Worker process {self._process.pid} ended with exit code {self._process.exitcode}"

    @property
    def calls_under_way(self) -> int:
        """How many calls have no answer yet."""
        return len(self._calls)

    async def call(self, invocation: Invocation) -> Any:
        """What the function gives there."""
        number = next(self._numbers)
        answer = self._calls[number] = self._loop.create_future()
        call = Call(
            number,
            invocation.function.name,
            invocation.data,
            invocation.metadata,
            invocation.instance_id,
            invocation.invocation_id,
        )
        try:
            await self._loop.run_in_executor(self._sender, self._send, call)
            return await answer
        except asyncio.CancelledError:
            if number in self._calls:
                self._sender.submit(self._send, Cancel(number))
            raise
        finally:
            self._calls.pop(number, None)

    def end(self) -> None:
        """The process ends once its calls have ended."""
        if not self.ended.done():
            self._sender.submit(self._send, None)

    def _send(self, message: Call | Cancel | None) -> None:
        # That it has ended is noticed by who receives.
        with suppress(OSError):
            self._connection.send(message)

    def _receive(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                self._loop.call_soon_threadsafe(self._take, self._connection.recv())
        wait([self._process.sentinel])
        self._loop.call_soon_threadsafe(self._over)

    def _take(self, message: Loaded | Answer) -> None:
        if isinstance(message, Loaded):
            self.is_broken = bool(message.problem)
            self.loaded.set_result(message.problem)
        elif (answer := self._calls.pop(message.number, None)) and not answer.done():
            if message.failure:
                answer.set_exception(FunctionFailed(message.failure))
            else:
                answer.set_result(message.given)

    def _over(self) -> None:
        self._process.join()
        self._sender.submit(self._connection.close)
        self._sender.shutdown(wait=False)
        for answer in self._calls.values():
            if not answer.done():
                answer.set_exception(WorkerEnded(f"{self} while it called this function"))
        self._calls.clear()
        if not self.loaded.done():
            self.loaded.set_result(f"{self} before it had loaded the app")
        self.ended.set_result(None)
        self._on_end(self)
