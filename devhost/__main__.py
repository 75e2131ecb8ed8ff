"""The command line: `python -m devhost`."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from devhost.errors import DevhostError
from devhost.functions import TRIGGERS, of_kind
from devhost.host import LocalHost, unwrapped
from devhost.http_trigger import ALL_METHODS, urls
from devhost.invoker import Invoke
from devhost.logs import log_to_stderr
from devhost.settings import read_settings

DEFAULT_PORT = 7071
GRACE_S = 10.0

log = logging.getLogger("devhost")


def main(arguments: Sequence[str] | None = None, invoke: Callable[[Invoke], Invoke] = unwrapped) -> int:
    """The host has run until it was told to end; gives the exit code."""
    options = _parser().parse_args(arguments)
    log_to_stderr()
    try:
        asyncio.run(_serve(options, invoke))
    except DevhostError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _serve(options: argparse.Namespace, invoke: Callable[[Invoke], Invoke]) -> None:
    usual_file = options.app / "local.settings.json"
    file = options.settings or (usual_file if usual_file.exists() else None)
    settings = read_settings(file) if file else {}
    state = options.state or options.app / ".dev" / "host"
    host = LocalHost(options.app, settings, state, port=options.port, invoke=invoke)
    async with host:
        ended = _end_on_signals()
        _announce(host)
        await ended.wait()
        log.info("Ending; what runs has %d s", GRACE_S)
        # Functions cannot be interrupted. Those that take longer are begun again by the next host.
        asyncio.get_running_loop().call_later(GRACE_S, os._exit, 0)


def _announce(host: LocalHost) -> None:
    print("Functions:\n")
    for function, path in urls(of_kind(host.functions, "httpTrigger"), host.route_prefix):
        methods = ",".join(map(str, function.trigger.get("methods") or ALL_METHODS))
        print(f"    {function.name}: [{methods}] {host.url}/{path}")
    for function in host.functions:
        if function.kind != "httpTrigger":
            print(f"    {function.name}: {TRIGGERS[function.kind]}")
    print(f"\nFunction key: {host.keys.function}\n")
    ready = {"url": host.url, "key": host.keys.function, "master_key": host.keys.master}
    print(f"READY {json.dumps(ready)}", flush=True)


def _end_on_signals() -> asyncio.Event:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    # Not loop.add_signal_handler: Windows has none.
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    for number in numbers:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(ended.set))
    return ended


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devhost", description="Runs a Python function app locally.")
    parser.add_argument("--app", type=Path, default=Path(), help="the folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="on loopback; 0 takes a free one")
    parser.add_argument("--state", type=Path, help="where keys and histories are kept (default: APP/.dev/host)")
    parser.add_argument("--settings", type=Path, help="a local.settings.json (default: APP/local.settings.json)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
