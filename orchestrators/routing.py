"""Which flow takes an upload."""

from __future__ import annotations

from dataclasses import dataclass

from transforms.errors import FlowBroken
from transforms.flow.load import Flows, LoadedFlow


@dataclass(frozen=True)
class Route:
    """The flow that takes an upload; or why it has to be held; or neither, when no flow matches."""

    flow: LoadedFlow | None = None
    held_for: str | None = None
    why_held: str = ""


def is_addressable(name: str) -> bool:
    """False for a name with `.` or `..` between its slashes: every client resolves them, and asks for another blob.

    Example:
        >>> [is_addressable(name) for name in ("days/1.csv", "days/../../1.csv", "days/..1.csv")]
        [True, False, True]
    """
    return not {".", ".."} & set(name.split("/"))


def route(flows: Flows, name: str) -> Route:
    """Exactly one flow takes an upload: two that match would give it two outcomes, so it is held instead."""
    good = [flow for flow in flows.good.values() if flow.flow.captures(name) is not None]
    for broken in flows.broken.values():
        if broken.source is not None and broken.source.captures(name) is not None:
            return Route(held_for=broken.name, why_held=why_broken(broken.error))
    if len(good) > 1:
        claimants = ", ".join(sorted(flow.flow.name for flow in good))
        return Route(held_for=good[0].flow.name, why_held=f"{name} matches the source.path of {claimants}; keep one")
    return Route(flow=good[0] if good else None)


def why_broken(error: FlowBroken) -> str:
    """The mistakes of a broken flow, in one line."""
    return "; ".join(str(mistake) for mistake in error.mistakes)
