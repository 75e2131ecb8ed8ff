"""The host as a process: how it begins, how it ends, and how it dies."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from devhost import lock
from devhost.__main__ import main
from devhost.settings import in_environment
from tests.devhost.conftest import APP
from tests.devhost.killing_host import KILLED
from tests.devhost.processes import host_process


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    return ["--app", str(APP), "--port", "0", "--state", str(tmp_path / "state")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signals to a process without a console")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_says_what_it_serves_and_ends_cleanly_when_asked(
    arguments: list[str], settings: dict[str, str], number: signal.Signals
) -> None:
    with host_process(arguments, settings) as host:
        said = "".join(host.said)
        assert f"hello: [GET,POST] {host.visitor.url}/api/hello/{{name}}" in said
        assert "on_upload: blob" in said
        assert host.visitor.url.startswith("http://127.0.0.1:")
        host.visitor.start("wait_for_approval", None, "waiting")
        host.process.send_signal(number)
        assert host.wait() == 0


def test_an_app_that_cannot_be_indexed_ends_it_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "host.json").write_text("{}", encoding="utf-8")
    (tmp_path / "function_app.py").write_text("import nowhere", encoding="utf-8")
    assert main(["--app", str(tmp_path), "--port", "0"]) == 1
    assert "0 functions found (Custom)" in capsys.readouterr().err


def test_a_missing_setting_ends_it_at_once(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert "'TASK_HUB_NAME'" in capsys.readouterr().err


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_a_taken_port_ends_it_at_once(
    arguments: list[str], settings: dict[str, str], listener: socket.socket, capsys: pytest.CaptureFixture[str]
) -> None:
    port = listener.getsockname()[1]
    with in_environment(settings):
        assert main([*arguments, "--port", str(port)]) == 1
    assert f"Port {port} cannot be used" in capsys.readouterr().err


def test_a_state_folder_serves_one_host_only(
    arguments: list[str],
    settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)
    with host_process(arguments, settings), in_environment(settings):
        assert main(arguments) == 1
    assert "Another local host uses" in capsys.readouterr().err


def test_takes_settings_from_a_file(arguments: list[str], settings: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "local.settings.json"
    file.write_text(json.dumps({"Values": settings}), encoding="utf-8")
    with host_process([*arguments, "--settings", str(file)], {}) as host:
        assert host.visitor.call("GET", "/api/ping").status == 200


def test_a_killed_host_goes_on_where_it_was(arguments: list[str], settings: dict[str, str]) -> None:
    with host_process(arguments, settings) as host:
        host.visitor.start("two_events", None, "waiting")
        host.visitor.call("POST", "/runtime/webhooks/durabletask/instances/waiting/raiseEvent/first", "one")
        host.visitor.until("waiting", runtimeStatus="Running")
        host.process.kill()
        host.wait()
    with host_process(arguments, settings) as host:
        host.visitor.call("POST", "/runtime/webhooks/durabletask/instances/waiting/raiseEvent/second", "two")
        assert host.visitor.finished("waiting")["output"] == ["one", "two"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_host_that_dies_around_an_activity_runs_it_again(
    arguments: list[str], settings: dict[str, str], moment: str
) -> None:
    killing = ("tests.devhost.killing_host", moment, "double", "--")
    with host_process(arguments, settings, killing) as host:
        with suppress(OSError):  # it may die before it has answered
            host.visitor.start("chain", 1, "interrupted")
        assert host.wait() == KILLED
    with host_process(arguments, settings) as host:
        assert host.visitor.finished("interrupted")["output"] == 8
