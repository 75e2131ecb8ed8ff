"""Patterns of blob names, such as `orders/{date}/{part}.csv`: a capture takes one path segment or a piece of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_LEADS_AWAY = re.compile(r"(^|/)\.{1,2}(/|$)")
_CAPTURE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def confirmed_pattern(path: str) -> str:
    """The pattern, which is one.

    Raises:
        ValueError: it is none; the message says what would be.
    """
    names = _CAPTURE.findall(path)
    if len(set(names)) != len(names):
        raise ValueError("each capture named once")
    if re.search(r"[{}]", _CAPTURE.sub("", path)) or path.startswith("/"):
        raise ValueError("a relative path with captures such as {year}")
    return path


def capture_names(pattern: str) -> tuple[str, ...]:
    """The names that a pattern captures, in order."""
    return tuple(_CAPTURE.findall(pattern))


def captures_of(pattern: str, name: str) -> dict[str, str] | None:
    """What a pattern captures of a name that it matches, or None.

    A name that would lead to another folder is matched by none: other names are made of what was captured.

    Example:
        >>> captures_of("flights/{year}/{month}.csv", "flights/2013/01.csv")
        {'year': '2013', 'month': '01'}
        >>> captures_of("flights/{year}/{month}.csv", "flights/../01.csv")
    """
    match = None if _LEADS_AWAY.search(name) else _regex(pattern).fullmatch(name)
    return match.groupdict() if match else None


def start_of_names(pattern: str, captures: Mapping[str, str]) -> str:
    """How every name starts that the pattern matches with these captures; the whole name where they are all of them.

    Example:
        >>> start_of_names("orders/{date}/{part}.csv", {"date": "2024-01-31"})
        'orders/2024-01-31/'
    """
    # Never put in and parsed again: what was captured may itself look like a capture.
    start = ""
    for index, piece in enumerate(_CAPTURE.split(pattern)):
        if index % 2 and piece not in captures:
            break
        start += captures[piece] if index % 2 else piece
    return start


@lru_cache(maxsize=1024)
def _regex(pattern: str) -> re.Pattern[str]:
    pieces = _CAPTURE.split(pattern)
    return re.compile(
        "".join(f"(?P<{piece}>[^/]+)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    )
