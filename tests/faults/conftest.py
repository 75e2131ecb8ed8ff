"""The end-to-end world, its app on a storage account that can be harmed, and an auditor who looks at what is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.end_to_end.conftest import World, audited, pipeline, trainers_log, world
from tests.faults.proxy import FaultyStorage

__all__ = ["audited", "pipeline", "trainers_log", "world"]


@pytest.fixture
def storage(world: World) -> Iterator[FaultyStorage]:
    """Harm for the app alone: the host and the tests keep using the real account."""
    with ExitStack() as stack:
        faulty = FaultyStorage(world.account, stack)
        world.settings["LakeStorage"] = faulty.account.connection_string
        yield faulty
        world.stop()
