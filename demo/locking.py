"""One set-up at a time, over all processes of this machine; the operating system frees what a killed one held."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

RETRY_S = 0.2

if sys.platform == "win32":
    import msvcrt

    def _is_taken(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return True
        return False

else:
    import fcntl

    def _is_taken(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@contextmanager
def locked(file: Path, when_taken: Callable[[], None]) -> Iterator[None]:
    """Only one process at a time is inside; `when_taken` is called once if there is a wait."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as held:
        if _is_taken(held.fileno()):
            when_taken()
            while _is_taken(held.fileno()):
                time.sleep(RETRY_S)
        yield
