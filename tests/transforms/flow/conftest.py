"""Flow files to break."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transforms.flow.flow import Flow

FLIGHTS = Path(__file__).parent / "flights.yaml"


@pytest.fixture
def flights() -> str:
    """The text of the flow that the design shows."""
    return FLIGHTS.read_text(encoding="utf-8")


@pytest.fixture
def flow_with() -> Callable[..., Flow]:
    """A small flow, with some of its parts replaced."""

    def build(**parts: Any) -> Flow:
        data: dict[str, Any] = {
            "flow": "trips",
            "source": {"path": "trips/{day}.csv", "format": "csv"},
            "contract": {"columns": {"a": "int32", "b": "float64", "city": "string"}, "unknown_columns": "drop"},
        }
        return Flow.model_validate(data | parts)

    return build
