"""What the triggers have done already, in SQLite: a restart fires no blob again and forgets no event."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS receipts (
    function TEXT, container TEXT, blob TEXT, etag TEXT, PRIMARY KEY (function, container, blob, etag)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blob_work (
    number INTEGER PRIMARY KEY AUTOINCREMENT, function TEXT, container TEXT, blob TEXT, etag TEXT,
    is_polled INTEGER, failures INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS timers (function TEXT PRIMARY KEY, last TEXT, next TEXT) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class BlobWork:
    """One version of one blob that waits for its function."""

    number: int
    function: str
    container: str
    blob: str
    etag: str
    is_polled: bool
    failures: int


class Records:
    """The triggers' memory; each change is written at once."""

    def __init__(self, file: Path | None) -> None:
        self._db = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    def is_known(self, function: str, container: str, blob: str, etag: str) -> bool:
        """Whether polling met that version before: it waits, or it is done."""
        key = (function, container, blob, etag)
        where = "function = ? AND container = ? AND blob = ? AND etag = ?"
        query = f"SELECT 1 FROM receipts WHERE {where} UNION ALL SELECT 1 FROM blob_work WHERE is_polled AND {where}"
        return self._db.execute(query, key + key).fetchone() is not None

    def add_work(self, function: str, container: str, blob: str, etag: str, *, is_polled: bool) -> BlobWork:
        """The version waits for its function, also across a restart."""
        row = (function, container, blob, etag, is_polled)
        query = "INSERT INTO blob_work (function, container, blob, etag, is_polled) VALUES (?, ?, ?, ?, ?)"
        number = self._db.execute(query, row).lastrowid
        return BlobWork(number or 0, function, container, blob, etag, is_polled, 0)

    def list_work(self, function: str) -> list[BlobWork]:
        """What still waits for that function, oldest first."""
        rows = self._db.execute("SELECT * FROM blob_work WHERE function = ? ORDER BY number", [function])
        return [BlobWork(*row) for row in rows]

    def note_failure(self, work: BlobWork) -> int:
        """One more attempt has failed; gives how many have by now."""
        self._db.execute("UPDATE blob_work SET failures = failures + 1 WHERE number = ?", [work.number])
        query = "SELECT failures FROM blob_work WHERE number = ?"
        (failures,) = self._db.execute(query, [work.number]).fetchone()
        return int(failures)

    def finish_work(self, work: BlobWork) -> None:
        """The work is done, for good; what was polled leaves a receipt."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("DELETE FROM blob_work WHERE number = ?", [work.number])
        if work.is_polled:
            key = (work.function, work.container, work.blob, work.etag)
            self._db.execute("INSERT OR IGNORE INTO receipts VALUES (?, ?, ?, ?)", key)
        self._db.execute("COMMIT")

    def read_timer(self, function: str) -> tuple[datetime, datetime] | None:
        """When the timer fired last and was to fire next, if it ever did."""
        row = self._db.execute("SELECT last, next FROM timers WHERE function = ?", [function]).fetchone()
        return (datetime.fromisoformat(row[0]), datetime.fromisoformat(row[1])) if row else None

    def write_timer(self, function: str, last: datetime, following: datetime) -> None:
        """The next host knows when the timer was to fire."""
        row = (function, last.isoformat(), following.isoformat())
        self._db.execute("INSERT OR REPLACE INTO timers VALUES (?, ?, ?)", row)
