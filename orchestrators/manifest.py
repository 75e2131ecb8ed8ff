"""The manifest of a dataset: built once by the transform, published unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from platform import python_version
from typing import Any

from orchestrators import layout
from orchestrators.messages import RunRequest, Upload
from transforms.draft import DataFile, Draft
from transforms.flow.load import LoadedFlow

MANIFEST_VERSION = 1
_ENGINES = ("duckdb", "pyarrow", "pandas")


def draft_document(flow: LoadedFlow, request: RunRequest, draft: Draft, checksums: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the manifest says, before anything is published."""
    return {
        "manifest_version": MANIFEST_VERSION,
        "run_id": request.run_id,
        "caller_run_id": request.caller_run_id,
        "flow": request.flow,
        "revision": request.revision,
        "source": flow.source_text,
        "parameters": request.parameters,
        "uploads": [_version(upload, checksums) for upload in request.uploads],
        "lookups": {name: _version(lookup, checksums) for name, lookup in request.lookups.items()},
        "files": [_file(file, layout.DATA) for file in draft.files],
        "quarantine": [_file(file, "") for file in draft.quarantine],
        "schema": list(draft.schema),
        "rows": asdict(draft.counts),
        "checks": [asdict(check) for check in draft.checks],
        "profile": draft.profile,
        "fitted": draft.fitted,
        "notes": list(draft.notes),
        "versions": {"python": python_version()} | {name: version(name) for name in _ENGINES},
    }


def _version(upload: Upload, checksums: Mapping[str, str]) -> dict[str, Any]:
    return {**upload.to_dict(), "sha256": checksums[f"{upload.container}/{upload.name}"]}


def _file(file: DataFile, folder: str) -> dict[str, Any]:
    return {
        "name": folder + file.name,
        "rows": file.rows,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "split": file.split,
    }
