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
    *,
    forced_by: str | None = None,
    fitted_from: str | None = None,
    parent: str | None = None,
) -> str:
    """A readable, sortable id: newest last-modified in UTC, then 12 hex digits over everything that counts.

    `forced_by` makes it another run than the one that is the same in everything else; `fitted_from` is the run
    whose fitted values are applied again, `parent` the one whose quarantined rows are replayed.

    Example:
        >>> from datetime import datetime, timezone
        >>> at = datetime(2013, 1, 31, 6, 0, tzinfo=timezone.utc)
        >>> march = Upload(account="a", container="c", name="n", etag="0x1", size_bytes=1, last_modified=at)
        >>> run_id_of("flights", "abc", [march], {}, {})
        '20130131T060000Z-eccc0e07eed3'
    """
    newest = max(upload.last_modified for upload in uploads)
    counts = {
        "flow": flow,
        "revision": revision,
        "uploads": sorted(upload.version for upload in uploads),
        "lookups": {name: lookup.version for name, lookup in lookups.items()},
        "parameters": dict(parameters),
    }
    # Only where they are given: the id of a run without them stays what it was.
    if forced_by is not None:
        counts["forced_by"] = forced_by
    if fitted_from is not None:
        counts["fitted_from"] = fitted_from
    if parent is not None:
        counts["parent"] = parent
    return f"{newest:%Y%m%dT%H%M%SZ}-{hashlib.sha256(canonical(counts)).hexdigest()[:12]}"
