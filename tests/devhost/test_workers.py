"""Worker processes: functions are called as in the host's own process, and outlive the process they are called in."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from devhost.clock import SkippingClock
from devhost.errors import AppBroken
from devhost.host import LocalHost, running_in_thread
from tests.azurite import Azurite, StorageAccount
from tests.devhost.conftest import APP, Recorder, StartHost, settings_with
from tests.devhost.processes import DEADLINE_S, host_process
from tests.devhost.storage import peek, send, upload
from tests.devhost.test_app import write_app
from tests.devhost.visitor import DURABLE, Visitor
from tests.waiting import wait_for

KILL = 9
"""Also where the system has no signals: any number ends the process."""
AS_LOGGED = re.compile(r"^\[[-:, \d]+\] The timer is past due: False$", re.MULTILINE)
TWO = {"FUNCTIONS_WORKER_PROCESS_COUNT": "2"}


class Shared:
    """A host with two worker processes."""

    def __init__(self, account: StorageAccount, host: LocalHost, recorder: Recorder) -> None:
        self.account, self.recorder, self.visitor = account, recorder, Visitor.of(host)

    def processes(self) -> set[str]:
        """The processes that answer."""
        answers = [self.visitor.call("GET", "/api/hello/you") for _ in range(6)]
        return {answer.headers["X-Process"] for answer in answers if answer.status == 201}

    def attempts(self, blob: str) -> int:
        """How often the blob's function was called, and has ended."""
        ended = [call for call in self.recorder.ended if call.function.name == "on_upload"]
        return sum(call.metadata["name"].value == blob for call in ended)


@pytest.fixture(scope="module")
def shared(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    account, recorder = azurite.new_account(), Recorder()
    # As strict with the worker processes as pytest is with the host's own.
    settings = settings_with(account) | TWO | {"PYTHONWARNINGS": "error::UserWarning"}
    state = tmp_path_factory.mktemp("state")
    host = LocalHost(APP, settings, state, clock=SkippingClock(), invoke=recorder, poll_interval_s=0.05)
    with running_in_thread(host):
        yield Shared(account, host, recorder)


def test_every_worker_process_is_called_and_the_host_calls_none_itself(shared: Shared) -> None:
    answering = shared.processes()
    assert len(answering) == 2
    assert str(os.getpid()) not in answering
    identity = shared.visitor.start("processes")
    assert {str(process) for _, process in shared.visitor.finished(identity)["output"]} == answering


def test_a_request_goes_there_and_back_whole(shared: Shared) -> None:
    answer = shared.visitor.call("POST", "/api/hello/Ada?loud=yes", b"\xc3\xa4", **{"X-Given": "once"})
    assert (answer.status, answer.headers["X-Seen"]) == (201, "once")
    assert answer.json == {"name": "Ada", "loud": "yes", "body": "ä"}
    assert shared.visitor.call("GET", "/api/broken").status == 500


def test_blobs_and_messages_fire_their_functions(shared: Shared) -> None:
    upload(shared.account, "landing", "good.csv", b"good")
    upload(shared.account, "landing", "bad.csv", b"bad")
    send(shared.account, "work", "bad")
    wait_for(lambda: shared.recorder.count("on_poison"), "the blob's poison message")
    wait_for(lambda: peek(shared.account, "work-poison"), "the message among the poison")
    assert (shared.attempts("good.csv"), shared.attempts("bad.csv")) == (1, 5)
    assert shared.recorder.count("on_work") == 5


def test_an_async_function_starts_a_plan_with_the_durable_client(shared: Shared) -> None:
    shared.visitor.call("POST", "/api/plans/chain/by-client", 3)
    assert shared.visitor.finished("by-client")["output"] == 24


def test_events_may_come_before_their_waiters(shared: Shared) -> None:
    identity = shared.visitor.start("two_events")
    for name in ("second", "first"):
        shared.visitor.call("POST", f"{DURABLE}/instances/{identity}/raiseEvent/{name}", name)
    assert shared.visitor.finished(identity)["output"] == ["first", "second"]


def test_a_failure_is_told_as_by_the_hosts_own_process(shared: Shared, start_host: StartHost) -> None:
    own = Visitor.of(start_host(clock=SkippingClock()))
    told = [one.finished(one.start("fail_in_every_way"))["output"] for one in (own, shared.visitor)]
    assert [failure_of(text) for text in told[1]] == [failure_of(text) for text in told[0]]
    assert "Activity function 'fail_oddly' failed: Odd: " in told[1][1]
    assert "raise ValueError(text)\nValueError: no luck" in told[1][0]
    ended = [one.finished(one.start("failing"))["output"] for one in (own, shared.visitor)]
    assert ended[0] == ended[1]


def failure_of(text: str) -> tuple[str, str]:
    """What is told of a failure but for the way to the app's own code."""
    return text.partition("\n")[0], text.rpartition(f'File "{APP}')[2]


def test_what_ended_its_process_is_tried_again_in_another(
    shared: Shared, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    identity = shared.visitor.start("outlive_processes", str(tmp_path / "file"))
    assert shared.visitor.finished(identity)["output"] == "alive"
    upload(shared.account, "landing", "deadly.csv", f"deadly {tmp_path / 'blob'}".encode())
    wait_for(lambda: shared.attempts("deadly.csv") == 2, "the blob's second attempt")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["blob", "file-activity", "file-plan"]
    told = [text for text in caplog.messages if "another one takes its place" in text]
    assert len(told) == 3
    assert all("exit code 137" in text for text in told)


def test_a_killed_process_is_replaced(shared: Shared) -> None:
    victim = min(shared.processes())
    os.kill(int(victim), KILL)
    wait_for(lambda: len(found := shared.processes()) == 2 and victim not in found, "another process")


@pytest.mark.parametrize("ending", ["asked", "killed"])
def test_worker_processes_log_as_the_host_does_and_end_with_it(
    settings: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str], ending: str
) -> None:
    arguments = ["--app", str(APP), "--port", "0", "--state", str(tmp_path / "state")]
    with host_process(arguments, settings | TWO) as host:
        host.visitor.call("POST", "/admin/functions/on_time", {})
        logged: list[str] = []

        def look() -> bool:
            logged.append(capfd.readouterr().err)
            return bool(AS_LOGGED.search("".join(logged)))

        wait_for(look, "the log")
        host.process.kill() if ending == "killed" else host.process.terminate()
        # They hold the host's output open for as long as they live.
        host.process.communicate(timeout=DEADLINE_S)


BROKEN_ELSEWHERE = """
import multiprocessing
if multiprocessing.parent_process():
    raise ValueError("not here")
"""


def test_an_app_that_worker_processes_cannot_load_ends_the_host_at_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_app(tmp_path, BROKEN_ELSEWHERE)
    (tmp_path / "host.json").write_text("{}", encoding="utf-8")
    host = LocalHost(tmp_path, TWO, tmp_path / "state")
    with pytest.raises(AppBroken, match="ValueError: not here"), running_in_thread(host):
        pytest.fail("the host has started")
    assert capfd.readouterr().err == ""


BREAKABLE = """
import os, pathlib
if pathlib.Path(__file__).with_name("broken").exists():
    raise ValueError("broken by now")
@app.route(route="process", auth_level=func.AuthLevel.ANONYMOUS)
def process(req: func.HttpRequest) -> str: return str(os.getpid())
"""


def test_an_app_that_was_broken_meanwhile_is_served_by_the_processes_that_are_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "devhost")
    write_app(tmp_path, BREAKABLE)
    (tmp_path / "host.json").write_text("{}", encoding="utf-8")
    with running_in_thread(LocalHost(tmp_path, TWO, tmp_path / "state")) as host:

        def ask() -> str:
            answer = Visitor.of(host).call("GET", "/api/process")
            return answer.text if answer.status == 200 else ""

        first, second = ask(), ask()
        (tmp_path / "broken").touch()
        os.kill(int(first), KILL)
        wait_for(lambda: any("ValueError: broken by now" in text for text in caplog.messages), "what is said of it")
        assert {ask(), ask()} == {second}
        os.kill(int(second), KILL)
        wait_for(lambda: not ask() and "No worker process is left" in caplog.text, "the end of the last one")
