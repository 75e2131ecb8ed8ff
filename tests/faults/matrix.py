"""What the end of a test run says of every fault that was tried: tries, outcomes, lost, duplicated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any


def matrix(properties: Iterable[Sequence[tuple[str, Any]]]) -> list[str]:
    """A line for each fault; nothing where none was audited.

    Example:
        >>> print("\\n".join(matrix([[("audit", ["503", {"published": 1}, 0, 0])]] * 2)))
        fault                                           tries  lost  duplicated  outcomes
        503                                                 2     0           0  2 published
    """
    tries, lost, duplicated = Counter[str](), Counter[str](), Counter[str]()
    outcomes: dict[str, Counter[str]] = {}
    for fault, ended, missing, doubled in (value for one in properties for name, value in one if name == "audit"):
        tries[fault] += 1
        lost[fault] += missing
        duplicated[fault] += doubled
        outcomes.setdefault(fault, Counter()).update(ended)
    if not tries:
        return []
    lines = [f"{'fault':<46}  tries  lost  duplicated  outcomes"]
    for fault in sorted(tries):
        ended = ", ".join(f"{count} {status}" for status, count in sorted(outcomes[fault].items()))
        lines.append(f"{fault:<46}  {tries[fault]:>5}  {lost[fault]:>4}  {duplicated[fault]:>10}  {ended}")
    return lines
