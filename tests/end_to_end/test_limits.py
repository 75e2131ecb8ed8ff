"""Limits: a run that crosses one ends with a code that says which, and leaves nothing behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from devhost.invoker import Invocation, Invoke
from orchestrators import names
from tests.end_to_end.conftest import World

NAME = "readings/monday.csv"
BAD = b"id,kwh\n" + b"".join(b"%d,%d\n" % (number, number % 3 - 1) for number in range(1, 10))


def slow(activity: str, seconds: float) -> Any:
    """A hook that lets an activity begin late."""

    def wrap(invoke: Invoke) -> Invoke:
        async def invoking(invocation: Invocation) -> Any:
            if invocation.function.name == activity:
                await asyncio.sleep(seconds)
            return await invoke(invocation)

        return invoking

    return wrap


def test_a_run_past_its_deadline_is_cancelled_and_leaves_nothing(world: World) -> None:
    world.settings["RUN_DEADLINE_S"] = "1"
    world.start(invoke=slow(names.TRANSFORM_UPLOADS, 1.5))
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["http_status"], run["status"], run["reason"]["code"]) == (409, "cancelled", "deadline_passed")
    assert world.settled(NAME)["status"] == "failed"
    assert world.manifests() == []
    assert world.blobs("staging") == set()
    assert list(Path(world.settings["SCRATCH_FOLDER"]).iterdir()) == []


@pytest.mark.parametrize(
    ("setting", "value", "content", "code"),
    [
        pytest.param("UPLOAD_LIMIT_MB", "1", b"id,kwh\n" + b"1,1\n" * 300_000, "upload_too_large", id="upload"),
        pytest.param("SCRATCH_LIMIT_MB", "64", b"id\n" + b"1\n" * 33_600_000, "upload_too_large", id="scratch disk"),
        pytest.param("QUARANTINE_LIMIT_ROWS", "2", BAD, "quarantine_full", id="quarantine"),
    ],
)
def test_what_is_too_large_is_rejected_with_a_code(
    world: World, setting: str, value: str, content: bytes, code: str
) -> None:
    world.settings[setting] = value
    world.start()
    world.drop(NAME, content)
    run = world.finished(NAME)
    assert (run["http_status"], run["status"], run["reason"]["code"]) == (422, "rejected", code)
    assert setting.partition("_")[0].lower() in run["reason"]["message"].lower()
    kept = world.get(f"runs/{run['run_id']}/quarantine").json["items"]
    assert [row["record"] for row in kept] == ([3, 6] if code == "quarantine_full" else [])
    assert world.manifests() == []
