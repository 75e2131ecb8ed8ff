"""The keys that open the host's routes, made once and kept beside its state."""

from __future__ import annotations

import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from aiohttp import web


@dataclass(frozen=True)
class Keys:
    """One function key, the master key, and the system keys of the extensions."""

    function: str
    master: str
    blobs: str
    durable: str


def load_keys(file: Path) -> Keys:
    """The keys of that file; made anew if there is none."""
    if file.exists():
        return Keys(**json.loads(file.read_text(encoding="utf-8")))
    keys = Keys(*(secrets.token_urlsafe(32) for _ in range(4)))
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(asdict(keys), stream)
    return keys


def is_opened_by(request: web.Request, *keys: str) -> bool:
    """Whether the request carries one of the keys, in its header or its query."""
    given = request.headers.get("x-functions-key") or request.query.get("code") or ""
    return any(hmac.compare_digest(_bytes(given), _bytes(key)) for key in keys)


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
