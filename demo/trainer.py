"""A training service on this machine, speaking what a flow's `http` pipeline expects.

POST /train        {"training_data": …, "run_id": …}  ->  202, `Location: /jobs/{id}`, `Retry-After`
GET  /jobs/{id}    202 while it trains, then 200 {"status", "run_id", "scores": {"auc", "base_rate"}}
GET  /starts       every POST that was accepted, repeated ones marked

    python -m demo.trainer --starts starts.jsonl     TRAINER_STORAGE holds the connection string
"""

from __future__ import annotations

import argparse
import json
import os
import threading
from dataclasses import asdict
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from demo.dataset import read_dataset
from demo.jobs import Jobs
from demo.signals import wait_to_end
from demo.training import train_and_score

STORAGE = "TRAINER_STORAGE"
BODY_LIMIT_BYTES = 65_536
RETRY_AFTER_S = 1


class BadRequest(ValueError):
    """The body is not what `POST /train` takes."""


class TrainerServer(ThreadingHTTPServer):
    """Serves one set of jobs on loopback."""

    daemon_threads = True

    def __init__(self, port: int, jobs: Jobs) -> None:
        self.jobs = jobs
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """Where to POST."""
        return f"http://127.0.0.1:{self.server_port}/train"


class _Handler(BaseHTTPRequestHandler):
    server: TrainerServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        if self.path != "/train":
            self.close_connection = True
            self._answer(404, {"message": f"found POST {self.path}; expected POST /train"})
            return
        try:
            run_id, training_data = self._request()
        except BadRequest as problem:
            self.close_connection = True
            self._answer(400, {"message": str(problem)})
            return
        job = self.server.jobs.start(run_id, training_data, self.headers.get("Idempotency-Key"))
        self._answer(202, {"status": "running", "run_id": job}, Location=f"/jobs/{job}")

    def do_GET(self) -> None:
        if self.path == "/starts":
            self._answer(200, {"items": self.server.jobs.starts()})
            return
        status = self.server.jobs.status(self.path.removeprefix("/jobs/"))
        if status is None:
            self._answer(404, {"message": f"found GET {self.path}; expected /starts or a job that was started"})
        else:
            self._answer(202 if status["status"] == "running" else 200, status)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the jobs are the log."""

    def _request(self) -> tuple[str, str]:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > BODY_LIMIT_BYTES:
            raise BadRequest(f"found Content-Length {length!r}; expected a body of at most {BODY_LIMIT_BYTES} bytes")
        try:
            body = json.loads(self.rfile.read(int(length)))
            words = [body["run_id"], body["training_data"]]
        except (ValueError, KeyError, TypeError):
            words = []
        if not words or not all(isinstance(word, str) and word for word in words):
            raise BadRequest('expected a JSON object with texts for "run_id" and "training_data"')
        return words[0], words[1]

    def _answer(self, code: int, body: dict[str, Any], **headers: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        if code == 202:  # noqa: PLR2004 - Accepted: ask again
            self.send_header("Retry-After", str(RETRY_AFTER_S))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def score_dataset(output_url: str, connection_string: str) -> dict[str, float]:
    """The scores of a model trained on the dataset at that location."""
    return asdict(train_and_score(read_dataset(output_url, connection_string)))


def main() -> None:
    """Serve until the process is told to end."""
    parser = argparse.ArgumentParser(prog="python -m demo.trainer")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--starts", type=Path, required=True)
    words = parser.parse_args()
    jobs = Jobs(partial(score_dataset, connection_string=os.environ[STORAGE]), words.starts)
    with TrainerServer(words.port, jobs) as server:
        threading.Thread(target=server.serve_forever, name="trainer", daemon=True).start()
        print(f"READY {json.dumps({'url': server.url})}", flush=True)
        wait_to_end()
        server.shutdown()
    jobs.close()


if __name__ == "__main__":
    main()
