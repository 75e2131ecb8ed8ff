"""One host a state folder: a second one would do everything twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from devhost.errors import StateInUse

PATIENCE_S = 5.0


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Inside the block no other host uses the folder; a killed host leaves no lock behind."""
    with closing(sqlite3.connect(folder / "lock.sqlite", timeout=PATIENCE_S, check_same_thread=False)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise StateInUse(
                f"Another local host uses {folder}. End it, or give another folder with --state."
            ) from None
        yield
