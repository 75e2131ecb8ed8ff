"""The end-to-end world, its app on a storage account that can be harmed, and an auditor who looks at what is left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from demo.makers.recording import Asked, RecordingService, Reply, reply
from tests.end_to_end.conftest import World, pipeline, world
from tests.faults.auditor import Audit, audit
from tests.faults.proxy import FaultyStorage

__all__ = ["pipeline", "world"]

Audited = Callable[[str], Audit]


@pytest.fixture
def storage(world: World) -> Iterator[FaultyStorage]:
    """Harm for the app alone: the host and the tests keep using the real account."""
    with ExitStack() as stack:
        faulty = FaultyStorage(world.account, stack)
        world.settings["LakeStorage"] = faulty.account.connection_string
        yield faulty
        world.stop()


@pytest.fixture
def trainers_log(pipeline: RecordingService, tmp_path: Path) -> Path:
    """What the trainer writes of the jobs it takes; it takes every start that meets no trouble, once for each key."""
    log, keys = tmp_path / "starts.jsonl", set[str]()

    def take(asked: Asked) -> Reply | None:
        if pipeline.replies or asked.method != "POST":
            return None
        key = asked.headers["Idempotency-Key"]
        start = {"run_id": asked.document["run_id"], "idempotency_key": key, "repeated": key in keys}
        keys.add(key)
        with log.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(start) + "\n")
        return reply(200, {"status": "succeeded"})

    pipeline.rule = take
    return log


@pytest.fixture
def audited(world: World, trainers_log: Path, record_property: Callable[[str, object], None]) -> Audited:
    """What the auditor finds after that fault; the end of the test run tells it of every fault."""

    def look(fault: str) -> Audit:
        found = audit(world.account.connection_string, trainers_log)
        record_property("audit", [fault, dict(found.outcomes), len(found.lost), len(found.duplicated)])
        return found

    return look
