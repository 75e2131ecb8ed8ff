"""What is small and wants to become large is refused within the memory limit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.transforms.fuzz.bombs import BOMBS, LIMITS

REFUSALS = {"unreadable_upload", "upload_too_large", "empty_result"}
MOST_BYTES = LIMITS.memory_bytes + 350 * 2**20
"""The limit of the engine, and what Python with its libraries takes besides."""
GENEROUS_S = 600


@pytest.mark.parametrize("name", BOMBS)
def test_is_refused_within_the_memory_limit(name: str, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    upload.write_bytes(BOMBS[name][2]())
    command = [sys.executable, "-m", "tests.transforms.fuzz.bombs", name, str(upload)]
    child = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=GENEROUS_S, check=False)
    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout)
    assert told["outcome"] in REFUSALS
    assert told["peak_bytes"] <= MOST_BYTES
