"""The world of the end-to-end tests, with the library of the real worker as referee."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.referee import Referee
from tests.conformance.worker import load, threads
from tests.end_to_end.conftest import pipeline, world  # noqa: F401  fixtures

ROOT = Path(__file__).parents[2]
HAS_LIBRARY = sys.version_info >= (3, 13)
WHY_SKIPPED = "needs azure-functions-runtime, so Python 3.13: `dev.py test` runs it there, if it finds one"


@pytest.fixture(scope="session", autouse=True)
def library_threads() -> Iterator[None]:
    """The library is there and has threads; below its Python these tests are skipped."""
    if not HAS_LIBRARY:
        pytest.skip(WHY_SKIPPED)
    with threads():
        yield


@pytest.fixture
def referee() -> Referee:
    """The library with the app loaded."""
    return Referee(asyncio.run(load(ROOT)))
