"""Doing several things side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")


def side_by_side(work: Callable[[Thing], Made], things: Collection[Thing], most: int) -> list[Made]:
    """What the work makes of each thing, in their order; at most so many at once, and one alone in this thread.

    Raises:
        Exception: what the work of the first thing that failed has raised.
    Example:
        >>> side_by_side(str.upper, ["a", "b"], 8)
        ['A', 'B']
    """
    if len(things) <= 1:
        return [work(thing) for thing in things]  # a run over one upload has one of most things
    with ThreadPoolExecutor(min(len(things), most)) as threads:
        return list(threads.map(work, things))
