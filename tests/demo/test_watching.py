"""Watching: every file ends as done, each change is shown once, and a standstill ends it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from demo.services import Host
from demo.watching import Sight, StoodStill, watch

Answer = dict[str, list[dict[str, Any]]]

NAME = "flights/2013/01.csv"
NOTED = {"name": NAME, "status": "running", "run_id": "run-1", "reason": None}
OPEN = {"run_id": "run-1", "status": "running", "finished_at": None, "output_url": None}
PUBLISHED = {**OPEN, "status": "published", "output_url": "http://x/"}
FINISHED = {**PUBLISHED, "finished_at": "2013-01-01T00:00:00Z"}
NOTHING: Answer = {"runs": [], "uploads": []}


class FakeApi(ThreadingHTTPServer):
    """Answers with one state of the app after the other, the last one for ever."""

    def __init__(self, states: list[Answer]) -> None:
        self.states = states
        super().__init__(("127.0.0.1", 0), FakeHandler)


class FakeHandler(BaseHTTPRequestHandler):
    server: FakeApi

    def do_GET(self) -> None:
        what = self.path.split("?")[0].removeprefix("/api/")
        allowed = self.headers["x-functions-key"] == "key"
        state = self.server.states[0]
        content = json.dumps({"items": state[what]} if allowed else {"title": "no key"}).encode()
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        if what == "uploads" and len(self.server.states) > 1:
            self.server.states.pop(0)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[Callable[..., Host]]:
    servers: list[FakeApi] = []

    def serve(*states: Answer) -> Host:
        servers.append(FakeApi(list(states)))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return Host(f"http://127.0.0.1:{servers[-1].server_port}", "key")

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.watching.POLL_S", 0.001)


def test_each_stage_is_shown_once(api: Callable[..., Host]) -> None:
    states = [
        {"runs": [run] if run else [], "uploads": [NOTED] if run else []} for run in (None, OPEN, OPEN, PUBLISHED)
    ]
    host = api(*states, {"runs": [FINISHED], "uploads": [{**NOTED, "status": "published"}]})
    shown: list[Sight] = []
    [sight] = watch(host, {NAME: time.monotonic()}, shown.append)
    assert [seen.stage for seen in shown] == ["waiting", "transforming", "training", "done"]
    assert sight.run == FINISHED
    assert sight.status == "published"


def test_an_upload_that_no_flow_takes_is_done(api: Callable[..., Host]) -> None:
    ignored = {"name": NAME, "status": "ignored", "run_id": None, "reason": {"code": "x", "message": "no flow"}}
    [sight] = watch(api({"runs": [], "uploads": [ignored]}), {NAME: time.monotonic()}, lambda _: None)
    assert (sight.status, sight.reason, sight.run) == ("ignored", "no flow", None)


def test_a_standstill_ends_the_watch_and_says_where(api: Callable[..., Host], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.watching.STANDSTILL_S", 0.05)
    with pytest.raises(StoodStill, match=f"{NAME} is waiting"):
        watch(api(NOTHING), {NAME: time.monotonic()}, lambda _: None)


def test_a_refusal_is_passed_on(api: Callable[..., Host]) -> None:
    host = Host(api(NOTHING).url, "another key")
    with pytest.raises(StoodStill, match="answered 401"):
        watch(host, {NAME: time.monotonic()}, lambda _: None)
