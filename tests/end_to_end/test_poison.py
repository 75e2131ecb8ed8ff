"""When the blob-triggered function itself keeps failing, the host gives up and the ledger does not."""

from __future__ import annotations

from typing import Any

from devhost.invoker import Invocation, Invoke
from tests.end_to_end.conftest import World

NAME = "readings/monday.csv"


class Failing:
    """The blob-triggered function fails for one file, every time."""

    def __init__(self) -> None:
        self.attempts = 0

    def __call__(self, invoke: Invoke) -> Invoke:
        async def invoking(invocation: Invocation) -> Any:
            if invocation.function.name == "upload_landed" and self.attempts < 5:
                self.attempts += 1
                raise ConnectionError("storage is away")
            return await invoke(invocation)

        return invoking


def test_an_upload_that_the_host_gave_up_on_is_on_record(world: World) -> None:
    failing = Failing()
    world.start(invoke=failing)
    world.drop(NAME)
    record = world.settled(NAME)
    assert failing.attempts == 5
    assert (record["status"], record["reason"]["code"]) == ("failed", "trigger_failed")
    assert world.runs() == []
    posted = world.post("flows/readings/runs", {"uploads": [NAME]})
    assert posted.status == 202
