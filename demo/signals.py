"""Signals: the first one to end interrupts; none can interrupt the clearing up that follows."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
"""Ctrl-C, termination, a closed terminal, and Windows' Ctrl-Break."""

PAUSE_S = 0.5
"""Windows delivers no signal into a wait without an end."""

Handler = Callable[[int, FrameType | None], object]


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """A signal to end raises KeyboardInterrupt inside the block, once."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for each in ENDING:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    with _handled_by(interrupt):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """No signal to end cuts the block in two; one that came meanwhile is delivered after it."""
    came: list[int] = []
    with _handled_by(lambda number, _: came.append(number)):
        yield
    if came:
        signal.raise_signal(came[0])


def wait_to_end() -> None:
    """A signal to end has come."""
    ended = threading.Event()
    with _handled_by(lambda *_: ended.set()):
        while not ended.wait(PAUSE_S):
            continue


@contextmanager
def _handled_by(handler: Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        # Python delivers signals to the main thread alone.
        yield
        return
    before = {each: signal.signal(each, handler) for each in ENDING}
    try:
        yield
    finally:
        for each, previous in before.items():
            signal.signal(each, previous)
