"""What an audited test has besides its world: a trainer that writes down its jobs, and an auditor."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.makers.recording import Asked, RecordingService, Reply, reply
from tests.azurite import StorageAccount
from tests.faults.auditor import Audit, audit

Audited = Callable[[str], Audit]
Told = Callable[[str, object], None]
SUCCEEDED = reply(200, {"status": "succeeded"})
REFUSES_FROM = 300


@pytest.fixture
def trainers_log(pipeline: RecordingService, tmp_path: Path) -> Path:
    """What the trainer writes of the jobs it takes, once for each key.

    It answers what the test says, and else that all went well; a job is taken where its answer would have said so,
    whatever became of the answer.
    """
    log, keys, one_at_a_time = tmp_path / "starts.jsonl", set[str](), threading.Lock()

    def take(asked: Asked) -> Reply:
        with one_at_a_time:
            told = pipeline.replies.popleft() if pipeline.replies else SUCCEEDED
            if asked.method == "POST" and told.status < REFUSES_FROM:
                key = asked.headers["Idempotency-Key"]
                start = {"run_id": asked.document["run_id"], "idempotency_key": key, "repeated": key in keys}
                keys.add(key)
                with log.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(start) + "\n")
        return told

    pipeline.rule = take
    return log


def tell(record_property: Told, fault: str, found: Audit) -> None:
    """The end of the test run tells what was found after that fault."""
    record_property("audit", [fault, dict(found.outcomes), len(found.lost), len(found.duplicated)])


@pytest.fixture
def audited(storage_account: StorageAccount, trainers_log: Path, record_property: Told) -> Audited:
    """What the auditor finds after that fault."""

    def look(fault: str) -> Audit:
        found = audit(storage_account.connection_string, trainers_log)
        tell(record_property, fault, found)
        return found

    return look
