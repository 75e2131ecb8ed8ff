"""The identity of a run: the same uploads through the same flow revision are the same run, everywhere and always."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from orchestrators.messages import Upload


def canonical(document: Any) -> bytes:
    """One byte string for one JSON value, whatever the order of its keys."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def run_id_of(
    flow: str,
    revision: str,
    uploads: Sequence[Upload],
    lookups: Mapping[str, Upload],
    parameters: Mapping[str, Any],
) -> str:
    """A readable, sortable id: newest last-modified in UTC, then 12 hex digits over everything that counts.

    Example:
        >>> from datetime import datetime, timezone
        >>> at = datetime(2013, 1, 31, 6, 0, tzinfo=timezone.utc)
        >>> march = Upload(account="a", container="c", name="n", etag="0x1", size_bytes=1, last_modified=at)
        >>> run_id_of("flights", "abc", [march], {}, {})
        '20130131T060000Z-eccc0e07eed3'
    """
    newest = max(upload.last_modified for upload in uploads)
    digest = hashlib.sha256(
        canonical(
            {
                "flow": flow,
                "revision": revision,
                "uploads": sorted(upload.version for upload in uploads),
                "lookups": {name: lookup.version for name, lookup in lookups.items()},
                "parameters": dict(parameters),
            }
        )
    )
    return f"{newest:%Y%m%dT%H%M%SZ}-{digest.hexdigest()[:12]}"
