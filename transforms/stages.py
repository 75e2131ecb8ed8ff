"""The stages of a transform, for whoever watches one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transforms.flow.flow import Flow

READING, WRITING = "reading", "writing"
OnStage = Callable[[str], None]


def stages_of(flow: Flow) -> tuple[str, ...]:
    """What a transform of this flow goes through, in order.

    Example:
        >>> from transforms.steps.trial import flow_of
        >>> stages_of(flow_of([{"filter": "a > 1"}], {"a": [1]}))
        ('reading', 'steps[0].filter', 'writing')
    """
    return (READING, *(f"steps[{place}].{step.verb}" for place, step in enumerate(flow.steps)), WRITING)


def unwatched(stage: str) -> None:
    """Nobody watches."""
