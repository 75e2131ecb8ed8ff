from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from devhost.durable.history import EventType, event
from devhost.durable.instances import Instance, Parent, Status
from devhost.durable.store import Store

NOW = datetime(2024, 1, 1, tzinfo=UTC)
INSTANCE = Instance(
    "one", "run", "plan", None, {"n": 1}, NOW, NOW, Status.RUNNING, {"stage": 2}, [3], Parent("up", "run", 0)
)
HAPPENED = event(EventType.EVENT_RAISED, NOW, Name="go", Input="1")


def test_what_was_written_is_there_after_a_crash(tmp_path: Path) -> None:
    store = Store(tmp_path / "durable.sqlite")
    with store.transaction():
        store.put(INSTANCE)
        store.append_history("one", [HAPPENED])
        store.append_history("one", [HAPPENED])
        store.send("one", HAPPENED, "run")
    # Not closed: a killed host closes nothing.
    again = Store(tmp_path / "durable.sqlite")
    assert again.find("one") == INSTANCE
    assert again.read_history("one") == [HAPPENED, HAPPENED]
    assert [(message.execution_id, message.event) for message in again.read_inbox("one")] == [("run", HAPPENED)]
    again.close()
    store.close()


def test_a_transaction_that_fails_leaves_nothing() -> None:
    store = Store(None)

    def fail_half_way() -> None:
        with store.transaction():
            store.put(INSTANCE)
            store.append_history("one", [HAPPENED])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert store.list_all() == []
    assert store.read_history("one") == []
    store.close()


def test_a_deleted_instance_leaves_nothing() -> None:
    store = Store(None)
    with store.transaction():
        store.put(INSTANCE)
        store.append_history("one", [HAPPENED])
        store.send("one", HAPPENED)
        store.delete("one")
    assert (store.find("one"), store.read_history("one"), store.read_inbox("one")) == (None, [], [])
    store.close()
