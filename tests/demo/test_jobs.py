"""Jobs: one per idempotency key, every start written down, every end told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.jobs import Jobs

DEADLINE_S = 30
SCORES = {"auc": 0.9, "base_rate": 0.2}


def scores(_training_data: str) -> dict[str, float]:
    return SCORES


def trouble(_training_data: str) -> dict[str, float]:
    raise ValueError("no such dataset")


@pytest.fixture
def starts_file(tmp_path: Path) -> Path:
    return tmp_path / "starts.jsonl"


@pytest.fixture
def jobs(starts_file: Path) -> Iterator[Jobs]:
    jobs = Jobs(scores, starts_file)
    yield jobs
    jobs.close()


def ended(jobs: Jobs, job: str) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        status = jobs.status(job)
        if status and status["status"] != "running":
            return status
        time.sleep(0.01)
    raise AssertionError(f"{job} still runs after {DEADLINE_S} s")


def test_a_job_has_the_id_of_its_run_and_ends_with_scores(jobs: Jobs) -> None:
    assert jobs.start("run-1", "data", "key-1") == "run-1"
    assert ended(jobs, "run-1") == {"status": "succeeded", "run_id": "run-1", "scores": SCORES}


def test_the_same_key_starts_nothing_twice(jobs: Jobs) -> None:
    jobs.start("run-1", "data", "key-1")
    assert jobs.start("run-1", "data", "key-1") == "run-1"
    assert [start["repeated"] for start in jobs.starts()] == [False, True]


def test_without_a_key_every_request_is_a_start(jobs: Jobs) -> None:
    jobs.start("run-1", "data", None)
    jobs.start("run-1", "data", None)
    assert [start["repeated"] for start in jobs.starts()] == [False, False]


def test_every_start_is_written_down(jobs: Jobs, starts_file: Path) -> None:
    jobs.start("run-1", "data", "key-1")
    jobs.start("run-2", "data", "key-2")
    assert [json.loads(line) for line in starts_file.read_text().splitlines()] == jobs.starts()


def test_what_goes_wrong_is_told_as_a_failure(starts_file: Path) -> None:
    jobs = Jobs(trouble, starts_file)
    jobs.start("run-1", "data", "key-1")
    assert ended(jobs, "run-1") == {"status": "failed", "run_id": "run-1", "message": "ValueError: no such dataset"}
    jobs.close()


def test_a_job_runs_until_its_training_is_through(starts_file: Path) -> None:
    may_end = threading.Event()

    def slow(_training_data: str) -> dict[str, float]:
        may_end.wait(DEADLINE_S)
        return SCORES

    jobs = Jobs(slow, starts_file)
    jobs.start("run-1", "data", "key-1")
    assert jobs.status("run-1") == {"status": "running", "run_id": "run-1"}
    may_end.set()
    assert ended(jobs, "run-1")["status"] == "succeeded"
    jobs.close()


def test_a_job_that_was_never_started_is_unknown(jobs: Jobs) -> None:
    assert jobs.status("run-1") is None
