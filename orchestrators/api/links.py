"""Links that open one run for reading, without a key, until they expire.

Nobody promises that Data Factory sends its key again when it follows `Location`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

import azure.functions as func

from orchestrators.errors import RequestRefused
from orchestrators.settings import Settings

_EXPIRES = re.compile(r"[1-9]\d{0,11}")


def status_url(settings: Settings, root: str, run_id: str, now: datetime) -> str:
    """A link to the status of a run, on the app's own address."""
    expires = int(now.timestamp()) + settings.status_url_lifetime_s
    signature = _signature(settings.status_url_key, run_id, str(expires))
    return f"{root}/api/status/{run_id}?expires={expires}&sig={signature}"


def confirm_link(settings: Settings, request: func.HttpRequest, now: datetime) -> str:
    """The run that a link opens.

    Raises:
        RequestRefused: it was not made by this app, or has expired; which of the two is not told.
    """
    run_id, expires = str(request.route_params["run_id"]), request.params.get("expires", "")
    right = _signature(settings.status_url_key, run_id, expires).encode()
    given = request.params.get("sig", "").encode("utf-8", "replace")
    if not hmac.compare_digest(right, given) or not _EXPIRES.fullmatch(expires) or int(expires) <= now.timestamp():
        told = "the link is not one of this app, or has expired; GET /api/runs/{run_id} with a function key"
        raise RequestRefused(403, "Link not valid", told)
    return run_id


def root_of(request: func.HttpRequest) -> str:
    """The address that the caller has for this app, without a path."""
    return str(request.url).split("/api/", 1)[0]


def _signature(key: str, run_id: str, expires: str) -> str:
    """Covers what the link opens, and for how long.

    Source:
        HMAC-SHA256 (RFC 2104), in hex; the line breaks keep one part from passing for another.
    """
    message = f"status\n{run_id}\n{expires}".encode("utf-8", "replace")
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
