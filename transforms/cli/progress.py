"""A progress bar on a terminal, and nothing anywhere else."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from transforms.stages import stages_of

if TYPE_CHECKING:
    from transforms.flow.flow import Flow

_WIDTH = 24
_REDRAW_S = 0.2


@contextmanager
def progress(flow: Flow, stream: TextIO | None = None) -> Iterator[Callable[[str], None]]:
    """Inside, the bar shows the stage that was reached last; afterwards its line is empty again."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield lambda _: None
        return
    bar = _Bar(stages_of(flow), stream)
    drawing = threading.Thread(target=bar.keep_drawing, daemon=True)
    drawing.start()
    try:
        yield bar.reach
    finally:
        bar.over.set()
        drawing.join()
        bar.clear()


class _Bar:
    def __init__(self, stages: Sequence[str], stream: TextIO) -> None:
        self.over = threading.Event()
        self._stages = list(stages)
        self._stream = stream
        self._started = time.monotonic()
        self._stage = stages[0]
        self._longest = 0

    def reach(self, stage: str) -> None:
        """The stage has begun."""
        self._stage = stage
        self._draw()

    def keep_drawing(self) -> None:
        """The seconds go on while a stage takes its time."""
        while not self.over.wait(_REDRAW_S):
            self._draw()

    def clear(self) -> None:
        """The line is empty."""
        self._stream.write("\r" + " " * self._longest + "\r")
        self._stream.flush()

    def _draw(self) -> None:
        done = self._stages.index(self._stage)
        filled = _WIDTH * done // len(self._stages)
        bar = "#" * filled + "-" * (_WIDTH - filled)
        line = f"[{bar}] {done + 1}/{len(self._stages)} {self._stage} {time.monotonic() - self._started:.0f} s"
        self._longest = max(self._longest, len(line))
        self._stream.write("\r" + line.ljust(self._longest))
        self._stream.flush()
