"""The manifest of a run's dataset: built once by the transform, published unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrators.messages import RunRequest, Upload
from transforms.draft import Draft
from transforms.flow.load import LoadedFlow
from transforms.manifest import described


def draft_document(flow: LoadedFlow, request: RunRequest, draft: Draft, checksums: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the manifest says, before anything is published."""
    return described(flow, request.parameters, draft) | {
        "run_id": request.run_id,
        "caller_run_id": request.caller_run_id,
        "fitted_from": request.fitted_from,
        "previous": request.previous,
        "parent": request.parent,
        "missing": list(request.missing),
        "uploads": [_version(upload, checksums) for upload in request.uploads],
        "lookups": {name: _version(lookup, checksums) for name, lookup in request.lookups.items()},
    }


def _version(upload: Upload, checksums: Mapping[str, str]) -> dict[str, Any]:
    return {**upload.to_dict(), "sha256": checksums[f"{upload.container}/{upload.name}"]}
