"""Dividing: which of a flow's steps each part of the uploads can go through by itself, before all are brought together.

A row-wise step needs one row at a time. The first one that is not is the flow's barrier: it, and all behind it, need
the rows of every upload.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from transforms.steps.catalog import VERBS

if TYPE_CHECKING:
    from transforms.flow.flow import Flow


def is_divisible(flow: Flow) -> bool:
    """True where the contract looks at one row at a time, so that uploads can be judged apart from each other.

    Example:
        >>> from transforms.steps.trial import flow_of
        >>> is_divisible(flow_of([], {"id": [1]}))
        True
    """
    contract = flow.contract
    return not contract.keys and not any(column.unique for column in contract.columns.values())


def steps_per_part(flow: Flow) -> int:
    """How many of the flow's steps each part goes through by itself: those before the first barrier.

    None where unknown columns are kept: which there are, and of which types, is known once all uploads are.

    Example:
        >>> from transforms.flow.flow import Flow
        >>> contract = {"columns": {"id": "int32"}, "unknown_columns": "drop"}
        >>> steps = [{"filter": "id > 0"}, {"dedupe": {"keys": "id"}}, {"rename": {"id": "n"}}]
        >>> source = {"path": "{day}.csv", "format": "csv"}
        >>> steps_per_part(Flow.model_validate({"flow": "f", "source": source, "contract": contract, "steps": steps}))
        1
    """
    if flow.contract.unknown_columns == "keep":
        return 0
    return sum(1 for _ in takewhile(lambda step: VERBS[step.verb].is_row_wise, flow.steps))


def lookups_per_part(flow: Flow) -> frozenset[str]:
    """The lookups that those steps need."""
    steps = flow.steps[: steps_per_part(flow)]
    return frozenset(step.says.lookup for step in steps if step.verb == "join")
