"""Waiting for something to become true, with a generous deadline instead of a sleep and a hope."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

DEADLINE_S = 60.0
LOOK_EVERY_S = 0.02

Found = TypeVar("Found")


def wait_for(
    look: Callable[[], Found], what: str, deadline_s: float = DEADLINE_S, every_s: float = LOOK_EVERY_S
) -> Found:
    """Look until there is something to see, and give it; `what` names it in the error."""
    ends_at = time.monotonic() + deadline_s
    while not (found := look()):
        if time.monotonic() > ends_at:
            raise AssertionError(f"Not within {deadline_s} s: {what}")
        time.sleep(every_s)
    return found
