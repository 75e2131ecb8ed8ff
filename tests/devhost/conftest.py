"""A local host running the test app, for tests that talk to it from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from devhost.host import LocalHost, running_in_thread
from devhost.invoker import Invocation, Invoke
from tests.azurite import StorageAccount

collect_ignore = ["app"]  # a function app: the host loads it, with its folder on the path

APP = Path(__file__).parent / "app"

StartHost = Callable[..., LocalHost]


class Recorder:
    """Remembers what was called and what has ended, as the hook around every function."""

    def __init__(self) -> None:
        self.calls: list[Invocation] = []
        self.ended: list[Invocation] = []

    def __call__(self, invoke: Invoke) -> Invoke:
        async def recording(invocation: Invocation) -> Any:
            self.calls.append(invocation)
            try:
                return await invoke(invocation)
            finally:
                self.ended.append(invocation)

        return recording

    def count(self, name: str) -> int:
        return sum(call.function.name == name for call in self.ended)


def settings_with(account: StorageAccount) -> dict[str, str]:
    """What the test app needs."""
    return {
        "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
        "EVENTS": "events",
        "LANDING": "landing",
        "LakeStorage": account.connection_string,
        "SCHEDULE": "0 0 3 * * *",
        "TASK_HUB_NAME": "TestHub",
    }


@pytest.fixture
def settings(storage_account: StorageAccount) -> dict[str, str]:
    return settings_with(storage_account)


@pytest.fixture
def start_host(settings: dict[str, str], tmp_path: Path) -> Iterator[StartHost]:
    """Start the host, in a thread; a second start in one test ends the first."""
    with ExitStack() as stack:

        def start(**options: Any) -> LocalHost:
            stack.close()
            options = {"app": APP, "settings": settings, "poll_interval_s": 0.05, **options}
            return stack.enter_context(running_in_thread(LocalHost(state=tmp_path / "state", **options)))

        yield start
