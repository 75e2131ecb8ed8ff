"""Damaged bytes end as a dataset or a rejection: no crash, no lost row, no memory or time without end."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.transforms.fuzz.seeds import SEEDS

ENDS = {"dataset", "unreadable_upload", "upload_too_large", "contract_broken", "empty_result"}
CASES_IN_THE_GATE = 18
CASES_OF_THE_LONG_RUN = 600
BATCH = 100
GENEROUS_S = 600
"""For a batch that takes seconds: what is cut off here would not have ended."""


def outcomes(name: str, first: int, stop: int) -> dict[int, str]:
    """How each case ended; a case that ended its process is missing, and the process's last words are told."""
    command = [sys.executable, "-m", "tests.transforms.fuzz.child", name, str(first), str(stop)]
    child = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=GENEROUS_S, check=False)
    told = [json.loads(line) for line in child.stdout.splitlines()]
    found = {case["seed"]: case["outcome"] for case in told}
    missing = sorted(set(range(first, stop)) - set(found))
    assert not missing, f"{name}: case {missing[0]} ended its process ({child.returncode}): {child.stderr[-3000:]}"
    return found


def confirm(name: str, first: int, stop: int) -> set[str]:
    found = outcomes(name, first, stop)
    strange = {seed: outcome for seed, outcome in found.items() if outcome not in ENDS}
    assert not strange, f"{name}: {strange}"
    return set(found.values())


@pytest.mark.parametrize("name", SEEDS)
def test_damaged_bytes_end_as_a_dataset_or_a_rejection(name: str) -> None:
    confirm(name, 0, CASES_IN_THE_GATE)


@pytest.mark.long
@pytest.mark.parametrize("first", range(CASES_IN_THE_GATE, CASES_OF_THE_LONG_RUN, BATCH))
@pytest.mark.parametrize("name", SEEDS)
def test_many_more_of_them_do(name: str, first: int) -> None:
    confirm(name, first, min(first + BATCH, CASES_OF_THE_LONG_RUN))


def test_the_cases_of_the_long_run_are_more_than_ten_thousand() -> None:
    assert len(SEEDS) * CASES_OF_THE_LONG_RUN > 10_000
