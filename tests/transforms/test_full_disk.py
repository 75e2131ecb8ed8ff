"""A disk that is full is never told as a fault of the data, wherever the engine was writing when it filled up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.transforms.full_disks import CASES, SIZES_BYTES

IN_THE_GATE = {"csv in the engine's file", "csv with a lookup", "avro"}
GENEROUS_S = 600


def outcomes(case: str, sizes: Sequence[int]) -> list[str]:
    """How the transform ended on a disk of each size."""
    command = [sys.executable, "-m", "tests.transforms.full_disks", case, *map(str, sizes)]
    child = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=GENEROUS_S, check=False)
    assert child.returncode == 0, child.stderr
    return [json.loads(line)["outcome"] for line in child.stdout.splitlines()]


@pytest.mark.skipif(sys.platform == "win32", reason="there, no process has a limit for its files")
@pytest.mark.parametrize(
    "case", [one if one in IN_THE_GATE else pytest.param(one, marks=pytest.mark.long) for one in CASES]
)
def test_a_full_disk_is_no_fault_of_the_data(case: str) -> None:
    sizes = SIZES_BYTES[::3] if case in IN_THE_GATE else SIZES_BYTES
    found = outcomes(case, sizes)
    assert (found[0], found[-1]) == ("full disk", "dataset")
    assert found == sorted(found, reverse=True), "the larger the disk, the further it comes"
    assert set(found) == {"full disk", "dataset"}
