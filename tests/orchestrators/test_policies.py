from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrators.errors import Unavailable, retry_after_in
from orchestrators.policies import PIPELINE, POLLING, RetryPolicy

POLICY = RetryPolicy(first=timedelta(seconds=2), cap=timedelta(seconds=10), attempts=5)


def test_waits_grow_up_to_the_cap() -> None:
    assert [POLICY.pause(failures).total_seconds() for failures in range(1, 6)] == [2, 4, 8, 10, 10]


def test_what_the_service_asked_for_wins_over_a_shorter_wait_and_over_the_cap() -> None:
    assert POLICY.pause(1, asked_s=60) == timedelta(seconds=60)
    assert POLICY.pause(3, asked_s=1) == timedelta(seconds=8)


@pytest.mark.parametrize("policy", [POLLING, PIPELINE], ids=["polling", "pipeline"])
def test_a_very_long_wait_does_not_overflow(policy: RetryPolicy) -> None:
    assert policy.growing(1_000_000) == policy.cap


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        pytest.param(Unavailable("busy"), None, id="not asked"),
        pytest.param(Unavailable("busy", 30), 30, id="seconds"),
        pytest.param(Unavailable("busy", 0.5), 0.5, id="part of a second"),
    ],
)
def test_the_wait_that_was_asked_for_survives_as_text(error: Unavailable, wait: float | None) -> None:
    assert retry_after_in(f"Activity failed: {error}\nStack: …") == wait
