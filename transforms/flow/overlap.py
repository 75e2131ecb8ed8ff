"""Whether two source patterns can take the same upload."""

from __future__ import annotations

import re
from functools import lru_cache

_ANYTHING = None


def can_meet(one: str, other: str) -> bool:
    """True when there is a name that both patterns match, segment by segment.

    Example:
        >>> can_meet("flights/{year}/{month}.csv", "flights/2013/{day}.csv")
        True
        >>> can_meet("flights/{month}.csv", "flights/{month}.parquet")
        False
    """
    segments = [pattern.split("/") for pattern in (one, other)]
    if len(segments[0]) != len(segments[1]):
        return False
    return all(_meets(_tokens(left), _tokens(right)) for left, right in zip(*segments, strict=True))


def _tokens(segment: str) -> tuple[str | None, ...]:
    """The characters of a segment; a capture is one character of any kind, then any number of them."""
    pieces = re.split(r"(\{[^}]*\})", segment)
    return tuple(token for piece in pieces for token in ([_ANYTHING] if piece.startswith("{") else piece))


@lru_cache(maxsize=4096)
def _meets(left: tuple[str | None, ...], right: tuple[str | None, ...]) -> bool:
    if not left or not right:
        return not left and not right
    if left[0] is not _ANYTHING and right[0] is not _ANYTHING:
        return left[0] == right[0] and _meets(left[1:], right[1:])
    # A capture takes one character, and then either ends or goes on.
    rests_left = [left[1:], left] if left[0] is _ANYTHING else [left[1:]]
    rests_right = [right[1:], right] if right[0] is _ANYTHING else [right[1:]]
    return any(
        _meets(rest_left, rest_right)
        for rest_left in rests_left
        for rest_right in rests_right
        if (rest_left, rest_right) != (left, right)
    )
