"""Instances, histories and undelivered messages, in SQLite: what `kill -9` leaves is always whole."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devhost.durable.history import Event, as_text, from_text
from devhost.durable.instances import LIVE, Instance, Parent, Status

SCHEMA = """
CREATE TABLE IF NOT EXISTS instances (
    instance_id TEXT PRIMARY KEY, execution_id TEXT NOT NULL, name TEXT NOT NULL, version TEXT,
    input TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, status TEXT NOT NULL,
    custom_status TEXT NOT NULL, output TEXT NOT NULL,
    parent_instance_id TEXT, parent_execution_id TEXT, parent_task_id INTEGER);
CREATE TABLE IF NOT EXISTS history (
    instance_id TEXT NOT NULL, position INTEGER NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (instance_id, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT, event TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS inbox_of_instance ON inbox (instance_id, number);
"""


@dataclass(frozen=True)
class Message:
    """An event that its instance has not seen yet; without `execution_id` it is for whatever runs."""

    number: int
    execution_id: str | None
    event: Event


class Store:
    """The only owner of durable state; every change happens inside `transaction()`."""

    def __init__(self, file: Path | None) -> None:
        self._db = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written, or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def find(self, instance_id: str) -> Instance | None:
        """The instance of that id, if there is one."""
        found = self._select("WHERE instance_id = ?", [instance_id])
        return found[0] if found else None

    def list_all(self) -> list[Instance]:
        """Every instance, oldest first."""
        return self._select("ORDER BY created_at, instance_id", [])

    def list_live(self) -> list[Instance]:
        """Every instance to which something can still happen."""
        marks = ", ".join("?" * len(LIVE))
        return self._select(f"WHERE status IN ({marks}) ORDER BY created_at", sorted(LIVE))

    def put(self, instance: Instance) -> None:
        """The instance is stored as given; its history stays."""
        parent = instance.parent
        row = (
            instance.instance_id,
            instance.execution_id,
            instance.name,
            instance.version,
            json.dumps(instance.input),
            as_text(instance.created_at),
            as_text(instance.updated_at),
            str(instance.status),
            json.dumps(instance.custom_status),
            json.dumps(instance.output),
            *((parent.instance_id, parent.execution_id, parent.task_id) if parent else (None, None, None)),
        )
        self._db.execute(f"INSERT OR REPLACE INTO instances VALUES ({', '.join('?' * len(row))})", row)

    def delete(self, instance_id: str) -> None:
        """Nothing about the instance is left."""
        self.forget_history(instance_id)
        self._db.execute("DELETE FROM inbox WHERE instance_id = ?", [instance_id])
        self._db.execute("DELETE FROM instances WHERE instance_id = ?", [instance_id])

    def read_history(self, instance_id: str) -> list[Event]:
        """The events of the present execution, in order."""
        rows = self._db.execute("SELECT event FROM history WHERE instance_id = ? ORDER BY position", [instance_id])
        return [json.loads(text) for (text,) in rows]

    def append_history(self, instance_id: str, events: Iterable[Event]) -> None:
        """The events follow what the history holds already."""
        query = "SELECT COALESCE(MAX(position), -1) FROM history WHERE instance_id = ?"
        (last,) = self._db.execute(query, [instance_id]).fetchone()
        rows = [(instance_id, last + 1 + index, json.dumps(event)) for index, event in enumerate(events)]
        self._db.executemany("INSERT INTO history VALUES (?, ?, ?)", rows)

    def forget_history(self, instance_id: str) -> None:
        """The instance begins anew."""
        self._db.execute("DELETE FROM history WHERE instance_id = ?", [instance_id])

    def send(self, instance_id: str, event: Event, execution_id: str | None = None) -> None:
        """The event waits for its instance."""
        row = (instance_id, execution_id, json.dumps(event))
        self._db.execute("INSERT INTO inbox (instance_id, execution_id, event) VALUES (?, ?, ?)", row)

    def read_inbox(self, instance_id: str) -> list[Message]:
        """What the instance has not seen yet, in order of arrival."""
        query = "SELECT number, execution_id, event FROM inbox WHERE instance_id = ? ORDER BY number"
        rows = self._db.execute(query, [instance_id])
        return [Message(number, execution_id, json.loads(event)) for number, execution_id, event in rows]

    def drop_messages(self, messages: Iterable[Message]) -> None:
        """The messages have been dealt with."""
        self._db.executemany("DELETE FROM inbox WHERE number = ?", [(message.number,) for message in messages])

    def _select(self, where: str, values: Sequence[Any]) -> list[Instance]:
        return [_instance(row) for row in self._db.execute(f"SELECT * FROM instances {where}", values)]


def _instance(row: tuple[Any, ...]) -> Instance:
    identity, execution, name, version, input_, created, updated, status, custom, output, *parent = row
    return Instance(
        instance_id=identity,
        execution_id=execution,
        name=name,
        version=version,
        input=json.loads(input_),
        created_at=from_text(created),
        updated_at=from_text(updated),
        status=Status(status),
        custom_status=json.loads(custom),
        output=json.loads(output),
        parent=Parent(*parent) if parent[0] is not None else None,
    )
