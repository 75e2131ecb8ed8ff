"""Earlier datasets of a flow: which one is `previous`, settled when a run is requested, and what stands beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from orchestrators import layout
from orchestrators.messages import Upload
from orchestrators.services import Services


def previous_run(services: Services, flow: str, uploads: Sequence[Upload]) -> str | None:
    """The run of the flow's newest dataset that is older than these uploads, or None.

    A run that is asked for again finds what it found the first time: datasets as new as its uploads, its own
    among them, are passed over, back along those that each was made or compared with.
    """
    newest = f"{max(upload.last_modified for upload in uploads):%Y%m%dT%H%M%SZ}"
    run_id = _text_of(_document(services, layout.latest(flow)), "run_id")
    while run_id is not None and run_id.partition("-")[0] >= newest:
        manifest = _document(services, layout.folder_of_dataset(flow, run_id) + layout.MANIFEST)
        before = _text_of(manifest, "previous") or _text_of(manifest, "fitted_from")
        run_id = before if before is not None and before < run_id else None
    return run_id


def has_dataset(services: Services, flow: str, run_id: str) -> bool:
    """True once the run has published."""
    name = layout.folder_of_dataset(flow, run_id) + layout.MANIFEST
    return services.lake.version_of(services.settings.output_container, name) is not None


def beside_dataset(services: Services, flow: str, run_id: str | None, name: str) -> dict[str, Any] | None:
    """A JSON file of that run's dataset; None without a run, and where its dataset is gone."""
    return _document(services, layout.folder_of_dataset(flow, run_id) + name) if run_id else None


def _document(services: Services, name: str) -> dict[str, Any] | None:
    found = services.lake.read(services.settings.output_container, name)
    return dict(json.loads(found[0])) if found else None


def _text_of(document: dict[str, Any] | None, name: str) -> str | None:
    value = document.get(name) if document else None
    return str(value) if value else None
