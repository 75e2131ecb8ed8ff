"""The local host, dying at a chosen moment as if by `kill -9`.

    python -m tests.devhost.killing_host after double -- --app ...

`before NAME` dies when that function is about to be called, `after NAME` when it has ended and nobody knows yet.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from devhost.__main__ import main
from devhost.invoker import Invocation, Invoke

KILLED = 137


def dying(moment: str, name: str) -> Callable[[Invoke], Invoke]:
    """The hook that ends the process, without a word, around the function of that name."""

    def wrap(invoke: Invoke) -> Invoke:
        async def invoking(invocation: Invocation) -> Any:
            is_meant = invocation.function.name == name
            if is_meant and moment == "before":
                os._exit(KILLED)
            result = await invoke(invocation)
            if is_meant:
                os._exit(KILLED)
            return result

        return invoking

    return wrap


if __name__ == "__main__":
    chosen_moment, function_name, _, *rest = sys.argv[1:]
    sys.exit(main(rest, invoke=dying(chosen_moment, function_name)))
