"""What a service answered, read with care: it may be anything."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from orchestrators.pipelines.redaction import Redaction
from orchestrators.pipelines.urls import web_link

MAX_RETRY_AFTER_S = 3600.0
_MAX_MESSAGE = 1000
_MAX_NAME = 200
_MAX_DEPTH = 100
"""Below what any JSON writer on the way gives up at."""
_SECONDS = re.compile(r"\d{1,9}")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `is_whole` is False if its body was too large and is left out."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    is_whole: bool
    redaction: Redaction

    @cached_property
    def document(self) -> dict[str, Any] | None:
        """The body's JSON object without secrets, or None if it is anything else."""
        try:
            document = json.loads(self.body, parse_float=_finite, parse_constant=_finite)
        except (ValueError, RecursionError):
            return None
        if not isinstance(document, dict) or _is_deeper(document, _MAX_DEPTH):
            return None
        hidden: dict[str, Any] = self.redaction.json(document)
        return hidden

    @property
    def word(self) -> str | None:
        """The body's `status`, in lower case, or None."""
        word = (self.document or {}).get("status")
        return None if word is None else _one_line(str(word), _MAX_NAME).lower()

    @property
    def target_run_id(self) -> str | None:
        """What the service calls its own run: `run_id`, or else `id`."""
        document = self.document or {}
        found = document.get("run_id", document.get("id"))
        return _one_line(str(found), _MAX_NAME) if isinstance(found, str | int) else None

    @property
    def link(self) -> str | None:
        """A page for people, if the body offers one as `link`."""
        return web_link((self.document or {}).get("link"))

    @property
    def message(self) -> str | None:
        """What the service has to say for itself, on one line, or None."""
        found = _message_in(self.document) if self.document else self._plain_text
        return _one_line(self.redaction.text(found), _MAX_MESSAGE) or None

    @property
    def _plain_text(self) -> str:
        is_plain = self.headers.get("Content-Type", "").lower().startswith("text/plain")
        return self.body.decode("utf-8", "replace") if is_plain else ""

    def retry_after_s(self, now: datetime | None = None) -> float | None:
        """The wait that the service asked for, in seconds or as a date; None if it makes no sense."""
        return seconds_until(self.headers.get("Retry-After", "").strip(), now or datetime.now(UTC))


def seconds_until(retry_after: str, now: datetime) -> float | None:
    """A `Retry-After` as seconds between 0 and an hour, or None.

    Source:
        RFC 9110, section 10.2.3: whole seconds, or an HTTP date.
    Example:
        >>> seconds_until("Wed, 21 Oct 2015 07:28:00 GMT", datetime(2015, 10, 21, 7, 27, 30, tzinfo=UTC))
        30.0
    """
    if _SECONDS.fullmatch(retry_after):
        return min(float(retry_after), MAX_RETRY_AFTER_S)
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), MAX_RETRY_AFTER_S)


def bounded(document: dict[str, Any], limit_bytes: int) -> tuple[dict[str, Any], list[str]]:
    """The entries that fit into `limit_bytes` of JSON, the small ones first, and the names of those that do not.

    Example:
        >>> bounded({"predictions": [0] * 100, "auc": 0.7}, 60)
        ({'auc': 0.7}, ['predictions'])
    """
    sizes = {name: len(json.dumps({name: value})) for name, value in document.items()}
    room, kept = limit_bytes, set()
    for name in sorted(sizes, key=lambda name: sizes[name]):
        room -= sizes[name]
        if room < 0:
            break
        kept.add(name)
    return {name: value for name, value in document.items() if name in kept}, [n for n in document if n not in kept]


def _finite(text: str) -> float | None:
    # Python reads NaN and 1e999, but nobody else reads what it would write for them.
    number = float(text)
    return number if math.isfinite(number) else None


def _is_deeper(value: Any, levels: int) -> bool:
    within = list(value.values()) if isinstance(value, dict) else value
    return isinstance(within, list) and (levels == 0 or any(_is_deeper(item, levels - 1) for item in within))


def _message_in(document: dict[str, Any]) -> str:
    """`message`, `error` (text, or an object with a `message`), or `detail` and `title` of problem details."""
    error = document.get("error")
    nested = error.get("message") if isinstance(error, dict) else error
    found = document.get("message") or nested or document.get("detail") or document.get("title") or ""
    return found if isinstance(found, str) else json.dumps(found)


def _one_line(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
