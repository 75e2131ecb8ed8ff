"""The trainer's jobs: each start is written down, the same idempotency key starts nothing twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Train = Callable[[str], dict[str, float]]
"""From a dataset's location to its scores; raises what went wrong."""


@dataclass(frozen=True)
class Start:
    """One request to train; `repeated` when its job had been started before."""

    run_id: str
    training_data: str
    idempotency_key: str | None
    repeated: bool


class Jobs:
    """Trains one dataset after the other and remembers how each job ended."""

    def __init__(self, train: Train, starts_file: Path) -> None:
        self._train = train
        self._starts_file = starts_file
        self._starts: list[Start] = []
        self._by_run: dict[str, Future[dict[str, float]]] = {}
        self._run_of_key: dict[str, str] = {}
        self._lock = threading.Lock()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="training")

    def start(self, run_id: str, training_data: str, idempotency_key: str | None) -> str:
        """The job runs, or ran already for that key; its id is the run's."""
        with self._lock:
            known = self._run_of_key.get(idempotency_key) if idempotency_key else None
            job = known or run_id
            self._note(Start(job, training_data, idempotency_key, repeated=known is not None))
            if known is None:
                self._by_run[job] = self._worker.submit(self._train, training_data)
                if idempotency_key:
                    self._run_of_key[idempotency_key] = job
            return job

    def status(self, job: str) -> dict[str, Any] | None:
        """What a caller is told about the job; None when it was never started."""
        with self._lock:
            training = self._by_run.get(job)
        if training is None:
            return None
        if not training.done():
            return {"status": "running", "run_id": job}
        if problem := training.exception():
            return {"status": "failed", "run_id": job, "message": f"{type(problem).__name__}: {problem}"}
        return {"status": "succeeded", "run_id": job, "scores": training.result()}

    def starts(self) -> list[dict[str, Any]]:
        """Every request to train, oldest first."""
        with self._lock:
            return [asdict(start) for start in self._starts]

    def close(self) -> None:
        """What is being trained ends; what waits is dropped."""
        self._worker.shutdown(cancel_futures=True)

    def _note(self, start: Start) -> None:
        self._starts.append(start)
        with self._starts_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(start)) + "\n")
