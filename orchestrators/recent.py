"""What this process wrote or read last, so that a conditional write needs no reading before it."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Known = TypeVar("Known")


class Recent(Generic[Known]):
    """The newest `size` values by key. They may be outdated: whoever writes with one of them must do so conditionally.

    Example:
        >>> recent = Recent[str](size=2)
        >>> for key in ("a", "b", "c"):
        ...     recent.remember(key, key.upper())
        >>> [recent.recall(key) for key in ("a", "b", "c")]
        [None, 'B', 'C']
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._lock = Lock()

    def remember(self, key: str, known: Known) -> None:
        """The value is the newest of its key."""
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            if len(self._known) > self._size:
                self._known.popitem(last=False)

    def recall(self, key: str) -> Known | None:
        """What was remembered last, if it is not too long ago."""
        with self._lock:
            return self._known.get(key)

    def forget(self, key: str) -> None:
        """What was remembered has turned out to be outdated."""
        with self._lock:
            self._known.pop(key, None)
