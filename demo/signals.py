"""Signals: the first one to end interrupts; none can interrupt the clearing up that follows."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Ctrl-C, termination and a closed terminal raise KeyboardInterrupt inside the block, once."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    signals = [getattr(signal, name) for name in names]

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before: list[tuple[signal.Signals, Callable[[int, FrameType | None], Any] | int | None]] = [
        (each, signal.signal(each, interrupt)) for each in signals
    ]
    try:
        yield
    finally:
        for each, handler in before:
            signal.signal(each, handler)
