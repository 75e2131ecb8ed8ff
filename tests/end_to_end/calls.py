"""What the host calls: a hook around every function."""

from __future__ import annotations

from typing import Any

from devhost.invoker import Invocation, Invoke


class Calls:
    """Remembers which functions were called, and lets some of them fail."""

    def __init__(self, failing: str = "", times: int = 0) -> None:
        self.names: list[str] = []
        self._failing, self._times = failing, times

    def __call__(self, invoke: Invoke) -> Invoke:
        async def calling(invocation: Invocation) -> Any:
            self.names.append(invocation.function.name)
            answer = await invoke(invocation)
            if invocation.function.name == self._failing and self._times:
                self._times -= 1
                raise ConnectionError("the worker lost its host")
            return answer

        return calling
