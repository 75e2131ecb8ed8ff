"""A local host that kills itself, as `kill -9` would, right before or after a named activity.

python -m tests.end_to_end.killable_host STATE [before|after ACTIVITY]     settings come from the environment
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from devhost.host import LocalHost
from devhost.invoker import Invocation, Invoke

ROOT = Path(__file__).parents[2]


def killing(moment: str, activity: str) -> Any:
    """A hook around every function that ends this process at one moment of one activity."""

    def wrap(invoke: Invoke) -> Invoke:
        async def invoking(invocation: Invocation) -> Any:
            is_it = invocation.function.name == activity
            if is_it and moment == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            answer = await invoke(invocation)
            if is_it:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return invoking

    return wrap


async def serve(state: Path, options: dict[str, Any]) -> None:
    async with LocalHost(ROOT, dict(os.environ), state, poll_interval_s=0.05, **options) as host:
        print(json.dumps({"url": host.url, "key": host.keys.master}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    state, *death = sys.argv[1:]
    asyncio.run(serve(Path(state), {"invoke": killing(*death)} if death else {}))
