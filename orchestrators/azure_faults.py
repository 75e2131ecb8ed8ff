"""What Azure's clients raise, in the app's own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from orchestrators.errors import Unavailable

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
MAX_RETRY_AFTER_S = 600.0
ANSWER_TIMEOUT_S = 60.0
"""How long storage may be silent, in one piece of an answer too, before a call counts as not answered."""


def retry_after_s(headers: Any) -> float | None:
    """The wait that a service asked for in seconds, bounded; None if it asked for none."""
    text = (headers or {}).get("Retry-After", "")
    return min(float(text), MAX_RETRY_AFTER_S) if text.isdigit() else None


@contextmanager
def told_as_unavailable(doing: str) -> Iterator[None]:
    """Passing trouble of a storage service becomes `Unavailable`; everything else goes through as it is."""
    from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

    try:
        yield
    except (ServiceRequestError, ServiceResponseError) as trouble:
        raise Unavailable(f"{doing}: no answer from storage ({type(trouble).__name__})") from trouble
    except HttpResponseError as trouble:
        if trouble.status_code not in _PASSING:
            raise
        headers = getattr(trouble.response, "headers", None)
        raise Unavailable(f"{doing}: storage answered {trouble.status_code}", retry_after_s(headers)) from trouble
