"""A preview of an upload in the lake, or of a content in the call; nothing is written but scratch, which goes again.

by name ──► the start of the present version ─┐
inline ──► the content ───────────────────────┴─► sample ─► transform ─► rows, rejections, schema, profile
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestrators.messages import Upload
from orchestrators.requests import present_lookups
from orchestrators.scratch import download, endings, limits, scratch_folder
from orchestrators.services import Services
from transforms.draft import LocalUpload
from transforms.flow.check import check_flow
from transforms.flow.load import LoadedFlow
from transforms.preview import Previewed, preview
from transforms.sampling import SAMPLE_BYTES

MEMORY_BYTES = 256 << 20
"""Enough for a sample; previews run beside whatever else this instance does."""


@dataclass(frozen=True)
class Content:
    """What to try the flow on: the bytes, and whether they are all there is."""

    name: str
    data: bytes
    is_whole: bool


def start_of(services: Services, upload: Upload) -> Content:
    """The start of an upload."""
    data = services.lake.read_range(upload, 0, SAMPLE_BYTES)
    return Content(upload.name, data, is_whole=len(data) == upload.size_bytes)


def try_flow(services: Services, flow: LoadedFlow, content: Content, parameters: Mapping[str, Any]) -> Previewed:
    """What the flow would make of the first records.

    Raises:
        TransformError: nothing could be made of them, or of the flow.
        RequestRefused: a lookup is missing.
    """
    check_flow(flow)
    with scratch_folder(services.settings.scratch_folder) as folder:
        inbox = folder / "inbox"
        inbox.mkdir()
        path = inbox / f"content{endings(content.name)}"
        path.write_bytes(content.data)
        versions = present_lookups(services, flow, [content.name])
        local, _ = download(services, tuple(versions.values()), inbox, "lookup")
        allowed = limits(services)
        return preview(
            flow,
            LocalUpload(content.name, path),
            {name: lookup.path for name, lookup in zip(versions, local, strict=True)},
            parameters,
            folder=folder,
            limits=replace(allowed, memory_bytes=min(allowed.memory_bytes, MEMORY_BYTES)),
            is_whole=content.is_whole,
        )
